"""The page's filter: restricts questions to articles from some days and sources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.errors import QuestionError
from rag.index.scope import Scope, describe_undated, parse_period
from rag.page.rendering import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from rag.page.articles import Row

LONGEST = 200
"""Most characters of a source."""
EVERYTHING = Scope()
_FIELDS = {"since": "since", "until": "until", "source": "from"}


def read_scope(since: object, until: object, source: object) -> Scope:
    """The scope given by a form or a program. A source without ``*``, ``?`` or ``[`` may be any part of a name.

    :raises QuestionError: if a date is invalid, or the last day is before the first.
    """
    if not all(isinstance(text, str) for text in (since, until, source)):
        raise QuestionError("Since, until and source must be strings.")
    # Lone surrogates cannot be sent back.
    first, last, name = (str(text).encode("utf-8", "replace").decode().strip() for text in (since, until, source))
    for word, day in (("since", first), ("until", last)):
        if day:
            try:
                parse_period(day)
            except ValueError as error:
                raise QuestionError(f"{word} {day[:LONGEST]} is not a date: {error}.") from None
    if first and last and first > last and not first.startswith(last):
        raise QuestionError(f"Since {first} is later than until {last}: swap them.")
    name = " ".join(name.split())[:LONGEST]
    return Scope(first, last, name if not name or set(name) & set("*?[") else f"*{name}*")


def drop_field(scope: Scope, field: str) -> Scope:
    """The scope without one of its limits; unchanged if it has no such field."""
    return replace(scope, **{field: ""}) if field in _FIELDS else scope


def count_undated(scope: Scope, rows: Iterable[Row]) -> int:
    """How many of the listed articles a scope leaves out because they have no date."""
    return sum(scope.lacks_day(row.date, (row.publication, row.source, row.document_id)) for row in rows)


def render_filter(scope: Scope, undated: int = 0) -> Markup:
    """A button that opens the form, and for each limit a chip that removes it.

    :param undated: how many articles are left out because they have no date.
    """
    limits = {field: (word, getattr(scope, field)) for field, word in _FIELDS.items() if getattr(scope, field)}
    return render("filter", scope=scope, limits=limits, longest=LONGEST, undated=describe_undated(undated))
