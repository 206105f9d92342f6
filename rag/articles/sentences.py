"""Sentence boundaries with exact character offsets.

The sentencex package finds the boundaries, as character indices. Rules on the characters around a boundary correct
its typical errors in news: a closing quote, footnote mark or bracketed source at the start of the next sentence,
``Corp. Chairman``, and a sentence that ends inside brackets.
"""

from __future__ import annotations

import re

# Belongs to the sentence before and cannot begin one.
_TRAILER = re.compile(r"""(?:[”’»"')\]]+|\[[^\]\n]{1,30}\]|:\d[\d–:,-]*)+(?=\s|$)""")
_SOURCE = re.compile(r"\([^()\n]{1,40}\)$")
_CONTINUES = re.compile(r"[-–—;,:&/%]|(?:and|or|of|to|said|says)\b")
_BEFORE_NUMBER = re.compile(r"(?:^|[\s(])(?:No|Nos|Vol|Fig|Sec|Art|Ch|Eq|pp?)\.$", re.IGNORECASE)
_COMPANY = re.compile(r"\b(?:Corp|Inc|Co|Cos|Ltd|Bros|Plc|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Prof|Rev|Hon)\.$")
_STARTER = re.compile(
    r"[“‘\"'(]?(?:The|It|Its|He|She|His|Her|They|Their|We|Our|I|You|In|On|At|A|An|And|But|This|That|These|Those|For"
    r"|From|As|If|When|While|However|There|Also|After|Before|With|According|Under|By|To|Last|Earlier|Since|Not|No"
    r"|Yes|What|Who|Why|How|Both|Some|Many|Most|All|So|Now|Then|Instead|Although|Despite|Meanwhile)\b"
)
# A full stop inside quotes or brackets ends the sentence, unless it belongs to an abbreviation.
_INNER_STOP = re.compile(r"(?<=[a-z]{3})(?<!etc)(?<!Inc)(?<!Corp)(?<!Ltd)\.[”\")\]]+(?=\s+[“\"(]?[A-Z])")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Find the sentences of a text.

    :param text: any text; a line break always ends a sentence.
    :return: half-open character spans in order. ``text[start:end]`` is not empty, has no leading or trailing white
        space and no line break. Only white space lies between the spans.
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        spans += [(offset + start, offset + end) for start, end in _split_line(line)]
        offset += len(line)
    return spans


def find_touched(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The spans of the sentences that overlap ``text[start:end]``."""
    return [(a, b) for a, b in split_sentences(text) if b > start and a < end]


def _split_line(line: str) -> list[tuple[int, int]]:
    from sentencex import get_sentence_boundaries

    content = line.strip()
    if not content:
        return []
    cuts = {boundary["start_index"] for boundary in get_sentence_boundaries("en", content)}
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
    trailer = _TRAILER.match(content, cut)
    if trailer:
        cut = trailer.end()
        while cut < len(content) and content[cut].isspace():
            cut += 1
    if cut >= len(content) or _SOURCE.match(content, cut) or _CONTINUES.match(content, cut):
        return None
    before = content[max(start, cut - 24) : cut].rstrip()
    if content[cut].isdigit() and _BEFORE_NUMBER.search(before):
        return None
    if _COMPANY.search(before) and not _STARTER.match(content, cut):
        return None
    return cut
