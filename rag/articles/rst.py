"""Reads reStructuredText (.rst): its headings, fields, directives and roles become Markdown or plain text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.articles.dates import parse_date
from rag.articles.encodings import decode_text
from rag.articles.raw import Converted, RawArticle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LINE = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*\Z")
"""The characters of the line below a heading, and sometimes above it."""
_FIELD = re.compile(r":([A-Za-z][\w -]*):(?:[ \t]+(.*))?\Z")
_EXPLICIT = re.compile(r"\.\.(?:[ \t]|\Z)")
_DIRECTIVE = re.compile(r"\.\.[ \t]+([\w:-]+)::[ \t]*(.*)\Z")
_SAYING = {
    *("admonition", "attention", "caution", "danger", "epigraph", "hint", "highlights", "important", "note"),
    *("pull-quote", "sidebar", "tip", "topic", "warning"),
}
"""Directives whose content is text of the article. Others show pictures, code or other files."""
_ROLE = re.compile(r":[\w:.+-]{1,40}:`([^`<>]{0,300}[^`<>\s])(?:\s{0,9}<[^`<>]{0,2000}>)?`")
_LINK = re.compile(r"`([^`<>]{0,300}[^`<>\s])\s{0,9}<[^`<>]{0,2000}>`__?")
_REFERENCE = re.compile(r"(?<!`)`([^`]+)`__?(?!`)")
_LITERAL = re.compile(r"``([^`]+)``")


def convert_rst(data: bytes) -> Converted:
    """The article in a file, with the author and date that its fields name.

    :raises FormatError: if it is not text.
    """
    file = decode_text(data)
    lines = file.text.splitlines()
    fields = dict(_list_fields(lines))
    text = "\n".join(_write(lines))
    for form in (_ROLE, _LINK, _REFERENCE, _LITERAL):
        text = form.sub(r"\1", text)
    author = fields.get("author") or fields.get("authors") or ""
    return Converted((RawArticle(text, date=parse_date(fields.get("date", "")), author=author),), file.note)


def _list_fields(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The names, in lower case, and values of the fields above the first paragraph."""
    for line in lines:
        found = _FIELD.match(line)
        if found:
            yield found[1].casefold(), (found[2] or "").strip()
        elif re.match(r"\w.*[.!?]\s*\Z", line):
            return


def _write(lines: Sequence[str]) -> Iterator[str]:
    marks: list[str] = []  # of headings, the highest first
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        under = lines[place] if place < len(lines) else ""
        if _EXPLICIT.match(line):
            end = _find_end(lines, place)
            yield from ("", *_write_content(line, lines[place:end]), "")
            place = end
        elif _FIELD.match(line):
            place = _find_end(lines, place, blank=False)
        elif line.strip() and not _LINE.match(line) and _LINE.match(under) and len(under.strip()) >= len(line.strip()):
            mark = under[0]
            marks += [] if mark in marks else [mark]
            yield from ("", f"{'#' * min(6, marks.index(mark) + 1)} {line.strip()}", "")
            place += 1
        elif not _LINE.match(line):
            yield line[:-1] if line.endswith("::") else line


def _find_end(lines: Sequence[str], place: int, *, blank: bool = True) -> int:
    """Where the indented lines that begin at a place end.

    :param blank: whether blank lines may stand among them.
    """
    while place < len(lines) and (lines[place][:1] in {" ", "\t"} or (blank and not lines[place].strip())):
        place += 1
    return place


def _write_content(line: str, content: Sequence[str]) -> Iterator[str]:
    """The text of a note or the like. Comments, targets and other directives have none."""
    found = _DIRECTIVE.match(line)
    if not found or found[1].casefold() not in _SAYING:
        return
    yield found[2]
    yield from (each.strip() for each in content if not _FIELD.match(each.strip()))
