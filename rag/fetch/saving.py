"""Writes what was fetched into the folder of articles, under a name that is the same for the same address."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rag.articles.encodings import decode_page, decode_text
from rag.articles.formats import FORMATS
from rag.articles.raw import FormatError
from rag.errors import CorpusError
from rag.fetch.addresses import FetchError

if TYPE_CHECKING:
    from rag.fetch.fetching import Fetched

FOLDER = "web"
"""Folder within the corpus."""
PAGES = {"text/html", "application/xhtml+xml"}
FEEDS = {"application/rss+xml", "application/atom+xml", "application/xml", "text/xml", "application/rdf+xml"}
_SUFFIXES = {
    **dict.fromkeys(PAGES, ".html"),
    **dict.fromkeys(FEEDS, ".xml"),
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
_UNTOLD = {"", "application/octet-stream", "binary/octet-stream"}
_LONGEST_SLUG = 60  # characters


def choose_suffix(fetched: Fetched) -> str:
    """The suffix of the file that holds what was fetched.

    :raises FetchError: if it is of a kind that is not read.
    """
    named = PurePosixPath(urlsplit(fetched.url).path).suffix.lower()
    suffix = named if fetched.kind in _UNTOLD and named in FORMATS else _SUFFIXES.get(fetched.kind, "")
    if not suffix:
        raise FetchError(f"It is of a kind that is not read ({fetched.kind or 'not named'}): save its text as a file.")
    return suffix


def name_address(address: str) -> str:
    """The start of the name of an address's file, readable and unlike that of any other address."""
    parts = urlsplit(address)
    words = "".join(c if c.isalnum() else " " for c in unquote(PurePosixPath(parts.path).stem)).split()
    slug = "-".join([(parts.hostname or "").removeprefix("www."), *words])[:_LONGEST_SLUG].strip("-.")
    return f"{slug}-{hashlib.sha256(address.encode('utf-8', 'replace')).hexdigest()[:10]}"


def find_file(corpus: Path, address: str) -> Path | None:
    """The file of an address that was fetched before."""
    name = name_address(address)
    folder = corpus / FOLDER
    known = (folder / f"{name}{suffix}" for suffix in sorted({".html", *_SUFFIXES.values(), *FORMATS}))
    return next((path for path in known if path.is_file()), None)


def write_file(fetched: Fetched) -> bytes:
    """The file for what was fetched. Text is in UTF-8; a web page says where it was saved from, as browsers write it.

    :raises FetchError: if it is a page that is no text.
    """
    if (not fetched.kind.startswith("text/") and fetched.kind not in PAGES) or fetched.kind in FEEDS:
        return fetched.data
    try:
        text = _decode(fetched)
    except FormatError as error:
        raise FetchError(str(error)) from error
    mark = f"{mark_source(fetched.url)}\n" if fetched.kind in PAGES else ""
    return f"\ufeff{mark}{text}".encode("utf-8", "replace")


def _decode(fetched: Fetched) -> str:
    """:raises FormatError: if it is not text."""
    try:
        text = fetched.data.decode(fetched.charset) if fetched.charset else None
    except (LookupError, ValueError):
        text = None
    if text is None:
        text = (decode_page if fetched.kind in PAGES else decode_text)(fetched.data).text
    return text.removeprefix("\ufeff")


def mark_source(url: str) -> str:
    """The comment with which browsers say where they saved a page from."""
    url = url.replace(">", "%3E")
    return f"<!-- saved from url=({len(url):04}){url} -->"


def save_file(corpus: Path, name: str, data: bytes) -> Path:
    """Write a file into the folder at once, so that no part of it is ever read.

    :raises CorpusError: if the folder cannot be written.
    """
    path = corpus / FOLDER / name
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise CorpusError(f"{path.parent} cannot be written ({error.strerror}): make room there.") from error
    return path
