"""Lines and paragraphs: Markdown blocks, page headers, sentences cut by a page break, unmarked headings."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from rag.articles.boilerplate import find_furniture
from rag.articles.dates import parse_dateline
from rag.articles.markup import strip_inline

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["heading", "item", "row", "text"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or once joined a paragraph, without its markup.

    :param level: of a Markdown heading, 1 to 6; 0 for everything else.
    :param gap: whether a blank line stands before it.
    :param seam: whether a page header was taken out before it.
    """

    text: str
    kind: Kind = "text"
    level: int = 0
    gap: bool = True
    seam: bool = False


_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")
_HEADING_END = re.compile(r"(?<![ \t])[ \t]+#+[ \t]*$")
_BOLD_HEADING = re.compile(r"[ \t]*(\*\*|__)([^*_]{1,120}[^*_.,;:!])\1[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[•◦▪▫‣●○■□]+)[ \t]+(?=\S)")
_QUOTE = re.compile(r" {0,3}(?:>[ \t]*)+(?!\s*\d)")
_RULE = re.compile(r"[ \t]*(?:([-*_=~•·])(?:[ \t]*\1){2,}|\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t:-]*)*)[ \t]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)[\w+-]*[ \t]*$")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_AFTER_END = "'\"”’»)]*"  # what may follow the mark that ends a sentence
_TAIL = 200  # characters of a paragraph that tell how it ends
_CLOSING_QUOTE = re.compile(r"”(?:\s+|$)")
# After one of these a sentence goes on, whatever the next letter's case.
_OPEN_END = re.compile(
    r"(?:,|\b(?:the|a|an|of|and|or|to|in|on|at|by|for|with|from|that|which|its|their|his|her|is|are|was|were))$"
)
# Copied from a web page, H₂O is three lines.
_BEFORE_SUBSCRIPT = re.compile(r"(?:^|[\s(])[A-Z][A-Za-z]{0,2}$")


def parse_lines(text: str) -> list[Line]:
    """Read Markdown's blocks line by line; blank lines, rules and fences go, marks become kinds."""
    lines: list[Line] = []
    gap = True
    for raw in text.split("\n"):
        if _RULE.match(raw) and raw.strip():
            if re.match(r"[ \t]*=+[ \t]*$", raw) and lines and not gap and lines[-1].kind == "text":
                lines[-1] = replace(lines[-1], kind="heading", level=1)
            gap = True
            continue
        line = None if _FENCE.match(raw) else _parse_line(raw, gap)
        if line is None:
            gap = True
            continue
        lines.append(line)
        gap = False
    return lines


def _parse_line(raw: str, gap: bool) -> Line | None:
    kind, level, start = _read_marks(raw)
    raw = raw[start:]
    if level:
        raw = _HEADING_END.sub("", raw)
    if kind == "text" and _BOLD_HEADING.match(raw) and len(raw.split()) <= 16:
        kind, level = "heading", 6
    elif kind == "text" and _ROW.match(raw):
        kind, raw = (
            "row",
            " | ".join(cell.strip() for cell in raw.strip().strip("|").split("|") if cell.strip()),
        )
    text = strip_inline(raw)
    if not text:
        return None
    return Line(text, kind, level, gap=gap)


def _read_marks(raw: str) -> tuple[Kind, int, int]:
    """The kind that a line's outermost mark makes it, its level as a heading, and where its marks end."""
    kind: Kind = "text"
    level = start = 0
    while True:
        if match := _QUOTE.match(raw, start):
            pass
        elif match := _HEADING.match(raw, start):
            if kind == "text":
                kind, level = "heading", len(match[1])
        elif match := _ITEM.match(raw, start):
            kind = "item" if kind == "text" else kind
        else:
            return kind, level, start
        start = match.end()


