"""Sentence boundaries with exact character offsets.

The sentencex package finds the boundaries, as character indices. It takes a whole quotation for one sentence, so it
is shown the text without its quotation marks. Rules on the characters around a boundary correct what the package gets
wrong in news (docs/decisions/0023).
"""

from __future__ import annotations

import re

from rag.articles.tables import is_named_row

# Spaces of the same length, so that the offsets stay.
_HIDDEN = str.maketrans(dict.fromkeys('“”"«»„‘', " "))
_OPENING = re.compile(r"(?<!\S)[“\"«„‘']+$")
# Belongs to the sentence before and cannot begin one.
_TRAILER = re.compile(r"""(?:[”’»"')\]]+|\[[^\]\n]{1,30}\]|:\d[\d–:,-]*)+(?=\s|$)""")
_SOURCE = re.compile(r"\([^()\n]{1,40}\)$")
_CONTINUES = re.compile(r"[-–—;,:&/%]")
# A word in lower case, but not "iPhone".
_LOWER = re.compile(r"[a-zß-öø-ÿ]+(?![A-Z])\b")
_LIST_NUMBER = re.compile(r"\d{1,3}[.)]\s*$")
_BEFORE_NUMBER = re.compile(r"(?:^|[\s(])(?:No|Nos|Vol|Fig|Sec|Art|Ch|Eq|pp?|approx|ca?)\.$", re.IGNORECASE)
_MONTH = re.compile(r"(?:Jan|Feb|Mar|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[ck]t|Nov|De[cz]|März)[a-zä]*\b")
_DAY = re.compile(r"(?:^|\s)\d{1,2}\.$")
_HOUR = re.compile(r"\b[ap]\.m\.$")
_ZONE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|[A-Z]{2,4}\b|(?:Eastern|Central|Pacific|Local)\b")
# Abbreviations that stand before a name, and initials. They end a sentence only if the next word is no name.
_ABBREVIATION = re.compile(
    r"\b(?:Coun|Cllr|Ald|Amb|Cdr|Const|Corp|Inc|Co|Cos|Ltd|Bros|Plc|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Maj|Capt|Prof|Rev|Hon|Ms|Messrs|Ft|Mt"
    r"|Mio|Mrd|[A-Z])\.$"
)
_STARTER = re.compile(
    r"[“‘\"'(]?(?:The|It|Its|He|She|His|Her|They|Their|We|Our|I|You|In|On|At|A|An|And|But|This|That|These|Those|For"
    r"|From|As|If|When|While|However|There|Also|After|Before|With|According|Under|By|To|Last|Earlier|Since|Not|No"
    r"|Yes|What|Who|Why|How|Both|Some|Many|Most|All|So|Now|Then|Instead|Although|Despite|Meanwhile)\b"
)
# A full stop inside quotes or brackets ends the sentence, unless it belongs to an abbreviation.
_INNER_STOP = re.compile(r"(?<=[a-z]{3})(?<!etc)(?<!Inc)(?<!Corp)(?<!Ltd)\.[”\")\]]+(?=\s+[“\"(]?[A-Z])")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Find the sentences of a text.

    :param text: any text. A line break always ends a sentence, and a table row is one sentence.
    :return: half-open character spans in order. ``text[start:end]`` is not empty, has no leading or trailing white
        space and no line break. Only white space lies between the spans.
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        found = [_find_content(line)] if is_named_row(line) else _split_line(line)
        spans += [(offset + start, offset + end) for start, end in found]
        offset += len(line)
    return spans


def find_touched(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The spans of the sentences that overlap ``text[start:end]``."""
    return [(a, b) for a, b in split_sentences(text) if b > start and a < end]


def _find_content(line: str) -> tuple[int, int]:
    return len(line) - len(line.lstrip()), len(line.rstrip())


def _split_line(line: str) -> list[tuple[int, int]]:
    from sentencex import get_sentence_boundaries

    content = line.strip()
    if not content:
        return []
    cuts = {boundary["start_index"] for boundary in get_sentence_boundaries("en", content.translate(_HIDDEN))}
    cuts |= {match.end() for match in _INNER_STOP.finditer(content)}
    starts = [0]
    for cut in sorted(cuts - {0}):
        mended = _mend_cut(content, starts[-1], cut)
        if mended is not None and mended > starts[-1]:
            starts.append(mended)
    left = len(line) - len(line.lstrip())
    spans = []
    for start, end in zip(starts, [*starts[1:], len(content)], strict=True):
        piece = content[start:end]
        if piece.strip():
            indent = len(piece) - len(piece.lstrip())
            spans.append((left + start + indent, left + start + len(piece.rstrip())))
    return spans


def _mend_cut(content: str, start: int, cut: int) -> int | None:
    """Move a boundary past characters that belong to the sentence before it.

    :param content: one line, stripped.
    :param start: the start of the sentence before the boundary.
    :param cut: the boundary.
    :return: the corrected boundary, or None if no sentence ends here.
    """
    while cut < len(content) and content[cut].isspace():
        cut += 1
    cut -= len(opened.group()) if (opened := _OPENING.search(content, max(start, cut - 4), cut)) else 0
    trailer = _TRAILER.match(content, cut)
    if trailer:
        cut = trailer.end()
        while cut < len(content) and content[cut].isspace():
            cut += 1
    return cut if cut < len(content) and _ends(content, start, cut) else None


def _ends(content: str, start: int, cut: int) -> bool:
    """Whether a sentence that begins at ``start`` ends before ``cut``, where the next word begins."""
    if _SOURCE.match(content, cut) or _CONTINUES.match(content, cut):
        return False
    if _LOWER.match(content, cut) and not content[start].islower():
        return False
    if _LIST_NUMBER.fullmatch(content, start, cut):
        return False
    before = content[max(start, cut - 24) : cut].rstrip()
    if content[cut].isdigit() and _BEFORE_NUMBER.search(before):
        return False
    if _DAY.search(before) and _MONTH.match(content, cut):
        return False
    if _HOUR.search(before) and _ZONE.match(content, cut):
        return False
    return not _ABBREVIATION.search(before) or bool(_STARTER.match(content, cut))
