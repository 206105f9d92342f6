"""Splits a saved RSS or Atom feed into its articles.

feedparser reads the XML, also if it is damaged, cut short or only a few pasted items. It expands no entity beyond the
limit of expat, and fetches nothing, because it is given bytes and never a name.
"""

from __future__ import annotations

import io
import re
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rag.articles.dates import parse_date
from rag.articles.encodings import decode_page
from rag.articles.raw import Converted, FormatError, RawArticle

if TYPE_CHECKING:
    from collections.abc import Iterator

_REGION = re.compile(r"^[ \t]*<(rss|feed|rdf:RDF|channel|item|entry)(?:\s[^<>]*)?>", re.MULTILINE)
_ITEM = re.compile(r"<(?:item|entry)(?:\s[^<>]*)?>\s*<\w")
_BODY = re.compile(r"<(/?)(description|summary|content|content:encoded)(?:\s[^<>]*)?>")
_PROLOG = re.compile(r"\s*(?:<\?xml[^<>]*\?>\s*)?(?:<!DOCTYPE[^<>\[]*(?:\[[^\]]*\])?\s*>)?")
_ENTITY = re.compile(r"<!(?:DOCTYPE|ENTITY)[^<>]*>?")


def convert_feed(data: bytes) -> Converted:
    """The articles of a file that is a feed as a whole.

    :raises FormatError: if it is none, or has no items.
    """
    file = decode_page(data)
    articles = tuple(_read_feed(file.text))
    if not articles:
        raise FormatError("It is no RSS or Atom feed with items: save its articles as text or HTML.")
    return Converted(articles, file.note)


def split_feed(text: str) -> list[RawArticle]:
    """The articles of a feed, in its order, and what stands around it, if anything does.

    :param text: a file's text.
    :return: empty if the text is not a feed.
    """
    text = text[_PROLOG.match(text).end() :]  # type: ignore[union-attr]  # it matches an empty text
    regions = list(_find_regions(text))
    feed = "\n".join(text[start:end] for start, end in regions)
    if not _ITEM.search(feed):
        return []
    ends = [0, *(end for _, end in regions)]
    starts = [*(start for start, _ in regions), len(text)]
    around = "\n\n".join(text[end:start].strip() for end, start in zip(ends, starts, strict=True)).strip()
    return [*([RawArticle(around)] if around else []), *_read_feed(feed)]


def _find_regions(text: str) -> Iterator[tuple[int, int]]:
    """Spans of feeds, or of items without one around them. One without an end reaches to the end of the text."""
    place = 0
    while opening := _REGION.search(text, place):
        closing = re.compile(rf"</{opening[1]}\s*>").search(text, opening.end())
        place = closing.end() if closing else len(text)
        yield opening.start(), place


def _read_feed(feed: str) -> list[RawArticle]:
    import feedparser

    data = _close(_ENTITY.sub("", feed)).encode("utf-8", "replace")
    # Without this, the encoding that the XML names would be believed, but the text has been decoded.
    headers = {"content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(
        io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    about = parsed.get("feed", {})
    publication, language = about.get("title", ""), about.get("language", "")
    return [replace(_read_entry(entry), publication=publication, language=language) for entry in parsed.entries]


def _close(feed: str) -> str:
    """Close the last body of a feed that was cut short, because feedparser drops an element without an end."""
    last = next(iter(deque(_BODY.finditer(feed), maxlen=1)), None)
    if last is None or last[1]:
        return feed
    cut = "]]>" if feed.rfind("<![CDATA[") > max(last.start(), feed.rfind("]]>")) else ""
    return f"{feed}{cut}</{last[2]}>"


def _read_entry(entry: Any) -> RawArticle:
    """The longest of an entry's bodies is taken, since the others are its teaser."""
    bodies = [entry.get("summary", ""), *(content.get("value", "") for content in entry.get("content", ()))]
    written = entry.get("published") or entry.get("updated") or ""
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    # The date as it is written is the publisher's; the parsed one is in UTC and may be a day off.
    date = parse_date(written) or (f"{moment[0]:04}-{moment[1]:02}-{moment[2]:02}" if moment else None)
    text, title, author = max(bodies, key=len), entry.get("title", ""), entry.get("author", "")
    return RawArticle(text, title, date, author, url=entry.get("link", ""), extractor="feedparser")
