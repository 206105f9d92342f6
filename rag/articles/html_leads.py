"""Finds the standfirst of a web page: the sentence or two below the headline that sum up the article.

trafilatura often leaves it out, because it is apart from the text. Many pages also give it to search engines as their
description. A description that the page does not show advertises the article and is not part of it.
"""

from __future__ import annotations

import html
import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_FEWEST = 6
"""Least words of a standfirst: shorter ones hold no answers."""
_MOST = 100  # words
_DESCRIPTIONS = {"description", "og:description", "dc.description", "twitter:description"}
_MOST_DESCRIPTIONS = 8
"""Pages have one of each kind; each is sought in the whole page."""
_INLINE = {"a", "b", "em", "font", "i", "span", "strong", "u"}
_SHOWN = {"h2", "h3", "h4", "h5", "p", "div", "strong", "blockquote"}
_TAG = re.compile(r"<[^<>]*>")
_BEGINNING = 20  # letters


def find_lead(tree: HtmlElement, text: str) -> str:
    """The standfirst, if the page shows it and the text lacks it; otherwise empty.

    :param text: of the article, with its HTML tags.
    """
    said = fold(html.unescape(_TAG.sub("", text)))
    for meta in islice(filter(_describes, tree.iter("meta")), _MOST_DESCRIPTIONS):
        wanted = fold(html.unescape(meta.get("content", "")))
        if len(wanted.split()) >= _FEWEST and wanted not in said:
            shown = _find_shown(tree, wanted)
            if shown and fold(shown) not in said:
                return shown
    return ""


def _describes(meta: HtmlElement) -> bool:
    return (meta.get("name") or meta.get("property") or "").casefold() in _DESCRIPTIONS


def _find_shown(tree: HtmlElement, wanted: str) -> str:
    """The text of the first paragraph or heading of the page that begins with these words."""
    body = tree.find(".//body")
    for element in () if body is None else body.iter(*_SHOWN, *_INLINE):
        begun = fold(element.text or "")[:_BEGINNING]
        if not begun or not wanted.startswith(begun):
            continue
        block: HtmlElement | None = element
        while block is not None and block.tag in _INLINE:
            block = block.getparent()
        shown = " ".join(block.text_content().split()) if block is not None and block.tag in _SHOWN else ""
        if len(shown.split()) <= _MOST and fold(shown).startswith(wanted):
            return shown
    return ""


def fold(text: str) -> str:
    """A text's words in lower case, for comparing."""
    return " ".join(re.findall(r"\w+", text.casefold()))
