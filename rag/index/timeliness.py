"""Prefers passages from the days that a question asks about.

This is a preference, not a filter: an article that tells of March may have been written in May, and an article without
a date may still have the answer.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.types import Passage, Period

BONUS = 0.2
"""What an article from these days gains. Scores are about 0 to 1. Chosen by ``python -m eval timely``, on part dev."""
NEXT_DAY = 0.5
"""Share of :data:`BONUS` for articles from the day after, when papers report what happened."""
NEAR = 0.15
"""If the newest is wanted: how far below the best score a passage may be and still be about the same thing."""
AGES = 3650
"""An article that is so many days older than the newest gains nothing. Chosen by hand: ten years."""


def prefer_days(scores: Mapping[int, float], passages: Mapping[int, Passage], period: Period) -> dict[int, float]:
    """The scores of candidates, raised for articles from the period.

    :param scores: of each row, 0 to about 1.
    """
    if period.newest:
        near = max(scores.values(), default=0.0) - NEAR
        dates = [passages[row].date for row, score in scores.items() if score >= near]
        newest = max((day for day in dates if day and day <= period.until), default="")
        ages = {row: rate_age(day, newest) for row in scores if (day := passages[row].date)}
        usual = sum(ages.values()) / max(1, len(ages))  # for articles without a date
        rates = {row: ages.get(row, usual) for row in scores}
    else:
        rates = {row: rate_day(passages[row].date, period) for row in scores}
    return {row: score + BONUS * rates[row] for row, score in scores.items()}


def rate_day(day: str | None, period: Period) -> float:
    """1 if an article's date is in a period, less for the day after it, otherwise 0. Without a date it is 0."""
    if not day:
        return 0.0
    if day == (date.fromisoformat(period.until) + timedelta(1)).isoformat():
        return NEXT_DAY
    return 1.0 if period.since <= day <= period.until else 0.0


def rate_age(day: str, newest: str) -> float:
    """How new an article is: 1 on the newest day, falling to 0, fastest at first."""
    if not newest:
        return 0.0
    days = (date.fromisoformat(newest) - date.fromisoformat(day)).days
    return max(0.0, 1 - log1p(max(0, days)) / log1p(AGES))
