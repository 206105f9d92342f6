"""Bootstrap intervals, and significance tests of two systems on the same questions."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DRAWS = 1000
Item = TypeVar("Item")


def bootstrap_interval(values: Sequence[float], draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean (Efron 1979). Equal values give equal intervals.

    :raises ValueError: if there are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    data = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(data), (draws, len(data)))
    return _percentiles(data[picks].mean(axis=1))


def bootstrap_statistic(
    items: Sequence[Item], statistic: Callable[[list[Item]], float | None], draws: int = 200, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of any ``statistic`` of the items, resampled with replacement.

    Samples for which the statistic is None are left out.

    :raises ValueError: if there are no items, or the statistic is None for all samples.
    """
    if not items:
        raise ValueError("an interval needs at least one item")
    picks = np.random.default_rng(seed).integers(0, len(items), (draws, len(items)))
    drawn = [statistic([items[i] for i in row]) for row in picks]
    defined = [value for value in drawn if value is not None]
    if not defined:
        raise ValueError("the statistic is defined for no draw")
    return _percentiles(np.array(defined))


def measure_mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test (1947), from the numbers of questions that only one system got right."""
    n, fewer = only_first + only_second, min(only_first, only_second)
    return min(1.0, 2 * sum(comb(n, i) for i in range(fewer + 1)) / (1 << n))


def compare_means(
    first: Sequence[float], second: Sequence[float], draws: int = 10_000, seed: int = 0
) -> tuple[float, float, float]:
    """(mean of second − first, low, high) with the 95 % interval from a paired bootstrap (Koehn 2004).

    :raises ValueError: if the two have different lengths or are empty.
    """
    if len(first) != len(second) or not first:
        raise ValueError("a paired test needs the same questions, at least one")
    change = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    low, high = bootstrap_interval(change.tolist(), draws, seed)
    return float(change.mean()), low, high


def _percentiles(drawn: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
