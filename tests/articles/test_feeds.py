"""A saved feed is several articles, each with its own title and date; a saved e-mail is one, named by its subject."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

import pytest

from rag.articles.feeds import split_feed
from rag.articles.folder import Contents, Skipped, name_file, read_file
from rag.articles.mail import read_mail
from rag.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

RSS = """<?xml version="1.0" encoding="iso-8859-1"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>The Marl Courier</title><link>https://courier.example</link><description>All the news</description>
<item>
  <title>Mill bakery doubles its ovens &amp; staff</title>
  <dc:creator>Petra Lund</dc:creator>
  <pubDate>Tue, 03 Mar 2026 23:30:00 -0500</pubDate>
  <description>The bakery grows.</description>
  <content:encoded><![CDATA[<p>The bakery at Marl Mill will have <em>eight</em> ovens.</p>
  <p>It hires 12 bakers.</p>]]></content:encoded>
</item>
<item>
  <title>Otter seen in the canal</title>
  <pubDate>Wed, 04 Mar 2026 08:00:00 GMT</pubDate>
  <description>&lt;p&gt;An otter was seen near the Tarn lock, for the first time since 1987.&lt;/p&gt;</description>
</item>
</channel></rss>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Courier</title>
<entry><title type="html">Rink &lt;b&gt;closes&lt;/b&gt; early</title><author><name>Ola Berg</name></author>
<updated>2026-01-09T17:00:00+01:00</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>The ice rink in Brill closes on 2 February.</p></div></content>
</entry></feed>
"""


def read(folder: Path, text: str, name: str = "saved.txt") -> tuple[Document, ...]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    found = read_file(path, folder)
    assert isinstance(found, Contents)
    return found.documents


def test_each_item_is_an_article_with_its_own_title_date_and_author(tmp_path: Path) -> None:
    bakery, otter = read(tmp_path, RSS)
    assert (bakery.document_id, otter.document_id) == ("saved.txt#1", "saved.txt#2")
    assert (bakery.title, bakery.date, bakery.author) == (
        "Mill bakery doubles its ovens & staff",
        "2026-03-03",
        "Petra Lund",
    )
    # Not the teaser; the author is the byline, which is no body text.
    body = f"{bakery.title}\n\nThe bakery at Marl Mill will have eight ovens.\n\nIt hires 12 bakers."
    assert bakery.text == f"{body}\n\nBy Petra Lund"
    assert bakery.text[: bakery.body_end].rstrip() == body
    assert (otter.title, otter.date, otter.author) == ("Otter seen in the canal", "2026-03-04", "")
    assert "near the Tarn lock" in otter.text
    assert not any(word in f"{bakery.text} {otter.text}" for word in ("<", "http", "Courier", "CDATA"))


def test_an_atom_feed_with_one_entry_keeps_the_name_of_its_file(tmp_path: Path) -> None:
    (rink,) = read(tmp_path, ATOM, "rink.md")
    assert (rink.document_id, rink.title) == ("rink.md", "Rink closes early")
    assert (rink.date, rink.author) == ("2026-01-09", "Ola Berg")


def test_items_pasted_into_notes_are_articles_and_so_are_the_notes(tmp_path: Path) -> None:
    items = RSS[RSS.index("<item>") : RSS.index("</channel>")]
    notes = (
        "Cuttings of the week\n\nI kept these because the Tarn lock is where my grandfather worked for thirty years."
    )
    first, *others = read(tmp_path, f"{notes}\n\n{items}\n\nThe lock was sold in 1990, he told me once at supper.")
    assert first.title == "Cuttings of the week"
    assert "thirty years" in first.text
    assert "sold in 1990" in first.text
    assert [document.title for document in others] == [
        "Mill bakery doubles its ovens & staff",
        "Otter seen in the canal",
    ]


@pytest.mark.parametrize("damage", ["cut", "unclosed item", "stray ampersand", "no namespaces", "cut in CDATA"])
def test_a_damaged_feed_is_read_as_far_as_it_goes(tmp_path: Path, damage: str) -> None:
    feed = {
        "cut": RSS[: RSS.index("first time")],
        "unclosed item": RSS.replace("</item>", "", 1),
        "stray ampersand": RSS.replace("near the", "near Lock & Sons, the"),
        "no namespaces": RSS.replace("xmlns:", "x-"),
        "cut in CDATA": RSS[RSS.index("<item>\n  <title>Mill") :].split("It hires")[0],
    }[damage]
    titles = {document.title: document.text for document in read(tmp_path, feed)}
    assert "Mill bakery doubles its ovens & staff" in titles
    assert "eight ovens" in titles["Mill bakery doubles its ovens & staff"]
    if damage != "cut in CDATA":
        assert "Tarn lock" in titles["Otter seen in the canal"]


def test_an_article_about_feeds_is_no_feed(tmp_path: Path) -> None:
    text = "How feeds work\n\nEach story is an <item> with a <title>, says the standard, and a <pubDate> if it has one."
    (document,) = read(tmp_path, text)
    assert document.title == "How feeds work"


def test_entities_are_not_expanded_without_bounds() -> None:
    levels = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
    bomb = f'<?xml version="1.0"?>\n<!DOCTYPE rss [<!ENTITY a0 "ha">{levels}]>\n' + RSS.split("\n", 1)[1].replace(
        "The bakery grows.", "&a12;"
    ).replace("<content:encoded>", "<content:encoded>&a12;")
    start = time.process_time()
    assert sum(len(article.text) for article in split_feed(bomb)) < 10_000
    file = '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/hostname">]>\n' + ATOM.replace("The ice", "&f; The ice")
    (entry,) = split_feed(file)
    assert "The ice rink" in entry.text
    assert time.process_time() - start < 5


def test_the_file_of_an_article_is_found_from_its_id() -> None:
    assert name_file("news/feed.txt#12") == "news/feed.txt"
    assert name_file("feed.txt") == "feed.txt"
    assert name_file("issue#4.txt") == "issue#4.txt"
    assert name_file("a.txt#1/b.txt") == "a.txt#1/b.txt"


MAIL = """From: "Courier, The Marl" <desk@courier.example>
To: readers@courier.example
Subject: =?utf-8?q?K=C3=A4se_and_canals?=,
 and a whale
