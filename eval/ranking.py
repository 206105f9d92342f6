"""Measures of one ranking with binary relevance: a passage is relevant if it contains evidence.

They are compared with ir_measures in tests/eval/test_eval_metrics.py. success@k says whether any relevant passage was
found, recall@k which share of them.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet


def score_success(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """success@k: 1.0 if one of the first ``k`` is relevant, else 0.0."""
    return float(any(name in relevant for name in ranked[:k]))


def score_recall(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """recall@k: the share of the relevant that are among the first ``k``; 0 if nothing is relevant."""
    return len(relevant & set(ranked[:k])) / len(relevant) if relevant else 0.0


def score_reciprocal_rank(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """1 over the rank of the first relevant one among the first ``k``; 0 if there is none (Voorhees 1999)."""
    return next((1 / rank for rank, name in enumerate(ranked[:k], 1) if name in relevant), 0.0)


def score_ndcg(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """nDCG@k with gain 1 and discount log2(rank + 1) (Järvelin & Kekäläinen 2002)."""
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    gained = sum(1 / log2(rank + 1) for rank, name in enumerate(ranked[:k], 1) if name in relevant)
    return gained / ideal if ideal else 0.0
