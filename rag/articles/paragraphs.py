"""Turns lines into paragraphs: parses Markdown blocks, drops repeated page headers, rejoins sentences that a page
break split, and finds unmarked headings.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from rag.articles.boilerplate import find_furniture
from rag.articles.dates import parse_dateline, parse_masthead
from rag.articles.hyphens import continues_word, is_broken_word, list_words
from rag.articles.markup import strip_addresses, strip_inline
from rag.articles.tables import MOST_HEADER, is_header_rule, is_row, name_columns, split_row
from rag.articles.turns import asks_alone, is_question, names_speaker

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["heading", "item", "row", "text"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or a paragraph after joining, without markup.

    :param level: level of a Markdown heading, 1 to 6; 0 for everything else.
    :param gap: whether a blank line precedes it.
    :param seam: whether a page header was removed before it.
    :param dated: whether a line with only a date was removed after it.
    """

    text: str
    kind: Kind = "text"
    level: int = 0
    gap: bool = True
    seam: bool = False
    dated: bool = False


_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+")
_HEADING_END = re.compile(r"(?<![ \t])[ \t]+#+[ \t]*$")
_BOLD_HEADING = re.compile(r"[ \t]*(\*\*|__)([^*_]{1,120}[^*_.,;:!])\1[ \t]*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[•◦▪▫‣●○■□]+)[ \t]+(?=\S)")
_QUOTE = re.compile(r" {0,3}(?:>[ \t]*)+(?!\s*\d)")
_RULE = re.compile(r"[ \t]*(?:([-*_=~•·])(?:[ \t]*\1){2,}|\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t:-]*)*)[ \t]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)[\w+-]*[ \t]*$")
_AFTER_END = "'\"”’»)]*"  # characters that may follow a sentence's final mark
_TAIL = 200  # last characters of a paragraph, enough to see how it ends
_NUMBERED = re.compile(r"\d{1,2}[.)] +(?=\S)")  # "2) The bees"
_GOES_ON = re.compile(r"\w,$|\b(?:the|an?|of|and|or|to|in|at|by|for|from|with|that|which|its|his|her|their|was|is)$")
"""The end of a line that goes on in the next one, whatever that begins with: a comma or a word like "the"."""
RAGGED = 0.85
"""Least share of the width that a line of a wrapped block fills with the next word. Chosen by hand."""
NARROW = 40
"""Characters of a line below which lines are more often a list than a column. Chosen by hand."""
FEWEST_IN_COLUMN = 3
"""Fewest line ends of a block that is a narrow column."""
VERY_RAGGED = 0.7
"""The same in a block that ends like a sentence."""
FEWEST_QUESTIONS = 2
"""Fewest questions that count as an explainer's headings: a single one may be part of the text."""


def parse_lines(text: str) -> list[Line]:
    """Parse Markdown blocks line by line. Drop blank lines, rules and fences, and turn block marks into kinds.

    Each row of a table below its header names the columns, so that it can be read and quoted alone.
    """
    lines: list[Line] = []
    header: list[str] = []
    before = ""
    gap = True
    for raw in text.split("\n"):
        if is_header_rule(raw):
            header = split_row(before) if len(before) <= MOST_HEADER else []
        elif not is_row(raw):
            header = []
        before = raw
        if _RULE.match(raw) and raw.strip():
            if re.match(r"[ \t]*=+[ \t]*$", raw) and lines and not gap and lines[-1].kind == "text":
                lines[-1] = replace(lines[-1], kind="heading", level=1)
            gap = True
            continue
        line = None if _FENCE.match(raw) else _parse_line(name_columns(raw, header), gap)
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
    elif kind == "text" and is_row(raw):
        kind, raw = "row", " | ".join(filter(None, split_row(raw)))
    text = strip_inline(raw)
    if not text:
        return None
    return Line(text, kind, level, gap=gap)


