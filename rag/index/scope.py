"""Which articles a question is asked of: those of some days, or of some sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from rag.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Scope:
    """The articles that are searched; all of them by default.

    :param since: the first day, in ISO 8601; also a month or year, of which it is the first day. An article without a
        date is in no period (docs/decisions/0033).
    :param until: the last day, or a month or year, of which it is the last day.
    :param source: a pattern such as ``*guardian*`` that the publication, the web address or the file must match, in any
        case.
    """

    since: str = ""
    until: str = ""
    source: str = ""

    @property
    def is_open(self) -> bool:
        """Whether all articles are in it."""
        return self == Scope()

    def covers(self, day: str | None, names: Iterable[str]) -> bool:
        """Whether an article is in it.

        :param day: its date in ISO 8601; None if it has none.
        :param names: its publication, address and file.
        """
        if not self._matches(names) or self.lacks_day(day, names):
            return False
        day = day or ""
        return day >= self.since and (not self.until or day[: len(self.until)] <= self.until)

    def lacks_day(self, day: str | None, names: Iterable[str]) -> bool:
        """Whether an article is left out only because it has no date."""
        return not day and bool(self.since or self.until) and self._matches(names)

    def _matches(self, names: Iterable[str]) -> bool:
        pattern = self.source.casefold()
        return not pattern or any(fnmatchcase(name.casefold(), pattern) for name in names)

    def refuse(self, undated: int) -> CorpusError:
        """The error to raise if no article is in the scope.

        :param undated: the number of articles that it leaves out because they have no date.
        """
        return CorpusError(
            f"No article is in that scope ({self.describe()}): widen it, or see the dates in the list of articles."
            f" {describe_undated(undated)}".rstrip()
        )

    def describe(self) -> str:
        """In words: ``since 2025-01, from *guardian*``."""
        parts = {"since": self.since, "until": self.until, "from": self.source}
        return ", ".join(f"{word} {value}" for word, value in parts.items() if value)


def describe_undated(count: int) -> str:
    """How many articles a period leaves out because they have no date, as a sentence; empty if none."""
    if not count:
        return ""
    left = "1 article without a date is left out" if count == 1 else f"{count:,} articles without a date are left out"
    return f"{left}. To date an article, put its date into the file's name, as in “2025-06-13 deal.txt”."


def parse_period(text: str) -> str:
    """A day, month or year in ISO 8601: ``2025-06-13``, ``2025-06``, ``2025``.

    :raises ValueError: if it is none.
    """
    try:
        date.fromisoformat(text + "0001-01-01"[len(text) :])
    except ValueError:
        text = ""
    if len(text) not in (4, 7, 10) or not text.replace("-", "").isdecimal():
        raise ValueError("write a day, month or year, such as 2025-06-13, 2025-06 or 2025")
    return text
