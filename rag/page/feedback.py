"""What people thought of answers, in an SQLite file.

Everything that an answer stood on is kept as it was, so that later work can learn from it whatever became of the
articles, the index and the models since. Values reach SQL only as bound parameters.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.page.exchange import Exchange
    from rag.types import Answer, Citation, Turn

VERSION = 1
"""Of the tables, in the file's ``user_version``; a later one adds columns and tables and leaves these as they are."""
SCHEMA = """
CREATE TABLE feedback (
    feedback_id TEXT PRIMARY KEY,    -- the exchange's key: a change of mind replaces the row
    created TEXT NOT NULL,           -- ISO 8601, UTC
    changed TEXT NOT NULL,
    rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    correction TEXT NOT NULL,        -- what would have been right; empty where nothing was said
    question TEXT NOT NULL,          -- as typed
    standalone TEXT NOT NULL,        -- as understood
    history TEXT NOT NULL,           -- JSON: [{"role", "content"}, ...] before it
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
    alternative INTEGER NOT NULL,    -- -1 for the answer itself, else the place in alternatives
    rank INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    title TEXT NOT NULL,
    date TEXT,
    passage_id TEXT NOT NULL,
    quote TEXT NOT NULL,
    start INTEGER NOT NULL,          -- characters of the cleaned article, half open
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
BUSY_SECONDS = 10.0
"""How long a write waits for another process that writes."""


class FeedbackError(RagError):
    """The file of feedback cannot be used."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What gave the answers: rows of different sources are not of one kind."""

    product: str
    reader: str
    encoder: str


class FeedbackStore:
    """The file of feedback. Several threads and processes may use it: each call has a connection of its own."""

    def __init__(self, path: Path) -> None:
        """Makes the file, readable for its owner alone, where there is none.

        :raises FeedbackError: where it cannot be used, or a later version of the product wrote it.
        """
        self._path = path
        with self._connect() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise FeedbackError(f"A later version of this product wrote {path}: update, or name another file.")
            if version < VERSION:
                connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION:d}; COMMIT;")

    def save(self, exchange: Exchange, history: tuple[Turn, ...], source: Provenance) -> None:
        """Keeps what somebody thought of an answer, in place of what they thought before; no rating removes it.

        :raises FeedbackError: where the file cannot be written.
        :raises ValueError: for an exchange without an answer.
        """
        if exchange.answer is None:
            raise ValueError("nothing was answered")
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with self._connect() as connection, connection:
            known = connection.execute("SELECT created FROM feedback WHERE feedback_id = ?", (exchange.key,)).fetchone()
            connection.execute("DELETE FROM feedback WHERE feedback_id = ?", (exchange.key,))
            if exchange.rating:
                _insert(connection, exchange, exchange.answer, history, (known[0] if known else now, now), source)

    def count(self) -> int:
        """Number of answers that somebody rated."""
        with self._connect() as connection:
            number: int = connection.execute("SELECT COUNT(*) FROM feedback").fetchone()[0]
        return number

    def iterate_records(self) -> Iterator[dict[str, Any]]:
        """Everything that was kept, JSON-ready, the oldest first."""
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
        """:raises FeedbackError: for whatever goes wrong with the file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise FeedbackError(f"{self._path} cannot keep feedback ({error}): name another file.") from error


def _insert(
    connection: sqlite3.Connection,
    exchange: Exchange,
    answer: Answer,
    history: tuple[Turn, ...],
    times: tuple[str, str],
    source: Provenance,
) -> None:
    alternatives = [{"text": o.text, "confidence": o.confidence, "articles": o.articles} for o in answer.alternatives]
    row = (
        exchange.key,
        *times,
        exchange.rating,
        exchange.correction,
        exchange.question,
        answer.standalone,
        _dump([asdict(turn) for turn in history]),
        answer.status,
        answer.text,
        answer.short,
        answer.reason,
        answer.confidence,
        answer.articles,
        _dump(alternatives),
        source.product,
        source.reader,
        source.encoder,
    )
    connection.execute("INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    groups = [answer.citations, *(other.citations for other in answer.alternatives)]
    connection.executemany(
        "INSERT INTO citations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (exchange.key, place - 1, rank, *_list_values(citation))
            for place, citations in enumerate(groups)
            for rank, citation in enumerate(citations)
        ],
    )
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (exchange.key, rank, p.passage_id, p.document_id, p.heading, p.start, p.end, p.text, scored.score)
            for rank, scored in enumerate(answer.passages)
            for p in [scored.passage]
        ],
    )


def _list_values(c: Citation) -> tuple[object, ...]:
    where = (c.start, c.end, c.answer_start, c.answer_end)
    return (c.document_id, c.title, c.date, c.passage_id, c.quote, *where, c.origin)


def _without_key(row: sqlite3.Row) -> dict[str, Any]:
    return {name: row[name] for name in row.keys() if name != "feedback_id"}  # noqa: SIM118 (a Row iterates values)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
