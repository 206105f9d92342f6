"""Articles to what an update of the index writes: documents, passages and their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.articles.folder import Skipped, find_skipped, read_document
from rag.errors import CorpusError
from rag.index.chunking import ChunkingConfig, chunk_document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Document, Encoder, Passage


@dataclass(frozen=True, slots=True)
class Batch:
    """What an update writes.

    :param documents: new or edited, in order of ``document_id``.
    :param passages: theirs.
    :param vectors: of the passages, unit rows, shape (len(passages), dimension); None where there are none.
    :param skipped: files that hold no article that can be read.
    :param duplicates: of all the index, ``document_id`` to the one it repeats.
    """

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32] | None
    skipped: tuple[Skipped, ...]
    duplicates: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cutter:
    """How articles become passages and vectors."""

    encoder: Encoder
    config: ChunkingConfig
    progress: bool = False


def make_batch(corpus: Path, document_ids: Sequence[str], kept: Sequence[Document], cutter: Cutter) -> Batch:
    """Read, cut and encode articles.

    A near-duplicate is indexed like any article: what differs, often a figure, may be what is asked for.

    :param document_ids: the files to read.
    :param kept: the documents of the index that stay as they are.
    :raises CorpusError: if that leaves no article at all.
    """
    from rag.articles.duplicates import find_duplicates  # with NumPy, which `ask --help` does not need

    documents, skipped = read_articles(corpus, document_ids)
    if not documents and not kept:
        why = f"; {skipped[0].document_id}: {skipped[0].reason}" if skipped else ": put .txt or .md files there."
        raise CorpusError(f"No article in {corpus} can be read{why}")
    passages = [
        passage
        for document in documents
        for passage in chunk_document(document, count_tokens=cutter.encoder.count_tokens, config=cutter.config)
    ]
    texts = [show_passage(passage) for passage in passages]
    vectors = cutter.encoder.encode(texts, progress=cutter.progress) if texts else None
    everything = sorted((*kept, *documents), key=lambda document: document.document_id)
    return Batch(tuple(documents), tuple(passages), vectors, tuple(skipped), find_duplicates(everything))


def read_articles(corpus: Path, document_ids: Sequence[str]) -> tuple[list[Document], list[Skipped]]:
    """Read some articles of a corpus, in order of ``document_id``."""
    linked = {item.document_id: item for item in find_skipped(corpus)}
    documents: list[Document] = []
    skipped: list[Skipped] = []
    for document_id in sorted(document_ids):
        if not is_utf8(document_id):
            skipped.append(Skipped(document_id, "Its name is not UTF-8: rename it."))
            continue
        item = linked.get(document_id) or read_document(corpus / document_id, corpus)
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            documents.append(item)
    return documents, skipped


def is_utf8(text: str) -> bool:
    """Whether a text, such as a file's name, can be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def show_passage(passage: Passage) -> str:
    """What the encoder is shown of a passage: its heading, then what it says.

    Not the title: it would be the same in all of an article's passages, and where it is a whole sentence a question
    that resembles it would find nothing but that article (docs/decisions/0005).
    """
    return f"{passage.heading}\n{passage.text}" if passage.heading else passage.text
