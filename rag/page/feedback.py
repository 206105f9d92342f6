"""Ratings and corrections of answers, in an SQLite file.

Each is stored with everything its answer was based on, so that later work can learn from it even after articles,
index and models have changed. Values reach SQL only as bound parameters.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.page.exchange import read_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.page.exchange import Exchange
    from rag.types import Answer, Turn

SCHEMA = """
CREATE TABLE feedback (
    feedback_id TEXT PRIMARY KEY,    -- the exchange's key: a new rating replaces the row
    created TEXT NOT NULL,           -- ISO 8601, UTC
    changed TEXT NOT NULL,
    rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    correction TEXT NOT NULL,        -- the right answer; empty if none was given
    question TEXT NOT NULL,          -- as typed
    standalone TEXT NOT NULL,        -- as understood
    history TEXT NOT NULL,           -- JSON: [{"role", "content"}, ...] of the turns before
    status TEXT NOT NULL CHECK (status IN ('answered', 'abstained')),
    answer TEXT NOT NULL,
    short TEXT NOT NULL,
    reason TEXT NOT NULL,
    confidence REAL NOT NULL,
    articles INTEGER NOT NULL,
    alternatives TEXT NOT NULL,      -- JSON: [{"text", "confidence", "articles"}, ...]
    product TEXT NOT NULL,           -- version of the product
    reader TEXT NOT NULL,
    encoder TEXT NOT NULL            -- fingerprint
) WITHOUT ROWID;
CREATE TABLE citations (
    feedback_id TEXT NOT NULL REFERENCES feedback (feedback_id) ON DELETE CASCADE,
    alternative INTEGER NOT NULL,    -- -1 for the answer itself, else the index in alternatives
    rank INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    title TEXT NOT NULL,
    date TEXT,
    passage_id TEXT NOT NULL,
    quote TEXT NOT NULL,
    start INTEGER NOT NULL,          -- character offset in the cleaned article, half open
    end INTEGER NOT NULL,
    answer_start INTEGER NOT NULL,
    answer_end INTEGER NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (feedback_id, alternative, rank)
) WITHOUT ROWID;
CREATE TABLE passages (
    feedback_id TEXT NOT NULL REFERENCES feedback (feedback_id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    passage_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    heading TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    text TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (feedback_id, rank)
) WITHOUT ROWID;
CREATE INDEX feedback_by_time ON feedback (created);
"""
UPGRADES = (
    SCHEMA,
    "ALTER TABLE citations ADD COLUMN time TEXT;",  # of a live blog's entry, such as 16:05
)
"""What makes each version of the tables from the one before. Later versions only add columns and tables."""
VERSION = len(UPGRADES)
"""Version of the tables, stored as ``user_version``."""
BUSY_SECONDS = 10.0
"""How long a write waits while another process writes."""


class FeedbackError(RagError):
    """The feedback file cannot be used."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The product and models that gave an answer. Rows with different ones should not be mixed."""

    product: str
    reader: str
    encoder: str


class FeedbackStore:
    """The feedback file. Threads and processes may share it, because each call opens its own connection."""

    def __init__(self, path: Path) -> None:
        """Creates the file if it is missing, readable only by its owner, and updates one of an earlier version.

        :raises FeedbackError: if it cannot be used, or a later version of the product wrote it.
        """
        self._path = path
        with self._connect() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise FeedbackError(f"A later version of this product wrote {path}: update it or name another file.")
            if version < VERSION:
                steps = " ".join(UPGRADES[version:])
                connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {VERSION:d}; COMMIT;")

    def save(self, exchange: Exchange, history: tuple[Turn, ...], source: Provenance) -> None:
        """Stores the rating of an answer, replacing an earlier one. An empty rating deletes it.

        :raises FeedbackError: if the file cannot be written.
        :raises ValueError: if the exchange has no answer.
        """
        if exchange.answer is None:
            raise ValueError("there is no answer to rate")
        now = read_clock()
        with self._connect() as connection, connection:
            known = connection.execute("SELECT created FROM feedback WHERE feedback_id = ?", (exchange.key,)).fetchone()
            connection.execute("DELETE FROM feedback WHERE feedback_id = ?", (exchange.key,))
            if exchange.rating:
                times = (known[0] if known else now, now)
                for table, row in _list_rows(exchange, exchange.answer.shown, history, times, source):
                    columns, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", row)  # noqa: S608 (our names)

    def count(self) -> int:
        """Number of rated answers."""
        with self._connect() as connection:
            number: int = connection.execute("SELECT COUNT(*) FROM feedback").fetchone()[0]
        return number

    def iterate_records(self) -> Iterator[dict[str, Any]]:
        """All stored feedback, JSON-ready, oldest first."""
        with self._connect() as connection:
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

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """:raises FeedbackError: if anything goes wrong with the file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise FeedbackError(f"{self._path} cannot keep feedback ({error}): name another file.") from error


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
