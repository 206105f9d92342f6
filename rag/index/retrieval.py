"""Questions to passages: BM25 and dense search, their scores fused, near-duplicates collapsed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.errors import IndexFolderError
from rag.index.likeness import collapse
from rag.types import ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import TypeVar

    from rag.index.opened import Index
    from rag.types import Encoder, Passage

    Item = TypeVar("Item", bound=Hashable)
    Ranking = list[tuple[int, float]]

Mode = Literal["hybrid", "bm25", "dense"]
DENSE_SHARE = 0.7
"""Chosen on held-out training articles (docs/decisions/0012)."""


@dataclass(frozen=True, slots=True)
class RetrievalConfig:
    """How many passages are looked at, and how they are ranked.

    :param candidates: passages taken from each search; ``k`` where that is more.
    :param dense_share: what the cosine counts when both are fused, 0 to 1; BM25 counts the rest.
    """

    candidates: int = 100
    dense_share: float = DENSE_SHARE

    def __post_init__(self) -> None:
        """:raises ValueError: for a number out of range."""
        if self.candidates < 1 or not 0 <= self.dense_share <= 1:
            raise ValueError(f"candidates must be positive, and dense_share from 0 to 1: {self}")


class HybridRetriever:
    """Retrieves from an open index.

    :param index: the caller closes it.
    :param encoder: the one that the index was built with; not used in mode bm25.
    :param mode: ``bm25``, ``dense``, or both of them fused.
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

    def retrieve(self, questions: Sequence[str], k: int) -> list[list[ScoredPassage]]:
        """At most ``k`` passages for each question, best first, without near-duplicates.

        A score is the weighted mean of :func:`fuse_scores` in mode hybrid, and else the search's own: BM25, or the
        cosine.

        :raises ValueError: if ``k`` is not positive.
        """
        if k < 1:
            raise ValueError(f"k must be positive, not {k}")
        depth = max(k, self._config.candidates)
        dense: list[Ranking] = [[] for _ in questions]
        if self._mode != "bm25" and questions:
            dense = self._index.search_dense(self._encoder.encode(questions, query=True), depth)
        lexical: list[Ranking] = [[] for _ in questions]
        if self._mode != "dense":
            lexical = [self._index.search_bm25(question, depth) for question in questions]
        return [collapse(self._rank(*rankings), k) for rankings in zip(dense, lexical, strict=True)]

    def _rank(self, dense: Ranking, lexical: Ranking) -> list[ScoredPassage]:
        """All candidates of one question, best first."""
        rows = list(dict.fromkeys(row for row, _ in (*dense, *lexical)))
        passages = dict(zip(rows, self._index.passages(rows), strict=True))
        if self._mode == "hybrid":
            scores = fuse_scores(dict(dense), dict(lexical), self._config.dense_share)
            ranked = order_candidates(list(scores.items()), passages)
        else:
            ranked = order_candidates(dense or lexical, passages)
        return [ScoredPassage(passages[row], score) for row, score in ranked]


def order_candidates(ranking: Ranking, passages: dict[int, Passage]) -> Ranking:
    """Best first. Equal scores go in the order of documents, so that an index's history leaves no trace."""

    def key(candidate: tuple[int, float]) -> tuple[float, str, int]:
        passage = passages[candidate[0]]
        # Equal texts may differ in a cosine's last bits.
        return -round(candidate[1], 6), passage.document_id, passage.start

    return sorted(ranking, key=key)


def fuse_scores(
    dense: Mapping[Item, float], lexical: Mapping[Item, float], share: float = DENSE_SHARE
) -> dict[Item, float]:
    """Convex combination of cosines and BM25 scores (Bruch, Gai and Ingber 2023): each item's weighted mean.

    BM25 has no scale of its own: its scores are taken over the best one. What only one of the searches found has the
    least cosine of those found, or a BM25 score of 0.
    """
    least, most = min(dense.values(), default=0.0), max(lexical.values(), default=0.0) or 1.0
    return {
        item: share * dense.get(item, least) + (1 - share) * lexical.get(item, 0.0) / most
        for item in dict.fromkeys((*dense, *lexical))
    }
