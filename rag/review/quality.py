"""How good the answers are, from what was kept, rated and reviewed: every figure of ``ask quality``.

Accuracy is estimated from the random sample alone, as the reviewers judged it. Reviews in the order of expected gain
would show it too low.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

from rag.metrics import score_token_f1
from rag.review.preferences import list_win_rates
from rag.review.queue import is_sampled
from rag.review.statistics import count_pairs, measure_alpha, score_interval
from rag.review.verdicts import list_verdicts, measure_accuracies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rag.review.items import Item
    from rag.review.store import Review, ReviewStore
    from rag.review.verdicts import Verdict

LEAST_PAIRS = 30
"""Pairs of reviews below which agreement is not measurable."""
BLIND = ("gain", "random")
"""Ways of being given an item in which two people review it without knowing of each other. Gold is measured apart."""


@dataclass(frozen=True, slots=True)
class Share:
    """:param right: of ``n`` answers; low and high are Wilson's 95 % interval, None without any answer."""

    right: int
    n: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """:param value: None if it is not measurable; ``why`` then says why not."""

    value: float | None
    pairs: int
    people: int
    why: str = ""


def measure_quality(store: ReviewStore) -> dict[str, Any]:
    """All figures, JSON-ready."""
    items, reviews, reviewers = store.list_items(), store.list_reviews(), store.list_reviewers()
    accuracies = measure_accuracies(reviews, reviewers)
    verdicts = list_verdicts(reviews, reviewers, accuracies)
    decided = Counter(review.reviewer for review in reviews if review.decision != "skip")
    return {
        **describe_items(items, verdicts),
        "thumbs": {thumb: sum(item.rating == thumb for item in items) for thumb in ("up", "down")},
        "inbox": sum(verdict.contested for verdict in verdicts.values()),
        "agreement": {
            "decision": asdict(measure_decisions(reviews)),
            "spans": asdict(measure_spans(reviews)),
        },
        "reviewers": [
            {
                "name": name,
                "role": reviewer.role,
                "reviews": decided[name],
                **(describe_share(accuracies[name].right, accuracies[name].n) if name in accuracies else {}),
                **({"weight": accuracies[name].weight} if name in accuracies else {}),
            }
            for name, reviewer in reviewers.items()
        ],
        "weeks": group_items(items, verdicts, lambda item: name_week(item.created)),
        "topics": group_items(items, verdicts, lambda item: item.topic),
        "preferences": [asdict(rate) for rate in list_win_rates(store)],
    }


def describe_items(items: Sequence[Item], verdicts: Mapping[str, Verdict]) -> dict[str, Any]:
    """How many of the kept answers were given, possible or declined, and how many of the sample are right."""
    asked = [item for item in items if item.origin == "asked"]
    sample = [item for item in asked if is_sampled(item)]
    judged = [(item, verdicts[item.item_id].decision) for item in sample if item.item_id in verdicts]
    counted = [(item.status, decision == "right") for item, decision in judged if decision != "bad"]
    kinds = ("answered", "possible", "abstained")
    return {
        "answers": {"n": len(asked), **{kind: sum(item.status == kind for item in asked) for kind in kinds}},
        "sample": {"n": len(sample), "reviewed": len(judged), "bad questions": len(judged) - len(counted)},
        "accuracy": {
            kind: describe_share(sum(right for k, right in counted if k == kind), sum(k == kind for k, _ in counted))
            for kind in kinds
        },
    }


def group_items(
    items: Sequence[Item], verdicts: Mapping[str, Verdict], name: Callable[[Item], str]
) -> dict[str, dict[str, Any]]:
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.origin == "asked":
            groups[name(item)].append(item)
    return {key: describe_items(groups[key], verdicts) for key in sorted(groups)}


def describe_share(right: int, n: int) -> dict[str, Any]:
    if not n:
        return asdict(Share(0, 0, None, None, None))
    low, high = score_interval(right / n, n)
    return asdict(Share(right, n, right / n, low, high))


