"""Recognises definition questions: "What is …?", "Who is …?"."""

from __future__ import annotations

import re

from rag.question.form import LABEL, list_parts, strip_origin

MOST_WORDS = 5
"""Most words of a term. Chosen by hand: a longer phrase is a description, not a name."""
_ARTICLE = r"(?:(?:an?|the) )?"
_ASKED = (
    re.compile(rf"(?:define|what is meant by|the meaning of) {_ARTICLE}(?P<term>.+?)\W*$", re.IGNORECASE),
    re.compile(
        rf"(?:who|what)(?:['’]s| is| are| was| were) (?:exactly |actually )?{_ARTICLE}(?P<term>.+?)(?: exactly)?\W*$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"what (?:does|do|did) {_ARTICLE}(?P<term>.+?) (?:actually )?(?:do|mean|stand for|refer to)\W*$", re.IGNORECASE
    ),
)
# With one of these, the question asks for a part, property or action of a thing, not for its definition.
_RELATION = re.compile(
    rf"['’]s?\b|\b(?:of|for|in|on|at|to|by|from|with|about|after|before|between|than|as|like|that|which|who|whose|it|its"
    r"|they|them|their|he|him|his|she|her|you|your|we|our|this|these|there|not|so|going|doing|being|saying|behind|next"
    rf"|called|named|known|wrong|different|new|best|most|least|first|last|only|main|{LABEL})\b",
    re.IGNORECASE,
)


def find_term(question: str) -> str | None:
    """The term that a question asks to define, "data labelling" in "What is data labelling?"; None if there is none."""
    parts = list_parts(strip_origin(question))
    found = next((match for asks in _ASKED if len(parts) == 1 and (match := asks.match(parts[0]))), None)
    if found is None:
        return None
    term = found["term"].strip("\"'“”‘’ ")
    named = 0 < len(term.split()) <= MOST_WORDS and not _RELATION.search(term)
    return term if named else None
