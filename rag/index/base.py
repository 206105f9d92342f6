"""What an index offers for answering (:class:`Index`), and its place for updates (:class:`Store`).

The index in a folder of this machine (local.py, opened.py) is one implementation, Qdrant (qdrant.py) another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from rag.index.ingest import Batch
    from rag.index.manifest import State
    from rag.index.scope import Scope
    from rag.types import Document, Passage, Period


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text.

    :param duplicate_of: document_id of the article that it nearly repeats; None for an original.
    :param passages: number of passages.
    :param words: number of words.
    :param source: its web address, or else the path of its file.
    :param publication: empty if its file names none; so is ``language``.
    :param extractor: what read it, with the version.
    :param text_sha256: of its cleaned text.
    :param dated: where its date was found.
    :param saved: the date of its file, if it has no date itself.
    """

    document_id: str
    title: str
    date: str | None
    duplicate_of: str | None
    passages: int
    words: int
    source: str = ""
    publication: str = ""
    language: str = ""
    extractor: str = ""
    text_sha256: str = ""
    dated: str = ""
    saved: str = ""


class Index(Protocol):
    """An open index. It is thread-safe and does not see updates made after it was opened.

    A passage is named by its row, a number that means nothing outside of this open index.
    """

    @property
    def state(self) -> State:
        """What the index holds. Two indexes of one store with equal states hold the same."""

    @property
    def undated(self) -> int:
        """How many articles a scope leaves out because they have no date."""

    @property
    def passage_count(self) -> int:
        """The number of passages in the index."""

    def within(self, scope: Scope) -> Index:
        """An index of which only the articles of a scope are searched. It is closed with this one.

        :raises CorpusError: if there are none.
        """

    def during(self, period: Period) -> Index:
        """An index that searches only articles from some days, perhaps none. It is closed with this one."""

    def find_newest_day(self, last: str) -> str | None:
        """The newest date of an article, in ISO 8601, that is not after the day ``last``; None if there is none."""

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of these rows, in this order.

        :raises KeyError: for an unknown row.
        """

    def document(self, document_id: str) -> Document | None:
        """The document with this id and its cleaned text; None if there is none."""

    def document_passages(self, document_id: str) -> list[Passage]:
        """A document's passages in text order; empty if there is no such document."""

    def encoded_passages(self, document_id: str) -> tuple[list[Passage], NDArray[np.float32]]:
        """A document's passages in text order, and their unit rows, float32, shape (passages, dimension)."""

    def leading_passages(self, articles: int, passages: int) -> list[list[Passage]]:
        """The first ``passages`` passages of at most ``articles`` articles, newest first, without near-duplicates."""

    def documents(self) -> list[DocumentSummary]:
        """All documents in the order of their ids."""

    def search_dense(self, vectors: NDArray[np.float32], k: int) -> list[list[tuple[int, float]]]:
        """For each vector at most ``k`` rows with their cosines, highest first.

        :param vectors: unit rows, float32, shape (questions, dimension).
        :raises ValueError: if the dimension differs from that of the index.
        """

    def search_bm25(self, question: str, k: int) -> list[tuple[int, float]]:
        """At most ``k`` rows with their BM25 scores, highest first; empty for a question without words."""

    def close(self) -> None:
        """Close what the index holds open. It cannot be used afterwards."""


class Store(Protocol):
    """Where an index is kept. Others may read it and try to update it meanwhile.

    :raises RagError: from every method, if the store cannot be read or written.
    """

    def find_state(self) -> tuple[State | None, str]:
        """(state, ""): what the index holds; or (None, reason), with an empty reason if there is no index yet."""

    def read_documents(self) -> list[Document]:
        """All documents of the index, in order of their ids."""

    def lock(self) -> AbstractContextManager[object]:
        """Keep other updates out. The lock of a process that dies is released."""

    def write(self, base: State | None, wanted: State, batch: Batch, gone: Sequence[str]) -> State:
        """Replace the index by one of another state, wholly or not at all. The caller must hold the lock.

        :param base: what the index holds now; None if it is to be built anew.
        :param wanted: what it shall hold; its dimension and hashes of files are not yet known.
        :param gone: ids of the documents to delete before those of the batch are added.
        :return: what it holds then.
        """

    def tidy(self) -> None:
        """Complete an interrupted update, and mend what can be mended without the articles."""

    def open(self) -> Index:
        """Open the index for reading.

        :raises RagError: if there is no valid index.
        """
