"""Reads a book (.epub): a ZIP file of web pages, listed in their order. Each chapter is an article."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag.articles.dates import parse_date
from rag.articles.encodings import decode_page
from rag.articles.html_pages import unwrap_items
from rag.articles.raw import Converted, FormatError, RawArticle
from rag.articles.zips import open_zip, parse_xml, read_part

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element
    from zipfile import ZipFile

CONTAINER = "META-INF/container.xml"
_PROTECTED = "META-INF/encryption.xml"
_PAGES = {"application/xhtml+xml", "text/html"}
_HEADINGS = ("h1", "h2", "h3")


def convert_epub(data: bytes) -> Converted:
    """The chapters of a book, with its author and date, each named by its heading.

    :raises FormatError: if it is damaged, copy-protected or too large.
    """
    with open_zip(data) as archive:
        path = next(
            (root.get("full-path", "") for root in _find(parse_xml(read_part(archive, CONTAINER)), "rootfile")), ""
        )
        package = parse_xml(read_part(archive, path))
        book = _read_text(package, "title")
        author = ", ".join(name for element in _find(package, "creator") if (name := _squeeze(element)))
        date = parse_date(_read_text(package, "date"))
        publisher, language = _read_text(package, "publisher"), _read_text(package, "language")
        members = set(archive.namelist())
        paths = [name for name in _list_spine(package, posixpath.dirname(path)) if name in members]
        if not paths and _PROTECTED in members:
            raise FormatError("It is protected against copying: save a copy without protection.")
        chapters = [_read_chapter(archive, name, book) for name in paths]
    if chapters and not any(text for text, _ in chapters) and _PROTECTED in members:
        raise FormatError("It is protected against copying: save a copy without protection.")
    articles = [RawArticle(text, title, date, author, book, publisher, language) for text, title in chapters if text]
    return Converted(tuple(articles))


def _list_spine(package: Element, folder: str) -> list[str]:
    """The members that hold the pages, in the order of reading, without the table of contents."""
    items = {item.get("id"): item for item in _find(package, "item")}
    paths = []
    for reference in _find(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _PAGES or "nav" in (item.get("properties") or "").split():
            continue
        paths.append(posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "")))))
    return paths


def _read_chapter(archive: ZipFile, name: str, book: str) -> tuple[str, str]:
    """The HTML of a chapter's body and its title; empty if it has no text."""
    from lxml import etree, html

    page = decode_page(read_part(archive, name)).text
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        body = html.document_fromstring(page.encode("utf-8", "replace"), parser=parser).find("body")
    except etree.ParserError:  # an empty page
        body = None
    if body is None:
        return "", ""
    for element in body.xpath(".//script | .//style | .//svg | .//nav"):
        element.drop_tree()
    if not body.text_content().strip():
        return "", ""
    heading = next((found for tag in _HEADINGS for found in body.iter(tag) if found.text_content().strip()), None)
    title = " ".join(heading.text_content().split()) if heading is not None else ""
    if heading is not None:
        heading.drop_tree()
    text = unwrap_items(str(html.tostring(body, encoding="unicode")))
    return text, f"{book}: {title}" if book and title else title


def _find(root: Element, name: str) -> list[Element]:
    """The elements of this name in any namespace, since old books leave it out."""
    return [
        element for element in root.iter() if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name
    ]


def _read_text(root: Element, name: str) -> str:
    return next((text for element in _find(root, name) if (text := _squeeze(element))), "")


def _squeeze(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