def fold(text: str) -> str:
    """Letters and digits only, lower case: what two settings of one title have in common."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def is_ended(text: str) -> bool:
    """Say whether a text ends as a sentence does; a colon counts, since what it announces may be anything."""
    return text.rstrip(_AFTER_END)[-1:] in set(".!?…:")


def drop_repeats(lines: Sequence[Line]) -> list[Line]:
    """Take a page header out wherever it stands but for its first time.

    A header is a line of four words or more that ends no sentence and comes three times or more. Its first
    time may be wrapped over two to four lines; those become one. A Markdown heading that the article opens
    with, wrapped, counts as well.
    """
    counts = Counter(fold(line.text) for line in lines if _may_repeat(line))
    headers = {key for key, count in counts.items() if count >= 3}
    titles = {fold(line.text) for line in lines if line.level == 1 and len(line.text.split()) >= 4}
    headers |= titles
    kept: list[Line] = []
    seen: set[str] = set()
    seam = gap = False
    n = 0
    while n < len(lines):
        line, width = lines[n], 1
        for size in (4, 3, 2) if headers else ():
            key = fold(" ".join(part.text for part in lines[n : n + size]))
            if n + size <= len(lines) and key in headers and fold(line.text) != key:
                line, width = (
                    Line(" ".join(part.text for part in lines[n : n + size]), "heading", 1, line.gap),
                    size,
                )
                break
        n += width
        key = fold(line.text)
        if key in seen:
            seam, gap = True, True
            continue
        if key in headers:
            seen.add(key)
        kept.append(replace(line, seam=seam, gap=line.gap or gap))
        seam = gap = False
    return kept


def _may_repeat(line: Line) -> bool:
    return line.kind in {"heading", "text"} and len(line.text.split()) >= 4 and not is_ended(line.text)


def drop_furniture(lines: Sequence[Line]) -> list[Line]:
    """Take navigation, share buttons and the like out (:mod:`rag.articles.boilerplate`)."""
    furniture = find_furniture([line.text for line in lines])
    kept: list[Line] = []
    gap = False
    for n, line in enumerate(lines):
        if n in furniture:
            gap = True
            continue
        kept.append(replace(line, gap=line.gap or gap))
        gap = False
    return kept


def join_lines(lines: Sequence[Line]) -> list[Line]:
    """Make paragraphs whole: lines wrapped at a width, and sentences that a page break cut.

    A line break alone is no reason to join, since many articles have one paragraph a line.
    """
    wrapped = _find_wrapped(lines)
    joined: list[tuple[Line, list[str]]] = []  # the first line of each paragraph, and the texts it is made of
    tail = last = ""
    for n, line in enumerate(lines):
        if joined and (n in wrapped or _continues(joined[-1][0], tail, last, line)):
            separator = "" if re.search(r"\w-$", tail) and line.text[0].islower() else " "
            joined[-1][1].append(separator + line.text)
            tail = (tail + separator + line.text)[-_TAIL:]
        else:
            joined.append((line, [line.text]))
            tail = line.text[-_TAIL:]
        last = line.text
    paragraphs = [replace(line, text="".join(texts)) for line, texts in joined]
    return [line for line in _return_quotes(paragraphs) if line.text]


def _continues(before: Line, tail: str, last: str, line: Line) -> bool:
    """Say whether a line goes on with the paragraph before it.

    :param before: the paragraph's first line.
    :param tail: the paragraph's last characters, enough of them.
    :param last: the paragraph's last line.
    """
    if line.kind != "text" or before.kind not in {"text", "item"} or is_ended(tail):
        return False
    if not line.gap and _BEFORE_SUBSCRIPT.search(last) and re.match(r"\d{1,2}(?!\w)", line.text):
        return True
    lower = line.text[0].islower() and not re.match(r"[a-z][A-Z]", line.text)
    if line.seam:
        return len(tail.split()) >= 4 and (lower or bool(_OPEN_END.search(tail)))
    # By all of the paragraph so far, or each cleaning of the joined text would join one more line to it.
    return lower and (len(tail) >= 80 or (not line.gap and len(last) >= 40))


def _find_wrapped(lines: Sequence[Line]) -> set[int]:
    """Indices of lines that continue the one before, in blocks set to a width of 40 to 120 characters."""
    found: set[int] = set()
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and not lines[end].gap and lines[end].kind == "text" and lines[end - 1].kind != "heading":
            continue
        block = [line.text for line in lines[start:end]]
        width = max(len(text) for text in block)
        pairs = list(pairwise(block))
        if pairs and 40 <= width <= 120 and lines[start].kind != "heading":
            full = all(len(one) + 1 + len(two.split()[0]) > width for one, two in pairs)
            if full and 2 * sum(two[0].islower() for _, two in pairs) >= len(pairs):
                found.update(range(start + 1, end))
        start = end
    return found


def _return_quotes(lines: Sequence[Line]) -> list[Line]:
    """Give a closing quote that begins a paragraph back to the paragraph whose quotation it closes."""
    texts = [line.text for line in lines]
    closing = [0] * len(texts)
    owner, still_open = 0, 0  # the last paragraph that ends as a sentence does, and how many quotes it leaves open
    for n, line in enumerate(lines):
        start = 0
        while still_open > 0 and (match := _CLOSING_QUOTE.match(line.text, start)):
            start = match.end()
            closing[owner] += 1
            still_open -= 1
        texts[n] = text = line.text[start:]
        if line.kind != "heading" and " " in text and is_ended(text):
            owner, still_open = n, text.count("“") - text.count("”")
    return [replace(line, text=text + "”" * count) for line, text, count in zip(lines, texts, closing, strict=True)]


def mark_headings(lines: Sequence[Line]) -> list[Line]:
    """Find headings without a mark: one or two short lines, each without a full stop, before running text.

    Where the article has Markdown headings those alone count. Longer runs of short lines are a list or a
    table.
    """
    marked = list(lines)
    if sum(line.kind == "heading" and line.level < 6 for line in lines) >= 2:
        return marked
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and _is_fragment(lines[end]):
            end += 1
        if 0 < end - start <= 3 + (start == 0) and end < len(lines) and _is_body(lines[end]):
            for n in range(max(start, end - 2), end):
                if all(_is_heading(line.text, lines[end].text) for line in lines[n:end]):
                    marked[n] = replace(marked[n], kind="heading")
        start = max(end, start + 1)
    return marked


def _is_fragment(line: Line) -> bool:
    """Short, and no sentence."""
    text = line.text
    if line.kind not in {"text", "heading"} or len(text) > 130 or len(text.split()) > 19:
        return False
    return not re.search(r"[.,;:…][\"”’')\]]*$", text) and not parse_dateline(text)


def _is_body(line: Line) -> bool:
    return line.kind == "item" or len(line.text.split()) >= 12 or is_ended(line.text)


def _is_heading(text: str, body: str) -> bool:
    words = text.split()
    numbers = sum(bool(re.search(r"\d", word)) for word in words)
    if not re.match(r"[\"“‘'(]?[^\W_a-z]", text) or re.match(r"By [A-Z]", text):
        return False
    long = [word for word in words if len(word) > 3]
    capitals = sum(bool(re.match(r"\W*[A-Z\d]", word)) for word in long)
    if capitals >= 0.6 * len(long):
        return len(words) <= 16 and 4 * numbers <= len(words)
    # A figure is news, and a question can be a sentence of the text; as a heading it has an answer below it.
    return len(words) <= 10 and not numbers and (text[-1] not in "?!" or len(body.split()) >= 25)
