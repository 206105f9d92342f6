"""Questions to start with and to go on with, made from the articles at hand."""

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
"""Starters shown. They fit on a phone in landscape."""
MOST_TRIED = 12
"""Candidates that are asked."""
MOST_NEXT = 3
"""Suggestions after an answer."""
MOST_NEXT_TRIED = 6
"""Candidates for them that are asked."""
LONGEST = 90
"""Characters. A starter should be readable at a glance."""

# Two or more capitalised words, which are mostly names, but not at the start of a sentence.
_NAME = re.compile(r"(?<=[a-z,;:–—] )[A-Z][\w'’&-]*(?: [A-Z][\w'’&-]*){1,2}")
_OWNED = re.compile(r"['’]s?$")
_FIGURE = re.compile(r"[$€£]\s?\d[\d.,]*(?: (?:thousand|million|billion|trillion))?|\d[\d.,]* ?(?:%|per cent|percent)")
_ENDS = ".,;: "


def make_starters(passages: Sequence[Passage], asked: Sequence[str] = ()) -> list[str]:
    """Candidates about names, articles and figures in turn, the most promising first.

    Names and figures are ordered by the number of articles that contain them, titles and headings as in the corpus.

    :param asked: earlier questions: what they mention is left out.
    """
    known = " ".join(asked).casefold()

    def is_new(subject: str) -> bool:
        return bool(subject) and subject.casefold() not in known

    names = _count_articles(
        (p.document_id, _OWNED.sub("", m.group())) for p in passages for m in _NAME.finditer(p.text)
    )
    told = [f"What do the articles say about {name}?" for name in names if _is_name(name) and is_new(name)]
    figures = _count_articles(
        (p.document_id, m.group().strip(_ENDS)) for p in passages for m in _FIGURE.finditer(p.text)
    )
    meant = [f"What does {figure} refer to?" for figure in figures if is_new(figure)]
    titles = dict.fromkeys(_tidy(p.title) for p in passages)
    headings = dict.fromkeys(_tidy(p.heading) for p in passages if p.heading)
    about = [f"What is “{title}” about?" for title in chain(titles, headings) if is_new(title)]
    turns = chain.from_iterable(zip_longest(told, about, meant))
    return [starter for starter in dict.fromkeys(filter(None, turns)) if len(starter) <= LONGEST]


def choose_starters(candidates: Iterable[str], is_answered: Callable[[str], bool]) -> tuple[str, ...]:
    """The first few that get an answer. A page that declines its own examples loses the user's trust."""
    return tuple(islice((c for c in islice(candidates, MOST_TRIED) if is_answered(c)), MOST))


def _count_articles(found: Iterable[tuple[str, str]]) -> list[str]:
    """The texts, ordered by number of articles, then number of occurrences, then first appearance."""
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
