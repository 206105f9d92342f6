"""Compares the answers of the articles, each read alone: which support the best answer, and which contradict it.

Two values contradict each other only if both could answer the question: two amounts of money, two percentages, two
dates or two names. To avoid comparing values of different things, an article's answer counts only if its passage has
the question's names that the best answer's passage has, and with a minimum confidence, which was chosen on held-out
articles (rag.training.calibrate). Of two values, one can be out of date (rag.answers.succession).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

from rag.answers.confidence import Support, find_evidence, find_near, measure_features
from rag.answers.grouping import Candidate, is_telling, say_the_same
from rag.answers.values import comparable, read_value
from rag.articles.entries import find_report
from rag.question.text import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.answers.confidence import Calibration
    from rag.answers.values import Value
    from rag.question.parsed import ParsedQuestion
    from rag.types import Passage, Reading, Readings


LEAST_SUPPORT = 0.05
"""Minimum probability of a value within an article's passages at which the article is said to give it."""
LEAST_AGAINST = 0.3
"""The same at which the value can contradict another article's. Chosen by hand, on invented articles: for another thing
of the same kind ("the new roof", not "the new organ") the reader gives less than 0.2, for the same one over 0.5."""
_TITLES = frozenset(
    """
    president chancellor minister prime secretary senator representative congressman congresswoman governor mayor
    councillor judge justice professor doctor sir dame lord lady king queen prince princess duke duchess pope bishop
    archbishop father sister brother captain major colonel general admiral lieutenant sergeant officer inspector
    constable chief director chairman chairwoman chair ambassador commissioner coach former vice deputy
    """.split()  # noqa: SIM905 (a page of one word a line reads worse)
)


@dataclass(frozen=True, slots=True)
class Stance:
    """The answers of one article, or of one entry of a live blog, read alone.

    :param readings: most probable first, with a probability of at least ``LEAST_SUPPORT``.
    :param confidence: that the first reading is right, 0 to 1, from that article's passages; 0 if not computed.
    """

    readings: tuple[Reading, ...]
    confidence: float

    @property
    def text(self) -> str:
        return self.readings[0].text

    def find(self, text: str) -> Reading | None:
        """The reading that gives the same answer as ``text``; None if there is none."""
        return next((reading for reading in self.readings if say_the_same(reading.text, text)), None)


@dataclass(frozen=True, slots=True)
class Backed:
    """A value with its readings and the articles that give it.

    :param confidence: the highest confidence among its articles.
    :param superseded: whether the best supported value replaces it.
    """

    candidate: Candidate
    articles: tuple[str, ...]
    confidence: float
    superseded: bool = False


def judge_articles(
    question: ParsedQuestion,
    apart: Iterable[Sequence[Candidate]],
    passages: Sequence[Passage],
    calibration: Calibration,
    likeness: Mapping[str, float],
    readings: Readings,
) -> list[Stance]:
    """The stance of each article that gives an answer.

    :param apart: the answers from each article alone, most probable first.
    :param likeness: cosines from :func:`rag.answers.confidence.liken_sentences`. The confidence of an answer whose
        sentence is missing is not computed.
    :param readings: all readings of the question. The scan and the scores of sentences are used as features.
    """
    stances = []
    for candidates in apart:
        if not candidates:
            continue
        best = candidates[0].readings[0]
        report = find_report(passages[best.passage])
        places = [i for i, p in enumerate(passages) if find_report(p) == report]
        alone = replace(best, passage=places.index(best.passage))
        rival = candidates[1].probability if len(candidates) > 1 else 0.0
        near = likeness.get(find_near(best, passages[best.passage]))
        confidence = 0.0
        if near is not None:
            own = [passages[i] for i in places]
            evidence = find_evidence(best, (*readings.sentences, *readings.beside))
            support = Support(alone, candidates[0].probability, rival, own, near, readings.scan, evidence)
            confidence = calibration.short.confide(measure_features(question, support))
        shown = tuple(c.readings[0] for c in candidates if c.probability >= LEAST_SUPPORT)
        if shown:
            stances.append(Stance(shown, confidence))
    return stances


