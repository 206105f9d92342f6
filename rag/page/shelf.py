"""The articles behind the page: asked, listed, read, added to and taken from, by several people at once."""

from __future__ import annotations

from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rag import __version__
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
    from rag.index.update import DocumentSummary
    from rag.models import Models
    from rag.types import Answer, Document, Passage, Stage, Turn

MOST_SAMPLED = 200
"""Articles that are read for questions to begin with."""
WORKERS = 2
"""Questions answered at the same time; the others wait their turn, first come, first served."""


class Articles(Protocol):
    """What the page needs of an index."""

    def documents(self) -> list[DocumentSummary]: ...

    def document(self, document_id: str) -> Document | None: ...

    def document_passages(self, document_id: str) -> list[Passage]: ...


class Asker(Protocol):
    """What the page needs of a pipeline."""

    @property
    def index(self) -> Articles: ...

    @property
    def changes(self) -> Changes: ...

    @property
    def k(self) -> int: ...

    @property
    def models(self) -> Models: ...

    def ask(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Answer: ...

    def list_skipped(self) -> list[Skipped]: ...

    def renewed(self) -> Asker: ...


class Shelf:
    """A pipeline that can be exchanged for one that knows other articles while it is in use.

    Whoever is asking goes on with the one they began with: an index sees no update made after it was opened.
    """

    def __init__(self, open_asker: Callable[[], Asker], uploads: Path | None, prefix: str = "uploads") -> None:
        """Opens the pipeline; without any article the shelf is empty, which is no error.

        :param open_asker: brings the index up to date and opens it; called until it gives a pipeline.
        :param uploads: folder within the corpus for what is added here; None where nothing can be.
        :param prefix: that folder's path within the corpus.
        :raises RagError: for what a user can mend, but for a corpus without articles.
        """
        self._open = open_asker
        self._uploads = uploads
        self._prefix = prefix
        self._updating = Lock()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="ask")
        self._opened: Asker | None = None
        self._asker: Asker | None = None
        self._empty = ""
        self._rows: tuple[Row, ...] = ()
        self._skipped: tuple[Skipped, ...] = ()
        self._starters: Future[tuple[str, ...]] = Future()
        self._starters.set_result(())
        self._reopen()

    @property
    def takes_uploads(self) -> bool:
        return self._uploads is not None

    def close(self) -> None:
        """Ends the work: what has begun is finished, but for starters, and what waits is dropped."""
        self._asker = None
        self._workers.shutdown(wait=False, cancel_futures=True)

    def list_starters(self, patience: float = 0) -> tuple[str, ...]:
        """Questions to begin with; none, where they are not chosen yet.

        :param patience: seconds to wait for them.
        """
        with suppress(futures.TimeoutError, futures.CancelledError):
            return self._starters.result(patience)
        return ()

    def submit(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Future[Answer]:
        """The answer, once a worker is free; cancelled before that, it is never begun.

        :param on_stage: told each stage before it begins; what it raises ends the work there.
        """
        return self._workers.submit(self.ask, question, tuple(history), on_stage)

    def ask(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Answer:
        """:raises RagError: where nothing can be asked with the question, or there are no articles."""
        asker = self._asker
        if asker is None:
            raise CorpusError(self._empty)
        return asker.ask(question, history, on_stage)

    def describe_work(self, stage: Stage) -> str:
        """What is done for an answer in a stage, in words."""
        passages = sum(row.passages for row in self._rows)
        return describe_stage(stage, len(self._rows), min(passages, self._asker.k if self._asker else 0))

    def source(self) -> Provenance:
        """What gives the answers now."""
        made = self._opened
        models = made.models if made else None
        return Provenance(
            __version__, models.reader.name if models else "", models.encoder.fingerprint if models else ""
        )

    def find_passages(self, places: Iterable[tuple[str, float]]) -> tuple[ScoredPassage, ...]:
        """The passages of these ids with their scores; those that the articles no longer hold are left out."""
        asker, wanted = self._asker, dict(places)
        if asker is None:
            return ()
        documents = dict.fromkeys(name.rpartition("#")[0] for name in wanted)
        held = {p.passage_id: p for document in documents for p in asker.index.document_passages(document)}
        return tuple(ScoredPassage(held[name], score) for name, score in wanted.items() if name in held)

    def list_rows(self) -> tuple[Row, ...]:
        """The articles, in the order of their ids."""
        return self._rows

    def list_skipped(self) -> tuple[Skipped, ...]:
        """The files of the corpus that are not among the articles, and why."""
        return self._skipped

    def read(self, document_id: str) -> Document | None:
        """A cleaned article: only the index is asked, so no file outside of the corpus can be named."""
        return self._asker.index.document(document_id) if self._asker else None

    def add(self, paths: Sequence[Path]) -> tuple[Changes, tuple[Skipped, ...]]:
        """Takes files into the corpus and brings the index up to date.

        :return: what the update did, and the files that were not taken, with the reasons.
        :raises RagError: where the folder or the index cannot be written.
        """
        with self._updating:
            uploads = self._check_uploads()
            try:
                taken = take_files(paths, uploads)
            except OSError as error:
                raise CorpusError(f"{uploads} cannot be written ({error.strerror}): make room there.") from error
            return (self._reopen() if taken.names else Changes()), taken.refused

    def remove(self, document_id: str) -> Changes:
        """Takes an uploaded article away again.

        :raises RagError: where it is none, or the index cannot be written.
        """
        with self._updating:
            uploads = self._check_uploads()
            path = PurePosixPath(document_id)
            if path.parent.as_posix() != self._prefix or not remove_file(path.name, uploads):
                raise CorpusError("Only articles that were added on this page can be removed here.")
            return replace(self._reopen(), removed=(document_id,))

    def _check_uploads(self) -> Path:
        if self._uploads is None:
            raise CorpusError("This page takes no articles: start it with a --corpus of your own.")
        return self._uploads

    def _reopen(self) -> Changes:
        try:
            asker = self._opened.renewed() if self._opened else self._open()
        except CorpusError as error:
            # The index cannot be without articles; what was answered from it before must not be answered any longer.
            self._asker, self._empty, self._rows, self._skipped = None, str(error), (), ()
            self._starters = self._workers.submit(tuple)
            return Changes()
        self._rows = tuple(self._describe(summary) for summary in asker.index.documents())
        self._skipped = tuple(asker.list_skipped())
        self._opened = self._asker = asker
        # Chosen by asking, which also loads the models; the page does not wait for it to start.
        self._starters = self._workers.submit(self._choose_starters, asker)
        return asker.changes

    def _describe(self, summary: DocumentSummary) -> Row:
        return Row(
            summary.document_id,
            summary.title,
            summary.date,
            summary.words,
            summary.passages,
            summary.duplicate_of,
            self.takes_uploads and summary.document_id.startswith(f"{self._prefix}/"),
        )

    def _choose_starters(self, asker: Asker) -> tuple[str, ...]:
        documents = asker.index.documents()
        # Spread over all of them, as neighbours are often of one day or one source.
        some = documents[:: -(-len(documents) // MOST_SAMPLED)]
        passages = [p for document in some for p in asker.index.document_passages(document.document_id)]

        def is_answered(question: str) -> bool:
            try:
                return asker is self._asker and asker.ask(question).answered
            except RagError:
                return False

        return choose_starters(make_starters(passages), is_answered)
