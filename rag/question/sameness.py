"""Which questions are nearly equal: those with the same words in the same order, however they are typed."""

from __future__ import annotations

import re
import unicodedata

_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_BETWEEN = re.compile(r"\s+|(?<=[^\W\d_])-(?=\w)|(?<=\w)-(?=[^\W\d_])")
"""Where words end. A dash between figures is part of them: 3-2."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PERCENT = re.compile(r"\s*(?:%|\bper ?cent\b)", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_IS = re.compile(r"(who|what|when|where|why|how|that|there|here|it|he|she)'s")
_ENDINGS = (("n't", "not"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"))
_SAME = {"which": "what", "whom": "who", "cannot": "can not", "can't": "can not", "won't": "will not"}
_CALLS = re.compile(r"(?:please )?(?:(?:(?:can|could|would|will) you )?(?:please )?tell me )?(?=.)")
_BEFORE = "([{\"'“”„‘«»…"
_AFTER = f"{_BEFORE}?!.,;:)]}}"
"""Signs around a word that change nothing. All others stay: C++ is not C, and $5 is not €5."""


def key_question(text: str) -> str:
    """A text that nearly equal questions share; empty if the question has no words.

    They differ only in capitals, punctuation, articles, contractions, "which" for "what", "whom" for "who", and in
    "please" or "tell me" around them. Any other word may be a name, a number, a year or a negation, or may turn the
    meaning: "bought" and "sold", "when" and "why", "stake in" and "stake of". So may another order: who sued whom.
    """
    typed = _DASHES.sub("-", unicodedata.normalize("NFKC", text).replace("’", "'"))
    pieces = [piece.lstrip(_BEFORE).rstrip(_AFTER) for piece in _BETWEEN.split(_PERCENT.sub(" %", typed))]
    words = [piece for piece in pieces if piece]
    last = len(words) - 1
    folded = [_fold(word) for i, word in enumerate(words) if not _is_article(word, first=i == 0, last=i == last)]
    key = " ".join(folded)
    return _CALLS.sub("", key, count=1).removesuffix(" please")


def _is_article(word: str, *, first: bool, last: bool) -> bool:
    """Whether it is an article. A capital A, or one at the end, is a name: hepatitis A."""
    if word.lower() in ("the", "an"):
        return not last
    return not last and (word == "a" or (first and word == "A"))


def _fold(word: str) -> str:
    """A word in small letters, written out in full."""
    small = _THOUSANDS.sub("", word.casefold())
    if small in _SAME:
        return _SAME[small]
    if _INITIALS.fullmatch(small):
        return small.replace(".", "")
    if is_short := _IS.fullmatch(small):
        return f"{is_short[1]} is"
    for short, full in _ENDINGS:
        if small.endswith(short) and small != short:
            return f"{small.removesuffix(short)} {full}"
    return small
