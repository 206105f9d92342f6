"""Items, reviewers and reviews in the SQLite file. Each call is one transaction: a killed process loses none."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from rag.errors import RagError
from rag.review.database import connect, upgrade
from rag.review.items import Item, Place, Provenance, insert_item, read_clock, read_places, read_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Decision = Literal["right", "wrong", "unanswerable", "differ", "bad", "skip"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
Way = Literal["gain", "random", "gold", "calibration", "inbox", "imported"]
"""Why somebody was given an item."""
Role = Literal["reviewer", "expert"]
_LIGHT = (
    "item_id, i.created, origin, i.question, i.status, i.answer, i.confidence, margin, disagrees, topic, i.product,"
    " i.reader, i.encoder, coalesce(rating, ''), coalesce(correction, '')"
)
_ITEMS = "FROM items i LEFT JOIN feedback f ON f.feedback_id = i.item_id"


class ReviewError(RagError):
    """A review cannot be made as asked."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """:param topics: the topics whose items they are given; empty for all."""

    name: str
    role: Role
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """What one person decided about one item.

    :param places: the right answer in an article, for ``wrong``; two or more different values, for ``differ``.
    :param guidelines: the version of the guidelines it was made by.
    """

    item_id: str
    reviewer: str
    way: Way
    decision: Decision
    places: tuple[Place, ...] = ()
    guidelines: int = 0
    created: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """An item that somebody has before them since ``time``."""

    reviewer: str
    item_id: str
    way: Way
    time: str


class ReviewStore:
    """The file. Threads and processes may share it, because each call opens its own connection."""

    def __init__(self, path: Path) -> None:
        """Creates the file if it is missing, and updates one of an earlier version.

        :raises FeedbackError: if it cannot be used.
        """
        self.path = path
        upgrade(path)

    def keep(self, items: Iterable[Item]) -> None:
        """Stores items; one that is stored already stays as it is."""
        with connect(self.path) as connection, connection:
            for item in items:
                insert_item(connection, item)

    def is_empty(self) -> bool:
        """Whether there is nothing to review or to compare, and nothing was."""
        with connect(self.path) as connection:
            query = "SELECT EXISTS (SELECT 1 FROM items) OR EXISTS (SELECT 1 FROM comparisons)"
            return not connection.execute(query).fetchone()[0]

    def list_items(self) -> list[Item]:
        """All items without their sources, in the order in which they came."""
        with connect(self.path) as connection:
            rows = connection.execute(f"SELECT {_LIGHT} {_ITEMS} ORDER BY i.created, item_id").fetchall()
        return [_read_item(row) for row in rows]

    def find_item(self, item_id: str) -> Item | None:
        """An item with its sources."""
        with connect(self.path) as connection:
            return select_item(connection, item_id)

    def add_reviewer(self, reviewer: Reviewer) -> None:
        """Adds a reviewer, or changes the role and topics of one."""
        if not reviewer.name.strip():
            raise ReviewError("A reviewer needs a name: give one.")
        with connect(self.path) as connection, connection:
            connection.execute(
                "INSERT INTO reviewers VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET role = excluded.role, topics = excluded.topics",
                (reviewer.name, reviewer.role, json.dumps(reviewer.topics), read_clock()),
            )

    def join(self, name: str) -> Reviewer:
        """The reviewer of this name. The very first person is an expert, whoever comes later is a reviewer."""
        with connect(self.path) as connection, connection:
            connection.execute(
                "INSERT OR IGNORE INTO reviewers SELECT ?, CASE WHEN EXISTS (SELECT 1 FROM reviewers)"
                " THEN 'reviewer' ELSE 'expert' END, '[]', ?",
                (name, read_clock()),
            )
        return self.list_reviewers()[name]

    def list_reviewers(self) -> dict[str, Reviewer]:
        """The reviewers by name."""
        with connect(self.path) as connection:
            return select_reviewers(connection)

    def list_reviews(self) -> list[Review]:
        """All reviews that were not undone, oldest first."""
        with connect(self.path) as connection:
            return select_reviews(connection)

    def open_item(self, reviewer: str, item_id: str, way: Way) -> None:
        """Notes which item somebody has before them; it replaces the one before it."""
        with connect(self.path) as connection, connection:
            row = (reviewer, item_id, way, read_clock())
            connection.execute("INSERT OR REPLACE INTO opened VALUES (?, ?, ?, ?)", row)

    def list_opened(self) -> list[Opened]:
        with connect(self.path) as connection:
            rows = connection.execute("SELECT reviewer, item_id, way, time FROM opened").fetchall()
        return [Opened(*row) for row in rows]

    def record(self, review: Review) -> None:
        """Stores a review and closes its item.

        :raises ReviewError: if this person has reviewed this item already.
        """
        row = (review.item_id, review.reviewer, review.created or read_clock(), review.way, review.decision)
        places = json.dumps([asdict(place) for place in review.places], ensure_ascii=False)
        try:
            with connect(self.path) as connection, connection:
                connection.execute(
                    "INSERT INTO reviews (item_id, reviewer, created, way, decision, places, guidelines)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, places, review.guidelines),
                )
                connection.execute("DELETE FROM opened WHERE reviewer = ?", (review.reviewer,))
        except RagError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise ReviewError("You have reviewed this one already: go on with the next.") from None
            raise

    def undo(self, reviewer: str) -> Review | None:
        """Withdraws somebody's last review and gives them its item again; None if there is none."""
        with connect(self.path) as connection, connection:
            found = connection.execute(
                "SELECT review_id, item_id, way, decision FROM reviews WHERE reviewer = ? AND withdrawn IS NULL"
                " AND way <> 'imported' ORDER BY review_id DESC LIMIT 1",
                (reviewer,),
            ).fetchone()
            if found is None:
                return None
            number, item_id, way, decision = found
            connection.execute("UPDATE reviews SET withdrawn = ? WHERE review_id = ?", (read_clock(), number))
            row = (reviewer, item_id, way, read_clock())
            connection.execute("INSERT OR REPLACE INTO opened VALUES (?, ?, ?, ?)", row)
        return Review(item_id, reviewer, way, decision)


