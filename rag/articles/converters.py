"""Chooses the converter of a file by its suffix and its content."""

from __future__ import annotations

import re
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.encodings import decode_text
from rag.articles.feeds import convert_feed, split_feed
from rag.articles.mail import read_mail
from rag.articles.raw import Converted, RawArticle
from rag.articles.rst import convert_rst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.articles.raw import Converter, TableConverter

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?xml[^<>]*\?>|<!--.*?-->)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)


def convert_text(data: bytes) -> Converted:
    """A text file: the articles of a feed that was saved as text, or an e-mail, or all of it as one article.

    :raises FormatError: if it is not text.
    """
    file = decode_text(data)
    articles = split_feed(file.text) or [read_mail(file.text) or RawArticle(file.text)]
    return Converted(tuple(articles), file.note)


def _late(module: str, name: str) -> Converter:
    """A converter whose module is imported when it is used: only the confined process needs it."""

    def convert_late(data: bytes) -> Converted:
        converter: Converter = getattr(import_module(f"rag.articles.{module}"), name)
        return converter(data)

    return convert_late


def _late_rows(name: str) -> TableConverter:
    """As :func:`_late`, for a converter in rows.py."""

    def convert_late(data: bytes, columns: Columns = USUAL) -> Converted:
        converter: TableConverter = getattr(import_module("rag.articles.rows"), name)
        return converter(data, columns)

    return convert_late


def _convert_zip(data: bytes, columns: Columns = USUAL) -> Converted:
    from rag.articles.archives import ARCHIVES, convert_zip

    return convert_zip(data, CONVERTERS.keys() - ARCHIVES, partial(convert, columns=columns))


def _convert_tar(data: bytes, columns: Columns = USUAL) -> Converted:
    from rag.articles.archives import ARCHIVES, convert_tar

    return convert_tar(data, CONVERTERS.keys() - ARCHIVES, partial(convert, columns=columns))


TEXT = {".txt", ".md", ".markdown", ".rst"}
"""Suffixes of text files, which need no library."""
TABLES: Mapping[str, TableConverter] = {
    **dict.fromkeys([".csv", ".tsv"], _late_rows("convert_csv")),
    ".jsonl": _late_rows("convert_jsonl"),
    ".zip": _convert_zip,
    **dict.fromkeys([".tar", ".tgz", ".gz"], _convert_tar),
}
"""Converters of files with rows, and of archives, which may hold such files."""
CONVERTERS: Mapping[str, Converter] = {
    **dict.fromkeys(sorted(TEXT), convert_text),
    ".rst": convert_rst,
    **dict.fromkeys([".html", ".htm", ".xhtml"], _late("html_pages", "convert_page")),
    **dict.fromkeys([".mhtml", ".mht"], _late("messages", "convert_mhtml")),
    ".pdf": _late("pdf", "convert_pdf"),
    ".docx": _late("docx", "convert_docx"),
    **dict.fromkeys([".xml", ".rss", ".atom"], convert_feed),
    ".eml": _late("messages", "convert_message"),
    ".mbox": _late("messages", "convert_mailbox"),
    ".epub": _late("epub", "convert_epub"),
    **TABLES,
}
"""Converters by lower-case suffix. To support a new format, add a line."""


def convert(suffix: str, data: bytes, columns: Columns = USUAL) -> Converted:
    """Convert a file by its content, if that says what it is, or else by its suffix.

    :param suffix: in lower case.
    :param columns: of tables.
    :raises FormatError: if it cannot be converted.
    """
    found = _recognise(suffix, data)
    return TABLES[found](data, columns) if found in TABLES else CONVERTERS[found](data)


def _recognise(suffix: str, data: bytes) -> str:
    """The suffix that a file should have. Text is not looked into, since it may be about any format."""
    if suffix in TEXT:
        return suffix
    if b"%PDF-" in data[:1024]:
        return ".pdf"
    if data.startswith(b"PK\x03\x04"):
        from rag.articles.zips import recognise_zip

        return recognise_zip(data) or suffix
    return ".html" if _PAGE.match(data[:4096]) else suffix
