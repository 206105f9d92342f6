"""The order in which answers are reviewed, and who is given which.

Most items come in the order of what a review is expected to gain. Apart from that order, a tenth of all answers that
were kept are a random sample, drawn by hash: from them, accuracy is estimated without bias. An item of the sample is
only ever given out as such, in the order of the hashes, whatever anyone thought of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rag.metrics import split_words
from rag.question.text import find_mentions, find_topic_words
from rag.review.items import hash_share, read_clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rag.review.items import Item
    from rag.review.store import Opened, Review, Reviewer, Way

RANDOM = 0.1
"""Share of the kept answers in the random sample, and of the items given out that are from it."""
DOUBLE = 0.2
"""Share of the items that two people review, each without seeing what the other decided."""
GOLD = 0.05
"""Share of the items given to a reviewer that an expert has decided already."""
CALIBRATION = 10
"""Items decided by an expert that a newcomer begins with, as far as there are so many."""
NEAR = 0.8
"""Resemblance from which two questions are near-duplicates."""
LIKE = 0.5
"""Resemblance in topic words from which a question is like another."""
LEASE = timedelta(minutes=15)
"""How long an item that somebody has before them is given to nobody else."""
TRIALS: tuple[Way, ...] = ("gold", "calibration")
"""Ways of being given an item that an expert has decided."""
FAILED = ("wrong", "unanswerable", "differ")
"""Decisions that say that the answer was not right."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that the next item depends on.

    :param items: without sources.
    :param reviews: those that were not undone.
    :param inbox: the items on which an expert has to decide; see :mod:`rag.review.verdicts`.
    """

    items: Sequence[Item]
    reviews: Sequence[Review]
    reviewers: dict[str, Reviewer]
    opened: Sequence[Opened]
    inbox: Sequence[str] = ()


def is_sampled(item: Item) -> bool:
    """Whether an item belongs to the random sample."""
    return item.origin == "asked" and hash_share("random", item.item_id) < RANDOM


def count_needed(item_id: str) -> int:
    """How many people have to review an item."""
    return 2 if hash_share("double", item_id) < DOUBLE else 1


def order_items(items: Iterable[Item], failed: Sequence[str]) -> list[Item]:
    """Items outside the sample, those first of which a review is expected to gain most.

    In this order: rated down or corrected; articles that disagree; questions like one that failed; the others. Within
    each, the least margin between the answer and the next different one comes first (uncertainty sampling, Lewis and
    Gale 1994).

    :param failed: the questions whose answers were not right.
    """
    topics = [find_topic_words(question) for question in failed]

    def rank(item: Item) -> tuple[int, float, float]:
        if item.rating == "down" or item.correction:
            kind = 0
        elif item.disagrees:
            kind = 1
        else:
            own = find_topic_words(item.question)
            kind = 2 if any(measure_resemblance(own, other) >= LIKE for other in topics) else 3
        return kind, item.margin, hash_share("order", item.item_id)

    return sorted((item for item in items if not is_sampled(item)), key=rank)


def measure_resemblance(some: frozenset[str], others: frozenset[str]) -> float:
    """The Jaccard similarity of two sets of words, 0 to 1; 0 if both are empty."""
    return len(some & others) / len(some | others) if some or others else 0.0


def are_near(one: str, other: str) -> bool:
    """Whether two questions are near-duplicates: the same names and numbers, and nearly the same words."""
    if find_mentions(one) != find_mentions(other):
        return False
    return measure_resemblance(frozenset(split_words(one)), frozenset(split_words(other))) >= NEAR


def choose_next(reviewer: Reviewer, desk: Desk) -> tuple[Item, Way] | None:
    """The item that somebody is given next, and why; None if there is none for them.

    An item that they have before them comes first, so that nothing is passed over if a page or a terminal is closed.
    """
    items = {item.item_id: item for item in desk.items}
    mine = next((o for o in desk.opened if o.reviewer == reviewer.name and o.item_id in items), None)
    if mine is not None:
        return items[mine.item_id], mine.way
    own = {review.item_id for review in desk.reviews if review.reviewer == reviewer.name}
    if reviewer.role == "expert":
        for name in desk.inbox:
            if name not in own:
                return items[name], "inbox"
    else:
        gold = [items[name] for name in list_gold(desk) if name not in own]
        trials = sum(r.decision != "skip" and r.way in TRIALS for r in desk.reviews if r.reviewer == reviewer.name)
        if gold and trials < CALIBRATION:
            return gold[0], "calibration"
        if gold and hash_share("gold", reviewer.name, str(len(own))) < GOLD:
            return gold[0], "gold"
    free = [item for item in list_free(reviewer, desk) if item.item_id not in own]
    sampled = sorted((i for i in free if is_sampled(i)), key=lambda item: hash_share("random", item.item_id))
    ordered = next(iter_families(order_items(free, list_failed(desk)), desk), None)
    if sampled and (ordered is None or hash_share("turn", reviewer.name, str(len(own))) < RANDOM):
        return sampled[0], "random"
    return (ordered, "gain") if ordered else None


def list_gold(desk: Desk) -> list[str]:
    """The ids of the items that an expert has decided, in an order of their own. Whoever gets one cannot tell."""
    decided = {
        review.item_id
        for review in desk.reviews
        if desk.reviewers[review.reviewer].role == "expert" and review.decision not in ("skip", "bad")
    }
    return sorted(decided, key=lambda name: hash_share("gold", name))


def list_failed(desk: Desk) -> list[str]:
    """The questions whose answers somebody found not right, or rated down."""
    failed = {review.item_id for review in desk.reviews if review.decision in FAILED}
    return [item.question for item in desk.items if item.item_id in failed or item.rating == "down"]


def list_free(reviewer: Reviewer, desk: Desk) -> list[Item]:
    """The items that need another review and that nobody else has before them, on this person's topics.

    Of the random sample, those on any topic: otherwise a topic with many reviewers would weigh more in it.
    """
    since = (datetime.fromisoformat(read_clock()) - LEASE).isoformat(timespec="seconds")
    taken = [o.item_id for o in desk.opened if o.reviewer != reviewer.name and o.time >= since]
    experts = {name for name, other in desk.reviewers.items() if other.role == "expert"}
    made: dict[str, int] = {}
    for review in desk.reviews:
        if review.decision != "skip":
            # What an expert decided is decided.
            made[review.item_id] = made.get(review.item_id, 0) + (2 if review.reviewer in experts else 1)
    return [
        item
        for item in desk.items
        if made.get(item.item_id, 0) + taken.count(item.item_id) < count_needed(item.item_id)
        and (not reviewer.topics or item.topic in reviewer.topics or is_sampled(item))
    ]


def iter_families(ordered: Iterable[Item], desk: Desk) -> Iterator[Item]:
    """Leaves out items whose question nearly repeats that of another one that was reviewed or is being reviewed.

    An answer that was rated down after that review is not left out: it may have been corrected by it, and wrongly.
    """
    skipped = {review.item_id for review in desk.reviews if review.decision == "skip"}
    times = {review.item_id: review.created for review in desk.reviews}
    seen = ({review.item_id for review in desk.reviews} | {o.item_id for o in desk.opened}) - skipped
    questions = [(item.item_id, item.question) for item in desk.items if item.item_id in seen and not is_sampled(item)]
    for item in ordered:
        near = [name for name, question in questions if name != item.item_id and are_near(item.question, question)]
        if not near or (item.rating == "down" and all(times.get(name, "~") < item.created for name in near)):
            yield item
