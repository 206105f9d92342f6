"""`ask add` saves articles in the folder, with their address, so that nothing needs the network again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from websites import TEXT, Site, make_page, serve_site

from rag.articles.folder import Contents, find_articles, read_file
from rag.cli import find_command, main
from rag.fetch import fetching
from rag.fetch.adding import add_feed, add_page
from rag.fetch.fetching import Fetcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.types import Document


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site() as served:
        yield served


def read_all(corpus: Path) -> list[Document]:
    found = [read_file(path, corpus) for path in find_articles(corpus)]
    return [document for one in found if isinstance(one, Contents) for document in one.documents]


def test_an_article_is_saved_with_its_address_and_replaced_when_it_is_added_again(site: Site, tmp_path: Path) -> None:
    address = site.put("/news/salt-ends", make_page("Salt ends"))
    made = add_page(tmp_path, address, Fetcher(site.gate))
    assert made.note == ""
    assert made.file.startswith("web/127.0.0.1-salt-ends-")
    (document,) = read_all(tmp_path)
    assert (document.title, document.origin.source, document.origin.language) == ("Salt ends", address, "en")
    site.put("/news/salt-ends", make_page("Salt stays", "The salt works at Varne will stay open after all, it said."))
    assert add_page(tmp_path, f"{address}#top", Fetcher(site.gate)).file == made.file
    assert [document.title for document in read_all(tmp_path)] == ["Salt stays"]


def test_what_a_header_says_of_the_encoding_is_kept(site: Site, tmp_path: Path) -> None:
    page = make_page("Salz endet", "Die Saline in Güstrow schließt im Herbst, sagte der Eigentümer am Montag dazu.")
    add_page(tmp_path, site.put("/a", page.encode("cp850"), "text/html; charset=cp850"), Fetcher(site.gate))
    text = "Die Saline in Güstrow schließt.".encode("cp850")
    add_page(tmp_path, site.put("/b", text, "text/plain; charset=cp850"), Fetcher(site.gate))
    assert ["Güstrow" in document.text for document in read_all(tmp_path)] == [True, True]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"\xff\xd8\xff", "image/jpeg", "of a kind that is not read"),
        (b"<html><body></body></html>", "text/html", "no text"),
        (b"%PDF-1.4 cut", "application/pdf", "damaged PDF"),
    ],
)
def test_what_holds_no_article_is_not_saved(site: Site, tmp_path: Path, body: bytes, kind: str, said: str) -> None:
    made = add_page(tmp_path, site.put("/a", body, kind), Fetcher(site.gate))
    assert said in made.note
    assert made.failed
    assert list(tmp_path.rglob("*")) == []


def write_feed(site: Site, *paths: str, text: str = "short") -> str:
    items = "".join(
        f"<item><title>Salt {path}</title><link>{site.name(path)}</link><description>{text}</description></item>"
        for path in paths
    )
    feed = f"<rss version='2.0'><channel><title>The Echo</title>{items}</channel></rss>"
    return site.put("/feed", feed, "application/rss+xml")


def test_a_feed_brings_its_articles_and_later_only_new_ones(site: Site, tmp_path: Path) -> None:
    for path in ("/1", "/2", "/3"):
        site.put(path, make_page(f"Salt {path}"))
    first = list(add_feed(tmp_path, write_feed(site, "/1", "/2"), Fetcher(site.gate), pause=0))
    assert [bool(made.file) for made in first] == [True, True]
    site.asked.clear()
    second = list(add_feed(tmp_path, write_feed(site, "/3", "/1", "/2"), Fetcher(site.gate), pause=0))
    assert [path for path, _ in site.asked] == ["/robots.txt", "/feed", "/3"]
    assert second[-1].note == "2 of its 3 articles are in the folder already."
    assert sorted(document.title for document in read_all(tmp_path)) == ["Salt /1", "Salt /2", "Salt /3"]


def test_an_article_that_programs_must_not_read_is_taken_from_the_feed(site: Site, tmp_path: Path) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /1", "text/plain")
    feed = write_feed(site, "/1", text=f"{TEXT} " * 4)
    (made,) = add_feed(tmp_path, feed, Fetcher(site.gate), pause=0)
    assert made.note == "It has what the feed says."
    (document,) = read_all(tmp_path)
    assert TEXT in document.text
    assert (document.origin.source, document.origin.publication) == (site.name("/1"), "The Echo")
    assert "/1" not in [path for path, _ in site.asked]


def test_an_article_that_cannot_be_had_now_is_tried_again_later(site: Site, tmp_path: Path) -> None:
    site.fail("/1", 500)
    (made,) = add_feed(tmp_path, write_feed(site, "/1", text=f"{TEXT} " * 4), Fetcher(site.gate), pause=0)
    assert made.failed
    assert "try again later" in made.note
    assert list(tmp_path.rglob("*.html")) == []


def test_a_page_is_no_feed(site: Site, tmp_path: Path) -> None:
    (made,) = add_feed(tmp_path, site.put("/", make_page("Home")), Fetcher(site.gate), pause=0)
    assert made.failed
    assert "no RSS or Atom feed" in made.note


def test_the_command_refuses_this_machine_and_adds_what_is_allowed(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = site.put("/salt", make_page("Salt ends"))
    (tmp_path / "news").mkdir()
    folders = ["--corpus", str(tmp_path / "news"), "--index", str(tmp_path / "index")]
    assert main(["add", address, *folders]) == 1
    assert "is not on the public web" in capsys.readouterr().err
    assert site.asked == []
    monkeypatch.setattr(fetching, "Fetcher", partial(Fetcher, site.gate))
    assert main(["add", address, *folders]) == 0
    said = capsys.readouterr().err
    assert f": {address}\n" in said
    assert "index: indexed 1 article, 1 passage" in said


@pytest.mark.parametrize("words", [["add"], ["add", "https://echo.example/"]])
def test_adding_needs_an_address_and_a_folder(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    assert capsys.readouterr().err.startswith("ask: No")


def test_add_is_a_command_only_before_an_address() -> None:
    assert find_command(["add", "https://echo.example/"]) == "add"
    assert find_command(["add", "--feed", "https://echo.example/"]) == "add"
    assert find_command(["add", "up", "the", "losses"]) is None
