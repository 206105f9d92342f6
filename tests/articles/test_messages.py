"""E-mail files become articles without what they quote; a mailbox becomes one for each message."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from rag.articles.folder import MOST_TITLE, Contents, Skipped, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

STORY = "The mayor of Tolby, Irma Keel, will not stand again in June. She has held the office since 2009."
CELL = "<td style='padding:8px'>"
NEWSLETTER = f"""<html><head><style>p {{ color: red }}</style></head><body><table width=100%><tr>{CELL}
<table><tr>{CELL}<a href=https://t.example/1>View in browser</a></td></tr></table>
<table><tr>{CELL}<h1>Mayor of Tolby steps down</h1><p>{STORY}</p><p>Her deputy, Sol Hadden, is the favourite to
follow her, according to a poll of 1,204 voters for the Tolby Gazette, ahead of two others.</p></td></tr></table>
<table><tr>{CELL}<a href=https://t.example/2>Unsubscribe</a></td></tr></table></td></tr></table></body></html>"""


def make_mail(plain: str = "", page: str = "", **fields: str) -> bytes:
    mail = EmailMessage()
    given = {
        "From": "Tolby Gazette <news@tolby.example>",
        "Subject": "Morning news",
        "Date": "Tue, 4 Jun 2024 07:00:00 +0200",
    }
    for name, value in {**given, **fields}.items():
        mail[name] = value
    mail.set_content(plain)
    if page:
        mail.add_alternative(page, subtype="html")
    return mail.as_bytes()


def read(folder: Path, data: bytes, name: str = "news.eml") -> Contents | Skipped:
    (folder / name).write_bytes(data)
    return read_file(folder / name, folder)


def read_all(folder: Path, data: bytes, name: str = "news.eml") -> tuple[Document, ...]:
    found = read(folder, data, name)
    assert isinstance(found, Contents), found
    return found.documents


def test_a_message_is_its_subject_date_sender_and_text(tmp_path: Path) -> None:
    (mail,) = read_all(tmp_path, make_mail(STORY, Subject="Re: FW: Zoë’s news"))
    assert (mail.title, mail.date, mail.author) == ("Zoë’s news", "2024-06-04", "Tolby Gazette")
    assert mail.text == f"Zoë’s news\n\n{STORY}\n\nBy Tolby Gazette"


def test_a_newsletter_whose_plain_part_is_only_a_link_is_read_from_its_page(tmp_path: Path) -> None:
    (mail,) = read_all(tmp_path, make_mail("Read this mail in your browser: https://t.example/1", NEWSLETTER))
    assert STORY in mail.text
    assert "a poll of 1,204 voters" in mail.text
    (mail,) = read_all(
        tmp_path, make_mail(f"{STORY}\n\nHer deputy is the favourite of 1,204 voters.", f"<p>{STORY}</p>")
    )
    assert "the favourite of 1,204 voters" in mail.text


REPLY = f"""{STORY}

On Mon, 3 Jun 2024 at 18:12, Bo Tarn <bo@tolby.example> wrote:

> Is it true that the mayor
> will resign?

She said so at the market.
--\x20
Irma Keel's office, Castle Street 9
"""
OUTLOOK = f"""{STORY}

From: Bo Tarn <bo@tolby.example>
Sent: Monday, 3 June 2024 18:12
To: News
Subject: Is it true?

Will the mayor resign?
"""
ORIGINAL = f"{STORY}\n\n-----Original Message-----\nFrom: Bo\n\nWill the mayor resign?\n"


@pytest.mark.parametrize("plain", [REPLY, OUTLOOK, ORIGINAL])
def test_what_a_message_quotes_and_its_signature_are_left_out(tmp_path: Path, plain: str) -> None:
    (mail,) = read_all(tmp_path, make_mail(plain))
    assert STORY in mail.text
    assert ("at the market" in mail.text) == ("at the market" in plain)
    for quoted in ("resign", "Bo Tarn", "Castle Street", "Original"):
        assert quoted not in mail.text


