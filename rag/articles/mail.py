"""Reads a saved e-mail, such as a newsletter: its header lines are the article's title, date and author, not text."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import decode_header
from email.parser import BytesParser
from email.utils import parseaddr, parsedate
from typing import TYPE_CHECKING

from rag.articles.dates import parse_date
from rag.articles.raw import RawArticle

if TYPE_CHECKING:
    from email.message import Message

_FIELD = re.compile(r"([A-Za-z][A-Za-z-]{1,40}):(?:[ \t]+(.*)|)")
_MOST_LINES = 300
"""Chosen by hand. Header lines beyond it would be text; mail that passed many servers has about a hundred."""
_ENCODED = re.compile(r"multipart/|text/html|quoted-printable|base64", re.IGNORECASE)


def read_mail(text: str) -> RawArticle | None:
    """The article in an e-mail that was saved as text, with or without its MIME parts.

    :param text: a file's text.
    :return: None unless the text begins with header lines, among them the sender and the subject.
    """
    start = len(text) - len(text.lstrip())
    fields, length = _read_fields(text[start:])
    if "from" not in fields or "subject" not in fields:
        return None
    body = text[start + length :]
    if _ENCODED.search(" ".join(fields.get(name, "") for name in ("content-type", "content-transfer-encoding"))):
        body = _read_parts(text[start:]) or body
    date = read_sent(fields.get("date") or fields.get("sent") or "")
    return RawArticle(body, decode_field(fields["subject"]), date, read_sender(fields["from"]))


def read_sent(value: str) -> str | None:
    """The date of a ``Date`` field as ISO 8601, where the mail was sent; None if there is none."""
    moment = parsedate(value)
    return parse_date(value) or (f"{moment[0]:04}-{moment[1]:02}-{moment[2]:02}" if moment else None)


def read_sender(value: str) -> str:
    """The name in a ``From`` field, or else the address."""
    name, address = parseaddr(decode_field(value))
    return name or address or value


def _read_fields(text: str) -> tuple[dict[str, str], int]:
    """The header's fields by lower-case name, the first of each name, and the header's length."""
    fields: dict[str, str] = {}
    name = ""
    length = 0
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        content = line.rstrip("\r")
        match = _FIELD.fullmatch(content)
        if match:
            name = match[1].lower()
            fields.setdefault(name, (match[2] or "").strip())
        elif name and content[:1] in {" ", "\t"} and content.strip():
            fields[name] = f"{fields[name]} {content.strip()}"
        else:
            break
        length += len(line) + 1
    return fields, length


def decode_field(value: str) -> str:
    """A field's value with encoded words decoded, as in ``=?utf-8?q?M=C3=BCller?=``."""
    try:
        parts = [
            (part.encode(), "utf-8") if isinstance(part, str) else (part, charset)
            for part, charset in decode_header(value)
        ]
        return "".join(part.decode(charset or "utf-8", "replace") for part, charset in parts)
    except (LookupError, ValueError, MessageError):
        return value


def _read_parts(text: str) -> str:
    """The first plain part of a MIME message or, without one, the first HTML part; empty if neither can be read."""
    try:
        message = BytesParser().parsebytes(text.encode("utf-8", "replace"))
        parts = [part for part in message.walk() if part.get_content_maintype() == "text" and not part.get_filename()]
    except RecursionError:  # hostile nesting
        return ""
    parts.sort(key=lambda part: part.get_content_subtype() != "plain")
    return next(filter(str.strip, map(_decode_part, parts)), "")


def _decode_part(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    # The whole file was decoded before; only what the part encodes once more is in its own character set.
    for charset in ("utf-8", part.get_content_charset() or ""):
        try:
            return data.decode(charset)
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1")
