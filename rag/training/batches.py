"""Tokenises examples and cuts them into micro-batches of equal shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.articles.sentences import find_touched
from rag.reader.tokens import Pair, collate_pairs, tokenize_pairs

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from torch import Tensor

    from rag.training.examples import Example

UNSCORED = -100
"""Label of a token without loss: PyTorch's default ``ignore_index``."""


@dataclass(frozen=True, slots=True)
class Features:
    """A tokenised example.

    :param labels: (passage, token) of the answer's tokens; empty for NO-ANSWER, and if no short span answers.
    :param holder: the passage that answers; -1 if none does.
    :param evidence: first and last token, in that passage, of each span that answers in sentences; None if not
        annotated.
    :param yes: whether that passage says yes; None if the question is not a yes/no question.
    """

    pairs: tuple[Pair, ...]
    labels: tuple[tuple[int, int], ...]
    holder: int = -1
    evidence: tuple[tuple[int, int], ...] | None = ()
    yes: bool | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.pairs), max(len(pair.ids) for pair in self.pairs)


def featurize(examples: Sequence[Example], max_tokens: int, max_answer: int) -> list[Features]:
    """Tokenises examples; drops those whose answer is truncated or longer than ``max_answer`` tokens."""
    flat = [(e.question, context, text) for e in examples for context, text in e.passages]
    pairs = iter(tokenize_pairs(flat, max_tokens))
    made = []
    for example in examples:
        mine = tuple(next(pairs) for _ in example.passages)
        if example.answer is not None:
            passage, start, end = example.answer
            found = mine[passage].locate(start, end)
            if not found or found[1] - found[0] >= max_answer:
                continue
            labels = tuple((passage, i) for i in range(found[0], found[1] + 1))
            spans = find_touched(example.passages[passage][1], start, end)
            made.append(
                Features(mine, labels, passage, None if example.evidence is None else locate_all(mine[passage], spans))
            )
        elif example.evidence:
            passage = example.evidence[0][0]
            tokens = locate_all(mine[passage], [(start, end) for _, start, end in example.evidence])
            if tokens:
                # If the evidence for yes or no is the whole passage, the sentence that decides is not annotated.
                whole = example.evidence == ((passage, 0, len(example.passages[passage][1])),)
                unnamed = whole and example.yes is not None
                made.append(Features(mine, (), passage, None if unnamed else tokens, example.yes))
        else:
            made.append(Features(mine, (), -1, None if example.evidence is None else ()))
    return made


def locate_all(pair: Pair, spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """First and last token of each character span; truncated spans are left out."""
    return tuple(found for found in (pair.locate(*span) for span in spans) if found)


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
    """Inputs of the model's forward for B examples of P passages each, padded to L tokens.

    :returns: ``input_ids``, ``token_type_ids`` int64, ``attention_mask``, ``copyable`` bool, (B, P, L);
        ``labels`` int64 (B, T): positions, then END; or NO-ANSWER alone; or only ``UNSCORED``; ``holders`` int64
        (B,); ``evidence`` int8 (B, P, L) and ``verdicts`` int8 (B,), -1 where not annotated.
    """
    import torch

    flat = collate_pairs([pair for f in batch for pair in f.pairs])
    passages = len(batch[0].pairs)
    inputs = {name: torch.from_numpy(rows).unflatten(0, (len(batch), passages)) for name, rows in flat.items()}
    length = inputs["input_ids"].shape[2]
    sources = passages * length
    labels = torch.full((len(batch), max(len(f.labels) for f in batch) + 1), UNSCORED)
    evidence = torch.full(inputs["input_ids"].shape, -1, dtype=torch.int8)
    for row, f in enumerate(batch):
        positions = [p * length + i for p, i in f.labels]
        if positions or f.holder < 0:
            target = [*positions, sources] if positions else [sources + 1]
            labels[row, : len(target)] = torch.tensor(target)
        if f.evidence is not None:
            evidence[row] = inputs["copyable"][row].to(torch.int8) - 1
            for first, last in f.evidence:
                evidence[row, f.holder, first : last + 1] = 1
    return {
        **inputs,
        "labels": labels,
        "holders": torch.tensor([f.holder for f in batch]),
        "evidence": evidence,
        "verdicts": torch.tensor([-1 if f.yes is None else int(f.yes) for f in batch], dtype=torch.int8),
    }
