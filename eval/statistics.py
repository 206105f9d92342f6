"""How far a figure may be chance: bootstrap intervals, and tests of two systems on the same questions."""

from __future__ import annotations

from math import comb, sqrt
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DRAWS = 1000
Item = TypeVar("Item")


def bootstrap_interval(values: Sequence[float], draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean (Efron 1979); the same for the same values.

    :raises ValueError: without values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    data = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(data), (draws, len(data)))
    return _percentiles(data[picks].mean(axis=1))


def bootstrap_statistic(
    items: Sequence[Item], statistic: Callable[[list[Item]], float | None], draws: int = 200, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of what is no mean: ``statistic`` of the items drawn anew with replacement.

    Draws for which it is None, not being defined, are left out.

    :raises ValueError: without items, or where it is None for all draws.
    """
    if not items:
        raise ValueError("an interval needs at least one item")
    picks = np.random.default_rng(seed).integers(0, len(items), (draws, len(items)))
    drawn = [statistic([items[i] for i in row]) for row in picks]
    defined = [value for value in drawn if value is not None]
    if not defined:
        raise ValueError("the statistic is defined for no draw")
    return _percentiles(np.array(defined))


def score_interval(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval (1927) of a share over ``n`` questions: what that many can prove.

    :raises ValueError: without questions.
    """
    if n < 1:
        raise ValueError("an interval needs at least one question")
    middle, width = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)


def measure_mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test (1947): the questions only one of the two got right, under a fair coin."""
    n, fewer = only_first + only_second, min(only_first, only_second)
    return min(1.0, 2 * sum(comb(n, i) for i in range(fewer + 1)) / (1 << n))


def compare_means(
    first: Sequence[float], second: Sequence[float], draws: int = 10_000, seed: int = 0
) -> tuple[float, float, float]:
    """(mean of second − first, and its 95 % interval) by paired bootstrap over the questions (Koehn 2004).

    :raises ValueError: where the two are not of one length, or empty.
    """
    if len(first) != len(second) or not first:
        raise ValueError("a paired test needs the same questions, at least one")
    change = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    low, high = bootstrap_interval(change.tolist(), draws, seed)
    return float(change.mean()), low, high


def _percentiles(drawn: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