def _read_marks(raw: str) -> tuple[Kind, int, int]:
    """(kind, level, end): the kind given by the outermost mark, the heading level, and the end of the marks."""
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
    """Case-fold a text and keep only its words, to compare differently formatted titles."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def is_ended(text: str) -> bool:
    """Whether a text ends like a sentence. A colon counts, because anything may follow it."""
    return text.rstrip(_AFTER_END)[-1:] in set(".!?…:")


def drop_repeats(lines: Sequence[Line]) -> list[Line]:
    """Keep only the first occurrence of each page header.

    A header is a line of at least four words that does not end a sentence and occurs at least three times. A level-1
    Markdown heading of at least four words is also treated as one. If a header is wrapped over two to four lines,
    they are joined. A newspaper's name, date and page is a header if it occurs twice, whatever the page.
    """
    counts = Counter(_fold_header(line.text) for line in lines if _may_repeat(line) or parse_masthead(line.text))
    dated = {_fold_header(line.text) for line in lines if parse_masthead(line.text)}
    headers = {key for key, count in counts.items() if count >= 3 - (key in dated)}
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
        key = _fold_header(line.text)
        if key in seen:
            seam, gap = True, True
            continue
        if key in headers:
            seen.add(key)
        kept.append(replace(line, seam=seam, gap=line.gap or gap))
        seam = gap = False
    return kept


def _fold_header(text: str) -> str:
    """A line in lower case, and a newspaper's name and date without the page."""
    return fold(re.sub(r"^\d{1,3}\s+|[.\s]+\d{1,3}$", "", text) if parse_masthead(text) else text)


def _may_repeat(line: Line) -> bool:
    return line.kind in {"heading", "text"} and len(line.text.split()) >= 4 and not is_ended(line.text)


def drop_furniture(lines: Sequence[Line]) -> list[Line]:
    """Drop navigation, share buttons and other page furniture (:mod:`rag.articles.boilerplate`)."""
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
    """Join lines wrapped at a fixed width, and sentences split by a page break.

    A line break alone is not enough to join, since many articles have one paragraph per line.
    """
    wrapped = _find_wrapped(lines)
    joined: list[tuple[Line, list[str]]] = []  # the first line of each paragraph, and its texts
    words: set[str] | None = None
    tail = last = ""
    for n, line in enumerate(lines):
        if joined and (n in wrapped or _continues(joined[-1][0], tail, last, line)):
            separator = "" if re.search(r"\w-$", tail) and line.text[0].islower() else " "
            if continues_word(tail, line.text):
                separator, words = "", list_words(line.text for line in lines) if words is None else words
                if is_broken_word(tail, line.text, words):
                    joined[-1][1][-1], tail = joined[-1][1][-1][:-1], tail[:-1]
            joined[-1][1].append(separator + line.text)
            tail = (tail + separator + line.text)[-_TAIL:]
        else:
            joined.append((line, [line.text]))
            tail = line.text[-_TAIL:]
        last = line.text
    paragraphs = [replace(line, text=strip_addresses("".join(texts))) for line, texts in joined]
    return [line for line in paragraphs if line.text]


def _continues(before: Line, tail: str, last: str, line: Line) -> bool:
    """Whether a line continues the paragraph before it.

    :param before: the paragraph's first line.
    :param tail: the paragraph's last `_TAIL` characters.
    :param last: the paragraph's last line.
    """
    if line.kind != "text" or before.kind not in {"text", "item"} or is_ended(tail):
        return False
    if not line.gap and continues_word(last, line.text):
        return True
    lower = line.text[0].islower() and not re.match(r"[a-z][A-Z]", line.text)
    if not line.gap and len(last) >= NARROW and _GOES_ON.search(tail):
        return True
    if line.seam:
        return lower and len(tail.split()) >= 4
    # Test the paragraph so far, not its last line; otherwise each repeated cleaning would join one more line.
    return lower and (len(tail) >= 80 or (not line.gap and len(last) >= 40))


def _find_wrapped(lines: Sequence[Line]) -> set[int]:
    """Indices of lines that continue the line before, in blocks wrapped at a width of 40 to 120 characters.

    Narrower columns, down to 20 characters, must have at least four lines, or stand beside others that have.
    """
    found: set[int] = set()
    blocks: list[tuple[int, int]] = []
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and not lines[end].gap and lines[end].kind == "text" and lines[end - 1].kind != "heading":
            continue
        blocks.append((start, end))
        start = end
    widths: list[int] = []  # of the narrow columns, longest first
    for start, end in sorted(blocks, key=lambda span: span[0] - span[1]):
        block = [line.text for line in lines[start:end]]
        width = max(map(len, block))
        fewest = 0 if any(RAGGED * one <= width <= one / RAGGED for one in widths) else FEWEST_IN_COLUMN
        above = 0
        if lines[start].kind == "heading" or not _is_wrapped(block, fewest):
            above = 1  # below a headline
            if len(block) < 3 or is_ended(block[0]) or not _is_wrapped(block[1:], fewest):
                continue
        found |= {
            n for n in range(start + above + 1, end) if not _ends_paragraph(lines[n - 1].text, lines[n].text, width)
        }
        widths += [width] if width < NARROW else []
    return found


