"""Reads tables of articles, as databases export them: each row of a .csv or .tsv file, each line of a .jsonl file."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.dates import find_order, parse_date
from rag.articles.encodings import decode_text
from rag.articles.raw import Converted, FormatError, RawArticle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_ROWS = 20_000
_COLUMNS = {
    "text": ("text", "body", "content", "article", "articlebody", "fulltext", "story", "description", "summary"),
    "title": ("title", "headline", "heading", "subject", "name"),
    "date": ("date", "published", "publishedat", "publicationdate", "datepublished", "pubdate", "createdat", "created"),
    "author": ("author", "authors", "byline", "creator", "writer"),
    "publication": ("publication", "publisher", "newspaper", "site", "outlet"),
    "language": ("language", "lang"),
    "url": ("url", "link", "permalink"),
}
"""What a column is, by its name in lower case without spaces and signs. The first that a file has is taken."""
_DELIMITERS = ",;\t|"


def convert_csv(data: bytes, columns: Columns = USUAL) -> Converted:
    """The rows of a table whose first row names the columns. Commas, semicolons, tabs or bars separate them.

    :raises FormatError: if it is damaged or too long, or no column is named like a text.
    """
    file = decode_text(data)
    csv.field_size_limit(max(csv.field_size_limit(), len(file.text)))
    first = file.text.lstrip("\n\r").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(file.text.replace("\0", ""), newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise FormatError(f"Its rows cannot be told apart ({error}): save it as CSV again.") from error
    rows = [row for row in rows if any(map(str.strip, row))]
    names = rows[0] if rows else []
    records = (dict(zip(names, row, strict=False)) for row in rows[1:])
    return Converted(tuple(_read_rows(names, records, columns)), file.note)


def convert_jsonl(data: bytes, columns: Columns = USUAL) -> Converted:
    """The lines of a file, each a JSON object with the fields of an article.

    :raises FormatError: if no line is a JSON object, it is too long, or no field is named like a text.
    """
    file = decode_text(data)
    broken: list[int] = []
    rows: list[Mapping[str, str]] = []
    names: dict[str, None] = {}
    for number, line in enumerate(file.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            broken.append(number)
            continue
        rows.append({name: _write_value(value) for name, value in row.items()})
        names |= dict.fromkeys(row)
    if broken and not rows:
        raise FormatError("None of its lines is a JSON object: write one article on each line.")
    articles = tuple(_read_rows(list(names), rows, columns))
    note = (
        f"read without {len(broken):,} of its lines, from line {broken[0]}, which are no JSON objects" if broken else ""
    )
    return Converted(articles, "; ".join(filter(None, (file.note, note))))


def _write_value(value: object) -> str:
    """Strings, numbers and lists of them, such as several authors; other values are left out."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_write_value, value)))
    return str(value) if isinstance(value, (str, int, float)) else ""


def _read_rows(names: list[str], rows: Iterable[Mapping[str, str]], given: Columns) -> list[RawArticle]:
    """:raises FormatError: if no column is named like a text, or there are too many rows."""
    if not names:
        return []
    named = given.named()
    columns = {kind: _find_column((named.get(kind, ""), *usual), names) for kind, usual in _COLUMNS.items()}
    if columns["text"] is None:
        raise FormatError(
            "It has no column with the text of articles: name it text, body or content, or name yours with --columns."
        )
    rows = list(rows)
    order = find_order(row.get(columns["date"] or "", "") for row in rows)
    articles = []
    for row in rows:
        found = {kind: row.get(name or "", "").strip() for kind, name in columns.items()}
        if found["text"]:
            articles.append(
                RawArticle(
                    found["text"],
                    found["title"],
                    parse_date(found["date"], order or find_order((), found["language"])),
                    found["author"],
                    publication=found["publication"],
                    language=found["language"],
                    url=found["url"],
                )
            )
        if len(articles) > MOST_ROWS:
            raise FormatError(f"It has more than {MOST_ROWS:,} rows: split it.")
    return articles


def _find_column(wanted: Iterable[str], names: list[str]) -> str | None:
    folded = {_fold(name): name for name in reversed(names)} | {name: name for name in names}
    return next((folded[key] for name in wanted for key in (name, _fold(name)) if key and key in folded), None)


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