def confide_apart(
    question: ParsedQuestion,
    best: Candidate,
    confidence: float,
    stances: Sequence[Stance],
    passages: Sequence[Passage],
    calibration: Calibration,
) -> float:
    """The confidence in the best answer. If another article contradicts it, at least its confidence in its own article.

    If two articles give different values, each gets only part of the probability over all passages, even if both are
    stated clearly.

    :param confidence: in the best answer over all passages, 0 to 1; returned unchanged if nothing contradicts it.
    """
    own = [s.confidence for s in stances if say_the_same(s.text, best.text)]
    least = max(calibration.rival, calibration.short.threshold)
    contradicted = any(s.confidence >= least and opposes(question, best.readings[0], s, passages) for s in stances)
    return max(confidence, *own) if own and contradicted else confidence


def weigh_values(
    question: ParsedQuestion,
    best: Candidate,
    confidence: float,
    stances: Sequence[Stance],
    passages: Sequence[Passage],
    calibration: Calibration,
) -> list[Backed]:
    """The best supported value, followed by those that contradict it.

    The best supported value is the one from all passages at once, unless more articles give another value and one of
    them is as confident. An article whose best answer is another value, with enough confidence, supports that value.
    Otherwise it supports the best value if that is among its answers.

    :param best: the best answer from all passages at once.
    :param confidence: that ``best`` is right, 0 to 1.
    """
    documents = [passage.document_id for passage in passages]
    asked = {documents[best.readings[0].passage]}
    heads: list[str] = [best.text]
    backers: list[list[Reading]] = [[]]
    surest = [confidence]
    for stance in sorted(stances, key=lambda s: -s.confidence):
        document = documents[stance.readings[0].passage]
        if document in asked:
            continue
        sure = stance.confidence >= calibration.rival and opposes(question, best.readings[0], stance, passages)
        mine = next((i for i, head in enumerate(heads) if say_the_same(head, stance.text)), None)
        same = stance.find(best.text)
        if mine is not None:
            backers[mine].append(stance.readings[0])
        elif sure and all(contradicts(question, head, stance.text) for head in heads):
            heads.append(stance.text)
            backers.append([stance.readings[0]])
            surest.append(stance.confidence)
        elif same is not None and not sure:
            backers[0].append(same)
        else:
            continue
        asked.add(document)
    backed = [
        back_value(best if number == 0 else None, readings, surest[number], documents)
        for number, readings in enumerate(backers)
    ]
    # More articles overrule the best value only if one of them is as confident; they may be about something else.
    leading, *others = backed
    others.sort(key=lambda b: (-len(b.articles), -b.confidence))
    if others and len(others[0].articles) > len(leading.articles) and others[0].confidence >= leading.confidence:
        return [others[0], leading, *put_newest_first(others[1:], passages)]
    return [leading, *put_newest_first(others, passages)]


def put_newest_first(values: Iterable[Backed], passages: Sequence[Passage]) -> list[Backed]:
    """Sort values by their number of articles; of those with equally many, the one with the newest article is first."""

    def date_value(value: Backed) -> str:
        return max(passages[reading.passage].date or "" for reading in value.candidate.readings)

    return sorted(sorted(values, key=date_value, reverse=True), key=lambda value: -len(value.articles))


def back_value(
    best: Candidate | None, readings: Sequence[Reading], confidence: float, documents: Sequence[str]
) -> Backed:
    """A value with the articles of its readings.

    :param best: the best answer from all passages, whose first reading precedes ``readings``; None for other values.
    :param documents: the article of each passage.
    """
    first = [*best.readings[:1], *readings] if best else list(readings)
    articles = tuple(dict.fromkeys(documents[r.passage] for r in first))
    # Also quote other sentences of the same articles that give the value.
    more = [r for r in best.readings[1:] if documents[r.passage] in articles and r not in first] if best else []
    total = best.probability if best else sum(r.probability for r in readings)
    return Backed(Candidate((*first, *more), min(1.0, total)), articles, confidence)