def _ends_paragraph(line: str, following: str, width: int) -> bool:
    """Whether a line is the last of a paragraph: it ends a sentence, far from the width with the next word."""
    return is_ended(line) and len(line) + 1 + len(following.split()[0]) <= VERY_RAGGED * width


def _is_wrapped(block: Sequence[str], fewest: int) -> bool:
    """Whether lines, all but the last, are filled to a width, and go on in the next line.

    Half of them must begin with a lower-case letter. In a block that ends like a sentence, as no list of headlines
    does, the others may begin with names and figures, and be more ragged.

    :param fewest: fewest line ends of a narrow column.
    """
    width = max(map(len, block))
    pairs = [(a, b) for a, b in pairwise(block) if not _ends_paragraph(a, b, width)]
    if not pairs or not (NARROW if len(pairs) < fewest else 20) <= width <= 120:
        return False
    # How far each line would reach with the next word; a few may be ragged.
    reach = [width + 1 if continues_word(a, b) else len(a) + 1 + len(b.split()[0]) for a, b in pairs]
    full = sum(one > width for one in reach) / len(reach)
    lower = sum(b[0].islower() for _, b in pairs)
    cut = sum(not is_ended(a) for a, _ in pairs)
    if min(reach) > RAGGED * width and full >= 0.75 and 2 * lower >= len(pairs):
        return True
    return (
        min(reach) > VERY_RAGGED * width and full >= 0.5 and lower > 0 and 2 * cut > len(pairs) and is_ended(block[-1])
    )


def mark_headings(lines: Sequence[Line]) -> list[Line]:
    """Find unmarked headings: one or two short lines without a full stop, before running text.

    If the article has Markdown headings, only those count. A longer run of short lines is a list or a table. The
    questions of an explainer are headings, however short their answers are.
    """
    if sum(line.kind == "heading" and line.level < 6 for line in lines) >= 2:
        return list(lines)
    marked = _mark_questions(lines)
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


def _mark_questions(lines: Sequence[Line]) -> list[Line]:
    """Find the headings of an explainer: two or more short questions, each between paragraphs that are not questions.

    An interview also has longer questions, and not all text below a short one answers it.
    """
    asking = [is_question(line.text) for line in lines]
    found = [n for n in range(1, len(lines) - 1) if asking[n - 1 : n + 2] == [False, True, False]]
    marked = list(lines)
    short = all(_is_fragment(lines[n]) and asks_alone(lines[n].text) for n in found)
    for n in found if short and len(found) >= FEWEST_QUESTIONS else ():
        marked[n] = replace(lines[n], kind="heading")
    return marked


def _is_fragment(line: Line) -> bool:
    """Whether a line is short and not a sentence."""
    text = line.text
    if line.kind not in {"text", "heading"} or len(text) > 130 or len(text.split()) > 19:
        return False
    return not re.search(r"[.,;:…][\"”’')\]]*$", text) and not parse_dateline(text)


def _is_body(line: Line) -> bool:
    return line.kind == "item" or len(line.text.split()) >= 12 or is_ended(line.text)


def _is_heading(text: str, body: str) -> bool:
    text = _NUMBERED.sub("", text)
    words = text.split()
    numbers = sum(bool(re.search(r"\d", word)) for word in words)
    if not re.match(r"[\"“‘'(]?[^\W_a-z]", text) or re.match(r"By [A-Z]", text):
        return False
    if is_question(text) and names_speaker(text) and names_speaker(body):
        return False
    long = [word for word in words if len(word) > 3]
    capitals = sum(bool(re.match(r"\W*[A-Z\d]", word)) for word in long)
    if capitals >= 0.6 * len(long):
        return len(words) <= 16 and 4 * numbers <= len(words)
    # A line with a number is likely news. A question is a heading only if a long paragraph answers it.
    return len(words) <= 10 and not numbers and (text[-1] not in "?!" or len(body.split()) >= 25)
