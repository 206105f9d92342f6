"""Finds tables in plain text, whose columns are aligned by tabs or runs of spaces, and names the columns in each row.

A table in plain text is at least three lines in the same columns. Prose with wide gaps, such as two columns of a
newspaper side by side, is not one: a table's cells are figures or a few words. It is rewritten as a Markdown table, so
that there is one way to read rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = re.compile(r"(?<=\S) {2,}(?=\S)|(?<=\S) *\t[ \t]*(?=\S)")
_INDENTED = re.compile(r"(?: {6,}|\t)[ \t]*\S")  # columns below an empty first one
_RULE = re.compile(r"[ \t]*[-=_+–—](?:[-=_+–—\t ]*[-=_+–—]{2})[ \t]*")
_MARKED = re.compile(r"[ \t]*(?:[-*+•>#]|\d{1,3}[.)])[ \t]")  # a list, a quotation or a heading
_NUMBER = re.compile(r"[^\w\s]*[^\W\d]{0,3}[^\w\s]*\s?\d[\d\s.,:/%]*[^\W\d]{0,3}[^\w\s]*|[-–—.]+|n/?a", re.IGNORECASE)
_PERIOD = re.compile(
    r"(?:(?:\d{1,2}\.? )?[a-z]+\.? |[qh][1-4] ?|[1-4][qh] ?|fy ?)?(?:19|20)\d\d(?:[-–/]\d{2,4})?[^\w\s]?"
    r"|[qh][1-4]|[1-4][qh]",
    re.IGNORECASE,
)
"""A column name that is a time: "2025", "Q3 2025", "31 March 2025", "2024/25"."""
_CAPTION = re.compile(r"\W*(?:table|figures?)\b|\(.*\)$", re.IGNORECASE)
_NUMBERED = re.compile(r"\W*table ?\d", re.IGNORECASE)
_BOLD = re.compile(r"[ \t]*(\*\*|__)[^*_]+\1:?[ \t]*")
_ENDED = re.compile(r"[.!?][\"”’')\]]*$")
_TABLE_RULE = re.compile(r"\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?)?")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_REMARK = re.compile(r"(.*?) ?\(([^()]*)\)")
_UNIT = re.compile(
    r"[$€£¥%]|\b(?:in|thousands?|millions?|billions?|trillions?|[0-9]*000s?|bn|mn|per ?cent|tonnes|tons|units|km|kg|mm"
    r"|euros?|dollars?|pence|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|JPY|CNY|INR|AUD|CAD)\b",
    re.IGNORECASE,
)
MOST_HEADER = 300
"""Most characters of a table's header that its rows repeat. Chosen by hand: it bounds how much a text can grow."""
MOST_CAPTION = 100
"""Most characters of a caption, which every row repeats. Chosen by hand, like the other limits here."""
_LONGEST_LINE = 300
_LONGEST_ROW = 2000
_LONGEST_CELL = 60
_FEWEST_ROWS = 3
_MOST_HEADER_ROWS = 3


def mark_tables(text: str) -> str:
    """Rewrite each table in aligned columns as a Markdown table, with its caption in brackets in the first cell.

    A Markdown table gets its outer bars and its caption.

    :param text: without other white space than spaces, tabs and ``\\n``.
    """
    if not _GAP.search(text) and "|" not in text:
        return text
    lines = text.split("\n")
    written: list[str] = []
    n = 0
    while n < len(lines):
        end = _find_markdown_end(lines, n)
        if end > n:
            written += _read_markdown(lines[n:end], _find_caption(written))
        else:
            end = _find_end(lines, n)
            table = _read_block(lines[n:end], _find_caption(written)) if end - n >= _FEWEST_ROWS else None
            written += table or lines[n:end]
        n = end
    return "\n".join(written)


def _find_markdown_end(lines: Sequence[str], start: int) -> int:
    """The end of the Markdown table whose header is this line; ``start`` if this line is not a header."""
    header, rule = lines[start], lines[start + 1] if start + 1 < len(lines) else ""
    if "|" not in header or not is_header_rule(rule) or len(_list_cells(header)) != len(_list_cells(rule)):
        return start
    end = start + 2
    while end < len(lines) and "|" in lines[end] and len(lines[end]) <= _LONGEST_ROW:
        end += 1
    return end


def _read_markdown(lines: Sequence[str], caption: str) -> list[str]:
    header, *rows = lines
    cells = _list_cells(header)
    if caption and "(" not in cells[0] and caption.casefold() not in header.casefold():
        cells[0] = _add_caption(cells[0], caption)
    return [_write_row(cells), *(row if is_row(row) else _write_row(_list_cells(row)) for row in rows)]


