"""Review items: an answer as it was shown, and the places of the articles that it was based on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from rag.types import Place as Place

if TYPE_CHECKING:
    import sqlite3

    from rag.types import Answer, Citation, Passage, Status

Origin = Literal["asked", "rated", "imported"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """The product and models that gave an answer. Rows with different ones should not be mixed."""

    product: str
    reader: str
    encoder: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What an answer was based on.

    :param quotes: the quotes of the answer and then those of the other values.
    :param answers: the places of a short answer, one for each article that gives it.
    :param passages: the passages that were read, best first.
    :param values: the different values that other articles gave.
    """

    quotes: tuple[Place, ...]
    passages: tuple[Place, ...]
    values: tuple[str, ...]
    answers: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An answer to review.

    :param question: as it was understood.
    :param answer: the short answer or the quoted sentences that were shown; empty if there was none.
    :param margin: see :func:`measure_margin`.
    :param disagrees: whether articles gave different values.
    :param topic: the first folder in the path of its first article; empty for articles that are in none.
    :param rating: the user's thumb, ``up`` or ``down``; empty without one.
    :param correction: the answer that the user called right; empty if none.
    :param sources: None where only the order of items matters.
    """

    item_id: str
    created: str
    origin: Origin
    question: str
    status: Status
    answer: str
    confidence: float
    margin: float
    disagrees: bool
    topic: str
    source: Provenance
    rating: str = ""
    correction: str = ""
    sources: Sources | None = None


def make_item(item_id: str, answer: Answer, source: Provenance, *, created: str, origin: Origin) -> Item:
    shown = answer.shown
    quotes = [*shown.citations, *(citation for other in shown.alternatives for citation in other.citations)]
    passages = [scored.passage for scored in answer.passages]
    named = [*(quote.document_id for quote in quotes), *(passage.document_id for passage in passages)]
    return Item(
        item_id=item_id,
        created=created,
        origin=origin,
        question=answer.standalone,
        status=answer.status,
        answer=shown.short or shown.text,
        confidence=shown.confidence,
        margin=measure_margin(answer),
        disagrees=shown.contradicted,
        topic=find_topic(named[0]) if named else "",
        source=source,
        sources=Sources(
            tuple(map(_place_quote, quotes)),
            tuple(map(_place_passage, passages)),
            tuple(other.text for other in shown.alternatives),
            tuple(map(_place_answer, filter(_is_short, shown.citations))),
        ),
    )


def find_topic(document_id: str) -> str:
    """``economy/banks/a.txt`` → ``economy``; empty for an article in no folder."""
    return document_id.partition("/")[0] if "/" in document_id else ""


def measure_margin(answer: Answer) -> float:
    """How much more probable the answer is than the next different one, 0 to 1 (margin sampling, Scheffer et al. 2001).

    Without another value, that is the probability that the answer is wrong.
    """
    shown = answer.shown
    best = answer.withheld.confidence if answer.withheld else shown.confidence
    return abs(best - max((other.confidence for other in shown.alternatives), default=1 - best))


def read_clock(timespec: str = "seconds") -> str:
    """The time in UTC, in ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec=timespec)


def hash_share(*parts: str) -> float:
    """A number from 0 up to 1 that depends on these texts alone: what is drawn by it cannot be influenced."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def insert_item(connection: sqlite3.Connection, item: Item) -> None:
    """Stores an item unless it is stored already: what was reviewed must not change afterwards."""
    values = {
        name: getattr(item, name)
        for name in ("item_id", "created", "origin", "question", "status", "answer", "confidence", "margin", "topic")
    }
    values |= {**asdict(item.source), "disagrees": int(item.disagrees), "sources": write_sources(item.sources)}
    columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT OR IGNORE INTO items ({columns}) VALUES ({marks})", values)  # noqa: S608 (our names)


def drop_rated(connection: sqlite3.Connection, item_id: str) -> None:
    """Removes the item of a rating that is withdrawn, unless it was kept for another reason or somebody saw it."""
    connection.execute(
        "DELETE FROM items WHERE item_id = :item AND origin = 'rated'"
        " AND NOT EXISTS (SELECT 1 FROM reviews WHERE item_id = :item)"
        " AND NOT EXISTS (SELECT 1 FROM opened WHERE item_id = :item)",
        {"item": item_id},
    )


def write_sources(sources: Sources | None) -> str:
    return json.dumps(asdict(sources or Sources((), (), ())), ensure_ascii=False)


def read_sources(text: str) -> Sources:
    found = json.loads(text)
    return Sources(
        read_places(found["quotes"]),
        read_places(found["passages"]),
        tuple(found["values"]),
        read_places(found["answers"]),
    )


def read_places(found: list[dict[str, Any]]) -> tuple[Place, ...]:
    return tuple(Place(**place) for place in found)


def _place_quote(citation: Citation) -> Place:
    return Place(citation.document_id, citation.title, citation.start, citation.end, citation.quote)


def _is_short(citation: Citation) -> bool:
    return citation.origin == "copied" and citation.answer_end - citation.answer_start < len(citation.quote)


def _place_answer(citation: Citation) -> Place:
    start, end = citation.answer_start, citation.answer_end
    text = citation.quote[start - citation.start : end - citation.start]
    return Place(citation.document_id, citation.title, start, end, text)


def _place_passage(passage: Passage) -> Place:
    return Place(passage.document_id, passage.title, passage.start, passage.end, passage.text)
