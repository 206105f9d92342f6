"""Where an article comes from: what its file says about it, checked, because strangers wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.articles.dates import find_named_date
from rag.articles.extractors import OWN, find_version
from rag.documents import Origin

if TYPE_CHECKING:
    from rag.articles.cleaning import CleanedText
    from rag.articles.raw import RawArticle
    from rag.documents import Dated

_LONGEST_ADDRESS = 2_000
_LONGEST_NAME = 120  # characters
_LONGEST_TAG = 35  # of a language, by RFC 5646


def find_date(article: RawArticle, cleaned: CleanedText, name: str) -> tuple[str | None, Dated]:
    """The date of an article, in ISO 8601, and where it was found; (None, "") if there is none."""
    if article.date:
        return article.date, article.dated
    if cleaned.date:
        return cleaned.date, "metadata" if cleaned.header.date else "text"
    named = find_named_date(name)
    if named:
        return named, "file name"
    return (article.made, "PDF creation") if article.made else (None, "")


def describe_origin(article: RawArticle, cleaned: CleanedText, name: str, saved: str) -> Origin:
    """The origin of an article.

    :param cleaned: its text, whose YAML header may say more.
    :param name: of its file.
    :param saved: the day on which the file was last changed.
    """
    header, extractor = cleaned.header, article.extractor or OWN
    _, dated = find_date(article, cleaned, name)
    return Origin(
        _check_address(article.url) or _check_address(header.url) or name,
        _squeeze(article.publication) or _squeeze(header.publication),
        _check_language(article.language) or _check_language(header.language),
        extractor,
        find_version(extractor),
        dated,
        "" if dated else saved,
    )


def _check_address(address: str) -> str:
    """The address without a fragment; empty if it is none of the web."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    fit = parts.scheme in ("http", "https") and parts.hostname and len(address) <= _LONGEST_ADDRESS
    return parts._replace(fragment="").geturl() if fit and address.isprintable() else ""


def _squeeze(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_NAME]


def _check_language(tag: str) -> str:
    tag = tag.strip().replace("_", "-")
    parts = tag.split("-")
    known = all(part.isascii() and part.isalnum() for part in parts) and len(parts[0]) in (2, 3)
    return tag if known and len(tag) <= _LONGEST_TAG else ""