Date: Fri, 6 Mar 2026 07:15:00 +0000

THE CANAL
The Tarn lock reopens to boats on Monday, after repairs that cost
£90,000, its owner, Ole Brandt, said in a letter to the boatmen of
the town.

THE WHALE
A whale swam past Osby pier.

Unsubscribe: https://courier.example/u?id=1
"""


def test_an_e_mail_is_named_by_its_subject_and_its_header_lines_are_no_text(tmp_path: Path) -> None:
    (mail,) = read(tmp_path, MAIL)
    assert mail.title == "Käse and canals, and a whale"
    assert (mail.date, mail.author) == ("2026-03-06", "Courier, The Marl")
    assert [section.heading for section in mail.sections] == ["THE CANAL", "THE WHALE"]
    assert "that cost £90,000, its owner, Ole Brandt, said in a letter to the boatmen of the town." in mail.text
    assert not any(word in mail.text for word in ("From:", "Subject", "@", "Unsubscribe", "2026"))


def test_a_mail_in_parts_is_read_from_its_plain_part() -> None:
    plain = base64.b64encode("Der Käse kostet 4 €.".encode()).decode()
    text = (
        "Received: from a\nFrom: desk@courier.example\nSubject: Cheese\nMIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="b1"\n\n'
        "--b1\nContent-Type: text/html; charset=utf-8\n\n<p>Other</p>\n"
        f"--b1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{plain}\n--b1--\n"
    )
    mail = read_mail(text)
    assert mail is not None
    assert (mail.text, mail.author) == ("Der Käse kostet 4 €.", "desk@courier.example")


@pytest.mark.parametrize(
    "text",
    ["From: our correspondent in Hale\n\nThe pier fell.", "Subject: bees\nDate: today\n\nText.", "From here to Osby\n"],
)
def test_a_text_that_only_resembles_a_mail_is_none(text: str) -> None:
    assert read_mail(text) is None


def test_hostile_mails_are_read_in_little_time() -> None:
    start = time.process_time()
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3000))
    for text in ("From: a\nSubject: b\n" + nested, "From: a\nSubject: " + "=?utf-8?q?=" * 20_000 + "\n\nText"):
        assert read_mail(text) is not None
    assert time.process_time() - start < 10


def test_a_question_is_answered_from_the_right_item(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "feed.txt").write_text(RSS, encoding="utf-8")
    main(
        [
            "--corpus",
            str(articles),
            "--index",
            str(tmp_path / "index"),
            "how many ovens will the Marl Mill bakery have?",
        ]
    )
    out, err = capsys.readouterr()
    assert "eight" in out
    assert "Mill bakery doubles its ovens & staff" in out
    assert "feed.txt#1" in out
    assert "indexed 2 articles" in err


@pytest.mark.parametrize(("name", "text"), [("f.xml", RSS), ("f.rss", RSS), ("f.atom", ATOM), ("f.XML", ATOM)])
def test_a_feed_with_its_own_suffix_reads_like_one_saved_as_text(tmp_path: Path, name: str, text: str) -> None:
    titles = [document.title for document in read(tmp_path, text)]
    assert [document.title for document in read(tmp_path, text, name)] == titles
    style = f'<?xml version="1.0"?><?xml-stylesheet href="a.xsl"?><!-- saved -->{text[text.index("<", 5) :]}'
    assert [document.title for document in read(tmp_path, style, name)] == titles


@pytest.mark.parametrize(
    "text",
    [
        "<urlset><url><loc>https://a.example</loc></url></urlset>",
        '<?xml version="1.0"?><rss><channel><title>Empty</title></channel></rss>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        "<" * 100_000,
        "",
    ],
)
def test_xml_that_is_no_feed_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "f.xml").write_text(text)
    found = read_file(tmp_path / "f.xml", tmp_path)
    assert isinstance(found, Skipped)
    assert "no RSS or Atom feed" in found.reason


def test_a_feed_expands_no_entities_and_reads_no_file(tmp_path: Path) -> None:
    names = '<!DOCTYPE rss [<!ENTITY a "haha"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    (article,) = read(
        tmp_path, f"{names}<rss><channel><item><title>Otter &a; &f;</title></item></channel></rss>", "f.rss"
    )
    assert "haha" not in article.title
    assert "root:" not in article.text
