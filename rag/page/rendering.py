"""Fills the page's templates. Every value becomes plain text: markup in articles, questions and files has no effect."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.page.highlighting import split_citations

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

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
    environment.globals["split_citations"] = split_citations
    return environment


def clean(value: object) -> str:
    """A value without control characters, lone surrogates and characters that reorder text.

    Jinja calls this for every value it inserts, before escaping it. Markup stays markup.
    """
    return (value if isinstance(value, str) else str(value)).translate(_REPLACED)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
