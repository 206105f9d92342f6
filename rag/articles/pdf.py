"""Reads the text of a PDF: its lines in the order in which the file draws them, joined to paragraphs and headings.

A PDF holds characters at places. PDFium makes words and lines of them; sizes and distances tell paragraphs,
headings and running heads apart.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rag.articles.dates import parse_stamp
from rag.articles.hyphens import is_broken_word, list_words
from rag.articles.raw import Converted, FormatError, RawArticle

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

MOST_PAGES = 2_000
_EDGE = 0.12
"""Share of a page's height in which running heads are looked for, at the top and at the bottom. Chosen by hand, like
the other limits here."""
_LARGER = 1.15
"""A heading's size in that of the body."""
_MOST_WORDS = 30  # of a heading
_GAP = 1.35
"""Distance between the lines of two paragraphs, in that between lines of one."""
_SHORT = 0.85
"""A line that ends a paragraph is shorter than this share of its column."""
_ENDED = re.compile(r"[.!?:…][\"”’')\]]*\Z")
_LIGATURES = re.compile("[\ufb00-\ufb06]")
_HYPHENS = {0x02, 0xAD, 0xFFFE}
"""What PDFium gives for a hyphen at the end of a line."""
_BULLET = re.compile(r"[•‣◦▪●■–—*]\s")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text.

    :param size: its height in points.
    :param page: from 0.
    """

    text: str
    left: float
    right: float
    bottom: float
    size: float
    page: int
    at_edge: bool


def convert_pdf(data: bytes) -> Converted:
    """The text of a PDF, as one article.

    :raises FormatError: if it is damaged, protected, too long or a scan without text.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise FormatError("It is protected with a password: save a copy without one.") from error
        raise FormatError("It is a damaged PDF: open it in a PDF reader and print it to a new file.") from error
    with document:
        pages = len(document)
        if pages > MOST_PAGES:
            raise FormatError(f"It has more than {MOST_PAGES:,} pages: split it.")
        lines = [line for number in range(pages) for line in _read_lines(document[number], number)]
        made = parse_stamp(document.get_metadata_value("CreationDate"))
    written = len({line.page for line in lines})
    if not written:
        raise FormatError("It is a scan, which has pictures of text but no text: run text recognition (OCR) on it.")
    note = f"read in part: {pages - written} of its {pages} pages have no text" if written < pages / 2 else ""
    text, starts = _write_text(_drop_running_heads(lines, pages))
    return Converted((RawArticle(text, extractor="pypdfium2", made=made, pages=starts),), note)


def _read_lines(page: Any, number: int) -> Iterator[_Line]:
    text = page.get_textpage()
    height = page.get_height()
    codes: list[int] = []
    places: list[int] = []
    for index in range(text.count_chars() + 1):
        code = _read_code(text, index)
        if code not in {0x0A, 0x0D, 0}:
            codes.append(0x2D if code in _HYPHENS else code)
            if code > 0x20 or code in _HYPHENS:
                places.append(index)
        # PDFium leaves out the line break after a hyphen.
        if places and code in {0x0A, 0x0D, 0, *_HYPHENS}:
            yield _measure(text, _decode(codes), places, number, height)
            codes, places = [], []


def _read_code(text: Any, index: int) -> int:
    """The character's code; 0 after the last one."""
    import pypdfium2.raw

    return int(pypdfium2.raw.FPDFText_GetUnicode(text, index)) if index < text.count_chars() else 0


def _decode(codes: Iterable[int]) -> str:
    units = "".join(map(chr, codes)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(_LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), units).split())


def _measure(text: Any, written: str, places: Sequence[int], number: int, height: float) -> _Line:
    boxes = [text.get_charbox(place, loose=True) for place in (places[0], places[len(places) // 2], places[-1])]
    size = statistics.median(top - bottom for _, bottom, _, top in boxes)
    bottom = boxes[0][1]
    at_edge = not _EDGE * height < bottom < (1 - _EDGE) * height
    return _Line(written, boxes[0][0], boxes[-1][2], bottom, size, number, at_edge)


def _drop_running_heads(lines: Sequence[_Line], pages: int) -> list[_Line]:
    """Leave out lines at the edge of a page that other pages have too, but for their figures, such as page numbers."""

    def fold(line: _Line) -> tuple[str, int]:
        # With the size, because a title is often the same as the running heads.
        return re.sub(r"\d+|\b[ivxlc]+\b", "#", line.text.casefold()), round(line.size)

    counts = Counter(key for key, _ in {(fold(line), line.page) for line in lines if line.at_edge})
    fewest = min(3, max(2, pages / 2))
    return [line for line in lines if not (line.at_edge and counts[fold(line)] >= fewest)]


def _write_text(lines: Sequence[_Line]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Paragraphs separated by blank lines; headings are Markdown. Then (offset, number) of the start of each page."""
    if not lines:
        return "", ()
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    body = sizes.most_common(1)[0][0]
    pitches = [
        a.bottom - b.bottom for a, b in pairwise(lines) if a.page == b.page and 0 < a.bottom - b.bottom < 3 * body
    ]
    pitch = statistics.median(pitches) if pitches else body
    words = list_words(line.text for line in lines)
    blocks = [[lines[0]]]
    for above, line in pairwise(lines):
        if _starts_block(above, line, pitch, _find_right(blocks[-1])):
            blocks.append([line])
        else:
            blocks[-1].append(line)
    largest = max((block[0].size for block in blocks if block[0].page == lines[0].page), default=body)
    text, starts = "", dict[int, int]()
    for block in blocks:
        text += "\n\n" if text else ""
        written, begun = _write_block(block, body, largest, words)
        for offset, page in begun:
            starts.setdefault(page, len(text) + offset)
        text += written
    return text, tuple((offset, page + 1) for page, offset in starts.items())


def _find_right(block: Sequence[_Line]) -> float:
    return max(line.right for line in block)


def _starts_block(above: _Line, line: _Line, pitch: float, right: float) -> bool:
    """Whether a line starts a paragraph or heading."""
    if not 0.9 < line.size / max(above.size, 0.1) < 1.1 or _BULLET.match(line.text):
        return True
    ended = bool(_ENDED.search(above.text))
    drop = above.bottom - line.bottom
    if above.page != line.page or drop < 0:  # the top of a page or column
        return ended
    if drop > _GAP * max(pitch, line.size):
        return True
    indented = line.left > above.left + 0.8 * line.size
    short = above.right - above.left < _SHORT * (right - above.left)
    return ended and (indented or short)


def _write_block(
    block: Sequence[_Line], body: float, largest: float, words: Container[str]
) -> tuple[str, list[tuple[int, int]]]:
    """Its text, and (offset, page) of the lines with which it or a page begins."""
    text, begun = block[0].text, [(0, block[0].page)]
    for above, line in pairwise(block):
        place = len(text)
        if text.endswith("-") and is_broken_word(text, line.text, words):
            text = text[:-1] + line.text
        else:
            text += line.text if re.search(r"\w-\Z", text) else f" {line.text}"
        if line.page != above.page:
            begun.append((place, line.page))
    size = block[0].size
    if size < _LARGER * body or len(text.split()) > _MOST_WORDS or not re.search(r"[^\W\d_]{2}", text):
        return text, begun
    mark = "#" if size == largest and block[0].page == 0 else "##"
    return f"{mark} {text}", [(offset + len(mark) + 1, page) for offset, page in begun]
