"""Items made by hand, and articles that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.review.items import Item, Place, Provenance, Sources
from rag.review.judging import Judging, Span
from rag.review.store import ReviewStore
from rag.types import Document

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Meta bought a 49% stake in Scale. The price was $14.3 billion. Scale is run by Jason Droege."
OTHER = "Meta paid $10 billion for Scale, said a banker."
ARTICLES = {
    "deals/a.txt": Document("deals/a.txt", "The deal", "2026-06-10", TEXT),
    "deals/b.txt": Document("deals/b.txt", "A banker", "2026-06-11", OTHER),
}


def make_item(name: str, question: str = "", **fields: Any) -> Item:
    """An answer of 49%, from the first sentence of the first article."""
    quote = Place("deals/a.txt", "The deal", 0, 33, TEXT[:33])
    passages = tuple(Place(d.document_id, d.title, 0, len(d.text), d.text) for d in ARTICLES.values())
    values: dict[str, Any] = {
        "item_id": name,
        "created": "2026-11-02T10:00:00+00:00",
        "origin": "rated",
        "question": question or f"What is the number of Thing{name}?",
        "status": "answered",
        "answer": "49%",
        "confidence": 0.8,
        "margin": 0.6,
        "disagrees": False,
        "topic": "deals",
        "source": Provenance("0.1.0", "built-in", "abc"),
        "sources": Sources((quote,), passages, ()),
    }
    return Item(**{**values, **fields})


def open_judging(folder: Path, *items: Item) -> Judging:
    store = ReviewStore(folder / "feedback.sqlite")
    store.keep(items)
    return Judging(store, ARTICLES.get)


def find_span(text: str, document: str = "deals/a.txt") -> Span:
    start = ARTICLES[document].text.index(text)
    return Span(document, start, start + len(text), text)
