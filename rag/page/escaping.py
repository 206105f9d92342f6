"""Text of articles, titles, file names and questions to HTML: nothing in them is ever markup."""

from __future__ import annotations

import html
import unicodedata

_STEERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""What reorders the text behind it. The joiners that Persian and Hindi are spelt with stay."""


def escape(text: str) -> str:
    """Safe inside an element and inside a quoted attribute; as long on the screen as it is in the article."""
    return html.escape("".join(_show(character) for character in text), quote=True)


def _show(character: str) -> str:
    if character in "\n\t":
        return character
    if character in _STEERING:
        return ""
    category = unicodedata.category(character)
    if category == "Cs":  # half of a pair: cannot be written as UTF-8
        return "\ufffd"
    return " " if category in ("Cc", "Zl", "Zp") else character
