"""An article knows its publication, language, address and what read it, as far as its file says so."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from rag.articles.folder import Contents, read_file
from rag.types import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

TEXT = "The salt works at Varne will close in autumn, the owner said on Monday, after 140 years of work."
PARAGRAPHS = f"<p>{TEXT}</p>" * 4
TRAFILATURA = ("trafilatura", version("trafilatura"))
OWN = ("ask-articles", "1")


def read(folder: Path, name: str, data: str | bytes) -> Document:
    """The first article of a file."""
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    found = read_file(folder / name, folder)
    assert isinstance(found, Contents), found
    return found.documents[0]


def make_page(head: str = "", before: str = "", language: str = "en-GB") -> str:
    return (
        f"<!DOCTYPE html>{before}<html lang='{language}'><head><title>Salt ends</title>{head}</head>"
        f"<body><article><h1>Salt ends</h1>{PARAGRAPHS}</article></body></html>"
    )


def test_a_text_file_comes_from_itself(tmp_path: Path) -> None:
    origin = read(tmp_path, "a.txt", f"Salt ends\n\n{TEXT}").origin
    assert replace(origin, saved="") == Origin("a.txt", "", "", *OWN, "")
    assert read(tmp_path, "b.txt", f"Salt ends\n\nMarch 4, 2024\n\n{TEXT}").origin.dated == "text"


def test_a_yaml_header_may_say_more(tmp_path: Path) -> None:
    header = (
        "---\ntitle: Salt ends\ndate: 2024-03-04\npublisher: The Echo\nlang: en\nurl: https://echo.example/1#top\n---\n"
    )
    found = read(tmp_path, "a.md", f"{header}\n{TEXT}").origin
    assert found == Origin("https://echo.example/1", "The Echo", "en", *OWN, "metadata")


def test_a_page_names_its_publication_language_and_address(tmp_path: Path) -> None:
    head = (
        "<meta property='og:site_name' content='The Varne Echo'><link rel='canonical' href='https://echo.example/salt'>"
        "<meta property='article:published_time' content='2024-03-04T08:00:00Z'>"
    )
    found = read(tmp_path, "a.html", make_page(head)).origin
    assert found == Origin("https://echo.example/salt", "The Varne Echo", "en-GB", *TRAFILATURA, "metadata")


def test_what_a_page_says_for_search_engines_comes_first(tmp_path: Path) -> None:
    about = {
        "@type": "NewsArticle",
        "headline": "Salt ends",
        "datePublished": "2024-03-04",
        "publisher": {"@type": "Organization", "name": "Echo Media"},
        "inLanguage": "en-IE",
    }
    head = (
        f"<meta property='og:site_name' content='Echo'><script type='application/ld+json'>{json.dumps(about)}</script>"
    )
    found = read(tmp_path, "a.html", make_page(head)).origin
    assert (found.publication, found.language, found.dated) == ("Echo Media", "en-IE", "JSON-LD")


def test_a_page_that_a_browser_saved_comes_from_where_it_was_saved(tmp_path: Path) -> None:
    mark = "<!-- saved from url=(0030)https://echo.example/salt?id=7 -->"
    head = "<link rel='canonical' href='https://other.example/'>"
    assert read(tmp_path, "a.html", make_page(head, before=mark)).origin.source == "https://echo.example/salt?id=7"
    page = f"Snapshot-Content-Location: https://echo.example/8\r\nContent-Type: text/html\r\n\r\n{make_page()}"
    assert read(tmp_path, "a.mhtml", page).origin.source == "https://echo.example/8"


def test_the_articles_of_a_feed_have_its_name_and_their_own_addresses(tmp_path: Path) -> None:
    items = "".join(
        f"<item><title>Salt {n}</title><link>https://echo.example/{n}</link><description>{TEXT}</description></item>"
        for n in (1, 2)
    )
    feed = f"<rss version='2.0'><channel><title>The Echo</title><language>en-us</language>{items}</channel></rss>"
    for name in ("feed.xml", "feed.txt"):
        found = read(tmp_path, name, feed).origin
        expected = Origin("https://echo.example/1", "The Echo", "en-us", "feedparser", version("feedparser"), "")
        assert replace(found, saved="") == expected


def test_a_row_says_it_in_its_columns(tmp_path: Path) -> None:
    rows = (
        f"title,text,date,publisher,lang,url\nSalt,{TEXT.replace(',', '')},2024-03-04,Echo,en,https://echo.example/\n"
    )
    assert read(tmp_path, "a.csv", rows).origin == Origin("https://echo.example/", "Echo", "en", *OWN, "metadata")


def test_a_newsletter_is_dated_by_its_header_and_read_from_its_page(tmp_path: Path) -> None:
    mail = "From: Una <una@echo.example>\r\nSubject: Salt\r\nDate: Mon, 4 Mar 2024 08:00:00 +0000\r\n"
    plain = read(tmp_path, "a.eml", f"{mail}\r\n{TEXT}").origin
    assert (plain.extractor, plain.dated) == ("ask-articles", "metadata")
    page = read(tmp_path, "b.eml", f"{mail}Content-Type: text/html\r\n\r\n{make_page()}").origin
    assert (page.extractor, page.version, page.dated) == (*TRAFILATURA, "metadata")


def test_a_member_of_an_archive_keeps_what_it_says(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        archive.writestr("salt.html", make_page("<link rel='canonical' href='https://echo.example/salt'>"))
    found = read(tmp_path, "a.zip", (tmp_path / "made.zip").read_bytes()).origin
    assert (found.source, found.extractor) == ("https://echo.example/salt", "trafilatura")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "https://", "https://[", "https://a.example/\u202e", "x"]
)
def test_what_is_no_address_of_the_web_is_no_source(tmp_path: Path, address: str) -> None:
    rows = json.dumps({"text": TEXT, "url": address, "lang": "<b>", "publisher": "P" * 500})
    found = read(tmp_path, "a.jsonl", rows).origin
    assert (found.source, found.language, len(found.publication)) == ("a.jsonl", "", 120)
