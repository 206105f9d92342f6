"""Ratings and corrections of answers, in an SQLite file.

Each is stored with everything its answer was based on, so that later work can learn from it even after articles,
index and models have changed. Values reach SQL only as bound parameters.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag.review.database import connect, upgrade
from rag.review.items import Provenance, drop_rated, insert_item, make_item, read_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.page.exchange import Exchange
    from rag.types import Answer, Turn


class FeedbackStore:
    """The feedback file. Threads and processes may share it, because each call opens its own connection."""

    def __init__(self, path: Path) -> None:
        """Creates the file if it is missing, readable only by its owner, and updates one of an earlier version.

        :raises FeedbackError: if it cannot be used, or a later version of the product wrote it.
        """
        self._path = path
        upgrade(path)

    def save(self, exchange: Exchange, history: tuple[Turn, ...], source: Provenance) -> None:
        """Stores the rating of an answer, replacing an earlier one. An empty rating deletes it.

        :raises FeedbackError: if the file cannot be written.
        :raises ValueError: if the exchange has no answer.
        """
        if exchange.answer is None:
            raise ValueError("there is no answer to rate")
        now = read_clock()
        with connect(self._path) as connection, connection:
            known = connection.execute("SELECT created FROM feedback WHERE feedback_id = ?", (exchange.key,)).fetchone()
            connection.execute("DELETE FROM feedback WHERE feedback_id = ?", (exchange.key,))
            if not exchange.rating:
                drop_rated(connection, exchange.key)
            else:
                item = make_item(exchange.key, exchange.answer, source, created=exchange.asked or now, origin="rated")
                insert_item(connection, item)
                times = (known[0] if known else now, now)
                for table, row in _list_rows(exchange, exchange.answer.shown, history, times, source):
                    columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608 (our names)

    def keep(self, exchange: Exchange, source: Provenance) -> None:
        """Keeps an answer for review, whatever anyone will think of it.

        :raises FeedbackError: if the file cannot be written.
        """
        if exchange.answer is not None:
            created = exchange.asked or read_clock()
            item = make_item(exchange.key, exchange.answer, source, created=created, origin="asked")
            with connect(self._path) as connection, connection:
                insert_item(connection, item)

    def count(self) -> int:
        """Number of rated answers."""
        with connect(self._path) as connection:
            number: int = connection.execute("SELECT COUNT(*) FROM feedback").fetchone()[0]
        return number

    def iterate_records(self) -> Iterator[dict[str, Any]]:
        """All stored feedback, JSON-ready, oldest first."""
        with connect(self._path) as connection:
            connection.row_factory = sqlite3.Row
            for row in connection.execute("SELECT * FROM feedback ORDER BY created, feedback_id").fetchall():
                key = (row["feedback_id"],)
                citations = connection.execute(
                    "SELECT * FROM citations WHERE feedback_id = ? ORDER BY alternative, rank", key
                )
                passages = connection.execute("SELECT * FROM passages WHERE feedback_id = ? ORDER BY rank", key)
                yield {
                    **dict(row),
                    "history": json.loads(row["history"]),
                    "alternatives": json.loads(row["alternatives"]),
                    "citations": [_without_key(found) for found in citations],
                    "passages": [_without_key(found) for found in passages],
                }


def _list_rows(
    exchange: Exchange, answer: Answer, history: tuple[Turn, ...], times: tuple[str, str], source: Provenance
) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows for one rated answer: the table, and the value of each column."""
    key = {"feedback_id": exchange.key}
    yield (
        "feedback",
        {
            **key,
            "created": times[0],
            "changed": times[1],
            "rating": exchange.rating,
            "correction": exchange.correction,
            "question": exchange.question,
            "standalone": answer.standalone,
            "history": _dump([asdict(turn) for turn in history]),
            "status": answer.status,
            "answer": answer.text,
            "short": answer.short,
            "reason": answer.reason,
            "confidence": answer.confidence,
            "articles": answer.articles,
            "alternatives": _dump(
                [{"text": o.text, "confidence": o.confidence, "articles": o.articles} for o in answer.alternatives]
            ),
            **asdict(source),
        },
    )
    groups = [answer.citations, *(other.citations for other in answer.alternatives)]
    for place, citations in enumerate(groups, -1):
        for rank, citation in enumerate(citations):
            yield "citations", {**key, "alternative": place, "rank": rank, **asdict(citation)}
    for rank, scored in enumerate(answer.passages):
        passage = {n: v for n, v in asdict(scored.passage).items() if n not in ("title", "date")}
        yield "passages", {**key, "rank": rank, **passage, "score": scored.score}


def _without_key(row: sqlite3.Row) -> dict[str, Any]:
    return {name: row[name] for name in row.keys() if name != "feedback_id"}  # noqa: SIM118 (a Row iterates values)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
