"""Retrieves passages for questions: fuses the scores of BM25 and dense search and drops near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.errors import IndexFolderError
from rag.index.likeness import collapse
from rag.index.timeliness import prefer_days
from rag.types import ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import TypeVar

    import numpy as np
    from numpy.typing import NDArray

    from rag.index.base import Index
    from rag.types import Encoder, Passage, Period

    Item = TypeVar("Item", bound=Hashable)
    Ranking = list[tuple[int, float]]

Mode = Literal["hybrid", "bm25", "dense"]
DENSE_SHARE = 0.85
"""Chosen on held-out training articles (docs/decisions/0027)."""


@dataclass(frozen=True, slots=True)
class RetrievalConfig:
    """Settings of retrieval.

    :param candidates: passages taken from each search, or ``k`` if that is larger.
    :param dense_share: weight of the cosine in the fused score, 0 to 1. BM25 has the remaining weight.
    :raises ValueError: for a value out of range.
    """

    candidates: int = 100
    dense_share: float = DENSE_SHARE

    def __post_init__(self) -> None:
        if self.candidates < 1 or not 0 <= self.dense_share <= 1:
            raise ValueError(f"candidates must be positive, and dense_share between 0 and 1: {self}")


class HybridRetriever:
    """Retrieves from an open index.

    :param index: must be closed by the caller.
    :param encoder: the encoder that the index was built with; not used in mode ``bm25``.
    :param mode: ``bm25``, ``dense``, or ``hybrid``, which fuses both.
    :raises ValueError: for an unknown mode.
    :raises IndexFolderError: if the index was built with another encoder.
    """

    def __init__(
        self, index: Index, encoder: Encoder, mode: Mode = "hybrid", config: RetrievalConfig | None = None
    ) -> None:
        if mode not in ("hybrid", "bm25", "dense"):
            raise ValueError(f"mode must be hybrid, bm25 or dense, not {mode!r}")
        if mode != "bm25" and encoder.fingerprint != index.state.fingerprint:
            raise IndexFolderError(
                f"The index was built with the encoder {index.state.encoder}, not with {encoder.name}: "
                "update it, or name another folder with --index."
            )
        self._index = index
        self._encoder = encoder
        self._mode = mode
        self._config = config or RetrievalConfig()

    def retrieve(
        self, questions: Sequence[str], k: int, periods: Sequence[Period | None] = ()
    ) -> list[list[ScoredPassage]]:
        """At most ``k`` passages for each question, best first, without near-duplicates.

        Scores come from :func:`fuse_scores` in mode ``hybrid``; otherwise they are BM25 scores or cosines.

        :param periods: the days that each question asks about; only used in mode ``hybrid``.
        :raises ValueError: if ``k`` is not positive.
        """
        if k < 1:
            raise ValueError(f"k must be positive, not {k}")
        depth = max(k, self._config.candidates)
        vectors = self._encoder.encode(questions, query=True) if self._mode != "bm25" and questions else None
        found = self._search(self._index, questions, vectors, depth)
        asked: list[Period | None] = [None] * len(questions)
        if self._mode == "hybrid" and vectors is not None:
            asked = list(periods or asked)
            for i, period in enumerate(asked):
                if period is not None:  # its articles might not be among the candidates from all days
                    near = self._index.during(period)
                    ((dense, lexical),) = self._search(near, questions[i : i + 1], vectors[i : i + 1], depth)
                    found[i] = (_join(found[i][0], dense), _join(found[i][1], lexical))
        return [collapse(self._rank(*each, period), k) for each, period in zip(found, asked, strict=True)]

    def _search(
        self, index: Index, questions: Sequence[str], vectors: NDArray[np.float32] | None, depth: int
    ) -> list[tuple[Ranking, Ranking]]:
        """The candidates of each question by cosine and by BM25."""
        dense: list[Ranking] = [[] for _ in questions]
        if vectors is not None:
            dense = index.search_dense(vectors, depth)
        lexical: list[Ranking] = [[] for _ in questions]
        if self._mode != "dense":
            lexical = [index.search_bm25(question, depth) for question in questions]
        return list(zip(dense, lexical, strict=True))

    def _rank(self, dense: Ranking, lexical: Ranking, period: Period | None) -> list[ScoredPassage]:
        """All candidates of one question, best first."""
        rows = list(dict.fromkeys(row for row, _ in (*dense, *lexical)))
        passages = dict(zip(rows, self._index.passages(rows), strict=True))
        if self._mode == "hybrid":
            scores = fuse_scores(dict(dense), dict(lexical), self._config.dense_share)
            if period is not None:
                scores = prefer_days(scores, passages, period)
            ranked = order_candidates(list(scores.items()), passages)
        else:
            ranked = order_candidates(dense or lexical, passages)
        return [ScoredPassage(passages[row], score) for row, score in ranked]


def _join(some: Ranking, more: Ranking) -> Ranking:
    """Two rankings for one question joined, with each row once."""
    return list(dict((*some, *more)).items())


def order_candidates(ranking: Ranking, passages: dict[int, Passage]) -> Ranking:
    """Sort candidates, best first.

    Of equally good ones the newest comes first. The rest are ordered by document, so that the order of updates does not
    matter.
    """
    placed = sorted(ranking, key=lambda found: (passages[found[0]].document_id, passages[found[0]].start))
    newest = sorted(placed, key=lambda found: passages[found[0]].date or "", reverse=True)
    # The cosines of equal texts can differ in their last bits.
    return sorted(newest, key=lambda found: -round(found[1], 6))


def fuse_scores(
    dense: Mapping[Item, float], lexical: Mapping[Item, float], share: float = DENSE_SHARE
) -> dict[Item, float]:
    """Convex combination of cosines and BM25 scores (Bruch, Gai and Ingber 2023).

    BM25 scores have no fixed scale, so they are divided by the highest one. An item without a cosine gets the lowest
    cosine found, and an item without a BM25 score gets 0.
    """
    least, most = min(dense.values(), default=0.0), max(lexical.values(), default=0.0) or 1.0
    return {
        item: share * dense.get(item, least) + (1 - share) * lexical.get(item, 0.0) / most
        for item in dict.fromkeys((*dense, *lexical))
    }
