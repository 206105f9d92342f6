"""Rewrites the tables of saved HTML as Markdown tables, so that there is one way to read rows.

A table that only arranges a page, with paragraphs or other tables in its cells, is left to the rules for other tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from rag.articles.tables import MOST_CAPTION, is_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = re.compile(r"<table\b[^<>]*>", re.IGNORECASE)
_CLOSING = re.compile(r"</table\s*>", re.IGNORECASE)
_PART = re.compile(r"<(/?)(caption|thead|tr|th|td)\b([^<>]*)>", re.IGNORECASE)
_SPAN = re.compile(r"\b(col|row)span\s*=\s*[\"']?(\d{1,3})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
MOST_COLUMNS = 30
"""Most columns of a table. Chosen by hand, like the other limits here."""
MOST_REPEATED = 4
"""Most places of a table for each of its cells. It bounds how much cells that span several places let a text grow."""
_FEWEST_ROWS = 2
_MOST_WORDS = 4
"""Most words of a cell without a figure."""


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    head: bool
    width: int
    height: int


def mark_html_tables(text: str) -> str:
    """Rewrite each HTML table of figures or short words as a Markdown table, with its caption in the first cell."""
    written: list[str] = []
    place = 0
    for start, end in _find_tables(text):
        table = _read_table(text[start:end])
        if table is not None:
            written += [text[place:start], "\n\n", "\n".join(table), "\n\n"]
            place = end
    return "".join([*written, text[place:]])


def _find_tables(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the tables without another table inside."""
    closings = [match.span() for match in _CLOSING.finditer(text)]
    openings = [match.start() for match in _OPENING.finditer(text)]
    place = 0
    for begin, end in closings:
        inside = []
        while place < len(openings) and openings[place] < begin:
            inside.append(openings[place])
            place += 1
        if inside:
            yield inside[-1], end


def _read_table(source: str) -> list[str] | None:
    """The lines of a Markdown table; None if the table only arranges a page."""
    caption, rows = _list_rows(source)
    if rows and len(rows[0]) == 1:  # a title over all columns
        caption, rows = caption or rows[0][0].text, rows[1:]
    headed = next((n for n, row in enumerate(rows) if not all(cell.head for cell in row)), 0)
    grid = _fill_grid(rows)
    places, cells = sum(sum(map(bool, row)) for row in grid), sum(map(len, rows))
    if len(grid) < _FEWEST_ROWS or places > MOST_REPEATED * cells or not is_table(grid, words=_MOST_WORDS):
        return None
    return write_table(grid, headed, caption[:MOST_CAPTION])


def _list_rows(source: str) -> tuple[str, list[list[_Cell]]]:
    """The caption, and the cells of each row that has any."""
    caption = ""
    rows: list[list[_Cell]] = []
    parts = list(_PART.finditer(source))
    for part, following in zip_longest(parts, parts[1:]):
        end = following.start() if following else len(source)
        slash, name, attributes = part[1], part[2].lower(), part[3]
        content = " ".join(_TAG.sub(" ", source[part.end() : end]).replace("|", "/").split())
        if slash:
            continue
        if name == "caption":
            caption = content
        elif name == "tr":
            rows.append([])
        elif name in {"td", "th"} and rows:
            spans = {axis.lower(): max(1, int(size)) for axis, size in _SPAN.findall(attributes)}
            rows[-1].append(_Cell(content, name == "th", spans.get("col", 1), spans.get("row", 1)))
    return caption, [row for row in rows if row]


def _fill_grid(rows: list[list[_Cell]]) -> list[list[str]]:
    """The cells by row and column, each as often as it spans; all rows of the same length."""
    grid: list[list[str]] = []
    held: dict[int, tuple[str, int]] = {}  # by column, what reaches down to it, and for how many rows
    for row in rows:
        filled: list[str] = []
        cells = iter(row)
        while (column := len(filled)) < MOST_COLUMNS:
            text, left = held.pop(column, ("", 0))
            if left:
                filled.append(text)
                held |= {column: (text, left - 1)} if left > 1 else {}
                continue
            cell = next(cells, None)
            if cell is None:
                break
            for place in range(column, min(column + cell.width, MOST_COLUMNS)):
                filled.append(cell.text if len(row) > 1 or place == column else "")
                held |= {place: (cell.text, cell.height - 1)} if cell.height > 1 else {}
        grid.append(filled)
    width = max(map(len, grid), default=0)
    return [row + [""] * (width - len(row)) for row in grid]