def opposes(question: ParsedQuestion, best: Reading, stance: Stance, passages: Sequence[Passage]) -> bool:
    """Whether a stance contradicts the best answer on the same event, and its article surely gives that value."""
    against = stance.readings[0]
    return (
        against.probability >= LEAST_AGAINST
        and contradicts(question, best.text, stance.text)
        and is_same_event(question, best, against, passages)
    )


def is_same_event(question: ParsedQuestion, one: Reading, other: Reading, passages: Sequence[Passage]) -> bool:
    """Whether the articles of both readings have the same names and numbers of the question, as far as they were found.

    If the question has none, their sentences must share a name, unless one article has both. Two figures whose
    sentences give different years are of different events.
    """
    documents = [passages[r.passage].document_id for r in (one, other)]
    texts = ["\n".join(f"{p.context} {p.text}" for p in passages if p.document_id == name) for name in documents]
    near = [f"{passages[r.passage].context}: {find_near(r, passages[r.passage])}" for r in (one, other)]
    years = [set(re.findall(r"\b(?:1[89]|20)[0-9]{2}\b", text)) for text in near]
    if all(years) and not years[0] & years[1] and read_value(one.text).kind not in ("words", "date"):
        return False
    shown, rival = (find_topic_words(text) for text in texts)
    asked = question.mentions | find_names(question, texts[0])
    if asked & shown:
        return asked & shown <= rival
    # A title often begins with a name, so a first word counts if the article never writes it in lower case.
    names = [list_names(text) & find_topic_words(close) for text, close in zip(texts, near, strict=True)]
    return documents[0] == documents[1] or not all(names) or bool(names[0] & names[1])


def find_names(question: ParsedQuestion, text: str) -> frozenset[str]:
    """The names in a question typed in lower case: its topic words that a text writes only with a capital letter."""
    if question.text != question.text.lower():
        return frozenset()
    return question.topic & list_names(text)


def list_names(text: str) -> frozenset[str]:
    """The topic words that a text writes only with a capital letter."""
    words = re.findall(r"[^\W\d_]\w*", text)
    common = {word for word in words if word[0].islower()}
    return find_topic_words(" ".join(w for w in words if w[0].isupper() and w.lower() not in common))


def contradicts(question: ParsedQuestion, one: str, other: str) -> bool:
    """Whether two answers are values of the same kind that cannot both be right."""
    values = read_value(one), read_value(other)
    if (
        not all(is_telling(text, value) for text, value in zip((one, other), values, strict=True))
        or not comparable(*values)
        or say_the_same(one, other)
        or any(can_both_hold(*pair) for pair in permutations(values))
    ):
        return False
    names = all(value.kind == "words" for value in values)
    return not names or not (question.several or share_name(*(value.words for value in values)))


def can_both_hold(one: Value, other: Value) -> bool:
    """Whether two numbers count different things, or one is a bound that the other satisfies."""
    if not one.figures or not other.figures:
        return False
    if (one.unit and other.unit and not set(one.unit) & set(other.unit)) or (
        one.currency and other.currency and one.currency != other.currency
    ):
        return True
    bound, amount = one.figures[0].amount, other.figures[-1].amount
    kept = {"more": amount >= bound, "less": amount <= bound, "about": abs(amount - bound) * 10 <= abs(bound)}
    return kept.get(one.hedge, False)


def share_name(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names may be of one person or body: "President Gow" and "Ann Gow", "MIT" and its full name.

    Two with the same last word are different if both have other words before it, that begin differently and are no
    titles: "Ann Gow" and "Ian Gow", "Oxford University" and "Durham University".
    """
    if any(len(a) == 1 and len(b) > 1 and a[0] == "".join(w[0] for w in b) for a, b in permutations((one, other))):
        return True
    if one[-1:] != other[-1:]:
        return False
    given = [[word for word in words[:-1] if word not in _TITLES] for words in (one, other)]
    return not all(given) or given[0][0][0] == given[1][0][0]
