"""The articles behind the page, which several people can ask, list, read, add to and remove from at once."""

from __future__ import annotations

from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING

from rag import __version__
from rag.articles.folder import name_file
from rag.errors import CorpusError, RagError
from rag.index.changes import Changes
from rag.page.articles import Row
from rag.page.feedback import Provenance
from rag.page.starters import choose_starters, make_starters
from rag.page.transcript import describe_stage
from rag.page.uploads import remove_file, take_files
from rag.types import ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rag.articles.folder import Skipped
    from rag.pipeline import Pipeline
    from rag.types import Answer, Document, Stage, Turn

MOST_SAMPLED = 200
"""Articles searched for starter questions."""
UPLOADS = "uploads"
"""Folder within the corpus for articles added on the page."""
WORKERS = 2
"""Questions answered at the same time. Others wait in a queue."""


class Shelf:
    """A pipeline that can be replaced, while in use, by one that knows other articles.

    A question already being answered continues with the old pipeline, whose index does not change.
    """

    def __init__(self, open_pipeline: Callable[[], Pipeline], corpus: Path) -> None:
        """Opens the pipeline. A corpus without articles is not an error: the shelf is then empty.

        :param open_pipeline: updates the index and opens it; called again until it succeeds.
        :raises RagError: if the user has to fix something other than an empty corpus.
        """
        self._open = open_pipeline
        self._uploads = corpus / UPLOADS
        self._updating = Lock()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="ask")
        self._opened: Pipeline | None = None  # the last one, even if the corpus has become empty since
        self._pipeline: Pipeline | None = None
        self._empty = ""
        self._rows: tuple[Row, ...] = ()
        self._skipped: tuple[Skipped, ...] = ()
        self._starters: Future[tuple[str, ...]] = Future()
        self._reopen()

    def close(self) -> None:
        """Stops the work: running answers finish, queued questions and starters are dropped."""
        self._pipeline = None
        self._workers.shutdown(wait=False, cancel_futures=True)

    def list_starters(self, patience: float = 0) -> tuple[str, ...]:
        """Starter questions; none if they have not been chosen yet.

        :param patience: seconds to wait for them.
        """
        with suppress(futures.TimeoutError, futures.CancelledError):
            return self._starters.result(patience)
        return ()

    def submit(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Future[Answer]:
        """Queues a question for the next free worker. Cancelling the future removes it from the queue.

        :param on_stage: called with each stage before it begins; an exception from it ends the work.
        """
        return self._workers.submit(self.ask, question, tuple(history), on_stage)

    def ask(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Answer:
        """:raises RagError: if the question cannot be asked, or there are no articles."""
        pipeline = self._pipeline
        if pipeline is None:
            raise CorpusError(self._empty)
        return pipeline.ask(question, history, on_stage)

    def describe_work(self, stage: Stage) -> str:
        """What happens in a stage of answering, in words."""
        passages = sum(row.passages for row in self._rows)
        return describe_stage(stage, len(self._rows), min(passages, self._pipeline.k if self._pipeline else 0))

    def source(self) -> Provenance:
        """The product and models that answer now."""
        if self._opened is None:
            return Provenance(__version__, "", "")
        models = self._opened.models
        return Provenance(__version__, models.reader.name, models.encoder.fingerprint)

    def find_passages(self, places: Iterable[tuple[str, float]]) -> tuple[ScoredPassage, ...]:
        """The passages with these ids, with their scores. Those no longer in the index are left out."""
        pipeline, wanted = self._pipeline, dict(places)
        if pipeline is None:
            return ()
        documents = dict.fromkeys(name.rpartition("#")[0] for name in wanted)
        held = {p.passage_id: p for document in documents for p in pipeline.index.document_passages(document)}
        return tuple(ScoredPassage(held[name], score) for name, score in wanted.items() if name in held)

    def list_rows(self) -> tuple[Row, ...]:
        """The articles, ordered by id."""
        return self._rows

    def list_skipped(self) -> tuple[Skipped, ...]:
        """The files of the corpus that could not be read as articles, with the reasons."""
        return self._skipped

    def read(self, document_id: str) -> Document | None:
        """A cleaned article. It comes from the index, so no path leads to files outside the corpus."""
        return self._pipeline.index.document(document_id) if self._pipeline else None

    def add(self, paths: Sequence[Path]) -> tuple[Changes, tuple[Skipped, ...]]:
        """Copies files into the corpus and updates the index.

        :return: the changes made, and the files refused, with the reasons.
        :raises RagError: if the folder or the index cannot be written.
        """
        with self._updating:
            try:
                taken = take_files(paths, self._uploads)
            except OSError as error:
                raise CorpusError(f"{self._uploads} cannot be written ({error.strerror}): make room there.") from error
            return (self._reopen() if taken.names else Changes()), taken.refused

    def remove(self, document_id: str) -> Changes:
        """Removes an uploaded file with all of its articles.

        :param document_id: of any of them.
        :raises RagError: if it was not uploaded, or the index cannot be written.
        """
        with self._updating:
            path = PurePosixPath(name_file(document_id))
            if path.parent.as_posix() != UPLOADS or not remove_file(path.name, self._uploads):
                raise CorpusError("Only articles that were added on this page can be removed here.")
            gone = tuple(row.document_id for row in self._rows if name_file(row.document_id) == str(path))
            return replace(self._reopen(), removed=gone or (document_id,))

    def _reopen(self) -> Changes:
        try:
            pipeline = self._opened.renewed() if self._opened else self._open()
        except CorpusError as error:
            # An index cannot be empty, and the old one must no longer be asked: its articles are gone.
            self._pipeline, self._empty, self._rows, self._skipped = None, str(error), (), ()
            self._starters = self._workers.submit(tuple)
            return Changes()
        self._rows = tuple(
            Row(**asdict(summary), removable=summary.document_id.startswith(f"{UPLOADS}/"))
            for summary in pipeline.index.documents()
        )
        self._skipped = tuple(pipeline.list_skipped())
        self._opened = self._pipeline = pipeline
        # Choosing them means asking, which loads the models. The page starts without waiting for that.
        self._starters = self._workers.submit(self._choose_starters, pipeline)
        return pipeline.changes

    def _choose_starters(self, pipeline: Pipeline) -> tuple[str, ...]:
        documents = pipeline.index.documents()
        # Evenly spaced, because neighbours often share a day or a source.
        some = documents[:: -(-len(documents) // MOST_SAMPLED)]
        passages = [p for document in some for p in pipeline.index.document_passages(document.document_id)]

        def is_answered(question: str) -> bool:
            try:
                return pipeline is self._pipeline and pipeline.ask(question).answered
            except RagError:
                return False

        return choose_starters(make_starters(passages), is_answered)
