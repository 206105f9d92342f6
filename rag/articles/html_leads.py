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
_LEAD = re.compile(
    r"(?<![a-z])(?:standfirst|deck?|sub-?(?:title|titulo|head(?:ing|line)?)|abstract|entradilla|bajada|chapeau|chapo|vorspann)"
    r"(?![a-z])",
    re.IGNORECASE,
)
"""What pages call a standfirst. Without such a name, only a sentence in a heading counts as one."""
_SAYING = 12
"""The fewest words of a heading that is a sentence."""
_MOST_TRIED = 300
"""The most elements below the title that are looked at. Each is sought in the whole text."""
_OPENING = 20
"""The fewest words of the paragraph with which the text begins."""
_TAG = re.compile(r"<[^<>]*>")
_BEGINNING = 20  # letters


def find_lead(tree: HtmlElement, text: str) -> str:
    """The standfirst, if the page shows it and the text lacks it; otherwise empty.

    :param text: of the article, with its HTML tags.
    """
    said = fold(html.unescape(_TAG.sub("", text)))
    for meta in islice(filter(_describes, tree.iter("meta")), _MOST_DESCRIPTIONS):
        wanted = fold(_TAG.sub(" ", html.unescape(meta.get("content", ""))))
        if len(wanted.split()) >= _FEWEST and wanted not in said:
            shown = _find_shown(tree, wanted)
            if shown and fold(shown) not in said:
                return shown
    return ""


def find_named_lead(tree: HtmlElement, text: str) -> str:
    """What the page's mark-up calls its standfirst, or a heading that is a sentence, above the text; otherwise empty.

    :param text: as in :func:`find_lead`.
    """
    said = fold(html.unescape(_TAG.sub("", text)))
    titled = False
    tried = 0
    for element in tree.iter("h1", "h2", "h3", "h4", "p", "div"):
        if element.tag == "h1" or not titled:
            titled = titled or element.tag == "h1"
            continue
        tried += 1
        if tried > _MOST_TRIED:
            return ""
        inner = [" ".join(part.text_content().split()) for part in element.iter("li", "p", "h2", "h3", "h4")]
        parts = [part for part in inner if part] or [" ".join(element.text_content().split())]
        ended = [part if part.endswith((".", "!", "?")) else f"{part}." for part in parts]
        shown = " ".join(ended) if len(parts) > 1 else parts[0]
        words = len(shown.split())
        if element.tag == "p" and words >= _OPENING and fold(shown) in said:
            return ""  # the text has begun
        named = _LEAD.search(f"{element.get('class', '')} {element.get('id', '')}")
        full = element.tag in {"h2", "h3", "h4"} and words >= _SAYING and parts[-1].endswith((".", "!", "?"))
        if (named or full) and _FEWEST <= words <= _MOST and fold(shown) not in said and element.find(".//a") is None:
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