def test_what_an_html_message_quotes_is_left_out(tmp_path: Path) -> None:
    quote = '<div class="gmail_quote gmail_x">On Monday Bo wrote:<blockquote>Will the mayor resign?</blockquote></div>'
    sign = '<div class="gmail_signature">Castle Street 9</div><blockquote type="cite">She will resign.</blockquote>'
    (mail,) = read_all(tmp_path, make_mail("", f"<html><body><p>{STORY}</p>{sign}{quote}</body></html>"))
    assert STORY in mail.text
    for quoted in ("resign", "wrote", "Castle"):
        assert quoted not in mail.text


def test_a_message_that_is_all_quotation_stays_whole(tmp_path: Path) -> None:
    (mail,) = read_all(tmp_path, make_mail(f"> {STORY}\n"))
    assert "Irma Keel" in mail.text


def test_attachments_are_not_read_as_text(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@tolby.example", "Notes"
    mail.set_content(STORY)
    mail.add_attachment("secret figures", filename="figures.txt")
    (found,) = read_all(tmp_path, mail.as_bytes())
    assert "secret" not in found.text


def test_a_mailbox_is_an_article_for_each_message_with_text(tmp_path: Path) -> None:
    second = make_mail("From the council we hear\nthat the bridge at Orre is open.", Subject="Bridge").replace(
        b"\nFrom the", b"\n>From the"
    )
    parts = [make_mail(STORY), make_mail(""), second]
    data = b"".join(b"From news@tolby.example Tue Jun  4 07:00:00 2024\n" + part + b"\n" for part in parts)
    for name in ("all.mbox", "all.eml"):
        mayor, bridge = read_all(tmp_path, data, name)
        assert (mayor.document_id, mayor.title) == (f"{name}#1", "Morning news")
        assert (bridge.document_id, bridge.title) == (f"{name}#2", "Bridge")
        assert "From the council we hear" in bridge.text
        assert ">" not in bridge.text


def test_a_page_saved_as_one_file_is_its_article(tmp_path: Path) -> None:
    page = EmailMessage()
    page["From"], page["Subject"] = "<Saved by Blink>", "Mayor steps down"
    page["Date"] = "Tue, 4 Jun 2024 07:00:00 -0000"
    head = '<title>Mayor steps down</title><meta property="article:published_time" content="2024-05-30T10:00:00Z">'
    page.set_content(
        f"<html><head>{head}</head><body><p>{STORY}</p></body></html>", subtype="html", cte="quoted-printable"
    )
    page.make_related()
    page.add_related("p { color: red }", subtype="css")
    (found,) = read_all(tmp_path, page.as_bytes(), "mayor.mhtml")
    assert (found.title, found.date, found.author) == ("Mayor steps down", "2024-05-30", "")
    assert STORY in found.text
    none = read(tmp_path, b"From: x\n\ntext", "a.mht")
    assert isinstance(none, Skipped)
    assert "no web page" in none.reason


NESTED = b"From: a@b.example\nSubject: x\n" + b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3_000)
)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"The mayor will not stand again.", "a.eml", "no e-mail"),
        (b"The mayor will not stand again.", "a.mbox", "no e-mail"),
        (b"From: a@b.example\nSubject: x\n\n", "a.eml", "no text"),
        (b"\xff\xfe\x00" * 900, "a.eml", "no e-mail"),
        (b"From x\nFrom: a\n\n\n" * 20_000, "a.mbox", "more than 10,000 messages"),
        (NESTED, "a.eml", "."),
    ],
)
def test_what_is_no_message_says_so(tmp_path: Path, data: bytes, name: str, said: str) -> None:
    found = read(tmp_path, data, name)
    assert isinstance(found, Skipped)
    assert said in found.reason


def test_a_title_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "long.eml").write_bytes(make_mail(STORY, Subject="Rain " * 1000))
    found = read_file(tmp_path / "long.eml", tmp_path)
    assert isinstance(found, Contents)
    assert [len(document.title) <= MOST_TITLE for document in found.documents] == [True]
