"""What the articles give for an answer, each read by itself: who supports it, and who gives another value.

A value contradicts another only where both could answer the question: two amounts of money, two shares, two dates,
two names. Two different things with numbers are kept apart by the confidence with which each article's own answer
is judged; from which confidence on it counts was chosen on held-out articles (rag.training.calibrate).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

from rag.answers.confidence import Support, find_near, measure_features
from rag.answers.grouping import Candidate, is_telling, say_the_same
from rag.answers.values import comparable, read_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.answers.confidence import Calibration
    from rag.answers.values import Value
    from rag.question.parsed import ParsedQuestion
    from rag.types import Passage, Reading


LEAST_SUPPORT = 0.05
"""The reader's probability, within an article, from which it is said to give a value at all."""


@dataclass(frozen=True, slots=True)
class Stance:
    """What one article answers by itself.

    :param readings: likeliest first, those of ``LEAST_SUPPORT`` or more.
    :param confidence: that the first of them is right, 0 to 1, judged on that article's passages; 0 where not judged.
    """

    readings: tuple[Reading, ...]
    confidence: float

    @property
    def text(self) -> str:
        return self.readings[0].text

    def find(self, text: str) -> Reading | None:
        """The reading that says the same."""
        return next((reading for reading in self.readings if say_the_same(reading.text, text)), None)


@dataclass(frozen=True, slots=True)
class Backed:
    """A value, the readings it is found in, and the articles these stand in.

    :param confidence: of the surest of its articles.
    """

    candidate: Candidate
    articles: tuple[str, ...]
    confidence: float


def judge_articles(
    question: ParsedQuestion,
    apart: Iterable[Sequence[Candidate]],
    passages: Sequence[Passage],
    calibration: Calibration,
    likeness: Mapping[str, float],
    scan: Sequence[Reading] = (),
) -> list[Stance]:
    """Each article's own best answer, of those that have one.

    :param apart: of each article the answers found in it, most probable first.
    :param likeness: of the sentences that the first of them stand in
        (:func:`rag.answers.confidence.liken_sentences`); without it an answer is not judged.
    :param scan: as in :class:`rag.types.Readings`.
    """
    stances = []
    for candidates in apart:
        if not candidates:
            continue
        best = candidates[0].readings[0]
        document = passages[best.passage].document_id
        places = [i for i, p in enumerate(passages) if p.document_id == document]
        alone = replace(best, passage=places.index(best.passage))
        rival = candidates[1].probability if len(candidates) > 1 else 0.0
        near = likeness.get(find_near(best, passages[best.passage]))
        confidence = 0.0
        if near is not None:
            evidence = Support(alone, candidates[0].probability, rival, [passages[i] for i in places], near, scan)
            confidence = calibration.short.confide(measure_features(question, evidence))
        shown = tuple(c.readings[0] for c in candidates if c.probability >= LEAST_SUPPORT)
        if shown:
            stances.append(Stance(shown, confidence))
    return stances


def weigh_values(
    question: ParsedQuestion,
    best: Candidate,
    confidence: float,
    stances: Sequence[Stance],
    passages: Sequence[Passage],
    calibration: Calibration,
) -> list[Backed]:
    """The best supported value first, and behind it those that contradict it.

    Supported best is the value found in all passages at once, unless more articles give another, and one of them is as
    sure. An article that is sure of another value stands for that one; else it supports the best where it gives it at
    all.

    :param best: what was found in all passages at once, with its confidence.
    """
    documents = [passage.document_id for passage in passages]
    home = documents[best.readings[0].passage]
    heads: list[str] = [best.text]
    backers: list[list[Reading]] = [[]]
    surest = [confidence]
    for stance in sorted(stances, key=lambda s: -s.confidence):
        if documents[stance.readings[0].passage] == home:
            continue
        sure = stance.confidence >= calibration.rival
        mine = next((i for i, head in enumerate(heads) if say_the_same(head, stance.text)), None)
        same = stance.find(best.text)
        if mine is not None:
            backers[mine].append(stance.readings[0])
        elif sure and all(contradicts(question, head, stance.text) for head in heads):
            heads.append(stance.text)
            backers.append([stance.readings[0]])
            surest.append(stance.confidence)
        elif same is not None and not (sure and contradicts(question, best.text, stance.text)):
            backers[0].append(same)
    backed = []
    for number, readings in enumerate(backers):
        first = [*best.readings[:1], *readings] if number == 0 else readings
        articles = tuple(dict.fromkeys(documents[r.passage] for r in first))
        # Other places in the same articles that say the same are quoted too.
        more = [r for r in best.readings[1:] if number == 0 and documents[r.passage] in articles and r not in first]
        total = best.probability if number == 0 else sum(r.probability for r in readings)
        backed.append(Backed(Candidate((*first, *more), min(1.0, total)), articles, surest[number]))
    # More articles overrule the best only where one of them is as sure: they may speak of something else.
    leading, *others = backed
    others.sort(key=lambda b: (-len(b.articles), -b.confidence))
    if others and len(others[0].articles) > len(leading.articles) and others[0].confidence >= leading.confidence:
        return [others[0], leading, *others[1:]]
    return [leading, *others]


def contradicts(question: ParsedQuestion, one: str, other: str) -> bool:
    """Whether two answers are values of one kind that cannot both be right."""
    values = read_value(one), read_value(other)
    if not all(is_telling(text, value) for text, value in zip((one, other), values, strict=True)):
        return False
    if (
        not comparable(*values)
        or say_the_same(one, other)
        or any(can_both_hold(*pair) for pair in permutations(values))
    ):
        return False
    names = all(value.kind == "words" for value in values)
    return not names or not (question.several or share_name(*(value.words for value in values)))


def can_both_hold(one: Value, other: Value) -> bool:
    """Whether figures count different things, or one is a bound that the other keeps."""
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
    """Whether two names end alike, as "President Gow" and "Ann Gow", or one is the initials of the other."""
    initials = any(
        len(a) == 1 and len(b) > 1 and a[0] == "".join(w[0] for w in b) for a, b in permutations((one, other))
    )
    return one[-1:] == other[-1:] or initials
