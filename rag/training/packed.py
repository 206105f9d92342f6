"""Packs tokenised examples into one file for training on another machine: a numpy archive, compressed with xz."""

from __future__ import annotations

import io
import lzma
from array import array
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.reader.tokens import Pair
from rag.training.batches import Features

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

WIDTHS = {"ids": 1, "pairs": 3, "labels": 2, "evidence": 2, "examples": 5}
"""The arrays of the archive and their number of columns; ``examples`` is int16, the others uint16."""
DICTIONARY_BYTES = 192 << 20
"""Dictionary size of xz: large, because each paragraph is drawn many times, far apart."""


def pack(features: Iterable[Features], path: Path) -> int:
    """Writes examples to a file, without the character offsets of their tokens; returns their number."""
    import numpy as np

    columns = {name: array("h" if name == "examples" else "H") for name in WIDTHS}
    for f in features:
        for pair in f.pairs:
            columns["ids"].extend(pair.ids)
            columns["pairs"].extend((len(pair.ids), pair.segment, pair.first))
        for where in f.labels:
            columns["labels"].extend(where)
        for span in f.evidence or ():
            columns["evidence"].extend(span)
        sentences = -1 if f.evidence is None else len(f.evidence)
        yes = -1 if f.yes is None else int(f.yes)
        columns["examples"].extend((len(f.pairs), len(f.labels), f.holder, sentences, yes))
    archive = io.BytesIO()
    np.savez(archive, **{name: np.asarray(column) for name, column in columns.items()})  # type: ignore[arg-type]
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 4, "dict_size": DICTIONARY_BYTES}]
    path.write_bytes(lzma.compress(archive.getbuffer(), filters=filters))
    return len(columns["examples"]) // WIDTHS["examples"]


def unpack(path: Path) -> Iterator[Features]:
    """Reads the examples that :func:`pack` wrote, in order. :raises RagError: if the file is missing or damaged."""
    import numpy as np

    try:
        with np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False) as archive:
            ids, pairs, labels, evidence, examples = (
                archive[name].reshape(-1, width) for name, width in WIDTHS.items()
            )
    except (OSError, ValueError, KeyError, lzma.LZMAError) as error:
        raise RagError(
            f"{path} holds no examples ({error}): make it with python -m rag.training.train --pack."
        ) from None
    id_at = pair_at = label_at = evidence_at = 0
    for passages, told, holder, sentences, yes in examples.tolist():
        read = []
        for length, segment, first in pairs[pair_at : pair_at + passages].tolist():
            read.append(Pair(tuple(ids[id_at : id_at + length, 0].tolist()), segment, first, ()))
            id_at += length
        pair_at += passages
        spans = evidence[evidence_at : evidence_at + max(0, sentences)]
        yield Features(
            tuple(read),
            tuple((p, i) for p, i in labels[label_at : label_at + told].tolist()),
            holder,
            None if sentences < 0 else tuple((a, b) for a, b in spans.tolist()),
            None if yes < 0 else bool(yes),
        )
        label_at, evidence_at = label_at + told, evidence_at + len(spans)
