"""The articles behind the page, which several people can ask, list, read, add to and remove from at once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import PurePosixPath
from threading import RLock
from typing import TYPE_CHECKING

from rag import __version__
from rag.articles.columns import USUAL, Columns
from rag.articles.folder import Skipped, name_file
from rag.errors import CorpusError, RagError
from rag.index.changes import Changes
from rag.page.articles import Row
from rag.page.filtering import EVERYTHING
from rag.page.priority import Priority
from rag.page.stages import Stopped
from rag.page.suggestions import Suggestion, choose_suggestions, make_starters
from rag.page.transcript import describe_stage
from rag.page.uploads import (
    Added,
    Adding,
    hide_file,
    is_gone,
    remove_file,
    remove_leftovers,
    restore_file,
    split_upload,
    take_file,
)
from rag.page.watching import QUIET, FolderWatch
from rag.review.items import Provenance
from rag.types import ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rag.index.scope import Scope
    from rag.pipeline import Pipeline
    from rag.types import Answer, Document, Stage, Turn

    Tell = Callable[[int, int], None]
    OpenPipeline = Callable[[Tell | None], Pipeline]

MOST_SAMPLED = 200
"""Articles searched for starter questions."""
MOST_PASSAGES = 40
"""The first passages of an article, which are searched for them."""
UPLOADS = "uploads"
"""Folder within the corpus for articles added on the page."""
WORKERS = 2
"""Questions answered at the same time. Others wait in a queue."""
MOST_ADDED = 20_000
"""Passages of one upload's file, twice as many as the longest text has. Short rows of a table are passages too."""
FOREIGN = "Only articles that were added on this page can be removed here."
GONE = "It has already been removed, with its file: the list shows what is left."


class TooLong(RagError):  # noqa: N818 (what is wrong with the file)
    """An uploaded file makes too many passages."""


