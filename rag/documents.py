"""An article as it is kept: its text, and what is known about it. Part of :mod:`rag.types`."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Dated = Literal["", "JSON-LD", "metadata", "text", "file name", "PDF creation"]
"""Where a date was found: in what a web page says for search engines, in a header or column, in the article's masthead,
dateline or byline, in the path of its file, or in the creation date of a PDF."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document under one heading. It runs from ``start`` to the start of the next section."""

    start: int
    heading: str


@dataclass(frozen=True, slots=True)
class Byline:
    """The lines at the end of a document's text that say who wrote it.

    :param start: where these lines begin; they run to the end of the text.
    :param author: the names of the writers; empty if only others are credited, such as an editor.
    :param author_start: offset in the document's text of the first name.
    :param author_end: offset of the end of the last name.
    """

    start: int
    author: str
    author_start: int
    author_end: int


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page of the file begins in a document's text. It runs to the start of the next one.

    :param number: of the page in its file, from 1.
    """

    start: int
    number: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article comes from. What its file does not say is empty.

    :param source: its web address, or else the file's path relative to the corpus.
    :param publication: the newspaper, site or feed in which it appeared.
    :param language: as the file names it, such as ``en-GB``.
    :param extractor: the library that found the article in its file.
    :param version: of the extractor.
    :param dated: where the date was found.
    :param saved: the day on which the file was last changed, in ISO 8601, if the article has no date. It says when the
        article was saved, not when it was written, so it is only shown (docs/decisions/0033).
    """

    source: str = ""
    publication: str = ""
    language: str = ""
    extractor: str = ""
    version: str = ""
    dated: Dated = ""
    saved: str = ""

    @property
    def reader(self) -> str:
        """The extractor with its version: ``trafilatura 2.1.0``."""
        return f"{self.extractor} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Document:
    """A cleaned article.

    :param document_id: the file's path relative to the corpus, with forward slashes. Articles that share a file are
        numbered: ``feed.txt#2``.
    :param title: the article's title, never empty.
    :param date: ISO 8601 date (``2025-06-13``), or None if the text gives none.
    :param text: the cleaned text; paragraphs are separated by one blank line.
    :param sections: in order of ``start``; text before the first section has no heading.
    :param byline: None if the article has none.
    :param origin: where the article comes from.
    :param pages: where the pages of its file begin in the text, in order of ``start``; empty if the file has none.
    """

    document_id: str
    title: str
    date: str | None
    text: str
    sections: tuple[Section, ...] = ()
    byline: Byline | None = None
    origin: Origin = Origin()
    pages: tuple[PageStart, ...] = ()

    @property
    def author(self) -> str:
        """The names of the writers; empty if the article names none."""
        return self.byline.author if self.byline else ""

    @property
    def body_end(self) -> int:
        """The end of the text that questions are answered from, before the byline."""
        return self.byline.start if self.byline else len(self.text)

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text, in hex. All offsets are in the text with this hash."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def find_page(self, offset: int) -> int | None:
        """The page of the file on which a character of the text stands; None if the file has no pages."""
        at = bisect_right([page.start for page in self.pages], offset)
        return self.pages[max(0, at - 1)].number if self.pages else None
