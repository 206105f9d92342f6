"""One generation of an index that a Qdrant server keeps, open for reading."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from qdrant_client import models

from rag.index.qdrant_points import (
    DENSE,
    WORDS,
    is_seen,
    match,
    match_any,
    match_range,
    number_day,
    read_document,
    read_passage,
    read_summary,
)
from rag.index.scope import Scope
from rag.index.terms import convert_rarity, count_query_terms
from rag.types import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.index.base import DocumentSummary
    from rag.index.manifest import State
    from rag.index.qdrant_calls import Calls
    from rag.types import Document, Passage, Period

MOST_KEPT = 10_000
"""Passages that were found last and are not fetched again."""
LAST_DAY = 99999999


class QdrantIndex:
    """An index on a server, with the methods of :class:`rag.index.base.Index`.

    The points that an update ends are deleted by the update after it. An index that stays open for longer finds fewer
    passages than it should.

    :param names: the collections of documents and of passages.
    :param duplicates: ``document_id`` of each near-duplicate to that of its original.
    """

    def __init__(
        self, calls: Calls, names: tuple[str, str], generation: int, state: State, duplicates: Mapping[str, str]
    ) -> None:
        self.state = state
        self._calls = calls
        self._documents, self._passages = names
        self._seen = is_seen(generation)
        self._duplicates = duplicates
        self._scope: list[models.Condition] = []
        self.undated = 0
        # Shared by the indexes that search less.
        self._kept: dict[int, Passage] = {}
        self._rarities: dict[int, float] = {}

    def within(self, scope: Scope) -> QdrantIndex:
        """An index of which only the articles of a scope are searched.

        :raises CorpusError: if there are none.
        """
        if scope.is_open:
            return self
        made = copy(self)
        made._scope = []
        if scope.source:
            named = Scope(source=scope.source)
            held = (record.payload or {} for record in self._list_documents(["document_id", "origin"]))
            origins = [(item["document_id"], Origin(**item["origin"])) for item in held]
            names = [name for name, o in origins if named.covers(None, (o.publication, o.source, name))]
            if not names:
                raise scope.refuse(undated=0)
            made._scope.append(match_any("document_id", names))
        articles = match("kind", "document")
        if scope.since or scope.until:
            made.undated = made._count(self._documents, [articles, match_range("day", gte=0, lte=0)])
            last = number_day(scope.until, "9") or LAST_DAY
            made._scope.append(match_range("day", gte=max(1, number_day(scope.since)), lte=last))
        if not made._count(self._documents, [articles]):
            raise scope.refuse(made.undated)
        return made

    def during(self, period: Period) -> QdrantIndex:
        """An index that searches only articles from some days, perhaps none."""
        made = copy(self)
        days = match_range("day", gte=max(1, number_day(period.since)), lte=number_day(period.until))
        made._scope = [*self._scope, days]
        return made

    def find_newest_day(self, last: str) -> str | None:
        """The newest date of an article, in ISO 8601, that is not after the day ``last``; None if there is none."""
        found = self._list_newest(1, match_range("day", gte=1, lte=number_day(last)))
        day: str | None = (found[0].payload or {})["date"] if found else None
        return day

    def close(self) -> None:
        """Nothing is held open but the connection, which others may use."""

    @property
    def passage_count(self) -> int:
        """The number of passages in the index."""
        found: int = self._calls.count(self._passages, count_filter=models.Filter(must=self._seen)).count
        return found

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of these rows, in this order.

        :raises KeyError: for an unknown row.
        """
        found = {row: self._kept.get(row) for row in rows}  # another question may clear it meanwhile
        known = {row: passage for row, passage in found.items() if passage is not None}
        missing = [row for row in rows if row not in known]
        if missing:
            for record in self._calls.retrieve(self._passages, missing, with_payload=True):
                known[record.id] = read_passage(record.payload)
        return [known[row] for row in rows]

    def document(self, document_id: str) -> Document | None:
        """The document with this id and its cleaned text; None if there is none."""
        try:
            document_id.encode("utf-8")
        except UnicodeEncodeError:
            return None
        wanted = models.Filter(must=[*self._seen, match("kind", "document"), match("document_id", document_id)])
        records, _ = self._calls.scroll(self._documents, wanted, limit=1)
        return read_document(records[0].payload) if records else None

    def document_passages(self, document_id: str) -> list[Passage]:
        """A document's passages in text order; empty if there is no such document."""
        conditions = [*self._seen, match("document_id", document_id)]
        found = [read_passage(record.payload or {}) for record in self._calls.scroll_all(self._passages, conditions)]
        return sorted(found, key=lambda passage: (passage.start, passage.end))

    def encoded_passages(self, document_id: str) -> tuple[list[Passage], NDArray[np.float32]]:
        """A document's passages in text order, and their unit rows, float32, shape (passages, dimension)."""
        import numpy as np

        conditions = [*self._seen, match("document_id", document_id)]
        records = self._calls.scroll_all(self._passages, conditions, vectors=[DENSE])
        found = [(read_passage(record.payload or {}), record.vector) for record in records]
        found.sort(key=lambda pair: (pair[0].start, pair[0].end))
        rows = [vector[DENSE] for _, vector in found if isinstance(vector, dict)]
        return [passage for passage, _ in found], np.array(rows, np.float32).reshape(-1, self.state.dimension)

    def leading_passages(self, articles: int, passages: int) -> list[list[Passage]]:
        """The first ``passages`` passages of at most ``articles`` articles, newest first, without near-duplicates."""
        repeated = [match_any("document_id", list(self._duplicates))] if self._duplicates else []
        newest = self._list_newest(articles, but=repeated)
        if len(newest) == articles:  # of those of the last day, the first by name are wanted
            day = (newest[-1].payload or {})["day"]
            fields = ["document_id", "date", "day"]
            newest = [record for record in newest if (record.payload or {})["day"] > day]
            newest += self._list_documents(fields, [match_range("day", gte=day, lte=day)])
        held = [record.payload or {} for record in newest]
        named = sorted(((item["date"] or "", item["document_id"]) for item in held), key=lambda pair: pair[1])
        named.sort(key=lambda pair: pair[0], reverse=True)
        kept = [name for _, name in named if name not in self._duplicates]
        return [self.document_passages(name)[:passages] for name in kept[:articles]]

    def documents(self) -> list[DocumentSummary]:
        """All documents in the order of their ids."""
        whole = copy(self)
        whole._scope = []
        records = whole._list_documents(models.PayloadSelectorExclude(exclude=["text", "sections", "pages"]))
        held = [record.payload or {} for record in records]
        found = [read_summary(item, self._duplicates.get(item["document_id"])) for item in held]
        return sorted(found, key=lambda summary: summary.document_id)

    def search_dense(self, vectors: NDArray[np.float32], k: int) -> list[list[tuple[int, float]]]:
        """For each vector at most ``k`` rows with their cosines, highest first.

        :param vectors: unit rows, float32, shape (questions, dimension).
        :raises ValueError: if the dimension differs from that of the index.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.state.dimension:
            raise ValueError(f"vectors of shape {vectors.shape}, but the index has dimension {self.state.dimension}")
        if k < 1 or not len(vectors):
            return [[] for _ in vectors]
        wanted = models.Filter(must=[*self._seen, *self._scope])
        requests = [
            models.QueryRequest(query=row.tolist(), using=DENSE, filter=wanted, limit=k, with_payload=True)
            for row in vectors
        ]
        found = self._calls.query_batch_points(self._passages, requests)
        return [self._keep(response.points) for response in found]

    def search_bm25(self, question: str, k: int) -> list[tuple[int, float]]:
        """At most ``k`` rows with their BM25 scores, highest first; empty for a question without words."""
        terms = count_query_terms(question)
        if k < 1 or not terms:
            return []
        self._learn_rarities([term for term in terms if term not in self._rarities])
        weights = {term: times * self._rarities[term] for term, times in terms.items() if self._rarities[term]}
        if not weights:
            return []
        found = self._calls.query_points(
            self._passages,
            query=models.SparseVector(indices=list(weights), values=list(weights.values())),
            using=WORDS,
            query_filter=models.Filter(must=[*self._seen, *self._scope]),
            search_params=self._count_in_generation(),
            limit=k,
            with_payload=True,
        )
        return self._keep(found.points)

    def _learn_rarities(self, terms: Sequence[int]) -> None:
        """The factor that makes a term's weight count as in SQLite; 0 if no passage has the term.

        The server multiplies the weight by a smoother rarity. One search for the term alone shows it.
        """
        requests = [
            models.QueryRequest(
                query=models.SparseVector(indices=[term], values=[1.0]),
                using=WORDS,
                filter=models.Filter(must=self._seen),
                params=self._count_in_generation(),
                limit=1,
                with_vector=[WORDS],
            )
            for term in terms
        ]
        responses = self._calls.query_batch_points(self._passages, requests) if requests else []
        for term, response in zip(terms, responses, strict=True):
            self._rarities[term] = 0.0
            if response.points:
                (point,) = response.points
                words = point.vector[WORDS]
                smooth = point.score / words.values[words.indices.index(term)]
                self._rarities[term] = convert_rarity(smooth) / smooth

    def _count_in_generation(self) -> models.SearchParams:
        """Older servers count the passages of ended generations too, until they are deleted."""
        return models.SearchParams(idf=models.IdfCorpusParams(corpus=models.Filter(must=self._seen)))

    def _keep(self, points: Sequence[models.ScoredPoint]) -> list[tuple[int, float]]:
        """The rows and scores of points. Their passages need not be fetched again."""
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
        self._kept.update({int(point.id): read_passage(point.payload or {}) for point in points})
        return [(int(point.id), point.score) for point in points]

    def _count(self, collection: str, conditions: Sequence[models.Condition]) -> int:
        wanted = models.Filter(must=[*self._seen, *self._scope, *conditions])
        found: int = self._calls.count(collection, count_filter=wanted).count
        return found

    def _list_documents(
        self, fields: Sequence[str] | models.PayloadSelector, conditions: Sequence[models.Condition] = ()
    ) -> list[models.Record]:
        """The documents of the scope that meet conditions, in no order."""
        wanted = [*self._seen, *self._scope, match("kind", "document"), *conditions]
        return list(self._calls.scroll_all(self._documents, wanted, fields=fields))

    def _list_newest(
        self, most: int, *conditions: models.Condition, but: Sequence[models.Condition] = ()
    ) -> list[models.Record]:
        """At most so many documents of the scope that meet some conditions and do not meet others, newest first."""
        must = [*self._seen, *self._scope, match("kind", "document"), *conditions]
        order = models.OrderBy(key="day", direction=models.Direction.DESC)
        records, _ = self._calls.scroll(
            self._documents,
            models.Filter(must=must, must_not=list(but)),
            order_by=order,
            limit=most,
            with_payload=["document_id", "date", "day"],
        )
        found: list[models.Record] = records
        return found