def _list_cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _add_caption(name: str, caption: str) -> str:
    """The name with the caption in brackets. Brackets of the caption become a comma: "Rain (in mm)" → "Rain, in mm"."""
    plain = re.sub(r"^\(|\)", "", caption).replace(" (", ", ").replace("(", "")
    return f"{name} ({plain})".lstrip()


def _find_end(lines: Sequence[str], start: int) -> int:
    """The end of the block of lines in columns that starts here; only this line if none does."""
    end = n = start
    while n < len(lines) and (_is_columned(lines[n]) or (n > start and not lines[n].strip() and n == end)):
        n += 1
        if lines[n - 1].strip():
            end = n
    return max(end, start + 1)


def _is_columned(line: str) -> bool:
    if len(line) > _LONGEST_LINE or "|" in line or _MARKED.match(line):
        return False
    return bool(_GAP.search(line) or _INDENTED.match(line) or _is_rule(line))


def _is_rule(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and bool(_RULE.fullmatch(line))


def _find_caption(lines: Sequence[str]) -> str:
    """One or two lines above a table that are not a sentence, such as a title and a unit.

    They must touch the table, unless "Table 2", a unit or bold type marks them as a caption. A Markdown heading is not
    a caption, because it is already read with its whole section.
    """
    above: list[str] = []
    apart = 0
    for line in reversed(lines[-4:]):
        if line.strip():
            above.insert(0, line)
        elif above or apart:
            break
        else:
            apart = 1
    if not 0 < len(above) <= 2 or any(line.lstrip().startswith("#") for line in above):
        return ""
    last, caption = (" ".join(" ".join(part).split()).strip("#*_ :") for part in (above[-1:], above))
    told = not apart or _CAPTION.search(last) or _CAPTION.match(caption) or _UNIT.search(last) or _BOLD.match(above[-1])
    caption = caption.rstrip(".") if _NUMBERED.match(caption) else caption
    fits = 0 < len(caption) <= MOST_CAPTION and not _ENDED.search(caption) and "|" not in caption
    return caption if fits and told else ""


@dataclass(frozen=True, slots=True)
class _Grid:
    """The cells of a table.

    :param headed: the number of rows that surely name the columns: those above a rule, or the first of a table without
        figures that was copied from a spreadsheet. 0 if that is unknown.
    """

    rows: list[list[str]]
    headed: int


def _read_block(lines: Sequence[str], caption: str) -> list[str] | None:
    """The block as a Markdown table; None if it is none. Up to two lines at its start may not belong to it."""
    for first in range(3):
        if first and not _is_rule(lines[first - 1]):
            caption = " ".join(lines[first - 1].split())[:MOST_CAPTION]
        grid = _read_grid(lines[first:])
        if grid:
            return [*lines[:first], "", *write_table(grid.rows, grid.headed, caption), ""]
    return None


def _read_grid(lines: Sequence[str]) -> _Grid | None:
    rows: list[str] = []
    ruled = 0
    for line in lines:
        if _is_rule(line):
            ruled = ruled or len(rows)
        elif line.strip():
            rows.append(line.rstrip(" "))
    if len(rows) < _FEWEST_ROWS:
        return None
    tabbed = any("\t" in row for row in rows)
    # What is not in line on the page must have been a table before it was copied: only figures say so.
    for cells, surely in ((_cut_at_gutters(rows), True), (_cut_at_gaps(rows), tabbed)):
        if is_table(cells, words=3 if surely else 0):
            words = tabbed and not any(_is_figures(column) for column in zip(*cells, strict=True))
            return _Grid(cells, ruled or int(words))
    return None


def _cut_at_gutters(rows: Sequence[str]) -> list[list[str]]:
    """Cells between the columns of at least two characters that are blank in every row; none if there are tabs."""
    if any("\t" in row for row in rows):
        return []
    width = max(map(len, rows))
    filled = [0] * (width + 1)  # 1 where a word begins, -1 where it ends, summed over the rows
    for row in rows:
        for word in re.finditer(r"\S+", row):
            filled[word.start()] += 1
            filled[word.end()] -= 1
    gutters: list[tuple[int, int]] = []
    depth = 0
    start = None
    for place, change in enumerate(filled):
        depth += change
        if depth and start is not None:
            if place - start >= 2 and start:
                gutters.append((start, place))
            start = None
        elif not depth and start is None:
            start = place
    bounds = [0, *(end for _, end in gutters), width]
    return [[row[a:b].strip() for a, b in pairwise(bounds)] for row in rows]


def _cut_at_gaps(rows: Sequence[str]) -> list[list[str]]:
    """Cells between tabs or, without tabs, between runs of spaces; none if the rows differ in their number."""
    if not any("\t" in row for row in rows):
        return _even([re.split(r" {2,}", f"\t{row}" if row[:2] == "  " else row) for row in rows])
    # Several tabs in a row are one gap, or, if the rows differ then, empty cells.
    return _even([re.split(r" *\t+ *", row) for row in rows]) or _even([row.split("\t") for row in rows])


def _even(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rows with their cells stripped; none if they differ in length."""
    width = max(map(len, rows))
    return [[cell.strip() for cell in row] for row in rows] if all(len(row) == width for row in rows) else []


def is_table(rows: Sequence[Sequence[str]], words: int) -> bool:
    """Whether the cells are those of a table, not pieces of prose.

    :param words: most words of a cell that has no digit and is not in the first column. A quarter may have more.
    """
    if not rows or len(rows[0]) < 2 or any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
        return False
    right = [cell for row in rows for cell in row[1:] if cell]
    short = sum(len(cell.split()) <= words or any(map(str.isdigit, cell)) for cell in right)
    whole = sum(sum(map(bool, row)) >= 2 for row in rows)
    return 4 * short >= 3 * len(right) and whole >= max(2, 0.7 * len(rows))


def write_table(rows: Sequence[Sequence[str]], headed: int, caption: str) -> list[str]:
    """The lines of a Markdown table.

    :param headed: the number of rows that surely name the columns; 0 if that is unknown.
    """
    height = headed if 0 < headed <= _MOST_HEADER_ROWS else _count_header_rows(rows)
    height = min(height, len(rows) - 1)
    columns = zip(*rows[:height], strict=True) if height else [[""]] * len(rows[0])
    names = [" ".join(dict.fromkeys(filter(None, column))) for column in columns]
    if caption:
        names[0] = _add_caption(names[0], caption)
    header = [_write_row(names), "|" + "---|" * len(names)] if any(names) else []
    return [*header, *map(_write_row, rows[height:])]


def _write_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _count_header_rows(rows: Sequence[Sequence[str]]) -> int:
    """The number of rows at the top that name the columns: words or periods above columns of figures."""
    columns = list(zip_longest(*rows, fillvalue=""))
    figures = [n for n, column in enumerate(columns[1:], 1) if _is_figures(column[1:])]
    height = 0
    for row in rows[:_MOST_HEADER_ROWS]:
        named = [row[n] for n in figures if row[n]]
        if not named or any(_NUMBER.fullmatch(name) and not _PERIOD.fullmatch(name) for name in named):
            break
        height += 1
    return height


def _is_figures(column: Sequence[str]) -> bool:
    """Whether most cells are numbers, and not years."""
    cells = [cell for cell in column if cell]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    years = sum(bool(_PERIOD.fullmatch(cell)) for cell in cells)
    return 2 * numbers > len(cells) and 2 * years < len(cells)


def is_row(line: str) -> bool:
    """Whether a line is a row of a Markdown table."""
    return bool(_ROW.match(line))


def is_header_rule(line: str) -> bool:
    """Whether a line is the rule below the header of a Markdown table."""
    return bool(_TABLE_RULE.fullmatch(line.strip()))


def split_row(line: str) -> list[str]:
    """The cells of a row of a Markdown table; none of any other line."""
    return _list_cells(line) if is_row(line) else []


def name_columns(line: str, header: Sequence[str]) -> str:
    """A row that can be read and quoted alone: "| Falcons | 61 |" → "| Team: Falcons | Points: 61 |".

    A unit or a remark in brackets in the header's first cell says nothing of the first column, but of all cells. It
    comes last: a reader that finds it in front of the first cell takes it for the figure.
    """
    if not header or len(cells := split_row(line)) != len(header):
        return line
    first, remark = header[0], ""
    if match := _REMARK.fullmatch(first):
        first, remark = match[1], match[2]
    elif _UNIT.search(first):
        first, remark = "", first
    named = [
        f"{name}: {cell}" if name and cell else cell for name, cell in zip([first, *header[1:]], cells, strict=True)
    ]
    return _write_row([*named, remark] if remark else named)


def is_named_row(paragraph: str) -> bool:
    """Whether a paragraph of a cleaned text is a table's row with named columns."""
    return any(": " in cell for cell in paragraph.split(" | ")[1:])
