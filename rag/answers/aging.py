"""Says how old an answer's evidence is, if it is old."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from rag.question.times import find_period

if TYPE_CHECKING:
    from rag.question.times import AskedTime
    from rag.types import Answer

OLD = 365
"""Days after which news is old. Chosen by hand."""
OLD_NEWS = 30
"""The same if the question asks about something recent: "the latest", "last week"."""


def add_age(answer: Answer, asked: AskedTime | None, today: date) -> Answer:
    """The answer with the age of its newest evidence, if that is old.

    No age is given if a cited article has no date, or if the question names a month or year and the newest evidence is
    from that time.

    :param asked: the time that the question names.
    """
    cited = answer.shown.citations
    dates = [citation.date for citation in cited if citation.date]
    if not dates or len(dates) < len(cited):
        return answer
    newest = max(dates)
    days = (today - date.fromisoformat(newest)).days
    if asked and (asked.year or asked.month):
        period = find_period(asked, today)
        if period and period.since <= newest <= period.until:
            return answer
    new = asked is not None and not asked.year
    return replace(answer, age_days=days) if days >= (OLD_NEWS if new else OLD) else answer


def format_age(days: int) -> str:
    """In words, never rounded up: ``40 days``, ``17 months``, ``3 years``."""
    if days <= 60:
        return f"{days} days"
    return f"{days * 12 // 365} months" if days < 730 else f"{days // 365} years"