def select_reviewers(connection: sqlite3.Connection) -> dict[str, Reviewer]:
    rows = connection.execute("SELECT name, role, topics FROM reviewers ORDER BY name").fetchall()
    return {name: Reviewer(name, role, tuple(json.loads(topics))) for name, role, topics in rows}


def select_reviews(connection: sqlite3.Connection) -> list[Review]:
    rows = connection.execute(
        "SELECT item_id, reviewer, way, decision, places, guidelines, created FROM reviews"
        " WHERE withdrawn IS NULL ORDER BY review_id"
    ).fetchall()
    return [
        Review(item_id, reviewer, way, decision, read_places(json.loads(places)), guidelines, created)
        for item_id, reviewer, way, decision, places, guidelines, created in rows
    ]


def select_item(connection: sqlite3.Connection, item_id: str) -> Item | None:
    row = connection.execute(f"SELECT {_LIGHT}, sources {_ITEMS} WHERE item_id = ?", (item_id,)).fetchone()
    return _read_item(row) if row else None


def _read_item(row: Sequence[Any]) -> Item:
    """:param row: the columns of ``_LIGHT``, and perhaps the sources."""
    item_id, created, origin, question, status, answer, confidence, margin, disagrees, topic, *rest = row
    product, reader, encoder, rating, correction, *sources = rest
    return Item(
        item_id=item_id,
        created=created,
        origin=origin,
        question=question,
        status=status,
        answer=answer,
        confidence=confidence,
        margin=margin,
        disagrees=bool(disagrees),
        topic=topic,
        source=Provenance(product, reader, encoder),
        rating=rating,
        correction=correction,
        sources=read_sources(sources[0]) if sources else None,
    )
