"""Tokenised examples in micro-batches of equal shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.reader.features import Pair, collate_pairs, tokenize_pairs

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from torch import Tensor

    from rag.reader.examples import Example


@dataclass(frozen=True, slots=True)
class Features:
    """A tokenised example; ``labels`` index (passage, token) pairs, empty for NO-ANSWER."""

    pairs: tuple[Pair, ...]
    labels: tuple[tuple[int, int], ...]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pairs), max(len(pair.ids) for pair in self.pairs)


def featurize(examples: Sequence[Example], max_tokens: int, max_answer: int) -> list[Features]:
    """Tokenises; drops examples whose answer is cut off or longer than ``max_answer`` tokens."""
    flat = [(e.question, context, text) for e in examples for context, text in e.passages]
    pairs = iter(tokenize_pairs(flat, max_tokens))
    made = []
    for example in examples:
        mine = tuple(next(pairs) for _ in example.passages)
        if example.answer is None:
            made.append(Features(mine, ()))
            continue
        passage, start, end = example.answer
        found = mine[passage].locate(start, end)
        if found and found[1] - found[0] < max_answer:
            made.append(Features(mine, tuple((passage, i) for i in range(found[0], found[1] + 1))))
    return made


def cut_batches(features: Sequence[Features], tokens: int, rng: random.Random) -> list[list[Features]]:
    """Micro-batches of equal passage count and similar length, shuffled."""
    batches: list[list[Features]] = []
    for one in sorted(features, key=lambda f: f.shape):
        passages, length = one.shape
        last = batches[-1] if batches else []
        if last and last[0].shape[0] == passages and (len(last) + 1) * passages * length <= tokens:
            last.append(one)
        else:
            batches.append([one])
    rng.shuffle(batches)
    return batches


def collate(batch: Sequence[Features]) -> dict[str, Tensor]:
    """Model inputs (B, P, L), with ``labels`` int64 (B, T): positions, then END; or NO-ANSWER alone.

    :param batch: examples of P passages each.
    """
    import torch

    flat = collate_pairs([pair for f in batch for pair in f.pairs])
    passages = len(batch[0].pairs)
    inputs = {name: torch.from_numpy(rows).unflatten(0, (len(batch), passages)) for name, rows in flat.items()}
    length = inputs["input_ids"].shape[2]
    sources = passages * length
    labels = torch.full((len(batch), max(len(f.labels) for f in batch) + 1), -100)
    for row, f in zip(labels, batch, strict=True):
        positions = [p * length + i for p, i in f.labels]
        target = [*positions, sources] if positions else [sources + 1]
        row[: len(target)] = torch.tensor(target)
    return {**inputs, "labels": labels}
