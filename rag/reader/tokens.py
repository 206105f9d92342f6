"""Tokenises questions and passages into arrays for the copying reader, and maps tokens back to characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.machine.wordpieces import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MAX_QUESTION_TOKENS = 64
"""Most tokens of a question. Chosen by hand: longer than a long sentence."""
MAX_CONTEXT_TOKENS = 48
"""Most tokens of a title and heading."""
STARTS = 12
"""Number of most probable starts for which all ends are scored."""
STEPS = 32
"""Most tokens of an answer."""
BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Pair:
    """A tokenised ``[CLS] question [SEP] context [SEP] text [SEP]``. An empty context is left out with its ``[SEP]``.

    :param ids: token ids.
    :param segment: number of tokens before the context.
    :param first: index of the first token of the text.
    :param spans: character offsets of each token of the text, half open.
    :param paragraphs: number of the text's paragraph that each of these tokens is in. A blank line ends a paragraph.
    """

    ids: tuple[int, ...]
    segment: int
    first: int
    spans: tuple[tuple[int, int], ...]
    paragraphs: tuple[int, ...] = ()

    @property
    def copyable(self) -> list[bool]:
        """For each token, whether it belongs to the text."""
        rest = len(self.ids) - self.first - 1
        return [False] * self.first + [True] * rest + [False]

    def locate(self, start: int, end: int) -> tuple[int, int] | None:
        """Indices (first, last) of the tokens that cover ``text[start:end]``; None if they were truncated."""
        inside = [i for i, (a, b) in enumerate(self.spans) if b > start and a < end]
        if not inside or self.spans[inside[-1]][1] < end:
            return None
        return self.first + inside[0], self.first + inside[-1]


def tokenize_pairs(pairs: Sequence[tuple[str, str, str]], max_tokens: int) -> list[Pair]:
    """Tokenises (question, context, text) triples. The text is truncated so that a pair has at most ``max_tokens``."""
    tokenizer = load_tokenizer()
    cls, sep = (int(tokenizer.token_to_id(mark) or 0) for mark in ("[CLS]", "[SEP]"))
    parts = [tokenizer.encode_batch(list(column), add_special_tokens=False) for column in zip(*pairs, strict=True)]
    made = []
    for question, context, text, (_, _, read) in zip(*parts, pairs, strict=True):
        head = [cls, *question.ids[:MAX_QUESTION_TOKENS], sep]
        middle = [*context.ids[:MAX_CONTEXT_TOKENS], sep] if context.ids else []
        first = len(head) + len(middle)
        body = text.ids[: max_tokens - first - 1]
        offsets = tuple(text.offsets[: len(body)])
        made.append(Pair((*head, *middle, *body, sep), len(head), first, offsets, number_paragraphs(read, offsets)))
    return made


def number_paragraphs(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """For each token the number of blank lines before it."""
    ends = [gap.end() for gap in BLANK_LINE.finditer(text)]
    return tuple(bisect_right(ends, start) for start, _ in offsets)


def collate_pairs(pairs: Sequence[Pair]) -> dict[str, NDArray[Any]]:
    """Pads P pairs to L tokens.

    :returns: ``input_ids`` and ``token_type_ids``, int64, ``attention_mask`` and ``copyable``, bool, each (P, L).
    """
    import numpy as np

    shape = (len(pairs), max(len(pair.ids) for pair in pairs))
    ids, kinds = (np.zeros(shape, dtype=np.int64) for _ in range(2))
    attended, copyable = (np.zeros(shape, dtype=np.bool_) for _ in range(2))
    for row, pair in enumerate(pairs):
        n = len(pair.ids)
        ids[row, :n] = pair.ids
        attended[row, :n] = True
        kinds[row, pair.segment : n] = 1
        copyable[row, :n] = pair.copyable
    return {"input_ids": ids, "attention_mask": attended, "token_type_ids": kinds, "copyable": copyable}
