"""The file formats of articles, and a converter to text for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class FormatError(Exception):
    """A file cannot be converted to text. The message is one sentence that names the fix."""


class Converter(Protocol):
    """Converts a file's bytes to text, which is cleaned afterwards."""

    def __call__(self, data: bytes) -> str:
        """:raises FormatError: if the bytes are not in this format."""


def decode_text(data: bytes) -> str:
    """Decode UTF-8, or UTF-16 if there is a byte order mark.

    A few control characters are accepted, since cleaning removes them. Many indicate a binary file.

    :raises FormatError: if the bytes are not text.
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
"""Converters by lower-case suffix. To support a new format, add a line."""
