"""Measures of selective answering: abstention, risk and coverage, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def score_abstention(answerable: Sequence[bool], answered: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall and F1 of abstention, 0 to 1. Abstaining is right if the question has no answer."""
    pairs = list(zip(answerable, answered, strict=True))
    hits = sum(not has and not gave for has, gave in pairs)
    abstained = sum(not gave for gave in answered)
    absent = sum(not has for has in answerable)
    precision = hits / abstained if abstained else 0.0
    recall = hits / absent if absent else 0.0
    return precision, recall, 2 * hits / (abstained + absent) if abstained + absent else 0.0


def trace_risk(confidences: Sequence[float], right: Sequence[bool]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The risk–coverage curve (El-Yaniv & Wiener 2010), shape (n,) each, coverage ascending, 0 to 1.

    At point i the i + 1 most confident questions are answered, and risk is the share of wrong ones among them. Among
    equal confidences, wrong answers come first, so that ties cannot improve the curve.
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
    """(mean confidence, share right, count) of each non-empty bin of equal width."""
    sums: dict[int, list[float]] = {}
    for confidence, hit in zip(confidences, right, strict=True):
        at = sums.setdefault(min(int(confidence * bins), bins - 1), [0.0, 0.0, 0.0])
        at[0] += confidence
        at[1] += hit
        at[2] += 1
    return [(total / n, hits / n, int(n)) for _, (total, hits, n) in sorted(sums.items())]


def measure_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error (Guo et al. 2017): mean gap between confidence and accuracy over bins."""
    binned = bin_confidences(confidences, right, bins)
    return sum(n * abs(mean - share) for mean, share, n in binned) / max(1, len(right))


def measure_macro_error(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """MacroCE (Si et al. 2022): the average of mean 1 − confidence of right answers and mean confidence of wrong ones.

    Unlike ECE, it does not reward a constant confidence. None if all answers are right or all are wrong.
    """
    pairs = list(zip(confidences, right, strict=True))
    good, bad = ([c for c, hit in pairs if hit is wanted] for wanted in (True, False))
    return (1 - sum(good) / len(good) + sum(bad) / len(bad)) / 2 if good and bad else None


def measure_coverage(confidences: Sequence[float], right: Sequence[bool], precision: float) -> float:
    """The largest share of questions, most confident first, that can be answered with that precision, 0 to 1."""
    coverage, risk = trace_risk(confidences, right)
    return float(max((c for c, r in zip(coverage, risk, strict=True) if 1 - r >= precision - 1e-9), default=0.0))
