"""Which files are articles, and what turns each kind of file into text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class FormatError(Exception):
    """Why a file holds no text to read: one sentence that says what to do."""


class Converter(Protocol):
    """A file's bytes to its text, which is cleaned afterwards."""

    def __call__(self, data: bytes) -> str:
        """:raises FormatError: for bytes of another kind."""


def decode_text(data: bytes) -> str:
    """UTF-8, or UTF-16 where a byte order mark says so.

    A few null bytes are damage, which cleaning mends; many are another kind of file.
    """
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = None
    if text is None or sum(text.count(chr(code)) for code in (*range(9), *range(14, 27))) > 0.05 * len(text):
        raise FormatError("It is not UTF-8 text: save it as UTF-8 text.")
    return text


FORMATS: Mapping[str, Converter] = {".txt": decode_text, ".md": decode_text}
"""Suffixes in lower case. A new format is one more line."""
