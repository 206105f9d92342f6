"""Finds who wrote a web page's article: from its visible byline, or else from what trafilatura finds on the page.

What trafilatura finds may be a word from a menu ("Username"), the site itself, or a name with a role. So a name is kept
only if it looks like a full name or if the page's own metadata gives it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.articles.bylines import parse_byline
from rag.articles.names import ROLE, is_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

_NEAR = 150
"""Elements below the heading that are searched for the byline. Chosen by hand: share buttons often come before it."""
_LONGEST = 100  # characters
_PROSE = 25
"""The search ends at a paragraph of so many words: bylines below it belong to other articles."""
_BY = re.compile(r"\A\s*(?:by|par|por|von|di|door)\b\s*:?\s*", re.IGNORECASE)
_CASED = re.compile(r"[A-Za-zÀ-ž]")


def find_author(tree: HtmlElement, title: str, found: str, sites: Iterable[str]) -> str:
    """The writers of a page's article, as one line; empty if the page names none.

    :param title: of the article, as in one of the page's headings.
    :param found: the names that trafilatura finds, with semicolons between them.
    :param sites: names and addresses of the site and its publisher, which are not writers.
    """
    named = _find_byline(tree, title)
    if named:
        return named
    stated = {_squeeze(meta.get("content", "")) for meta in tree.iter("meta")}
    own = [squeezed for squeezed in map(_squeeze, sites) if squeezed]
    names = [_strip_role(_BY.sub("", name)) for name in found.split(";")]
    names = [name for name in names if name and not any(_squeeze(name) in site for site in own)]
    full = [name for name in names if is_name(name) or not _CASED.search(name)]
    # "AFP" alone is an author if the page's metadata says so; beside a full name, it is a qualification or a newspaper.
    return ", ".join(full or [name for name in names if _squeeze(name) in stated])


def _find_byline(tree: HtmlElement, title: str) -> str:
    """The names in the first byline below the heading with the article's title."""
    wanted = _squeeze(title)
    left = 0
    for element in tree.iter("h1", "h2", "p", "div", "span", "address", "a", "em", "i", "b", "strong", "h3", "h4"):
        if left == 0:
            left = _NEAR if element.tag in {"h1", "h2"} and _squeeze(element.text_content()) == wanted else 0
            continue
        text = " ".join(element.text_content().split())
        for line in (text, " ".join((element.text or "").split())):  # the whole text, or the part before a line break
            begun = _BY.match(line) if len(line) <= _LONGEST else None
            credit = parse_byline(f"By {line[begun.end() :]}") if begun else None
            listed = next(element.iterancestors("li"), None) is not None  # of other articles
            if credit and not listed and is_name(credit.author.split(",")[0].split(" and ")[0]):
                return credit.author
        left -= 1
        if left == 0 or (element.tag == "p" and len(text.split()) >= _PROSE):
            break
    return ""


def _strip_role(name: str) -> str:
    """A name without the role behind it: "Ann Hale Political Correspondent"."""
    words = name.split()
    for end in range(2, min(len(words), 5)):
        if is_name(" ".join(words[:end])) and ROLE.fullmatch(" ".join(words[end:])):
            return " ".join(words[:end])
    return " ".join(words)


def _squeeze(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold()))
