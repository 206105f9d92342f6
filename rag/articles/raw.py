"""What converters make of a file: its articles as they were written, before cleaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rag.articles.columns import Columns
    from rag.documents import Dated


class FormatError(Exception):
    """A file cannot be converted to text. The message is one sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class RawArticle:
    """An article of a file before cleaning, with what the file says about it outside its text.

    :param text: plain text, Markdown or HTML.
    :param title: may hold markup; empty if not given.
    :param date: ISO 8601, or None if not given.
    :param author: empty if not given.
    :param name: the title if neither the file nor the text gives one; empty for the file's name.
    :param publication: the newspaper, site or feed; empty if not given.
    :param language: such as ``en-GB``; empty if not given.
    :param url: its web address; empty if not given.
    :param extractor: the library that found it; empty for the code of this product.
    :param dated: where the date was found.
    :param made: the day on which its file says that it was made, in ISO 8601; None if it does not. It is the article's
        date only if nothing else gives one.
    :param pages: (offset in ``text``, number of the page from 1) of the first word of each page; empty without pages.
    """

    text: str
    title: str = ""
    date: str | None = None
    author: str = ""
    name: str = ""
    publication: str = ""
    language: str = ""
    url: str = ""
    extractor: str = ""
    dated: Dated = "metadata"
    made: str | None = None
    pages: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Converted:
    """The articles of a file, in its order.

    :param note: what the user should know about the conversion, such as "read as Windows-1252"; empty if nothing.
    """

    articles: tuple[RawArticle, ...]
    note: str = ""


class Converter(Protocol):
    """Converts a file's bytes to articles, which are cleaned afterwards.

    The same bytes always give the same articles, because citations are offsets in them.
    """

    def __call__(self, data: bytes) -> Converted:
        """:raises FormatError: if the bytes are not in this format."""


class TableConverter(Protocol):
    """Converts a file with rows, or an archive that may hold such files."""

    def __call__(self, data: bytes, columns: Columns = ...) -> Converted:
        """:raises FormatError: if the bytes are not in this format."""
