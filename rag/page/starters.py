"""Questions to begin with, made from whatever articles there are."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING

from rag.question.text import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rag.types import Passage

MOST = 4
"""Set: one row on a phone in landscape."""
MOST_TRIED = 12
"""Candidates that are asked before the page is shown."""
LONGEST = 90
"""Characters: a starter is read at a glance."""

# Not at the start of a sentence, where every word has a capital; two words at least, which are mostly names.
_NAME = re.compile(r"(?<=[a-z,;:–—] )[A-Z][\w'’&-]*(?: [A-Z][\w'’&-]*){1,2}")
_OWNED = re.compile(r"['’]s?$")
_FIGURE = re.compile(r"[$€£]\s?\d[\d.,]*(?: (?:thousand|million|billion|trillion))?|\d[\d.,]* ?(?:%|per cent|percent)")
_ENDS = ".,;: "


def make_starters(passages: Sequence[Passage]) -> list[str]:
    """Candidates, the most promising of each sort in turn: about names, figures and articles.

    Names come by the number of articles that they stand in; titles and headings in the order of the corpus.
    """
    names = _count_articles(
        (p.document_id, _OWNED.sub("", m.group())) for p in passages for m in _NAME.finditer(p.text)
    )
    told = [f"What do the articles say about {name}?" for name in names if _is_name(name)]
    figures = _count_articles(
        (p.document_id, m.group().strip(_ENDS)) for p in passages for m in _FIGURE.finditer(p.text)
    )
    meant = [f"What does {figure} refer to?" for figure in figures]
    titles = dict.fromkeys(_tidy(p.title) for p in passages)
    headings = dict.fromkeys(_tidy(p.heading) for p in passages if p.heading)
    about = [f"What is “{title}” about?" for title in chain(titles, headings) if title]
    turns = chain.from_iterable(zip_longest(told, about, meant))
    return [starter for starter in dict.fromkeys(filter(None, turns)) if len(starter) <= LONGEST]


def choose_starters(candidates: Iterable[str], is_answered: Callable[[str], bool]) -> tuple[str, ...]:
    """The first few that get an answer: a page that declines its own examples is not believed again."""
    return tuple(islice((c for c in islice(candidates, MOST_TRIED) if is_answered(c)), MOST))


def _count_articles(found: Iterable[tuple[str, str]]) -> list[str]:
    """What stands in most articles first, then what stands there most often, then by first appearance."""
    times: Counter[str] = Counter()
    articles: dict[str, set[str]] = {}
    for document_id, text in found:
        times[text] += 1
        articles.setdefault(text, set()).add(document_id)
    return sorted(times, key=lambda text: (-len(articles[text]), -times[text]))


def _is_name(text: str) -> bool:
    return not any(word.lower() in FUNCTION_WORDS for word in text.split())


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip(_ENDS + "?!")
