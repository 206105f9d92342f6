"""What a Qdrant server keeps: documents and passages as points, each with the generations of the index that hold it.

An update writes generation n + 1 beside generation n, and then names it in the manifest. Readers ask for one.
"""

from __future__ import annotations

from dataclasses import asdict, astuple
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from qdrant_client import models

from rag.index.base import DocumentSummary
from rag.types import Byline, Document, Origin, PageStart, Passage, Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

NEVER = 2**53
"""The ending generation of a point that has not ended."""
DENSE, WORDS = "dense", "words"
"""The two vectors of a passage: the encoder's, and the BM25 weights of its terms."""
FIELDS = ("passage_id", "document_id", "title", "heading", "date", "start", "end", "text")
INDEXED = {
    "since": models.PayloadSchemaType.INTEGER,
    "until": models.PayloadSchemaType.INTEGER,
    "kind": models.PayloadSchemaType.KEYWORD,
    "document_id": models.PayloadSchemaType.KEYWORD,
    "day": models.PayloadSchemaType.INTEGER,
}
"""The fields that are searched for, and their types."""


def is_seen(generation: int) -> list[models.Condition]:
    """The points of a generation: those that begin in it or before it and end after it."""
    return [match_range("since", lte=generation), match_range("until", gt=generation)]


def match_range(key: str, **bounds: float) -> models.FieldCondition:
    return models.FieldCondition(key=key, range=models.Range(**bounds))


def match(key: str, value: str) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def match_any(key: str, values: list[str]) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchAny(any=values))


def make_point(
    kind: str, name: str, generation: int, payload: Mapping[str, Any], vector: Mapping[str, Any] | None = None
) -> models.PointStruct:
    """A point that begins with a generation."""
    held = {"kind": kind, "since": generation, "until": NEVER, **payload}
    return models.PointStruct(id=make_id(generation, kind, name), vector=dict(vector or {}), payload=held)


def make_id(generation: int, kind: str, name: str) -> int:
    """A number of 63 bits."""
    return int.from_bytes(blake2b(f"{generation} {kind} {name}".encode(), digest_size=8).digest(), "big") >> 1


def document_point(document: Document, passages: int, generation: int) -> models.PointStruct:
    """:param passages: how many it has."""
    payload = {
        "document_id": document.document_id,
        "title": document.title,
        "date": document.date,
        "text": document.text,
        "sections": [astuple(section) for section in document.sections],
        "byline": astuple(document.byline) if document.byline else [],
        "origin": asdict(document.origin),
        "pages": [astuple(page) for page in document.pages],
        "text_sha256": document.text_sha256,
        "passages": passages,
        "words": count_words(document.text),
        "day": number_day(document.date),
    }
    return make_point("document", document.document_id, generation, payload)


def passage_point(
    passage: Passage, document: Document, vector: NDArray[Any], weights: Mapping[int, float], generation: int
) -> models.PointStruct:
    """:param weights: of its terms."""
    payload = {**{name: getattr(passage, name) for name in FIELDS}, "day": number_day(document.date)}
    vectors: dict[str, Any] = {DENSE: vector.tolist()}
    if weights:
        vectors[WORDS] = models.SparseVector(indices=list(weights), values=list(weights.values()))
    return make_point("passage", passage.passage_id, generation, payload, vectors)


def number_day(day: str | None, missing: str = "0") -> int:
    """20250613 for ``2025-06-13``, 0 for no day.

    :param missing: the digit for what is left out of a month or year.
    """
    return int(day[:10].replace("-", "").ljust(8, missing)) if day else 0


def count_words(text: str) -> int:
    """In a cleaned text, words are separated by one space, one line break or two line breaks."""
    line = text.replace("\n\n", " ").replace("\n", " ")
    return line.count(" ") + (line != "")


def read_document(held: Mapping[str, Any]) -> Document:
    """The document of a point's payload."""
    return Document(
        held["document_id"],
        held["title"],
        held["date"],
        held["text"],
        tuple(Section(*section) for section in held["sections"]),
        Byline(*held["byline"]) if held["byline"] else None,
        Origin(**held["origin"]),
        tuple(PageStart(*page) for page in held["pages"]),
    )


def read_passage(held: Mapping[str, Any]) -> Passage:
    """The passage of a point's payload."""
    return Passage(*(held[name] for name in FIELDS))


def read_summary(held: Mapping[str, Any], duplicate_of: str | None) -> DocumentSummary:
    """The summary of the document of a point's payload, which may lack its text."""
    origin = Origin(**held["origin"])
    return DocumentSummary(
        held["document_id"],
        held["title"],
        held["date"],
        duplicate_of,
        held["passages"],
        held["words"],
        origin.source,
        origin.publication,
        origin.language,
        origin.reader,
        held["text_sha256"],
        origin.dated,
        origin.saved,
    )
