"""Questions to start with and to go on with, made from sentences of the passages at hand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING

from rag.articles.sentences import split_sentences
from rag.page.exchange import list_citations
from rag.page.wording import word_questions
from rag.types import LOW_CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from rag.types import Answer, Passage

MOST = 4
"""Questions to start with. They fit on a phone in landscape."""
MOST_TRIED = 16
"""Candidates for them that are asked."""
MOST_NEXT = 3
"""Questions to go on with."""
MOST_NEXT_TRIED = 8
"""Candidates for them that are asked."""

Place = tuple[str, int, int]
"""A document_id, and start and end of a quote in its text."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and the sentence it was made from."""

    question: str
    place: Place

    @property
    def kind(self) -> str:
        """How it begins, such as ``How many``."""
        return " ".join(self.question.split()[:2])

    def is_met(self, answer: Answer) -> bool:
        """Whether an answer is probably right, and quotes the sentence, or another one that names the same person."""
        if not answer.answered or answer.status != "answered" or answer.confidence < LOW_CONFIDENCE:
            return False
        name = self.question[len("Who is ") : -1] if self.kind == "Who is" else None
        return any(
            overlap(self.place, (c.document_id, c.start, c.end)) or (name and name in c.quote)
            for c in list_citations(answer)
        )


def make_suggestions(
    passages: Iterable[Passage], asked: Collection[str] = (), quoted: Collection[Place] = ()
) -> list[Suggestion]:
    """Candidates, article by article in the order of the passages, in each the kinds of question in turn.

    A sentence gives one at most.

    :param asked: questions that are left out.
    :param quoted: places that have been quoted: their sentences are left out.
    """
    known, articles = {question.casefold() for question in asked}, group_articles(passages)
    return [
        one
        for one in chain.from_iterable(map(_word_article, articles))
        if one.question.casefold() not in known and not any(overlap(one.place, place) for place in quoted)
    ]


def make_starters(passages: Iterable[Passage]) -> list[Suggestion]:
    """Candidates of each article in turn."""
    turns = zip_longest(*map(_word_article, group_articles(passages)))
    return [one for one in chain.from_iterable(turns) if one is not None]


def group_articles(passages: Iterable[Passage]) -> list[list[Passage]]:
    """The passages of each article."""
    found: dict[str, list[Passage]] = {}
    for passage in passages:
        found.setdefault(passage.document_id, []).append(passage)
    return list(found.values())


def choose_suggestions(candidates: Sequence[Suggestion], is_met: Callable[[Suggestion], bool]) -> tuple[str, ...]:
    """The first few that are met. A page that declines its own examples loses the user's trust."""
    return tuple(islice((one.question for one in candidates[:MOST_TRIED] if is_met(one)), MOST))


def overlap(one: Place, other: Place) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _word_article(passages: Sequence[Passage]) -> list[Suggestion]:
    """One question for each sentence that gives any, each once, the kinds in turn."""
    text = "\n".join(passage.text for passage in passages)
    kinds: dict[str, dict[str, Suggestion]] = {}
    for passage in passages:
        for start, end in split_sentences(passage.text):
            question = next(word_questions(passage.text[start:end], text), None)
            if question:
                one = Suggestion(question, (passage.document_id, passage.start + start, passage.start + end))
                kinds.setdefault(one.kind, {}).setdefault(question, one)
    turns = zip_longest(*(found.values() for found in kinds.values()))
    return [one for one in chain.from_iterable(turns) if one is not None]
