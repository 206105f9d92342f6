"""Chooses the converter of a file by its suffix and its content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.articles.archives import ARCHIVES, convert_tar, convert_zip
from rag.articles.docx import convert_docx
from rag.articles.encodings import decode_text
from rag.articles.epub import convert_epub
from rag.articles.feeds import convert_feed, split_feed
from rag.articles.html_pages import convert_page
from rag.articles.mail import read_mail
from rag.articles.messages import convert_mailbox, convert_message, convert_mhtml
from rag.articles.pdf import convert_pdf
from rag.articles.raw import Converted, RawArticle
from rag.articles.rows import convert_csv, convert_jsonl
from rag.articles.zips import recognise_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.articles.raw import Converter

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


def _convert_zip(data: bytes) -> Converted:
    return convert_zip(data, CONVERTERS.keys() - ARCHIVES, convert)


def _convert_tar(data: bytes) -> Converted:
    return convert_tar(data, CONVERTERS.keys() - ARCHIVES, convert)


TEXT = {".txt", ".md", ".markdown", ".rst"}
"""Suffixes of text files, which need no library."""
CONVERTERS: Mapping[str, Converter] = {
    **dict.fromkeys(sorted(TEXT), convert_text),
    **dict.fromkeys([".html", ".htm", ".xhtml"], convert_page),
    **dict.fromkeys([".mhtml", ".mht"], convert_mhtml),
    ".pdf": convert_pdf,
    ".docx": convert_docx,
    **dict.fromkeys([".xml", ".rss", ".atom"], convert_feed),
    ".eml": convert_message,
    ".mbox": convert_mailbox,
    ".epub": convert_epub,
    ".csv": convert_csv,
    ".tsv": convert_csv,
    ".jsonl": convert_jsonl,
    ".zip": _convert_zip,
    **dict.fromkeys([".tar", ".tgz", ".gz"], _convert_tar),
}
"""Converters by lower-case suffix. To support a new format, add a line."""


def convert(suffix: str, data: bytes) -> Converted:
    """Convert a file by its content, if that says what it is, or else by its suffix.

    :param suffix: in lower case.
    :raises FormatError: if it cannot be converted.
    """
    return CONVERTERS[_recognise(suffix, data)](data)


def _recognise(suffix: str, data: bytes) -> str:
    """The suffix that a file should have. Text is not looked into, since it may be about any format."""
    if suffix in TEXT:
        return suffix
    if b"%PDF-" in data[:1024]:
        return ".pdf"
    if data.startswith(b"PK\x03\x04"):
        return recognise_zip(data) or suffix
    return ".html" if _PAGE.match(data[:4096]) else suffix
