"""What was decided about an item, from all reviews of it, and which items an expert has to decide."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.metrics import score_token_f1
from rag.review.queue import TRIALS, Desk, count_needed
from rag.review.statistics import succeed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.review.items import Item, Place
    from rag.review.store import Decision, Review, Reviewer, ReviewStore, Way

SAME = 0.5
"""Token F1 from which two people chose the same text."""
LEAST_WEIGHT = 0.7
"""Weight below which a decision goes to an expert. Seven of eight gold items right give 0.8, no trial 0.5."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often a reviewer decided as an expert had.

    :param right: number of gold items decided in the same way, of ``n``.
    """

    right: int = 0
    n: int = 0

    @property
    def weight(self) -> float:
        """The weight of their decisions, 0 to 1: the probability that the next one is right."""
        return succeed(self.right, self.n)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one item.

    :param share: the share of the reviewers' weight that is behind it; 1 for an expert's decision.
    :param settled: whether an expert decided, or enough reviewers of sufficient weight who agree.
    :param contested: whether an expert has to decide.
    """

    item_id: str
    decision: Decision
    places: tuple[Place, ...]
    by: tuple[str, ...]
    on: str
    share: float
    settled: bool
    contested: bool


def list_verdicts(
    reviews: Sequence[Review], reviewers: Mapping[str, Reviewer], accuracies: Mapping[str, Accuracy]
) -> dict[str, Verdict]:
    """The verdict on each item that was reviewed, by its id."""
    made: defaultdict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        if review.decision != "skip":
            made[review.item_id].append(review)
    return {name: decide(name, some, reviewers, accuracies) for name, some in made.items()}


def decide(
    item_id: str, reviews: Sequence[Review], reviewers: Mapping[str, Reviewer], accuracies: Mapping[str, Accuracy]
) -> Verdict:
    """An expert's last decision or, without one, the decision with most weight behind it.

    :param reviews: of this item, none of them skipped; at least one.
    """
    decided = [review for review in reviews if reviewers[review.reviewer].role == "expert"]
    if decided:
        last = decided[-1]
        return Verdict(item_id, last.decision, last.places, (last.reviewer,), last.created, 1.0, True, False)
    groups: list[list[Review]] = []
    for review in reviews:
        same = next((group for group in groups if say_the_same(group[0], review)), None)
        if same is None:
            groups.append([review])
        else:
            same.append(review)
    weights = {review.reviewer: accuracies.get(review.reviewer, Accuracy()).weight for review in reviews}
    heavy = [sum(weights[review.reviewer] for review in group) for group in groups]
    best = groups[heavy.index(max(heavy))]
    first = max(best, key=lambda review: weights[review.reviewer])
    contested = len(groups) > 1 or weights[first.reviewer] < LEAST_WEIGHT
    return Verdict(
        item_id,
        first.decision,
        first.places,
        tuple(review.reviewer for review in best),
        best[-1].created,
        max(heavy) / sum(heavy),
        settled=not contested and len(reviews) >= count_needed(item_id),
        contested=contested,
    )


def say_the_same(one: Review, other: Review) -> bool:
    """Whether two reviews have the same decision and, if they name texts, the same ones."""
    return one.decision == other.decision and covers(one, other) and covers(other, one)


def covers(one: Review, other: Review) -> bool:
    """Whether each text of ``other`` is among those of ``one``, about as long."""
    golds = [place.text for place in one.places]
    return all(bool(golds) and score_token_f1(place.text, golds) >= SAME for place in other.places)


def measure_accuracies(reviews: Sequence[Review], reviewers: Mapping[str, Reviewer]) -> dict[str, Accuracy]:
    """How often each reviewer was right about gold. Experts are not measured: they decide what gold is."""
    gold = {
        review.item_id: review
        for review in reviews
        if reviewers[review.reviewer].role == "expert" and review.decision not in ("skip", "bad")
    }
    tried: defaultdict[str, list[bool]] = defaultdict(list)
    for review in reviews:
        if review.way in TRIALS and review.decision != "skip" and review.item_id in gold:
            tried[review.reviewer].append(say_the_same(gold[review.item_id], review))
    return {
        name: Accuracy(sum(tried[name]), len(tried[name]))
        for name, reviewer in reviewers.items()
        if reviewer.role == "reviewer"
    }


def read_desk(store: ReviewStore) -> Desk:
    """Everything that the next item depends on, as it is now."""
    reviews, reviewers = store.list_reviews(), store.list_reviewers()
    verdicts = list_verdicts(reviews, reviewers, measure_accuracies(reviews, reviewers))
    inbox = [verdict.item_id for verdict in verdicts.values() if verdict.contested]
    return Desk(store.list_items(), reviews, reviewers, store.list_opened(), inbox)


def describe_reasons(item: Item, way: Way) -> list[str]:
    """Why a review of an item is expected to gain something, as far as the item itself shows it.

    Gold and the random sample are described in the same way as all others, so that nobody can tell. Only experts are
    given items of the inbox.
    """
    reasons = ["people disagree about it, or their decision has too little weight"] if way == "inbox" else []
    if item.item_id.startswith("synthetic-"):
        reasons.append("a synthetic question: a program wrote it")
    if item.rating == "down":
        reasons.append("rated down")
    if item.correction:
        reasons.append(f"corrected by the person who asked: {item.correction}")
    if item.disagrees:
        reasons.append("the articles give different values")
    return reasons
