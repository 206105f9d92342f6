"""Adds the articles behind web addresses, or behind a feed, to the folder of articles."""

from __future__ import annotations

import html
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.articles.formats import convert_file
from rag.articles.raw import FormatError
from rag.fetch.addresses import FetchError, parse_address
from rag.fetch.saving import choose_suffix, find_file, mark_source, name_address, save_file, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.articles.raw import RawArticle
    from rag.fetch.fetching import Fetcher

MOST_ENTRIES = 100
"""Of a feed, at a time."""
PAUSE = 1.0
"""Seconds between two articles of a feed, which are mostly of one site."""
_ENOUGH = 60  # words with which a feed's own text stands for an article that must not be fetched


@dataclass(frozen=True, slots=True)
class Addition:
    """What became of an address.

    :param file: its path relative to the corpus; empty if it was not added.
    :param note: what the user should know, such as why it was not added.
    :param failed: whether it should have been added and was not.
    """

    address: str
    file: str = ""
    note: str = ""
    failed: bool = False


def add_page(corpus: Path, address: str, fetcher: Fetcher) -> Addition:
    """Fetch an address and save it, in place of what it gave earlier.

    :raises CorpusError: if the folder cannot be written.
    """
    try:
        return Addition(address, _save(corpus, address, fetcher))
    except FetchError as error:
        return Addition(address, note=str(error), failed=True)


def add_feed(corpus: Path, address: str, fetcher: Fetcher, pause: float = PAUSE) -> Iterator[Addition]:
    """Fetch the articles of a feed that are not in the folder yet. One that must not be fetched is taken from the feed
    itself, if that holds enough of it.

    :param pause: seconds between two articles.
    :raises CorpusError: if the folder cannot be written.
    """
    try:
        articles = convert_file(".xml", fetcher.fetch(address).data).articles
    except FetchError as error:
        yield Addition(address, note=str(error), failed=True)
        return
    except FormatError:
        articles = ()
    entries = [article for article in articles if article.extractor == "feedparser"]  # not a page at this address
    if not entries:
        note = "It is no RSS or Atom feed with items: look for the feed's address on the site."
        yield Addition(address, note=note, failed=True)
        return
    known = [entry for entry in entries if find_file(corpus, _identify(entry))]
    new = [entry for entry in entries if entry not in known]
    for number, entry in enumerate(new[:MOST_ENTRIES]):
        if number:
            time.sleep(pause)
        yield _add_entry(corpus, entry, fetcher)
    if known:
        yield Addition(address, note=f"{len(known)} of its {len(entries)} articles are in the folder already.")
    if len(new) > MOST_ENTRIES:
        yield Addition(address, note=f"It has {len(new) - MOST_ENTRIES} more: add it again to fetch them.")


def _add_entry(corpus: Path, entry: RawArticle, fetcher: Fetcher) -> Addition:
    name = _identify(entry)
    try:
        return Addition(name, _save(corpus, entry.url, fetcher))
    except FetchError as error:
        if not error.lasting or len(entry.text.split()) < _ENOUGH:
            return Addition(name, note=str(error), failed=True)
        path = save_file(corpus, f"{name_address(name)}.html", _write_entry(entry))
        return Addition(name, path.relative_to(corpus).as_posix(), "It has what the feed says.")


def _save(corpus: Path, address: str, fetcher: Fetcher) -> str:
    """The path of the file, relative to the corpus.

    :raises FetchError: if it cannot be fetched, or holds no article.
    """
    address = str(parse_address(address))
    fetched = fetcher.fetch(address)
    suffix, data = choose_suffix(fetched), write_file(fetched)
    try:
        articles = convert_file(suffix, data).articles
    except FormatError as error:
        raise FetchError(str(error)) from error
    if not any(article.text.strip() for article in articles):
        raise FetchError("It has no text: save the page in a browser, which also runs its scripts.")
    return save_file(corpus, f"{name_address(address)}{suffix}", data).relative_to(corpus).as_posix()


def _identify(entry: RawArticle) -> str:
    """The address of a feed's entry, or else its title."""
    try:
        return str(parse_address(entry.url))
    except FetchError:
        return entry.title


def _write_entry(entry: RawArticle) -> bytes:
    """A feed's entry as a web page."""
    metas = [
        ("article:published_time", entry.date or ""),
        ("og:site_name", entry.publication),
        ("author", entry.author),
    ]
    head = "".join(f'<meta property="{name}" content="{html.escape(value)}">' for name, value in metas if value)
    title, language = html.escape(entry.title), html.escape(entry.language)
    mark = f"{mark_source(_identify(entry))}\n" if "://" in entry.url else ""
    page = (
        f'\ufeff{mark}<!DOCTYPE html>\n<html lang="{language}"><head><title>{title}</title>{head}</head>'
        f"<body><article><h1>{title}</h1>\n{entry.text}\n</article></body></html>\n"
    )
    return page.encode("utf-8", "replace")
