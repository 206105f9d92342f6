"""Where an article comes from: what its file says about it, checked, because strangers wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.articles.extractors import OWN, find_version
from rag.documents import Origin

if TYPE_CHECKING:
    from rag.articles.cleaning import CleanedText
    from rag.articles.raw import RawArticle
    from rag.documents import Dated

_LONGEST_ADDRESS = 2_000
_LONGEST_NAME = 120  # characters
_LONGEST_TAG = 35  # of a language, by RFC 5646


def describe_origin(article: RawArticle, cleaned: CleanedText, name: str) -> Origin:
    """The origin of an article.

    :param cleaned: its text, whose YAML header may say more.
    :param name: of its file.
    """
    header, extractor = cleaned.header, article.extractor or OWN
    written: Dated = "metadata" if header.date else "text"
    return Origin(
        _check_address(article.url) or _check_address(header.url) or name,
        _squeeze(article.publication) or _squeeze(header.publication),
        _check_language(article.language) or _check_language(header.language),
        extractor,
        find_version(extractor),
        article.dated if article.date else written if cleaned.date else "",
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
