"""Exact match and token F1 of short answers (Rajpurkar et al. 2016), and containment of a gold answer."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NEGATIONS = frozenset(("not", "no", "never", "without"))
_UNITS = {
    name: names[0]
    for names in (
        ("%",), ("thousand", "k"), ("million", "m", "mn", "mio"), ("billion", "b", "bn"), ("trillion", "t", "tn")
    )
    for name in names
}  # fmt: skip
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize_answer(text: str) -> str:
    """Lower-cases a text, removes ASCII punctuation and English articles, and collapses white space."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def score_exact_match(prediction: str, golds: Sequence[str]) -> float:
    """1.0 if the normalised prediction equals a normalised gold, else 0.0. No golds mean "no answer"."""
    return float(normalize_answer(prediction) in {normalize_answer(gold) for gold in golds or [""]})


def score_token_f1(prediction: str, golds: Sequence[str]) -> float:
    """The best token F1 over the golds, 0 to 1. No golds mean "no answer"."""
    return max(_pair_f1(prediction, gold) for gold in golds or [""])


def _pair_f1(prediction: str, gold: str) -> float:
    predicted, wanted = normalize_answer(prediction).split(), normalize_answer(gold).split()
    if not predicted or not wanted:
        return float(predicted == wanted)
    common = sum((Counter(predicted) & Counter(wanted)).values())
    return 2 * common / (len(predicted) + len(wanted))


def split_words(text: str) -> list[str]:
    """The words, numbers and per cent signs of a text, case-folded, without other signs and English articles.

    Unlike in SQuAD's normalisation, 1.5 differs from 15, and 49% from 49.
    ``"The $14.3B stake – 1,000 people's, 49 percent"`` → ``14.3 b stake 1000 people s 49 %``
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    found = re.findall(r"\d+(?:,\d{3}(?!\d))*(?:\.\d+)*|[^\W\d_]+|%", re.sub(r"\bper ?cent\b", "%", folded))
    return [word.replace(",", "") for word in found if word not in ("a", "an", "the")]


def score_containment(prediction: str, golds: Sequence[str], most_extra: int = 10) -> float:
    """1.0 if the prediction contains a gold as a run of whole words, with at most ``most_extra`` other words.

    Answer containment as in Mallen et al. 2023, but quoting a page or listing values does not count: no negation may
    precede the run; a number at its end may not be followed by a magnitude (20 is not 20 million); and if the gold
    has a number, the prediction has at most one other number with the same unit.
    """
    return float(any(holds_answer(split_words(prediction), split_words(gold), most_extra) for gold in golds))


def holds_answer(words: Sequence[str], run: Sequence[str], most_extra: int) -> bool:
    """:func:`score_containment` for one gold. Both are word lists from :func:`split_words`."""
    length = len(run)
    if not length or len(words) > length + most_extra:
        return False
    units = [_unit_of(run, i) for i, word in enumerate(run) if word[0].isdigit()]
    others = [_unit_of(words, i) for i, word in enumerate(words) if word[0].isdigit()]
    if units and sum(unit in units for unit in others) > len(units) + 1:
        return False
    places = [i for i in range(len(words) - length + 1) if list(words[i : i + length]) == list(run)]
    return any(
        (i == 0 or words[i - 1] not in NEGATIONS) and not (run[-1][0].isdigit() and _unit_of(words, i + length - 1))
        for i in places
    )


def _unit_of(words: Sequence[str], i: int) -> str:
    after = words[i + 1] if i + 1 < len(words) else ""
    return _UNITS.get(after, "")


def contains_run(words: Sequence[str], run: Sequence[str]) -> bool:
    """Whether ``words`` contains ``run`` without a gap. An empty run is never contained."""
    length = len(run)
    return length > 0 and any(list(words[i : i + length]) == list(run) for i in range(len(words) - length + 1))
