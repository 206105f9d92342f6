"""Which column of a table of articles holds what, as a user says it: ``title=headline,text=body``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of columns. One that is empty, or that a table does not have, is found by its usual names."""

    title: str = ""
    text: str = ""
    date: str = ""
    author: str = ""
    publication: str = ""
    language: str = ""
    url: str = ""

    def named(self) -> dict[str, str]:
        """The columns that have a name, by what they hold."""
        return {kind: name for kind, name in asdict(self).items() if name}


USUAL = Columns()


def parse_columns(text: str) -> Columns:
    """The columns in a text such as ``title=headline,text=body``.

    :raises ValueError: if it is not of this form. Its message names the fix.
    """
    kinds = [field.name for field in fields(Columns)]
    named: dict[str, str] = {}
    for part in text.split(","):
        kind, equals, name = (piece.strip() for piece in part.partition("="))
        if kind not in kinds or not equals or not name or kind in named:
            raise ValueError(f"write it as title=NAME,text=NAME; the columns are {', '.join(kinds)}, each at most once")
        named[kind] = name
    return Columns(**named)
