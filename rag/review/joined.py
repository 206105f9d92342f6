"""Joins the texts of several places into one, as labelling tools show them, and converts marks in it to places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.review.items import Place
from rag.review.squad import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.review.items import Item
    from rag.review.store import Review

BETWEEN = "\n\n"


def list_shown(item: Item, reviews: Iterable[Review]) -> list[Place]:
    """The passages of an item, and each reviewed place that is in none of them."""
    shown = list(item.sources.passages) if item.sources else []
    for place in (place for review in reviews for place in review.places):
        if not any(holds(passage, place) for passage in shown):
            shown.append(place)
    return shown


def join_texts(shown: Sequence[Place]) -> str:
    return BETWEEN.join(place.text for place in shown)


def describe_places(shown: Sequence[Place]) -> list[dict[str, Any]]:
    """Where each part of the joined text is in its article."""
    return [{"document_id": p.document_id, "title": p.title, "start": p.start, "end": p.end} for p in shown]


def cut_texts(text: str, described: Sequence[dict[str, Any]]) -> tuple[Place, ...]:
    """The places again. :raises KeyError, TypeError, ValueError: if they do not fit the text."""
    at, shown = 0, []
    for place in described:
        start, end = int(place["start"]), int(place["end"])
        part = text[at : at + end - start]
        if len(part) != end - start or start < 0:
            raise ValueError("the text is cut off")
        shown.append(Place(str(place["document_id"]), str(place["title"]), start, end, part))
        at += len(part) + len(BETWEEN)
    return tuple(shown)


def find_mark(place: Place, shown: Sequence[Place]) -> tuple[int, int] | None:
    """Where a place is in the joined text; None if it is in no part."""
    at = 0
    for passage in shown:
        if holds(passage, place):
            start = at + place.start - passage.start
            return start, start + len(place.text)
        at += len(passage.text) + len(BETWEEN)
    return None


def find_place(start: int, end: int, shown: Sequence[Place]) -> Place:
    """The place in its article of a mark. :raises ValueError: if no part holds it."""
    at = 0
    for passage in shown:
        if at <= start < end <= at + len(passage.text):
            first = passage.start + start - at
            return Place(
                passage.document_id, passage.title, first, first + end - start, passage.text[start - at : end - at]
            )
        at += len(passage.text) + len(BETWEEN)
    raise ValueError(f"the text from {start} to {end} is in no passage")
