"""Decodes text in the encodings in which articles are saved."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.articles.raw import FormatError


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file.

    :param note: what the user should know about the conversion, such as "read as Windows-1252"; empty if nothing.
    """

    text: str
    note: str = ""


_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^<>]*?\b(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEAD = 4096
"""Bytes in which a web page or XML names its encoding."""
_NAMES = {"utf_16_le": "UTF-16", "utf_16_be": "UTF-16", "cp1252": "Windows-1252"}


def decode_text(data: bytes) -> FileText:
    """Decode UTF-8, UTF-16 with or without a byte order mark, or Windows-1252, of which Latin-1 is a part.

    A few control characters are accepted, since cleaning removes them. Many indicate a binary file.

    :raises FormatError: if the bytes are not text.
    """
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = None
    if text is not None and _is_text(text):
        return FileText(text)
    found = _guess(data)
    if found is None or not _is_text(found.text):
        raise FormatError("It is not text in UTF-8, UTF-16 or Windows-1252: save it as UTF-8 text.")
    return found


def decode_page(data: bytes) -> FileText:
    """Decode a web page or XML as UTF-8, by the encoding that it names, or as other text.

    :raises FormatError: if the bytes are not text.
    """
    named = _CHARSET.search(data[:_HEAD])
    for encoding in ("utf-8-sig", named[1].decode("ascii", "replace") if named else ""):
        try:
            return FileText(data.decode(encoding).replace("\0", ""))
        except (LookupError, ValueError):
            continue
    return decode_text(data)


def _guess(data: bytes) -> FileText | None:
    """The text in one of `_NAMES`; None if it would be gibberish, as Cyrillic letters in Windows-1252 are.

    Other encodings are not tried: charset-normalizer takes a short English text with one "£" for Japanese.
    """
    from charset_normalizer import from_bytes

    # In UTF-16, spaces and line breaks have a null byte. Without any, a word of even length would pass for Chinese.
    names = ["utf_16_le", "utf_16_be"] if b"\x00" in data else ["cp1252"]
    best = from_bytes(data, cp_isolation=names).best()
    return FileText(str(best), f"read as {_NAMES[best.encoding]}") if best else None


def _is_text(text: str) -> bool:
    return sum(text.count(chr(code)) for code in (*range(9), *range(14, 27))) <= 0.05 * len(text)
