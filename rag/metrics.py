"""Exact match and token F1 of short answers (Rajpurkar et al. 2016), and whether an answer holds a gold one."""

from __future__ import annotations

import re
import string
import unicodedata
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


def split_words(text: str) -> list[str]:
    """Words and numbers without case, signs and English articles; unlike SQuAD's normalisation, 1.5 is not 15.

    ``"The $14.3B stake – 1,000 people's"`` → ``14.3 b stake 1000 people s``
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    found = re.findall(r"\d+(?:[.,]\d+)*|[^\W\d_]+", folded)
    return [word.replace(",", "") for word in found if word not in ("a", "an", "the")]


def score_containment(prediction: str, golds: Sequence[str], most_extra: int = 10) -> float:
    """1.0 where a gold stands in the prediction as a run of whole words, with at most ``most_extra`` words more.

    Answer-in-prediction as of Mallen et al. 2023, with a limit, so that quoting a page is no way to be right.
    """
    words = split_words(prediction)
    runs = [gold for gold in map(split_words, golds) if gold]
    return float(any(contains_run(words, run) and len(words) <= len(run) + most_extra for run in runs))


def contains_run(words: Sequence[str], run: Sequence[str]) -> bool:
    """Whether ``run`` stands somewhere in ``words`` without a gap; an empty run stands nowhere."""
    length = len(run)
    return length > 0 and any(list(words[i : i + length]) == list(run) for i in range(len(words) - length + 1))
