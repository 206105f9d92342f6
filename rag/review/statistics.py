"""The statistics of reviews, each named after its source."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def score_interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share over ``n`` questions; 95 % by default.

    :raises ValueError: if ``n`` is less than 1.
    """
    if n < 1:
        raise ValueError("an interval needs at least one question")
    middle, width = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)


def measure_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Krippendorff's alpha for nominal data (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability").

    It is 1 for perfect agreement and 0 for that of chance. None where it is not defined: no unit has two values, or
    all values are the same.

    :param units: for each unit, the values that it was given, by as many people as there are.
    """
    pairable = [Counter(values) for values in units if len(values) > 1]
    totals: Counter[str] = sum(pairable, Counter())
    n = totals.total()
    expected = n * n - sum(count * count for count in totals.values())
    if not expected:
        return None
    observed = 0.0
    for counts in pairable:
        m = counts.total()
        observed += (m * m - sum(count * count for count in counts.values())) / (m - 1)
    return 1 - (n - 1) * observed / expected


def count_pairs(units: Sequence[Sequence[object]]) -> int:
    """The number of pairs of values of the same unit."""
    return sum(len(values) * (len(values) - 1) // 2 for values in units)


def succeed(right: int, n: int) -> float:
    """The probability that the next one is right after ``right`` of ``n`` were: Laplace's rule of succession (1814)."""
    return (right + 1) / (n + 2)
