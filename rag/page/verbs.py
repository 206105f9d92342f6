"""Base forms of English verbs: ``bought`` → ``buy``, ``planned`` → ``plan``, ``carries`` → ``carry``."""

from __future__ import annotations

import re
from functools import cache

_IRREGULAR = dict(
    pair.split("/")
    for pair in """
    beat/beat began/begin bought/buy broke/break brought/bring built/build came/come caught/catch chose/choose cost/cost
    cut/cut drew/draw drove/drive fell/fall fought/fight found/find gave/give got/get grew/grow held/hold hit/hit
    kept/keep led/lead left/leave lent/lend lost/lose made/make met/meet paid/pay ran/run rose/rise sang/sing sank/sink
    saw/see sent/send set/set shot/shoot shut/shut sold/sell spent/spend spoke/speak spread/spread stole/steal
    struck/strike swept/sweep taught/teach threw/throw told/tell took/take went/go woke/wake won/win wore/wear
    wrote/write
    """.split()  # noqa: SIM905 (a page of one pair a line reads worse)
)
PAST = "|".join(["[a-z]{2,}ed", *_IRREGULAR])
"""A regular expression for a verb in the past, and for other words that look like one."""
_DOUBLED = re.compile(r"([bdgklmnprtvz])\1")
_VOWELS = "aeiouy"


@cache
def find_base(verb: str) -> str | None:
    """The base form of a verb in the past, or in the present of the third person; None if it is none that is known.

    How a regular one is spelt without its ending is not settled by rule, so the most frequent word among the
    possible ones is taken. The tokenizer's vocabulary tells: it is sorted by frequency.
    """
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("s"):
        base = re.sub(r"(?<=[sxz])es$|(?<=[sc]h)es$|(?<=o)es$|s$", "", re.sub(r"ies$", "ys", verb))
        return base if _find_place(base) is not None else None
    if not re.fullmatch(r"[a-z]{2,}ed", verb):
        return None
    stem = verb[:-2]
    spelt = [stem, f"{stem}e"]
    if stem.endswith("i"):
        spelt = [f"{stem[:-1]}y" if len(stem) > 2 else f"{stem}e"]
    elif _DOUBLED.fullmatch(stem[-2:]):
        spelt = [stem[:-1], stem] if len(stem) > 3 else [stem]
    elif _is_short(stem):
        spelt = [f"{stem}e"]  # otherwise its last letter would have been doubled
    known = {word: place for word in spelt if (place := _find_place(word)) is not None}
    return min(known, key=known.__getitem__, default=None)


def _is_short(stem: str) -> bool:
    """One syllable of one vowel and one last consonant, like ``hop``."""
    vowels = [letter for letter in stem if letter in _VOWELS]
    return len(vowels) == 1 and len(stem) > 1 and stem[-2] in _VOWELS and stem[-1] not in f"{_VOWELS}wx"


def _find_place(word: str) -> int | None:
    from rag.machine.wordpieces import load_tokenizer

    place: int | None = load_tokenizer().token_to_id(word)
    return place
