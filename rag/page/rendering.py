"""Fills the page's templates. Every value becomes plain text: markup in articles, questions and files has no effect."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.page.highlighting import split_citations

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PUBLICATION = re.compile(r"(\S+(?: \S+){2,}) (?:\||-) ([^\W\d_a-z][\w.'’&]*(?: [\w.'’&]+){0,3})")
"""Three words or more before the sign, up to four with a capital letter after it."""
_STEERING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
"""Characters that reorder the text after them. The joiners used in Persian and Hindi stay."""
_CONTROL = (*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_SURROGATES = range(0xD800, 0xE000)  # cannot be encoded as UTF-8
_REPLACED = {**dict.fromkeys(_STEERING), **dict.fromkeys(_CONTROL, " "), **dict.fromkeys(_SURROGATES, "\ufffd")}


def render(template: str, **values: object) -> Markup:
    """The HTML of ``templates/<template>.html.jinja``."""
    from markupsafe import Markup

    text = load_environment().get_template(f"{template}.html.jinja").render(values)
    return Markup(text)  # noqa: S704 (the environment has escaped every value)


@cache
def load_environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = count
    environment.filters["day"] = write_date
    environment.filters["short_title"] = lambda title: split_title(title)[0]
    environment.filters["publication"] = lambda title: split_title(title)[1]
    environment.globals["split_citations"] = split_citations
    return environment


def clean(value: object) -> str:
    """A value without control characters, lone surrogates and characters that reorder text.

    Jinja calls this for every value it inserts, before escaping it. Markup stays markup.
    """
    return (value if isinstance(value, str) else str(value)).translate(_REPLACED)


def find_shown(text: str, start: int, end: int) -> tuple[int, int]:
    """The offsets in a text of the part from ``start`` to ``end`` of its clean form, which lacks some characters."""
    kept = [at for at, letter in enumerate(text) if ord(letter) not in _STEERING]
    if not start < end <= len(kept):
        return start, end
    return kept[start], kept[end - 1] + 1


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def write_date(text: str) -> str:
    """An ISO 8601 date in words, with its time if there is one (``13 June 2025, 16:05``); any other text unchanged."""
    first, _, clock = text.partition(" ")
    try:
        day = date.fromisoformat(first)
    except ValueError:
        return text
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" + (f", {clock}" if clock else "")


def split_title(title: str) -> tuple[str, str]:
    """The title of an article, and the publication that web pages add to it (``Title - Publication``) or "".

    A part of a title that is taken for a publication is not lost: both are shown.
    """
    found = _PUBLICATION.fullmatch(title)
    return (found[1], found[2]) if found else (title, "")
