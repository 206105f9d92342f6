"""Exact match and token F1 of short answers (Rajpurkar et al. 2016), with SQuAD's normalisation."""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize_answer(text: str) -> str:
    """Lower case, without ASCII punctuation and English articles, white space folded."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def score_exact_match(prediction: str, golds: Sequence[str]) -> float:
    """1.0 where the normalised prediction equals a normalised gold, else 0.0; no golds mean "no answer"."""
    return float(normalize_answer(prediction) in {normalize_answer(gold) for gold in golds or [""]})


def score_token_f1(prediction: str, golds: Sequence[str]) -> float:
    """Best token F1 over the golds, 0 to 1; no golds mean "no answer"."""
    return max(_pair_f1(prediction, gold) for gold in golds or [""])


def _pair_f1(prediction: str, gold: str) -> float:
    predicted, wanted = normalize_answer(prediction).split(), normalize_answer(gold).split()
    if not predicted or not wanted:
        return float(predicted == wanted)
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 2 * common / (len(predicted) + len(wanted))
