"""The tables of ratings and reviews, in one SQLite file whose earlier versions are brought up to date.

Values reach SQL only as bound parameters.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATINGS = """
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
REVIEWS = """
CREATE TABLE items (
    item_id TEXT PRIMARY KEY,        -- of a rated answer: its feedback_id
    created TEXT NOT NULL,           -- ISO 8601, UTC
    origin TEXT NOT NULL CHECK (origin IN ('asked', 'rated', 'imported')),  -- asked: kept whatever anyone thought of it
    question TEXT NOT NULL,          -- as understood
    status TEXT NOT NULL CHECK (status IN ('answered', 'possible', 'abstained')),
    answer TEXT NOT NULL,            -- what was shown; empty if nothing was
    confidence REAL NOT NULL,
    margin REAL NOT NULL,            -- rag.review.items.measure_margin
    disagrees INTEGER NOT NULL,      -- whether articles gave different values
    topic TEXT NOT NULL,             -- the folder of its first article; empty for articles in no folder
    product TEXT NOT NULL,
    reader TEXT NOT NULL,
    encoder TEXT NOT NULL,
    sources TEXT NOT NULL            -- JSON: {"quotes": [place, ...], "passages": [place, ...], "values": [text, ...],
                                     -- "answers": [place, ...]}
) WITHOUT ROWID;
CREATE TABLE reviewers (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('reviewer', 'expert')),
    topics TEXT NOT NULL,            -- JSON: the topics they are given; none means all
    created TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE reviews (
    review_id INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id TEXT NOT NULL REFERENCES items (item_id),
    reviewer TEXT NOT NULL REFERENCES reviewers (name),
    created TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('gain', 'random', 'gold', 'calibration', 'inbox', 'imported')),
    decision TEXT NOT NULL CHECK (decision IN ('right', 'wrong', 'unanswerable', 'differ', 'bad', 'skip')),
    places TEXT NOT NULL,            -- JSON: [{"document_id", "title", "start", "end", "text", "digest"}, ...]
    guidelines INTEGER NOT NULL,     -- their version
    withdrawn TEXT                   -- when it was undone
);
CREATE UNIQUE INDEX reviews_once ON reviews (item_id, reviewer) WHERE withdrawn IS NULL;
CREATE TABLE opened (
    reviewer TEXT PRIMARY KEY REFERENCES reviewers (name),
    item_id TEXT NOT NULL REFERENCES items (item_id),
    way TEXT NOT NULL,
    time TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE comparisons (
    comparison_id TEXT PRIMARY KEY,
    question TEXT NOT NULL,
    first TEXT NOT NULL,             -- the name of a reader or an operating point
    second TEXT NOT NULL,
    first_answer TEXT NOT NULL,      -- as it is shown
    second_answer TEXT NOT NULL,
    created TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE preferences (
    comparison_id TEXT NOT NULL REFERENCES comparisons (comparison_id),
    reviewer TEXT NOT NULL REFERENCES reviewers (name),
    created TEXT NOT NULL,
    better TEXT NOT NULL CHECK (better IN ('first', 'second', 'same')),
    why TEXT NOT NULL,
    PRIMARY KEY (comparison_id, reviewer)
) WITHOUT ROWID;
INSERT INTO items
SELECT feedback_id, created, 'rated', standalone, status, CASE WHEN short = '' THEN answer ELSE short END, confidence,
    abs(confidence - coalesce(
        (SELECT max(json_extract(value, '$.confidence')) FROM json_each(alternatives)), 1 - confidence)),
    alternatives <> '[]', coalesce(
        (SELECT substr(document_id, 1, max(0, instr(document_id, '/') - 1)) FROM citations c
            WHERE c.feedback_id = f.feedback_id ORDER BY alternative, rank LIMIT 1),
        (SELECT substr(document_id, 1, max(0, instr(document_id, '/') - 1)) FROM passages p
            WHERE p.feedback_id = f.feedback_id ORDER BY rank LIMIT 1), ''), product, reader, encoder,
    json_object(
        'quotes', json((SELECT json_group_array(json_object('document_id', document_id, 'title', title, 'start', start,
                'end', end, 'text', quote))
            FROM (SELECT * FROM citations c WHERE c.feedback_id = f.feedback_id ORDER BY alternative, rank))),
        'passages', json((SELECT json_group_array(json_object('document_id', document_id, 'title', heading,
                'start', start, 'end', end, 'text', text))
            FROM (SELECT * FROM passages p WHERE p.feedback_id = f.feedback_id ORDER BY rank))),
        'values', json((SELECT json_group_array(json_extract(value, '$.text')) FROM json_each(alternatives))),
        'answers', json((SELECT json_group_array(json_object('document_id', document_id, 'title', title,
                'start', answer_start, 'end', answer_end,
                'text', substr(quote, answer_start - start + 1, answer_end - answer_start)))
            FROM (SELECT * FROM citations c WHERE c.feedback_id = f.feedback_id AND alternative = -1
                AND origin = 'copied' AND answer_end - answer_start < end - start ORDER BY rank))))
FROM feedback f;
"""
UPGRADES = (
    RATINGS,
    "ALTER TABLE citations ADD COLUMN time TEXT;",  # of a live blog's entry, such as 16:05
    REVIEWS,
    "ALTER TABLE citations ADD COLUMN page INTEGER;",  # of a PDF
)
"""What makes each version of the tables from the one before. Later versions only add columns and tables."""
VERSION = len(UPGRADES)
"""Version of the tables, stored as ``user_version``."""
REVIEWED = UPGRADES.index(REVIEWS) + 1
"""The first version with reviews."""
BUSY_SECONDS = 10.0
"""How long a write waits while another process writes."""


class FeedbackError(RagError):
    """The file of ratings and reviews cannot be used."""


def upgrade(path: Path) -> None:
    """Creates the file if it is missing, readable only by its owner, and updates one of an earlier version.

    :raises FeedbackError: if it cannot be used, or a later version of the product wrote it.
    """
    with connect(path) as connection:
        if read_version(connection) == VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")  # another process may be about to do the same
        version = read_version(connection)
        if version > VERSION:
            raise FeedbackError(f"A later version of this product wrote {path}: update it or name another file.")
        for step in UPGRADES[version:]:
            for statement in split_statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION:d}")
        connection.commit()


def split_statements(script: str) -> Iterator[str]:
    """The statements of a script. sqlite3 would run them as one only after ending the open transaction."""
    lines: list[str] = []
    for line in script.splitlines():
        lines.append(line)
        if sqlite3.complete_statement(statement := "\n".join(lines)):
            yield statement
            lines = []


def read_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """:raises FeedbackError: if anything goes wrong with the file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
    except (OSError, sqlite3.Error) as error:
        raise FeedbackError(f"{path} cannot keep feedback ({error}): name another file.") from error
