"""Turns articles into the documents, passages and vectors that an index update writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.confined import ignore
from rag.articles.folder import Note, Skipped, find_skipped, read_file
from rag.articles.formats import EXAMPLES
from rag.errors import CorpusError
from rag.index.chunking import ChunkingConfig, chunk_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Document, Encoder, Passage

    Tell = Callable[[int, int], None]

ENCODED_AT_ONCE = 16
"""Passages between two reports of progress: about a second on two cores."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The data that an update writes.

    :param documents: new or edited documents, in order of ``document_id``.
    :param passages: the passages of these documents.
    :param vectors: unit rows of the passages, float32, shape (len(passages), dimension); None if there are none.
    :param skipped: files without a readable article.
    :param notes: about the files that were read.
    :param duplicates: ``document_id`` of every near-duplicate in the index to that of its original.
    """

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32] | None
    skipped: tuple[Skipped, ...]
    notes: tuple[Note, ...]
    duplicates: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cutter:
    """Settings for reading, splitting and encoding articles.

    :param tell: called with the numbers of passages encoded and to be encoded, and with 0 and 0 while articles are read
        and cut. An exception from it ends the work.
    :param columns: of tables.
    """

    encoder: Encoder
    config: ChunkingConfig
    tell: Tell | None = None
    columns: Columns = USUAL

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """As the encoder does. Cutting a long text takes long, and is here told to go on, or not."""
        if self.tell:
            self.tell(0, 0)
        return self.encoder.count_tokens(texts)


def make_batch(corpus: Path, files: Sequence[str], kept: Sequence[Document], cutter: Cutter) -> Batch:
    """Read, split and encode articles.

    Near-duplicates are indexed like other articles, because a question may ask for exactly what differs.

    :param files: the files to read, by path relative to the corpus.
    :param kept: the unchanged documents of the index.
    :raises CorpusError: if the index would have no article.
    """
    from rag.articles.duplicates import find_duplicates  # imports NumPy, which `ask --help` must not

    documents, skipped, notes = read_articles(corpus, files, cutter.columns, cutter.tell)
    if not documents and not kept:
        why = f"; {skipped[0].document_id}: {skipped[0].reason}" if skipped else f": put {EXAMPLES} there."
        raise CorpusError(f"No article in {corpus} can be read{why}")
    passages = [
        passage
        for document in documents
        for passage in chunk_document(document, count_tokens=cutter.count_tokens, config=cutter.config)
    ]
    vectors = encode_passages(passages, cutter) if passages else None
    named = sorted((*kept, *documents), key=lambda document: document.document_id)
    everything = sorted(named, key=lambda document: document.date or "", reverse=True)  # the newest is the original
    return Batch(tuple(documents), tuple(passages), vectors, tuple(skipped), tuple(notes), find_duplicates(everything))


def encode_passages(passages: Sequence[Passage], cutter: Cutter) -> NDArray[np.float32]:
    """Unit rows of at least one passage, shape (len(passages), dimension), float32.

    Each is read after its title and heading (docs/decisions/0027).
    """
    texts, contexts = [passage.text for passage in passages], [passage.context for passage in passages]
    if cutter.tell is None:
        return cutter.encoder.encode(texts, contexts=contexts)
    import numpy as np

    # In the encoder's own order, so that the parts need no more padding than the whole.
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    rows = []
    for at in range(0, len(order), ENCODED_AT_ONCE):
        cutter.tell(at, len(order))
        part = order[at : at + ENCODED_AT_ONCE]
        rows.append(cutter.encoder.encode([texts[i] for i in part], contexts=[contexts[i] for i in part]))
    cutter.tell(len(order), len(order))
    return np.concatenate(rows)[np.argsort(order)]


def read_articles(
    corpus: Path, files: Sequence[str], columns: Columns = USUAL, tell: Tell | None = None
) -> tuple[list[Document], list[Skipped], list[Note]]:
    """Read the given files. Returns the articles, the skipped files and the notes, each in the order of the files."""
    linked = {item.document_id: item for item in find_skipped(corpus)}
    documents: list[Document] = []
    skipped: list[Skipped] = []
    notes: list[Note] = []
    check = partial(tell, 0, 0) if tell else ignore
    for name in sorted(files):
        check()
        if not is_utf8(name):
            skipped.append(Skipped(name, "The file name is not valid UTF-8: rename the file."))
            continue
        item = linked.get(name) or read_file(corpus / name, corpus, columns, check)
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            documents += item.documents
            notes += item.notes
    return documents, skipped, notes


def is_utf8(text: str) -> bool:
    """Whether a text, such as a file name, can be encoded as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
