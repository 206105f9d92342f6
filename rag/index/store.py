"""Creates, writes and reads passages.db. Values are passed to SQL only as bound parameters."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING
from urllib.parse import quote

from rag.types import Byline, Document, Origin, PageStart, Passage, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

TOKENIZER = "porter unicode61 remove_diacritics 2"
SCHEMA = f"""
CREATE TABLE documents (
    document_id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    date TEXT,
    text TEXT NOT NULL,
    sections TEXT NOT NULL,        -- JSON: [[start, heading], ...]
    byline TEXT NOT NULL,          -- JSON: [start, author, author_start, author_end], or [] for none
    origin TEXT NOT NULL,          -- JSON: the fields of rag.documents.Origin
    pages TEXT NOT NULL,           -- JSON: [[start, number], ...]
    text_sha256 TEXT NOT NULL,
    source_sha256 TEXT NOT NULL,
    duplicate_of TEXT              -- document_id of the article it repeats
) WITHOUT ROWID;
CREATE TABLE passages (
    row INTEGER PRIMARY KEY,
    passage_id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents (document_id),
    heading TEXT NOT NULL,
    start INTEGER NOT NULL,        -- characters of documents.text, half open
    end INTEGER NOT NULL,
    text TEXT NOT NULL,
    vector BLOB NOT NULL           -- float32, little endian, unit length
);
CREATE INDEX passages_of_document ON passages (document_id);
CREATE VIRTUAL TABLE passages_fts USING fts5 (
    context, text, tokenize = '{TOKENIZER}'
);
"""
SELECT_PASSAGES = (
    "SELECT row, passage_id, p.document_id, title, heading, date, start, end, p.text "
    "FROM passages AS p JOIN documents AS d ON d.document_id = p.document_id "
)
WORD = re.compile(r"[^\W_]+")
MAX_QUERY_WORDS = 64
"""Most words of a question in a BM25 query. Chosen by hand to bound the cost of a search."""
# Weight of a word in the title or heading; in the text it is 1. All passages of an article share their title.
CONTEXT_WEIGHT = 0.25
# SQLite's limit on bound parameters was 999 in older versions.
MAX_PARAMETERS = 500


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a new copy that nobody reads yet. It needs no syncs, because it is flushed once at the end or deleted."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open read-only and without locks, because the file is never changed in place."""
    uri = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables in an empty database."""
    connection.execute("PRAGMA encoding = 'UTF-8'")
    for statement in SCHEMA.split(";\n"):
        connection.execute(statement)


def insert_document(connection: sqlite3.Connection, document: Document, source_sha256: str) -> None:
    """Insert a document. Call `set_duplicates` afterwards to mark near-duplicates."""
    sections = json.dumps([[section.start, section.heading] for section in document.sections])
    byline = json.dumps(astuple(document.byline) if document.byline else ())
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            document.document_id,
            document.title,
            document.date,
            document.text,
            sections,
            byline,
            json.dumps(asdict(document.origin)),
            json.dumps([astuple(page) for page in document.pages]),
            document.text_sha256,
            source_sha256,
        ),
    )


def insert_passages(connection: sqlite3.Connection, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
    """Insert passages of documents that are already in the database.

    :param vectors: unit rows, float32, shape (len(passages), dimension).
    """
    for passage, vector in zip(passages, vectors, strict=True):
        cursor = connection.execute(
            "INSERT INTO passages (passage_id, document_id, heading, start, end, text, vector)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                passage.passage_id,
                passage.document_id,
                passage.heading,
                passage.start,
                passage.end,
                passage.text,
                vector.astype("<f4").tobytes(),
            ),
        )
        connection.execute(
            "INSERT INTO passages_fts (rowid, context, text) VALUES (?, ?, ?)",
            (cursor.lastrowid, passage.context, passage.text),
        )


def delete_documents(connection: sqlite3.Connection, document_ids: Iterable[str]) -> None:
    """Delete documents and their passages."""
    for document_id in document_ids:
        connection.execute(
            "DELETE FROM passages_fts WHERE rowid IN (SELECT row FROM passages WHERE document_id = ?)",
            (document_id,),
        )
        connection.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
        connection.execute("DELETE FROM documents WHERE document_id = ?", (document_id,))


def set_duplicates(connection: sqlite3.Connection, duplicates: dict[str, str]) -> None:
    """Replace all near-duplicate marks.

    :param duplicates: ``document_id`` of each near-duplicate to that of its original.
    """
    connection.execute("UPDATE documents SET duplicate_of = NULL WHERE duplicate_of IS NOT NULL")
    connection.executemany(
        "UPDATE documents SET duplicate_of = ? WHERE document_id = ?",
        [(original, document_id) for document_id, original in duplicates.items()],
    )


def compact(connection: sqlite3.Connection) -> None:
    """Erase the data of deleted articles from the file, and merge the segments of the full-text index."""
    connection.execute("INSERT INTO passages_fts (passages_fts) VALUES ('optimize')")
    connection.execute("VACUUM")


def select_documents(connection: sqlite3.Connection, document_id: str | None = None) -> list[Document]:
    """All documents in order of their ids, or only the one with the given id."""
    # One condition for both cases would search the whole table for a single document.
    condition = "" if document_id is None else " WHERE document_id = ?"
    rows = connection.execute(
        f"SELECT document_id, title, date, text, sections, byline, origin, pages FROM documents{condition}"  # noqa: S608
        " ORDER BY document_id",
        () if document_id is None else (document_id,),
    )
    documents = []
    for key, title, date, text, sections, byline, origin, pages in rows:
        found = json.loads(byline)
        parts = tuple(Section(*section) for section in json.loads(sections))
        starts = tuple(PageStart(*page) for page in json.loads(pages))
        signed = Byline(*found) if found else None
        documents.append(Document(key, title, date, text, parts, signed, Origin(**json.loads(origin)), starts))
    return documents


def select_origins(connection: sqlite3.Connection) -> list[tuple[str, str | None, Origin]]:
    """The id, date and origin of each document, without its text, in order of their ids."""
    rows = connection.execute("SELECT document_id, date, origin FROM documents ORDER BY document_id")
    return [(name, day, Origin(**json.loads(origin))) for name, day, origin in rows]


def select_rows(connection: sqlite3.Connection, documents: Iterable[str]) -> list[int]:
    """The rows of the passages of some documents, ascending."""
    query = "SELECT row FROM passages WHERE document_id IN (SELECT value FROM json_each(?)) ORDER BY row"
    return [row for (row,) in connection.execute(query, (json.dumps(list(documents)),))]


def select_newest(connection: sqlite3.Connection, most: int) -> list[str]:
    """The ids of at most ``most`` documents that repeat no other, newest first, those without a date last."""
    query = "SELECT document_id FROM documents WHERE duplicate_of IS NULL ORDER BY date DESC, document_id LIMIT ?"
    return [name for (name,) in connection.execute(query, (most,))]


def select_dated_rows(connection: sqlite3.Connection, since: str, until: str) -> list[int]:
    """The rows of passages whose documents are dated from ``since`` to ``until``, both included, ascending."""
    query = (
        "SELECT row FROM passages JOIN documents USING (document_id) WHERE date >= ? AND substr(date, 1, 10) <= ?"
        " ORDER BY row"
    )
    return [row for (row,) in connection.execute(query, (since, until))]


def select_newest_day(connection: sqlite3.Connection, last: str, among: Iterable[str] | None = None) -> str | None:
    """The newest date of a document that is not after the day ``last``; None if there is none.

    :param among: the ids of the documents that count; None for all.
    """
    chosen = "" if among is None else " AND document_id IN (SELECT value FROM json_each(?))"
    query = f"SELECT MAX(date) FROM documents WHERE date <= ?{chosen}"  # noqa: S608 (a constant of this module)
    found: str | None = connection.execute(
        query, (last, *([] if among is None else [json.dumps(list(among))]))
    ).fetchone()[0]
    return found


def select_passages(connection: sqlite3.Connection, rows: Sequence[int]) -> list[Passage]:
    """The passages of these rows, in this order.

    :raises KeyError: for an unknown row.
    """
    found: dict[int, Passage] = {}
    for first in range(0, len(rows), MAX_PARAMETERS):
        some = rows[first : first + MAX_PARAMETERS]
        marks = ", ".join("?" * len(some))
        for row, *values in connection.execute(f"{SELECT_PASSAGES} WHERE row IN ({marks})", tuple(some)):
            found[row] = Passage(*values)
    return [found[row] for row in rows]


def select_document_passages(connection: sqlite3.Connection, document_id: str) -> list[Passage]:
    """The passages of a document in text order; empty if there is no such document."""
    rows = connection.execute(f"{SELECT_PASSAGES} WHERE p.document_id = ? ORDER BY start, end", (document_id,))
    return [Passage(*values) for _, *values in rows]


def select_vectors(connection: sqlite3.Connection, dimension: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Row ids, int64, shape (n,), ascending, and their vectors, float32, shape (n, dimension)."""
    import numpy as np

    with closing(connection.execute("SELECT row, vector FROM passages ORDER BY row")) as cursor:
        rows = cursor.fetchall()
    blob = b"".join(vector for _, vector in rows)
    vectors = np.frombuffer(blob, dtype="<f4").astype(np.float32).reshape(len(rows), dimension)
    return np.array([row for row, _ in rows], dtype=np.int64), vectors


