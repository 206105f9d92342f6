"""Reads what a web page says about its article for search engines: JSON-LD of type Article."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.articles.dates import find_order, parse_date
from rag.articles.html_leads import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_ARTICLE = re.compile(r"(?:\w*Article|(?:Live)?BlogPosting|Report)\Z")
_MOST_NODES = 20_000
"""JSON-LD nodes that are searched. Pages have about ten."""


@dataclass(frozen=True, slots=True)
class About:
    """What a page's JSON-LD says about its article; empty where it says nothing."""

    body: str = ""
    title: str = ""
    date: str | None = None
    author: str = ""
    publication: str = ""
    language: str = ""


def read_about(tree: HtmlElement) -> About:
    """What the page's JSON-LD says about its article.

    It may also describe other articles, such as those in a list of further reading. The one with the page's title is
    preferred, then one with a body.
    """
    given = fold(read_page_title(tree))

    def rate(about: About) -> tuple[bool, bool]:
        title = fold(about.title)
        return bool(title) and bool(given) and (title in given or given in title), bool(about.body)

    return max(map(_read_node, filter(_is_article, _find_nodes(tree))), key=rate, default=About())


def _is_article(node: dict[str, Any]) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and _ARTICLE.match(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _read_node(node: dict[str, Any]) -> About:
    return About(
        _read_string(node.get("articleBody")),
        _read_string(node.get("headline")),
        parse_date(_read_string(node.get("datePublished")), find_order((), _read_string(node.get("inLanguage")))),
        _read_names(node.get("author")),
        _read_names(node.get("publisher")),
        _read_string(node.get("inLanguage")),
    )


def _find_nodes(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD, outer ones first."""
    nodes: deque[Any] = deque()
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        try:
            nodes.append(json.loads(script.text or "", strict=False))
        except (ValueError, RecursionError):
            continue
    for _ in range(_MOST_NODES):
        if not nodes:
            return
        node = nodes.popleft()
        if isinstance(node, dict):
            yield node
            nodes.extend(value for value in node.values() if isinstance(value, (dict, list)))
        elif isinstance(node, list):
            nodes.extend(value for value in node if isinstance(value, (dict, list)))


def _read_string(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _read_names(value: Any) -> str:
    """The authors' names, given as a string, as an object with a name, or as a list of these."""
    several = value if isinstance(value, list) else [value]
    names = [_read_string(one.get("name") if isinstance(one, dict) else one) for one in several]
    # Some sites give the address of a profile instead of a name.
    return ", ".join(dict.fromkeys(name for name in names if name and "://" not in name))


def read_page_title(tree: HtmlElement) -> str:
    return " ".join((tree.findtext(".//title") or "").split())
