"""Puts back what trafilatura leaves out between an article's paragraphs.

It sometimes drops a heading or a paragraph, or loose text behind a box that it leaves out. What is between paragraphs
of the article, in the same element, and looks like them belongs to the article too.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.articles.html_leads import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_FEWEST_FOUND = 2
"""Paragraphs of the article that an element must hold before something is put back into it."""
_FEWEST_WORDS = 6
"""The fewest words of a paragraph. Shorter ones are labels. Chosen by hand, like the other limits here."""
_FEWEST_LOOSE = 12
"""The fewest words of text outside a paragraph."""
_MOST_HEADING = 15  # words
_MOST_TRIED = 1000
"""Most pieces of one element that are sought in the whole text."""
_LINKED = 0.3
"""Share of a paragraph's words that may be links; "Read also: …" has more."""
_SENTENCE = re.compile(r"[.!?…。][\"”’»')\]]*\s*\Z")
_HEADINGS = {"h2", "h3", "h4", "h5"}
_INLINE = {"a", "abbr", "b", "cite", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"}
_INSIDE = {"list", "item", "quote", "table", "row", "cell"}  # trafilatura's elements that hold paragraphs
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A child of an element, or the text between two of them.

    :param tag: empty for text.
    :param looks: its class; None if it is hidden or has an id.
    :param linked: number of its words in links.
    """

    tag: str
    text: str
    looks: str | None = ""
    linked: int = 0


def fill_gaps(tree: HtmlElement, body: Any) -> None:
    """Put headings, paragraphs and loose text back between the paragraphs that were found.

    :param tree: the page.
    :param body: trafilatura's elements, which are added to.
    """
    places: dict[str, Any] = {}
    for block in body.iter("p", "ab", "head", "quote", "item"):
        places.setdefault(fold("".join(block.itertext())), block)
    places.pop("", None)
    said = f" {fold(' '.join(body.itertext()))} "
    counts = Counter(element.getparent() for element in tree.iter("p") if fold(element.text_content()) in places)
    for parent, count in counts.items():
        if count >= _FEWEST_FOUND and parent is not None:
            _fill(list(_split(parent)), places, said)


def _split(parent: HtmlElement) -> Iterator[_Piece]:
    """The children of an element and the text between them, in order."""
    loose, linked = [parent.text or ""], 0
    for child in parent:
        if not isinstance(child.tag, str):  # a comment
            loose.append(child.tail or "")
        elif child.tag in _INLINE:
            loose += [child.text_content(), child.tail or ""]
            linked += len(child.text_content().split()) if child.tag == "a" else 0
        else:
            yield _Piece("", _join(loose), "", linked)
            yield _describe(child)
            loose, linked = [child.tail or ""], 0
    yield _Piece("", _join(loose), "", linked)


def _join(texts: list[str]) -> str:
    return " ".join("".join(texts).split())


def _describe(element: HtmlElement) -> _Piece:
    if element.tag != "p" and element.tag not in _HEADINGS:
        return _Piece(str(element.tag), "", None)
    hidden = element.get("id") or "hidden" in element.attrib or element.get("aria-hidden") == "true"
    hidden = hidden or _HIDDEN.search(element.get("style", ""))
    linked = sum(len(link.text_content().split()) for link in element.iter("a"))
    return _Piece(
        str(element.tag), _join([element.text_content()]), None if hidden else element.get("class", ""), linked
    )


def _fill(pieces: list[_Piece], places: dict[str, Any], said: str) -> None:
    from lxml import etree

    pieces = [piece for piece in pieces if piece.text or piece.looks is None]
    known = [fold(piece.text) in places for piece in pieces]
    usual = {piece.looks for piece, found in zip(pieces, known, strict=True) if found} | {""}
    first = known.index(True)
    tried = 0
    following: Any = None  # the next block that was found
    after = False  # whether it is a paragraph directly behind
    for place in range(len(pieces) - 1, -1, -1):
        piece, folded = pieces[place], fold(pieces[place].text)
        if known[place]:
            following, after = _climb(places[folded]), piece.tag == "p"
            continue
        headed = piece.tag in _HEADINGS and after and place > first and _is_heading(piece)
        fits = headed or (piece.tag in {"", "p"} and _is_prose(piece))
        fits = fits and piece.looks in usual and following is not None and tried < _MOST_TRIED
        tried += fits
        if not fits or f" {folded} " in said:
            after = False
            continue
        new = etree.Element("head", rend=piece.tag) if headed else etree.Element("p")
        new.text = piece.text
        following.addprevious(new)
        following, after = new, piece.tag not in _HEADINGS


def _climb(block: Any) -> Any:
    """The list, quotation or table that holds a block, or else the block itself."""
    while (parent := block.getparent()) is not None and parent.tag in _INSIDE:
        block = parent
    return block


def _is_heading(piece: _Piece) -> bool:
    return not piece.linked and len(piece.text.split()) <= _MOST_HEADING


def _is_prose(piece: _Piece) -> bool:
    words = len(piece.text.split())
    return (
        words >= (_FEWEST_WORDS if piece.tag else _FEWEST_LOOSE)
        and piece.linked <= _LINKED * words
        and bool(_SENTENCE.search(piece.text))
    )
