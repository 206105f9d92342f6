"""An index open for reading, with its documents and passages, dense search and BM25 search."""

from __future__ import annotations

import json
from contextlib import closing
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Any

from rag.errors import IndexFolderError
from rag.index.base import DocumentSummary
from rag.index.manifest import DATABASE, SCHEMA_VERSION, State, find_state
from rag.index.store import (
    open_for_reading,
    search_words,
    select_dated_rows,
    select_document_passages,
    select_document_vectors,
    select_documents,
    select_newest,
    select_newest_day,
    select_origins,
    select_passages,
    select_rows,
)
from rag.index.vectors import load_vectors, search_vectors
from rag.types import Origin

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.index.scope import Scope
    from rag.types import Document, Passage, Period

ATTEMPTS = 5
"""Opening is retried if an update replaces the files meanwhile. Five updates in a row do not happen."""


class LocalIndex:
    """An open index of a folder, with the methods of :class:`rag.index.base.Index`.

    It is thread-safe and does not see updates made after it was opened.
    """

    def __init__(self, state: State, connection: sqlite3.Connection, vectors: Any) -> None:
        self.state = state
        self._connection = connection
        self._vectors = vectors
        self._lock = Lock()
        self._rows: Sequence[int] | None = None  # that are searched; None for all
        self._held: AbstractSet[str] = frozenset()  # the ids of their documents
        self.undated = 0
        """How many articles a scope leaves out because they have no date."""

    def within(self, scope: Scope) -> LocalIndex:
        """An index of which only the articles of a scope are searched. It is closed with this one.

        :raises CorpusError: if there are none.
        """
        if scope.is_open:
            return self
        made = copy(self)
        with self._lock:
            found = select_origins(self._connection)
        named = [(name, day, (origin.publication, origin.source, name)) for name, day, origin in found]
        made._held = frozenset(name for name, day, names in named if scope.covers(day, names))
        made.undated = sum(scope.lacks_day(day, names) for _, day, names in named)
        if not made._held:
            raise scope.refuse(made.undated)
        with self._lock:
            made._rows = select_rows(self._connection, made._held)
        return made

    def during(self, period: Period) -> LocalIndex:
        """An index that searches only articles from some days, perhaps none. It is closed with this one."""
        made = copy(self)
        with self._lock:
            rows = select_dated_rows(self._connection, period.since, period.until)
        made._rows = rows if self._rows is None else sorted(set(rows).intersection(self._rows))
        return made

    def find_newest_day(self, last: str) -> str | None:
        """The newest date of an article, in ISO 8601, that is not after the day ``last``; None if there is none."""
        with self._lock:
            return select_newest_day(self._connection, last, None if self._rows is None else self._held)

    def __enter__(self) -> LocalIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files. The index cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    @property
    def passage_count(self) -> int:
        """The number of passages in the index."""
        with self._lock:
            count: int = self._connection.execute("SELECT COUNT(*) FROM passages").fetchone()[0]
        return count

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of these rows, in this order.

        :raises KeyError: for an unknown row.
        """
        with self._lock:
            return select_passages(self._connection, rows)

    def document(self, document_id: str) -> Document | None:
        """The document with this id and its cleaned text; None if there is none."""
        try:
            document_id.encode("utf-8")
        except UnicodeEncodeError:  # SQLite cannot store or query such an id
            return None
        with self._lock:
            found = select_documents(self._connection, document_id)
        return found[0] if found else None

    def document_passages(self, document_id: str) -> list[Passage]:
        """A document's passages in text order; empty if there is no such document."""
        with self._lock:
            return select_document_passages(self._connection, document_id)

    def encoded_passages(self, document_id: str) -> tuple[list[Passage], NDArray[np.float32]]:
        """A document's passages in text order, and their unit rows, float32, shape (passages, dimension)."""
        with self._lock:
            passages = select_document_passages(self._connection, document_id)
            return passages, select_document_vectors(self._connection, document_id, self.state.dimension)

    def leading_passages(self, articles: int, passages: int) -> list[list[Passage]]:
        """The first ``passages`` passages of at most ``articles`` articles, newest first, without near-duplicates."""
        with self._lock:
            everything = self._rows is None
            names = select_newest(self._connection, articles if everything else -1)
            names = names if everything else [name for name in names if name in self._held][:articles]
            return [select_document_passages(self._connection, name)[:passages] for name in names]

    def documents(self) -> list[DocumentSummary]:
        """All documents in the order of their ids."""
        # In a cleaned text, words are separated by one space, one line break or two line breaks.
        query = (
            "WITH spaced AS (SELECT document_id, title, date, duplicate_of, origin, text_sha256,"
            " replace(replace(text, char(10, 10), ' '), char(10), ' ') AS line FROM documents)"
            " SELECT s.document_id, title, date, duplicate_of, COUNT(row),"
            " length(line) - length(replace(line, ' ', '')) + (line <> ''), origin, text_sha256 FROM spaced AS s"
            " LEFT JOIN passages AS p ON p.document_id = s.document_id"
            " GROUP BY s.document_id ORDER BY s.document_id"
        )
        with self._lock, closing(self._connection.execute(query)) as cursor:
            rows = cursor.fetchall()
        return [_summarise(values, Origin(**json.loads(origin)), digest) for *values, origin, digest in rows]

    def search_dense(self, vectors: NDArray[np.float32], k: int) -> list[list[tuple[int, float]]]:
        """For each vector at most `k` rows with their cosines, highest first.

        :param vectors: unit rows, float32, shape (questions, dimension).
        :raises ValueError: if the dimension differs from that of the index.
        """
        return search_vectors(self._vectors, vectors, k, self._rows)

    def search_bm25(self, question: str, k: int) -> list[tuple[int, float]]:
        """At most `k` rows with their BM25 scores, highest first; empty for a question without words."""
        with self._lock:
            return search_words(self._connection, question, k, self._rows)


def _summarise(values: list[Any], origin: Origin, digest: str) -> DocumentSummary:
    described = (origin.source, origin.publication, origin.language, origin.reader, digest, origin.dated, origin.saved)
    return DocumentSummary(*(*values, *described))


def open_index(folder: Path) -> LocalIndex:
    """Open the index in a folder for reading. Nothing is written to the folder.

    :raises IndexFolderError: if there is no valid index.
    """
    for _ in range(ATTEMPTS):
        index = try_open(folder)
        if index is not None:
            return index
    raise IndexFolderError(f"There is no valid index in {folder}: build it first, or name another with --index.")


def try_open(folder: Path) -> LocalIndex | None:
    """Try once to open an index. None if an update replaced the files meanwhile, or they are not valid."""
    path = folder / DATABASE
    try:
        before = path.stat()
        state, _ = find_state(folder)
        if state is None or state.schema != SCHEMA_VERSION:
            return None
        connection = open_for_reading(path)
        after = path.stat()
    except OSError:
        return None
    # The connection must have opened the same file whose hash was checked.
    if (before.st_ino, before.st_mtime_ns, before.st_size) != (
        after.st_ino,
        after.st_mtime_ns,
        after.st_size,
    ):
        connection.close()
        return None
    return LocalIndex(state, connection, load_vectors(folder, state.vectors, connection, state.dimension))