def name_week(created: str) -> str:
    """The ISO week of a time: ``2026-W45``."""
    year, week, _ = datetime.fromisoformat(created).isocalendar()
    return f"{year}-W{week:02}"


def measure_decisions(reviews: Sequence[Review]) -> Agreement:
    """Krippendorff's alpha of the decisions of people who reviewed the same items."""
    units = list_units(reviews)
    pairs, people = count_pairs(units), len({review.reviewer for unit in units for review in unit})
    why = explain_few(pairs, people)
    alpha = None if why else measure_alpha([[review.decision for review in unit] for unit in units])
    return Agreement(alpha, pairs, people, why or ("" if alpha is not None else "everyone always decided the same"))


def measure_spans(reviews: Sequence[Review]) -> Agreement:
    """Mean token F1 between the right texts that two people chose for the same item."""
    scores: list[float] = []
    people: set[str] = set()
    for unit in list_units(reviews):
        chosen = [review for review in unit if review.decision == "wrong" and review.places]
        for one, other in combinations(chosen, 2):
            scores.append(score_token_f1(one.places[0].text, [other.places[0].text]))
            people |= {one.reviewer, other.reviewer}
    why = explain_few(len(scores), len(people))
    return Agreement(None if why else sum(scores) / len(scores), len(scores), len(people), why)


def list_units(reviews: Sequence[Review]) -> list[list[Review]]:
    """The reviews of each item that several people reviewed blind."""
    made: defaultdict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        if review.way in BLIND and review.decision != "skip":
            made[review.item_id].append(review)
    return [unit for unit in made.values() if len(unit) > 1]


def explain_few(pairs: int, people: int) -> str:
    if people < 2:
        return "not measurable: it needs two people"
    return f"not measurable: it needs {LEAST_PAIRS} pairs of reviews" if pairs < LEAST_PAIRS else ""


def format_quality(found: dict[str, Any]) -> str:
    """The figures for a terminal."""
    answers, sample, thumbs = found["answers"], found["sample"], found["thumbs"]
    lines = [
        f"Answers kept: {answers['n']} ({answers['answered']} given, {answers['possible']} possible, "
        f"{answers['abstained']} declined). Thumbs: {thumbs['up']} up, {thumbs['down']} down.",
        f"Random sample: {sample['n']}, reviewed {sample['reviewed']}, {sample['bad questions']} bad questions. "
        "Right in it:",
        *(f"  {kind}: {format_share(share)}" for kind, share in found["accuracy"].items()),
        f"Waiting for an expert: {found['inbox']}.",
        f"Agreement on decisions (Krippendorff's alpha): {format_agreement(found['agreement']['decision'])}",
        f"Agreement on texts (token F1): {format_agreement(found['agreement']['spans'])}",
    ]
    for one in found["reviewers"]:
        gold = f"; on gold: {format_share(one)}" if "n" in one else ""
        lines.append(f"{one['name']}, {one['role']}: {one['reviews']} reviewed{gold}")
    for heading in ("weeks", "topics"):
        for name, part in found[heading].items():
            told = part["answers"]
            lines.append(
                f"{name or '(no folder)'}: {told['n']} kept, {told['answered']} given, {told['possible']} possible, "
                f"{told['abstained']} declined; given and right: {format_share(part['accuracy']['answered'])}"
            )
    for rate in found["preferences"]:
        lines.append(
            f"{rate['first']} against {rate['second']}: better in {format_share(rate)}, {rate['same']} the same"
        )
    return "\n".join(lines)


def format_share(share: Mapping[str, Any]) -> str:
    """``8 of 10, 80% (49% to 94%)``."""
    if not share["n"]:
        return "none reviewed"
    return f"{share['right']} of {share['n']}, {share['share']:.0%} ({share['low']:.0%} to {share['high']:.0%})"


def format_agreement(found: Mapping[str, Any]) -> str:
    counted = f"{found['pairs']} pairs, {found['people']} people"
    return f"{found['why']} ({counted})" if found["value"] is None else f"{found['value']:.2f} ({counted})"
