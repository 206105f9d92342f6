"""Saved web pages become their articles, and nothing in a page can hang or crash the program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rag.articles import confined
from rag.articles.folder import Contents, Note, Skipped, read_file

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from rag.types import Document

MENU = "".join(f'<li><a href="/{word}">{word}</a></li>' for word in ("Home", "Politics", "Sport", "Weather", "Jobs"))
BODY = """
<h1>Salt works at Varne to close after 140 years</h1>
<p>The salt works at Varne will close in October, its owner Nordsalt said on Tuesday. It employs 212 people,
<b>most</b> of them from the town, and made 31,000&nbsp;tonnes last year.</p>
<h2>What happens to the staff</h2>
<p>Nordsalt offers 60 of them work at its plant in Hemmick, 40&nbsp;kilometres away. The union called the offer
&ldquo;an insult&rdquo; and will ballot its members next week, said its secretary, Odile Marsh.</p>
<ul><li>Severance pay is four weeks for each year.</li><li>Apprentices may finish their training.</li></ul>
<table><tr><th>Year</th><th>Tonnes</th></tr><tr><td>2022</td><td>44,000</td></tr>
<tr><td>2023</td><td>31,000</td></tr></table>
"""
HEAD = """<meta property="article:published_time" content="2024-03-05T09:00:00+01:00">
<meta name="author" content="Ned Pell">"""


def make_page(body: str = BODY, head: str = HEAD) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>Salt works to close | The Varne Echo</title>{head}"
        "<script>var tracked = 'everywhere';</script></head>"
        f"<body><nav><ul>{MENU}</ul></nav><main><article>{body}</article></main>"
        "<aside><h3>Most read</h3><ul><li><a href='/1'>Ten cheap holidays</a></li></ul></aside>"
        "<footer>© 2019 The Varne Echo. <a href='/privacy'>Privacy policy</a></footer></body></html>"
    )


def make_json_ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@graph": [{"@type": "WebSite"}, fields]})}</script>'


def read(folder: Path, page: str | bytes, name: str = "salt.html") -> Contents | Skipped:
    path = folder / name
    path.write_bytes(page.encode() if isinstance(page, str) else page)
    return read_file(path, folder)


def read_one(folder: Path, page: str | bytes, name: str = "salt.html") -> Document:
    found = read(folder, page, name)
    assert isinstance(found, Contents), found
    (document,) = found.documents
    return document


@pytest.mark.parametrize("name", ["salt.html", "salt.HTM", "salt.xhtml"])
def test_a_saved_page_is_its_article(tmp_path: Path, name: str) -> None:
    document = read_one(tmp_path, make_page(), name)
    assert (document.document_id, document.date, document.author) == (name, "2024-03-05", "Ned Pell")
    assert document.title == "Salt works at Varne to close after 140 years"
    assert [section.heading for section in document.sections] == ["What happens to the staff"]
    for said in (
        "made 31,000 tonnes last year.",
        "“an insult”",
        "Apprentices may finish",
        "Year: 2022 | Tonnes: 44,000",
    ):
        assert said in document.text
    for around in ("Politics", "Most read", "Privacy", "tracked", "2019", "<"):
        assert around not in document.text


@pytest.mark.parametrize(
    ("title", "headings", "chosen"),
    [
        ("Weir rules | Angling Club", "<h1>Angling Club</h1>{}<h2>Weir rules<a href=#w>¶</a></h2>", "Weir rules"),
        ("Salt ends after 140 years - The Echo", "<h1>The Echo</h1>{}<h1>Salt ends</h1>", "Salt ends"),
        ("Weir rules – Angling Club", "<h1>Keyboard shortcuts</h1>{}", "Weir rules – Angling Club"),
        (
            "Why the weir is shut",
            "<h1>The weir at Varne stays shut until May</h1>{}",
            "The weir at Varne stays shut until May",
        ),
    ],
)
def test_the_title_is_the_heading_that_the_page_is_named_after(
    tmp_path: Path, title: str, headings: str, chosen: str
) -> None:
    text = "<p>Nobody may fish at the weir in the winter, the club said on Monday, and it closes the path.</p>" * 3
    page = f"<html><head><title>{title}</title></head><body><main>{headings.format('')}{text}</main></body></html>"
    assert read_one(tmp_path, page).title == chosen


def test_items_of_a_list_that_are_headed_leave_no_lone_bullet(tmp_path: Path) -> None:
    items = "".join(
        f"<li><h3>Rule {n}</h3><p>Nobody may fish at weir number {n} in the winter.</p></li>" for n in (1, 2)
    )
    document = read_one(tmp_path, make_page(f"{BODY}<ul>{items}</ul>"))
    assert [section.heading for section in document.sections] == ["What happens to the staff", "Rule 1", "Rule 2"]
    assert "\n-" not in document.text


def test_a_line_of_the_source_is_no_line_of_the_article(tmp_path: Path) -> None:
    body = (
        "<h1>The ferry stays in port</h1><p><b>The Skarholm ferry</b>\n -- of 1961 --\n will not sail this winter, "
        "its owner\n(a trust)\nsaid on Monday after the yearly inspection.</p><p>Its boiler leaks, and it has no "
        "money for another one before the summer.</p><pre>MONDAY  no ferry\nTUESDAY at nine</pre>"
    )
    text = read_one(tmp_path, make_page(body)).text
    assert "The Skarholm ferry -- of 1961 -- will not sail this winter, its owner (a trust) said" in text
    assert "MONDAY no ferry\n" in text


@pytest.mark.parametrize(
    ("head", "line", "author"),
    [
        ("", "<div class=byline>By <a href=/staff/8>Odile Marsh</a></div>", "Odile Marsh"),
        ("", "<p>By Odile Marsh<br>The Varne Echo<br><a href=/staff>Archive</a></p>", "Odile Marsh"),
        ("", "<p>Par Odile Marsh</p>", "Odile Marsh"),
        ('<meta name="author" content="Ned Pell">', "<p>Illustration by Una Bray</p>", "Ned Pell"),
        ("", "", ""),
        ('<meta name="author" content="thevarneecho.example">', "", ""),
        ('<meta name="author" content="The Varne Echo"><meta name="publisher" content="The Varne Echo">', "", ""),
        ('<meta name="author" content="Ned Pell; Una Bray; MA">', "", "Ned Pell, Una Bray"),
        ('<meta name="author" content="Ned Pell Senior Political Correspondent">', "", "Ned Pell"),
        ('<meta name="author" content="Par Ned Pell">', "", "Ned Pell"),
    ],
)
def test_the_author_is_a_person_and_not_the_site_or_its_menu(tmp_path: Path, head: str, line: str, author: str) -> None:
    address = '<link rel="canonical" href="https://www.thevarneecho.example/salt.html">'
    body = BODY.replace("</h1>", f"</h1>{line}")
    more = "<div><h3>Lighthouse is painted</h3><span>By Fay Orme</span></div>"
    page = make_page(body, head + address).replace("<nav>", "<nav><a class=username href=#>Username</a>")
    assert read_one(tmp_path, page.replace("</main>", f"</main>{more}")).author == author


@pytest.mark.parametrize("name", ["description", "og:description"])
def test_the_standfirst_is_read_if_the_page_shows_it(tmp_path: Path, name: str) -> None:
    lead = "Nordsalt &amp; Sons blames the price of gas, and a town of 900 loses its last employer"
    head = f'<meta name="{name}" content="{lead}">'
    page = make_page(head=head)
    assert "blames the price" not in read_one(tmp_path, page).text
    shown = page.replace("<main>", f"<main><div class=teaser><h2><b>{lead}</b>.</h2></div>")
    text = read_one(tmp_path, shown).text
    assert text.count("Nordsalt & Sons blames the price of gas") == 1
    assert text.index("blames the price") < text.index("will close in October")
    again = shown.replace("It employs 212", f"{lead.replace('price', '<a href=/gas>price</a>')}. It employs 212")
    assert read_one(tmp_path, again).text.count("blames the price") == 1


@pytest.mark.parametrize("names", ["id=comentarios", "class='box visitors_comment_block'", "class=comments-3"])
def test_what_readers_write_is_no_part_of_the_article(tmp_path: Path, names: str) -> None:
    said = "<p>I live in Varne and I say that the owner never paid anybody a cent of what he owes them, ever.</p>" * 9
    page = make_page(f"{BODY}<div {names}><h3>Nordsalt lies</h3>{said}</div>").replace("article>", "div>")
    text = read_one(tmp_path, page).text
    assert "will ballot its members" in text
    assert "never paid" not in text


@pytest.mark.parametrize(
    "names", ["post has-comments", "entry comments-open", "no_comments", "comments-open", "comment-closed post"]
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_box_that_may_have_comments_is_the_article(tmp_path: Path, names: str, whole: bool) -> None:
    heading, rest = BODY.split("</h1>")
    box = f"<div class='{names}'>{BODY}</div>" if whole else f"{heading}</h1><div class='{names}'>{rest}</div>"
    text = read_one(tmp_path, make_page(box).replace("article>", "div>")).text
    assert "made 31,000 tonnes" in text
    assert "will ballot its members" in text


def test_comments_that_are_articles_themselves_are_left_out(tmp_path: Path) -> None:
    said = "<p>I live in Varne and I say that the owner never paid anybody a cent of what he owes them, ever.</p>"
    each = f"<li><article class='comment-body'>{said}</article></li>" * 9
    page = make_page(f"{BODY}<div id='comments' class='comments-area comments-open'><h1>9 comments</h1>{each}</div>")
    text = read_one(tmp_path, page).text
    assert "will ballot its members" in text
    assert "never paid" not in text


def test_text_behind_a_box_that_is_left_out_is_kept(tmp_path: Path) -> None:
    heading, rest = BODY.split("</h1>")
    box = (
        "<div class='related-box' style='float:left'><h3>Related</h3><ul><li><a href=/1>Salt prices</a></li></ul></div>"
    )
    loose = "VARNE (AP) — Nordsalt, which has dug salt at Varne since 1884, will leave the town, it <i>said</i> here."
    text = read_one(tmp_path, make_page(f"{heading}</h1><div><p>{box}{loose}</p>{rest}</div>")).text
    assert text.count("VARNE (AP) — Nordsalt, which has dug salt at Varne since 1884, will leave") == 1
    assert text.index("since 1884") < text.index("will close in October")
    assert "Salt prices" not in text


@pytest.mark.parametrize(
    ("lead", "kept"),
    [
        (
            "<div class='subtitulo'><ul><li>The union will hold a ballot in May</li><li>It owns a pier</li></ul></div>",
            2,
        ),
        ("<h2>The owner blames the price of gas, which has risen by half since the spring.</h2>", 1),
        ("<p class='article-standfirst'>The owner blames the price of gas</p>", 1),
        ("<p class='article-standfirst'><a href=/gas>The owner blames the price of gas in Varne</a></p>", 0),
        ("<div class='box'>The owner blames the price of gas and the weather</div>", 0),
    ],
)
def test_a_standfirst_is_known_by_its_name_or_form(tmp_path: Path, lead: str, kept: int) -> None:
    heading, rest = BODY.split("</h1>")
    page = make_page(f"<div>{heading}</h1>{lead}</div><div class='article-body'>{rest}</div>").replace(
        "article>", "div>"
    )
    text = read_one(tmp_path, page).text.split("will close in October")[0]
    said = ("hold a ballot in May. It owns a pier.", "blames the price of gas")
    assert sum(words in text for words in said) == bool(kept)


@pytest.mark.parametrize("text", ["a{}b\nc", "a #{}b\nc", "<span>{}</span>\nc"])
def test_a_page_with_many_spaces_is_read(tmp_path: Path, text: str) -> None:
    page = make_page(f"{BODY}<pre>{text.format(' ' * 100_000)}</pre>")
    assert "will ballot its members" in read_one(tmp_path, page).text


@pytest.mark.parametrize("page", ["{}", "<DOCUMENT>\n<TYPE>EX-9\n<HTML><BODY>{}</BODY></HTML>\n</DOCUMENT>"])
def test_a_part_of_a_page_is_read(tmp_path: Path, page: str) -> None:
    said = (
        "The salt works will close in October. <p>Its owner said so.</p>" if page != "{}" else "The salt works close."
    )
    assert "The salt works" in read_one(tmp_path, page.format(said)).text


def test_a_page_without_a_tag_keeps_its_lines(tmp_path: Path) -> None:
    text = read_one(tmp_path, "The works close.\n\n&ldquo;An insult&rdquo;, said the union.\n").text
    assert text == "The works close.\n\n“An insult”, said the union."


def test_what_the_page_says_about_itself_comes_first(tmp_path: Path) -> None:
    body = "Varne's salt works will close.\n\n" + "The owner gave no other reason than the price of gas. " * 20
    head = make_json_ld(
        **{"@type": ["NewsArticle"], "headline": "Varne loses its salt", "datePublished": "2024-03-04T23:00:00Z"},
        author=[{"@type": "Person", "name": "Una Bray"}, "Tom Reyes", {"name": "https://example.org/staff"}],
        articleBody=body,
    )
    document = read_one(tmp_path, make_page(head=HEAD + head))
    assert (document.title, document.date) == ("Varne loses its salt", "2024-03-04")
    assert document.author == "Una Bray, Tom Reyes"
    assert "The owner gave no other reason" in document.text
    assert "Nordsalt offers" not in document.text


def test_a_long_page_of_lists_is_read_whole(tmp_path: Path) -> None:
    parts = (
        f"<h2>Chapter {n}</h2>"
        + f"<ul>{''.join(f'<li>Rule {n}.{m} of the club says what members do.</li>' for m in range(20))}</ul>"
        for n in range(12)
    )
    intro = "<h1>Rules</h1><p>These rules hold from May, and they replace those of the year 1998.</p>"
    text = read_one(
        tmp_path, f"<html><head><title>Rules</title></head><body>{intro}{''.join(parts)}</body></html>"
    ).text
    assert text.count("of the club says") == 240


def test_another_article_that_the_page_describes_is_not_taken_for_it(tmp_path: Path) -> None:
    other = make_json_ld(**{"@type": "NewsArticle", "headline": "Ten holidays", "articleBody": "Lie on a beach. " * 90})
    own = make_json_ld(**{"@type": "NewsArticle", "headline": "Salt works to close", "datePublished": "2024-03-01"})
    document = read_one(tmp_path, make_page(head=other + own))
    assert (document.title, document.date) == ("Salt works to close", "2024-03-01")
    assert "beach" not in document.text


def test_a_teaser_does_not_replace_the_article(tmp_path: Path) -> None:
    head = make_json_ld(**{"@type": "NewsArticle", "headline": "Salt ends", "articleBody": "The salt works close …"})
    document = read_one(tmp_path, make_page(head=head))
    assert document.title == "Salt ends"
    assert "will ballot its members" in document.text


def test_a_page_that_scripts_would_fill_has_the_text_it_says_about_itself(tmp_path: Path) -> None:
    body = "The works close in October. " * 9
    head = make_json_ld(**{"@type": "Article", "headline": "Salt", "articleBody": body})
    assert "close in October" in read_one(tmp_path, f"<html><head>{head}</head><body></body></html>").text
    found = read(tmp_path, "<html><head><title>App</title></head><body><div id=app></div></body></html>")
    assert isinstance(found, Skipped)
    assert found.reason.startswith("It has no text")


@pytest.mark.parametrize("broken", ["{", '{"@type": "Article", "author": 7, "headline": null}', "[" * 50_000, '"x"'])
def test_broken_json_ld_is_ignored(tmp_path: Path, broken: str) -> None:
    page = make_page(head=f'{HEAD}<script type="application/ld+json">{broken}</script>')
    assert "Nordsalt offers" in read_one(tmp_path, page).text


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("cp1251", '<meta charset="windows-1251">'),
        ("shift_jis", '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
        ("utf-16", ""),
        ("utf-8", '<meta charset="iso-8859-1">'),
    ],
)
def test_the_encoding_a_page_names_is_used(tmp_path: Path, encoding: str, head: str) -> None:
    said = {"cp1251": "Завод в Варне закроется в октябре.", "shift_jis": "製塩所は十月に閉鎖される。"}.get(
        encoding, "Das Werk in Värne schließt im Oktober."
    )
    page = f"<html><head>{head}<title>x</title></head><body><p>{said}</p><p>{said[::-1]}</p></body></html>"
    assert said in read_one(tmp_path, page.encode(encoding)).text


def test_a_page_in_an_encoding_that_is_not_named_says_how_it_was_read(tmp_path: Path) -> None:
    page = make_page("<p>The café at Ødby, run by Zoë, is closed – for good. It cost £3 to enter.</p>" * 3, head="")
    found = read(tmp_path, page.replace("©", "").encode("cp1252"))
    assert isinstance(found, Contents)
    assert found.notes == (Note("salt.html", "read as Windows-1252"),)


HOSTILE = {
    "deep": "<html><body>" + "<div>" * 200_000 + "deep",
    "tables": "<html><body>" + "<table><tr><td>" * 20_000 + "deep",
    "entities": '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM '
    '"file:///etc/passwd">]><html><body><p>&b; &f; text</p></body></html>',
    "cut": make_page()[:700],
    "nothing": "",
    "spaces": "<html>" + " " * 3_000_000,
    "attributes": "<html><body><p " + "a=b " * 300_000 + ">x</p>",
    "binary": "<html>" + "\x00\x01\x02" * 1_000,
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_a_hostile_page_is_read_or_skipped_in_one_sentence(tmp_path: Path, kind: str) -> None:
    found = read(tmp_path, HOSTILE[kind])
    if isinstance(found, Skipped):
        assert found.reason.endswith(".")
    else:
        assert "root:" not in found.documents[0].text
    assert "Nordsalt offers" in read_one(tmp_path, make_page()).text


def test_a_file_that_takes_too_long_is_skipped_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(confined, "SECONDS", 0.0)
        found = read(tmp_path, make_page())
    assert isinstance(found, Skipped)
    assert "longer than" in found.reason
    assert "Nordsalt offers" in read_one(tmp_path, make_page()).text


def test_a_crash_skips_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confined._WORKER.stop()
    with monkeypatch.context() as patch:
        patch.setattr(confined, "_START", "import os; os.abort()")
        found = read(tmp_path, make_page())
    assert isinstance(found, Skipped)
    assert "save it again" in found.reason
    assert "Nordsalt offers" in read_one(tmp_path, make_page()).text


def test_a_file_that_is_not_wanted_any_more_ends_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confined._WORKER.stop()
    busy: list[subprocess.Popen[bytes] | None] = []

    def check() -> None:
        busy.append(confined._WORKER._process)
        raise RuntimeError

    (tmp_path / "page.html").write_text(make_page())
    with monkeypatch.context() as patch:
        patch.setattr(confined, "_START", "import time; time.sleep(600)")
        with pytest.raises(RuntimeError):
            read_file(tmp_path / "page.html", tmp_path, check=check)
    assert [process.poll() is not None for process in busy if process] == [True]
    assert "Nordsalt offers" in read_one(tmp_path, make_page()).text


def test_no_module_is_imported_from_the_folder_of_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confined._WORKER.stop()
    monkeypatch.chdir(tmp_path)
    for name in ("json.py", "trafilatura.py", "lxml.py"):
        (tmp_path / name).write_text("raise SystemExit(9)")
    assert "Nordsalt offers" in read_one(tmp_path, make_page()).text
