"""Whether words can stand in for a pronoun: a name or a noun phrase, never a number, an amount, a date or a clause."""

from __future__ import annotations

import re
from typing import Literal

from rag.articles.sentences import split_sentences
from rag.question.figures import FIGURE
from rag.question.text import FUNCTION_WORDS, find_topic_words

Kind = Literal["value", "group", "phrase"]

MOST_CHARACTERS, MOST_TOPIC_WORDS = 80, 6
"""Limits of a referent, chosen by hand: long names of institutions fit, most headlines and sentences do not."""

PERSON = re.compile(r"(?:he|she|him|his|hers?)\b", re.IGNORECASE)
PLURAL = re.compile(r"(?:they|them|theirs?|these|those)\b", re.IGNORECASE)

# Closed classes of English.
_HEDGES = frozenset("about almost approximately around at exactly least most nearly only over roughly under".split())  # noqa: SIM905
_UNITS = re.compile(
    r"[$€£¥₹%°]+|(?:per ?cent|per|cent|percentage|points?|thirds|quarters|fifths|tenths|degrees?|times|ago|old"
    r"|(?:kilo|centi|milli)?(?:met(?:re|er)|gram|litre|liter|watt)s?|k[mg]h?|[cm]?m|[mk]ph|km/h|miles?|feet|foot|ft"
    r"|inch(?:es)?|yards?|acres?|hectares?|tons?|tonnes?|pounds?|ounces?|dollars?|cents?|pence|euros?|yen|yuan|rupees?"
    r"|kron(?:a|or|e|er)|francs?|pesos?|rubles?|roubles?|lira|[mbt]n|[ap]\.?m|o['’]clock)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[$€£¥₹%°]|\w+(?:[.,:/'’-]\w+)*")
_NUMBER = re.compile(r"[0-9][0-9.,:/]*(?:[kmbt]|[mbt]n|st|nd|rd|th|[ap]m|k[mg]|%)?", re.IGNORECASE)
_ORDINAL = re.compile(r"first|second|third|last|next|every|once|twice|during|while|before|after", re.IGNORECASE)

_DESCRIBING = re.compile(
    r"old|day|spring|summer|autumn|winter|morning|noon|evening|night|week|month|year|\w+day", re.IGNORECASE
)
"""Words of times that may describe a noun: "the old pier", "the night train"."""

_NO_NOUN_FIRST = re.compile(
    r"(?:in|on|at|by|for|from|with|without|under|over|after|before|since|until|during|because|to|when|while|where|if"
    r"|that|who|which|whether|as|how|why|by|not|yes|no)\b"
)
_CLAUSE = re.compile(
    r"(?<![\w'’-])(?:is|are|was|were|be|been|has|have|had|will|would|can|could|should|might|must|does|did|do|because|who"
    r"|which|that|when|where|while|if|he|she|they|we|it|said|says)(?![\w-])|[:;?!]|\s[–—-]\s"
    r"|(?<=\w )(?:his|her|its|their) "
)
_PARTICIPLE = re.compile(r"[a-z]{4,}ed")
COMPANY = re.compile(r".*\b(?:Inc|Ltd|LLC|Corp|plc|PLC|GmbH|AG|SA|BV)\.?|[A-Z]{2,}")
"""Legal forms of companies, and names that are an acronym."""
COURTESY = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Prof|Professor)\b")


def can_replace(pronoun: str, words: str) -> bool:
    """Whether ``words`` can be what a pronoun or a pointer such as "this" refers to."""
    kind = find_kind(words)
    if kind == "value" or not is_noun_phrase(words):
        return False
    if PLURAL.match(pronoun):
        return True
    if PERSON.match(pronoun):
        return kind == "phrase" and not COMPANY.fullmatch(words)
    return kind == "phrase" and not COURTESY.match(words)


def find_kind(words: str) -> Kind:
    """``value``: a number, an amount or a time. ``group``: a number of things, "1,300 workers". ``phrase``: the rest.

    A name that starts with a number, such as "20th Century Fox", is a phrase.
    """
    tokens = _TOKEN.findall(words)
    while tokens and tokens[0].islower() and (tokens[0] in FUNCTION_WORDS or tokens[0] in _HEDGES):
        del tokens[0]
    if len(tokens) > 2 and re.fullmatch(r"[A-Z]{2,3}", tokens[0]) and is_figure(tokens[1]) and is_figure(tokens[2]):
        del tokens[0]  # the code of a currency: "DKK 7 million"
    if not tokens or not is_figure(tokens[0]):
        return "phrase"
    others = [token for token in tokens if not is_figure(token) and token.lower() not in FUNCTION_WORDS]
    if not others:
        return "value"
    described = _ORDINAL.fullmatch(tokens[0]) or _DESCRIBING.fullmatch(tokens[0])
    return "phrase" if others[0][0].isupper() or described else "group"


def is_figure(token: str) -> bool:
    """Whether a word belongs to a number, an amount or a time."""
    return bool(_NUMBER.fullmatch(token) or _UNITS.fullmatch(token) or FIGURE.fullmatch(token))


def is_noun_phrase(words: str) -> bool:
    """Whether words look like a name or a noun phrase, and not like a clause, a sentence or a list of sentences."""
    return (
        0 < len(words) <= MOST_CHARACTERS
        and 0 < len(find_topic_words(words)) <= MOST_TOPIC_WORDS
        and not _NO_NOUN_FIRST.match(words)
        and not _PARTICIPLE.fullmatch(words)
        and not _CLAUSE.search(words)
        and len(split_sentences(words)) == 1
    )
