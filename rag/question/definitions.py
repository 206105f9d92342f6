"""Questions of what something or who somebody is, and the sentences that say so.

A sentence defines by its form: a copula, an apposition, a relative clause, a verb of meaning (after Hearst 1992 and
the definition patterns of TREC's question answering). What it says is left to whoever reads it.
"""

from __future__ import annotations

import re

from rag.question.form import LABEL, list_parts, strip_origin

MOST_WORDS = 5
"""Of a term. Set: what is longer describes rather than names."""
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
# With one of these in it, something is asked of what is named: a part, a property, a deed.
_RELATION = re.compile(
    rf"['’]s?\b|\b(?:of|for|in|on|at|to|by|from|with|about|after|before|between|than|as|like|that|which|who|whose|it|its"
    r"|they|them|their|he|him|his|she|her|you|your|we|our|this|these|there|not|so|going|doing|being|saying|behind|next"
    rf"|wrong|different|new|best|most|least|first|last|only|main|{LABEL})\b",
    re.IGNORECASE,
)


def find_term(question: str) -> str | None:
    """What a question wants defined: "data labelling" of "What is data labelling?"; None for any other question."""
    parts = list_parts(strip_origin(question))
    found = next((match for asks in _ASKED if len(parts) == 1 and (match := asks.match(parts[0]))), None)
    if found is None:
        return None
    term = found["term"].strip("\"'“”‘’ ")
    named = 0 < len(term.split()) <= MOST_WORDS and not _RELATION.search(term)
    return term if named else None


def rate_definition(sentence: str, term: str) -> float:
    """How plainly a sentence says what a term is: 1 by its verb, less by an apposition or a deed, 0 not at all."""
    words = r"\s+".join(map(re.escape, term.split()))
    name = rf"(?<![\w-])[\"“‘']?{words}(?:e?s)?[\"”’']?(?:\s+\([^()]*\))?"
    return next((strength for strength, form in _FORMS if re.search(form.replace("TERM", name), sentence, re.I)), 0.0)


_ADVERB = r"(?:(?:basically|essentially|simply|also|now|still|currently|actually|just|generally|usually|often) )?"
_FORMS = (
    (
        1.0,
        r"TERM,? (?:which |who |that )?(?:"
        rf"(?:is|are|was|were) {_ADVERB}(?:an?|the|one|any|when|where|how|what|\w+ing)\b"
        r"|(?:means?|refers? to|stands? for|describes?|denotes?|(?:is|are) (?:defined|known|described) as)\b)",
    ),
    (1.0, r"\b(?:called|named|known as|termed|dubbed|is|means|or) [\"“‘']?TERM[\"”’']?(?=[,.;:)]|$)"),
    (
        0.8,
        r"TERM, (?:an?|the|one of|who|which|whose|or|\w+(?:-\w+)*(?: \w+){0,3}? (?:of|at|and|for))\b",
    ),
    (
        0.6,
        r"TERM,? (?:speciali[sz]es|provides|develops|makes|offers|helps|builds|sells|operates|supplies|runs|produces"
        r"|creates|manages|works|serves|leads|heads|enables|allows|lets|consists|involves|includes"
        r"|was (?:founded|born))\b",
    ),
)
