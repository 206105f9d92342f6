"""The file formats of articles, and the choice of a converter by a file's name and content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.articles.encodings import decode_text
from rag.articles.feeds import split_feed
from rag.articles.mail import read_mail
from rag.articles.raw import Converted, RawArticle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.articles.raw import Converter


def convert_text(data: bytes) -> Converted:
    """A text file: the articles of a feed that was saved as text, or an e-mail, or all of it as one article.

    :raises FormatError: if it is not text.
    """
    file = decode_text(data)
    articles = split_feed(file.text) or [read_mail(file.text) or RawArticle(file.text)]
    return Converted(tuple(articles), file.note)


FORMATS: Mapping[str, Converter] = {
    ".txt": convert_text,
    ".md": convert_text,
    ".markdown": convert_text,
    ".rst": convert_text,
}
"""Converters by lower-case suffix. To support a new format, add a line."""
EXAMPLES = "text or Markdown files"
"""What a user may put in a folder, for messages."""


def convert_file(suffix: str, data: bytes) -> Converted:
    """Convert a file.

    :param suffix: of its name, one of `FORMATS` in any case.
    :raises FormatError: if it cannot be converted.
    """
    return FORMATS[suffix.lower()](data)
