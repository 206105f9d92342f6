"""Measures of knowing what one does not know: abstention, risk against coverage, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def score_abstention(answerable: Sequence[bool], answered: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall and F1 of abstaining, where to abstain is right if the question has no answer; 0 to 1."""
    pairs = list(zip(answerable, answered, strict=True))
    hits = sum(not has and not gave for has, gave in pairs)
    abstained = sum(not gave for gave in answered)
    absent = sum(not has for has in answerable)
    precision = hits / abstained if abstained else 0.0
    recall = hits / absent if absent else 0.0
    return precision, recall, 2 * hits / (abstained + absent) if abstained + absent else 0.0


def trace_risk(confidences: Sequence[float], right: Sequence[bool]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The risk–coverage curve (El-Yaniv & Wiener 2010), shape (n,) each, coverage ascending, 0 to 1.

    Point i answers the i + 1 most confident questions; risk is the share of them that are wrong. Among equal
    confidences the wrong ones come first: an order that the confidence does not give earns nothing.
    """
    order = sorted(range(len(right)), key=lambda i: (-confidences[i], right[i]))
    wrong = np.cumsum([not right[i] for i in order])
    count = np.arange(1, len(order) + 1)
    return count / max(1, len(order)), wrong / count


def measure_aurc(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Area under the risk–coverage curve (Geifman & El-Yaniv 2017): mean risk over all coverages; lower is better."""
    return float(trace_risk(confidences, right)[1].mean()) if right else 0.0


def bin_confidences(
    confidences: Sequence[float], right: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, count) of each bin of equal width that is not empty."""
    sums: dict[int, list[float]] = {}
    for confidence, hit in zip(confidences, right, strict=True):
        at = sums.setdefault(min(int(confidence * bins), bins - 1), [0.0, 0.0, 0.0])
        at[0] += confidence
        at[1] += hit
        at[2] += 1
    return [(total / n, hits / n, int(n)) for _, (total, hits, n) in sorted(sums.items())]


def measure_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): mean gap between confidence and accuracy over equal bins."""
    binned = bin_confidences(confidences, right, bins)
    return sum(n * abs(mean - share) for mean, share, n in binned) / max(1, len(right))


def measure_macro_error(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """MacroCE (Si et al. 2022): mean of 1 − confidence over right answers and of confidence over wrong ones, averaged.

    Unlike ECE it is no better for one confidence given to all. None where all are right, or all wrong.
    """
    pairs = list(zip(confidences, right, strict=True))
    good, bad = ([c for c, hit in pairs if hit is wanted] for wanted in (True, False))
    return (1 - sum(good) / len(good) + sum(bad) / len(bad)) / 2 if good and bad else None


def measure_coverage(confidences: Sequence[float], right: Sequence[bool], precision: float) -> float:
    """The largest share of the questions that can be answered, most confident first, with that precision, 0 to 1."""
    coverage, risk = trace_risk(confidences, right)
    return float(max((c for c, r in zip(coverage, risk, strict=True) if 1 - r >= precision - 1e-9), default=0.0))