class Shelf:
    """A pipeline that can be replaced, while in use, by one that knows other articles.

    A question already being answered continues with the old pipeline, whose index does not change.
    """

    def __init__(
        self, open_pipeline: OpenPipeline, corpus: Path, seconds: float = QUIET, columns: Columns = USUAL
    ) -> None:
        """Opens the pipeline. A corpus without articles is not an error: the shelf is then empty.

        :param open_pipeline: updates the index and opens it; called again until it succeeds.
        :param seconds: how long the folder must be unchanged before it is read again.
        :param columns: of uploaded tables.
        :raises RagError: if the user has to fix something other than an empty corpus.
        """
        self._open = open_pipeline
        self._uploads = corpus / UPLOADS
        self._columns = columns
        self._updating = RLock()
        self._sending = RLock()
        self._priority = Priority()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="ask")
        self._adder = ThreadPoolExecutor(1, thread_name_prefix="add")
        self._sent: Counter[Path] = Counter()  # two uploads of one file at once have the same path
        self._opened: Pipeline | None = None  # the last one, even if the corpus has become empty since
        self._pipeline: Pipeline | None = None
        self._empty = ""
        self._rows: tuple[Row, ...] = ()
        self._skipped: tuple[Skipped, ...] = ()
        self._starters: Future[tuple[str, ...]] = Future()
        self.version = 0
        """Grows with each change of the articles."""
        remove_leftovers(self._uploads)
        self._watch = FolderWatch(corpus, self.refresh, seconds)  # before it is read, so that no change is missed
        try:
            self._reopen()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stops the work: running answers finish, queued questions and starters are dropped."""
        self._pipeline = None
        self._watch.close()
        self._adder.shutdown(wait=False, cancel_futures=True)
        self._workers.shutdown(wait=False, cancel_futures=True)

    def list_starters(self) -> tuple[str, ...]:
        """Starter questions; none if they have not been chosen yet."""
        with suppress(futures.TimeoutError, futures.CancelledError):
            return self._starters.result(0)
        return ()

    async def wait_for_starters(self) -> tuple[str, ...]:
        """Starter questions, once they are chosen. This takes long on a busy machine."""
        return await asyncio.shield(asyncio.wrap_future(self._starters))  # others wait for them too

    def submit(
        self,
        question: str,
        history: Sequence[Turn] = (),
        on_stage: Callable[[Stage], None] | None = None,
        scope: Scope = EVERYTHING,
    ) -> Future[Answer]:
        """Queues a question for the next free worker. Cancelling the future removes it from the queue.

        :param on_stage: called with each stage before it begins; an exception from it ends the work.
        :param scope: the articles that are asked.
        """
        return self._workers.submit(self.ask, question, tuple(history), on_stage, scope)

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        on_stage: Callable[[Stage], None] | None = None,
        scope: Scope = EVERYTHING,
    ) -> Answer:
        """:raises RagError: if the question cannot be asked, or there are no articles."""
        pipeline = self._pipeline
        if pipeline is None:
            raise CorpusError(self._empty)
        with self._priority.first():
            asked = pipeline if scope.is_open else pipeline.within(scope)
            return asked.ask(question, history, on_stage)

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

    def refresh(self) -> None:
        """Brings the shelf up to date with the folder, which other programs may have changed.

        :raises RagError: if the index cannot be written.
        """
        with self._updating:
            self._reopen()

    def submit_files(self, paths: Sequence[Path], tell: Callable[[Adding], None]) -> Future[Added]:
        """Queues :meth:`add` behind other uploads. The files are deleted afterwards, whatever happens."""

        def delete(_: Future[Added]) -> None:
            with self._sending:
                self._sent.subtract(paths)
                for path in {path for path in paths if not self._sent[path]}:
                    del self._sent[path]
                    path.unlink(missing_ok=True)

        with self._sending:
            self._sent.update(paths)
        future = self._adder.submit(self.add, paths, tell)
        future.add_done_callback(delete)
        return future

    def add(self, paths: Sequence[Path], tell: Callable[[Adding], None] | None = None) -> Added:
        """Stores and indexes one file after the other. Nothing is left of one that cannot be indexed.

        :param tell: called with the progress. If it raises :class:`Stopped`, the files that are not added yet are left
            out.
        """
        changes, refused = Changes(), []
        taken, left_out = split_upload(paths)
        for number, path in enumerate(taken, 1):
            now = Adding(path.name, number, len(taken))
            try:
                made = self._add_file(path, now, tell or (lambda _: None))
            except (Stopped, RagError) as error:
                reason = "The upload was cancelled." if isinstance(error, Stopped) else str(error)
                refused += [Skipped(left.name, reason) for left in taken[number - 1 :]]
                break
            if isinstance(made, Skipped):
                refused.append(made)
            else:
                changes = changes.plus(made)
        return Added(changes, (*refused, *left_out))

    def _add_file(self, path: Path, now: Adding, tell: Callable[[Adding], None]) -> Changes | Skipped:
        """:raises RagError: if the folder or the index cannot be written."""
        tell(now)
        with self._updating:
            try:
                name = take_file(path, self._uploads, self._columns, lambda: tell(now))
            except OSError as error:
                raise CorpusError(f"{self._uploads} cannot be written ({error.strerror}): make room there.") from error
            if isinstance(name, Skipped):
                return name
            file = f"{UPLOADS}/{name}"
            try:
                changes = self._reopen(self._tell_pace(now, tell))
            except TooLong as error:
                remove_file(name, self._uploads)
                return Skipped(path.name, str(error))
            except BaseException:
                remove_file(name, self._uploads)
                raise
            if any(name_file(row.document_id) == file for row in self._rows):
                return changes
            reasons = {item.document_id: item.reason for item in changes.skipped}
            remove_file(name, self._uploads)
            self._reopen()
            return Skipped(path.name, reasons.get(file, "It has no text: choose another one."))

    def _tell_pace(self, now: Adding, tell: Callable[[Adding], None]) -> Tell:
        """Tells how far the encoding is and how long it will take, and lets it give way to questions.

        Before it begins, nothing is known but that the upload may be cancelled.
        """
        began = time.monotonic()

        def tell_passages(done: int, passages: int) -> None:
            nonlocal began
            if not passages:
                tell(now)
                return
            if passages > MOST_ADDED:
                raise TooLong(f"It makes more than {MOST_ADDED:,} passages: split it.")
            if not done:
                began = time.monotonic()
            left = (time.monotonic() - began) / done * (passages - done) if done else 0.0
            tell(replace(now, done=done, passages=passages, seconds=left))
            self._priority.give_way()

        return tell_passages

    def remove(self, document_ids: Iterable[str]) -> tuple[Changes, tuple[Skipped, ...]]:
        """Removes uploaded files with all of their articles, and updates the index once.

        :param document_ids: of any article of each file.
        :return: what changed, and the files that were not removed, with the reasons: all of them if the index cannot
            be written.
        """
        with self._updating:
            files = dict.fromkeys(map(name_file, document_ids))
            uploaded = {file: PurePosixPath(file).name for file in files if is_uploaded(file)}
            refused = [Skipped(file, FOREIGN) for file in files if file not in uploaded]
            hidden: dict[str, Path] = {}
            for file, name in uploaded.items():
                if path := hide_file(name, self._uploads):
                    hidden[file] = path
                else:
                    refused.append(Skipped(file, GONE if is_gone(name, self._uploads) else FOREIGN))
            if not uploaded:
                return Changes(), tuple(refused)
            gone: dict[str, list[str]] = {file: [] for file in hidden}
            for row in self._rows:
                if row.file in gone:
                    gone[row.file].append(row.document_id)
            try:
                changes = self._reopen()
            except BaseException as error:
                for file, path in hidden.items():
                    restore_file(path, uploaded[file])
                if not isinstance(error, RagError):
                    raise
                return Changes(), (*refused, *(Skipped(file, str(error)) for file in hidden))
            for path in hidden.values():
                path.unlink(missing_ok=True)
            removed = (name for file, names in gone.items() for name in names or (file,))
            return replace(changes, removed=tuple(removed)), tuple(refused)

    def _reopen(self, tell: Tell | None = None) -> Changes:
        try:
            pipeline = self._opened.renewed(tell) if self._opened else self._open(tell)
        except CorpusError as error:
            # An index cannot be empty, and the old one must no longer be asked: its articles are gone.
            self._pipeline, self._empty, self._rows, self._skipped = None, str(error), (), ()
            self._starters = self._workers.submit(tuple)
            self.version += 1
            return Changes()
        if self._pipeline and pipeline.index.state == self._pipeline.index.state:
            pipeline.close()
            return Changes()
        self._rows = tuple(
            Row(**asdict(summary), removable=is_uploaded(name_file(summary.document_id)))
            for summary in pipeline.index.documents()
        )
        self._skipped = tuple(pipeline.list_skipped())
        self._opened = self._pipeline = pipeline
        self.version += 1
        # Choosing them means asking, which loads the models. The page starts without waiting for that.
        self._starters = self._workers.submit(self._choose_starters, pipeline)
        return pipeline.changes

    def _choose_starters(self, pipeline: Pipeline) -> tuple[str, ...]:
        documents = pipeline.index.documents()
        # Evenly spaced, because neighbours often share a day or a source.
        some = documents[:: -(-len(documents) // MOST_SAMPLED)]
        parts = (pipeline.index.document_passages(document.document_id)[:MOST_PASSAGES] for document in some)
        passages = [passage for part in parts for passage in part]

        def is_met(suggestion: Suggestion) -> bool:
            try:
                return pipeline is self._pipeline and suggestion.is_met(pipeline.ask(suggestion.question))
            except RagError:
                return False

        return choose_suggestions(make_starters(passages), is_met)


def is_uploaded(file: str) -> bool:
    """Whether a file of the corpus lies where uploads do, not in a folder below that."""
    return PurePosixPath(file).parent.as_posix() == UPLOADS
