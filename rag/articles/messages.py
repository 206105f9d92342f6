"""Reads e-mail files, such as newsletters: one message (.eml) or a mailbox of many (.mbox).

What the message quotes and the sender's signature are left out. Web pages that a browser saved as one file (.mhtml) are
built like messages too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from email.parser import BytesParser
from typing import TYPE_CHECKING

from rag.articles.encodings import decode_page
from rag.articles.html_pages import read_page
from rag.articles.mail import decode_field, read_sender, read_sent
from rag.articles.raw import Converted, FormatError, RawArticle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

MOST_MESSAGES = 10_000
_COMPLETE = 0.6
"""The plain part is read if it has this share of the HTML part's words. In some newsletters it is only a link."""
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n")
_ESCAPED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_ANSWER = re.compile(r"(?:(?:re|fwd?|aw|wg|sv|tr)\s*:\s*)+", re.IGNORECASE)
_QUOTED = re.compile(r"[ \t]*>")
_ATTRIBUTION = re.compile(r"(?:On|Am|Le|El)\b.*\d.*:|.*\bwrote:|.*<\S+@\S+>.*:")
_ORIGINAL = re.compile(r"[ \t]*-{3,}[ \t]*original message[ \t]*-{3,}[ \t]*", re.IGNORECASE)
_FIELD = re.compile(r"[ \t]*\*?(?:From|Sent|Date|To|Cc|Subject):\*?[ \t]")
_FIELDS = 3
"""Header lines in a row that begin a quoted message, as Outlook writes them."""
_QUOTES = (
    ".//blockquote[@type='cite']",
    ".//*[@id='divRplyFwdMsg']/following-sibling::*",
    ".//*[@id='divRplyFwdMsg']",
    *(
        f".//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
        for name in ("gmail_quote", "gmail_signature", "moz-cite-prefix", "moz-signature", "yahoo_quoted")
    ),
)
"""Where mail programs put what a message quotes, and signatures."""


def convert_message(data: bytes) -> Converted:
    """The article in one e-mail, or the articles of a mailbox; none if it has no text.

    :raises FormatError: if it is no e-mail.
    """
    if data.startswith(b"From "):
        return convert_mailbox(data)
    article = _read_message(data)
    if article is None:
        raise FormatError("It is no e-mail, which would begin with header lines such as From: and Subject:.")
    return Converted((article,) if article.text.strip() else ())


def convert_mailbox(data: bytes) -> Converted:
    """The articles of a mailbox, one for each message that has text.

    :raises FormatError: if it holds no message, or too many.
    """
    starts = list(_SEPARATOR.finditer(data))
    if len(starts) > MOST_MESSAGES:
        raise FormatError(f"It holds more than {MOST_MESSAGES:,} messages: split it.")
    ends = [*(start.start() for start in starts), len(data)][1:]
    parts = [_ESCAPED.sub(b"", data[start.end() : end]) for start, end in zip(starts, ends, strict=True)]
    articles = [article for article in map(_read_message, parts) if article is not None]
    if not articles:
        raise FormatError("It holds no e-mail, each of which would begin with a line that starts with From.")
    return Converted(tuple(article for article in articles if article.text.strip()))


def convert_mhtml(data: bytes) -> Converted:
    """The article of a web page that a browser saved as one file.

    :raises FormatError: if it holds no page.
    """
    message = BytesParser().parsebytes(data)
    page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    if page is None:
        raise FormatError("It holds no web page: save the page again, as HTML.")
    address = str(message["Snapshot-Content-Location"] or page["Content-Location"] or "")
    article = read_page(_decode(page))
    return Converted((replace(article, url=address or article.url),))


def _read_message(data: bytes) -> RawArticle | None:
    """None if there are no header lines."""
    message = BytesParser().parsebytes(data)
    if not message["From"] and not message["Subject"]:
        return None
    subject = _ANSWER.sub("", decode_field(str(message["Subject"] or "")), count=1).strip()
    sender = read_sender(str(message["From"])) if message["From"] else ""
    body = _read_body(message)
    return replace(body, title=subject, date=read_sent(str(message["Date"] or "")), author=sender, dated="metadata")


def _read_body(message: Message) -> RawArticle:
    """The text of the plain parts or, if they are much shorter, what the HTML parts say."""
    parts = [part for part in message.walk() if part.get_content_maintype() == "text" and not _is_attached(part)]
    plain = "\n\n".join(_decode(part) for part in parts if part.get_content_subtype() == "plain")
    pages = [_decode(part) for part in parts if part.get_content_subtype() == "html"]
    found = [read_page(_drop_quotes(page)) for page in pages if page.strip()]
    read = "\n\n".join(one.text for one in found)
    words = len(re.sub(r"<[^<>]*>", " ", read).split())
    if words and len(plain.split()) < _COMPLETE * words:
        return RawArticle(read, extractor=found[0].extractor)
    return RawArticle(_strip_quotes(plain))


def _is_attached(part: Message) -> bool:
    return bool(part.get_filename()) or part.get_content_disposition() == "attachment"


def _decode(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset() or "utf-8").replace("\0", "")
    except (LookupError, ValueError):
        pass
    try:
        return decode_page(data).text
    except FormatError:
        return data.decode("utf-8", "replace")


def _drop_quotes(page: str) -> str:
    """An HTML part without what it quotes, unless nothing else would be left."""
    from lxml import html

    tree = html.document_fromstring(page.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8"))
    for path in _QUOTES:
        for element in tree.xpath(path):
            if element.getparent() is not None:
                element.drop_tree()
    return str(html.tostring(tree, encoding="unicode")) if tree.text_content().strip() else page


def _strip_quotes(text: str) -> str:
    """A plain part without what it quotes and without the signature, unless nothing else would be left."""
    kept: list[str] = []
    for line in _cut_end(text.splitlines()):
        if not _QUOTED.match(line):
            kept.append(line)
            continue
        while kept and not kept[-1].strip():
            kept.pop()
        if kept and _ATTRIBUTION.fullmatch(kept[-1].strip()):
            kept.pop()
        kept.append("")
    return "\n".join(kept) if "".join(kept).strip() else text


def _cut_end(lines: list[str]) -> Iterator[str]:
    """The lines before a signature or a message that is quoted as a whole."""
    for number, line in enumerate(lines):
        fields = lines[number : number + _FIELDS]
        quoted = len(fields) == _FIELDS and all(map(_FIELD.match, fields))
        if line.rstrip("\r\n") in {"-- ", "--"} or _ORIGINAL.fullmatch(line) or quoted:
            return
        yield line