def select_document_vectors(connection: sqlite3.Connection, document_id: str, dimension: int) -> NDArray[np.float32]:
    """The vectors of a document's passages in text order, float32, shape (n, dimension)."""
    import numpy as np

    rows = connection.execute("SELECT vector FROM passages WHERE document_id = ? ORDER BY start, end", (document_id,))
    blob = b"".join(vector for (vector,) in rows)
    return np.frombuffer(blob, dtype="<f4").astype(np.float32).reshape(-1, dimension)


def find_query_words(question: str) -> list[str]:
    """The words of a question that are searched for, each once."""
    return list(dict.fromkeys(word.lower() for word in WORD.findall(question)))[:MAX_QUERY_WORDS]


def search_words(
    connection: sqlite3.Connection, question: str, k: int, among: Sequence[int] | None = None
) -> list[tuple[int, float]]:
    """(row, BM25 score) of at most `k` passages with any of the question's words, highest score first.

    Each word is quoted, so that a question cannot contain FTS5 query syntax.

    :param among: the rows that are searched; None for all.
    """
    query = " OR ".join(f'"{word}"' for word in find_query_words(question))
    if not query or k < 1:
        return []
    chosen = "" if among is None else " AND row IN (SELECT value FROM json_each(?))"
    rows = connection.execute(
        f"SELECT passages_fts.rowid, bm25(passages_fts, {CONTEXT_WEIGHT}, 1.0) AS cost FROM passages_fts"  # noqa: S608 (a constant of this module)
        " JOIN passages ON row = passages_fts.rowid"
        f" WHERE passages_fts MATCH ?{chosen} ORDER BY cost, passage_id LIMIT ?",
        (query, *([] if among is None else [json.dumps(list(among))]), k),
    )
    return [(row, -cost) for row, cost in rows]
