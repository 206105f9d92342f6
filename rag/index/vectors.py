"""vectors.faiss: the vectors of passages.db in a FAISS index for exact search by inner product."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from rag.index.manifest import VECTORS
from rag.index.store import select_vectors

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def build_vectors(connection: sqlite3.Connection, dimension: int) -> Any:
    """A faiss.IndexIDMap2 over an IndexFlatIP. Its ids are the rows of the passages table."""
    import faiss

    rows, vectors = select_vectors(connection, dimension)
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
    index.add_with_ids(vectors, rows)
    return index


def pack_vectors(index: Any) -> bytes:
    """The content of vectors.faiss."""
    import faiss

    content: bytes = faiss.serialize_index(index).tobytes()
    return content


def load_vectors(folder: Path, sha256: str, connection: sqlite3.Connection, dimension: int) -> Any:
    """Load vectors.faiss, or rebuild it in memory from passages.db if the file is missing or damaged.

    :param sha256: expected SHA-256 of vectors.faiss. FAISS never parses a file with another hash.
    """
    import faiss
    import numpy as np

    try:
        content = (folder / VECTORS).read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() == sha256:
        return faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
    return build_vectors(connection, dimension)


def search_vectors(
    index: Any, vectors: NDArray[np.float32], k: int, among: Sequence[int] | None = None
) -> list[list[tuple[int, float]]]:
    """(row, cosine) of the `k` nearest passages of each vector, highest cosine first.

    :param vectors: unit rows, float32, shape (questions, dimension).
    :param among: the rows that are searched; None for all.
    :raises ValueError: if the dimension differs from that of the index.
    """
    if vectors.ndim != 2 or vectors.shape[1] != index.d:
        raise ValueError(f"vectors of shape {vectors.shape}, but the index has dimension {index.d}")
    k = min(k, index.ntotal if among is None else len(among))
    if k < 1 or not len(vectors):
        return [[] for _ in vectors]
    scores, rows = index.search(vectors, k, params=_select(among))
    return [
        [(int(row), float(score)) for row, score in zip(*pair, strict=True) if row >= 0]
        for pair in zip(rows, scores, strict=True)
    ]


def _select(among: Sequence[int] | None) -> Any:
    """What restricts a search to some rows; None for all."""
    if among is None:
        return None
    import faiss
    import numpy as np

    parameters: Any = faiss.SearchParameters  # its arguments are fields, which its types do not know
    return parameters(sel=faiss.IDSelectorBatch(np.array(among, dtype=np.int64)))
