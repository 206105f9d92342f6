"""Reads gold files line by line, and checks the fields of each JSON object."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.metrics import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Groups = tuple[tuple[str, ...], ...]


class GoldError(RagError):
    """A gold file is invalid. The message names the file, the line and the fix."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verbatim quote of an article that contains an answer."""

    document_id: str
    quote: str


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file, line N``, object) of each line that is not blank.

    :raises GoldError: if the file cannot be read, or a line is not a JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path.name} cannot be read ({error}): make it readable and save it as UTF-8.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise GoldError(f"{place} is not a JSON object: write one object per line.")
        yield place, record


class Fields:
    """The fields of one object. Each is read once, and :meth:`finish` rejects fields that were not read.

    :raises GoldError: from every method, if a field is missing or invalid.
    """

    def __init__(self, record: Any, place: str) -> None:
        if not isinstance(record, dict):
            raise GoldError(f"{place} has {record!r:.60} instead of an object: write {{…}}.")
        self._left = dict(record)
        self.place = place

    def text(self, name: str, default: str | None = None) -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str) or not value.strip():
            raise GoldError(f'{self.place} has no "{name}" with a non-empty string: add one.')
        return self._check_text(name, value)

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        """One of the words in ``among``; empty if the field is missing."""
        value = self._left.pop(name, "")
        if value and value not in among:
            raise GoldError(f'The "{name}" of {self.place} is {value!r:.60}: write {" or ".join(among)}.')
        return str(value)

    def texts(self, name: str, *, optional: bool = False) -> tuple[str, ...]:
        return tuple(self._check_form(name, value) for value in self._list(name, optional=optional))

    def groups(self, name: str, *, optional: bool = False) -> Groups:
        found = self._list(name, optional=optional)
        if not all(isinstance(group, list) and group for group in found):
            raise GoldError(f'The "{name}" of {self.place} is not a list of lists of strings: write [["form", …], …].')
        return tuple(tuple(self._check_form(name, form) for form in group) for group in found)

    def objects(self, name: str, *, optional: bool = False) -> list[Fields]:
        found = self._list(name, optional=optional)
        return [Fields(value, f"{self.place}, {name} {number}") for number, value in enumerate(found, 1)]

    def evidence(self) -> tuple[Evidence, ...]:
        made = []
        for fields in self.objects("evidence", optional=True):
            made.append(Evidence(fields.text("document_id"), fields.text("quote")))
            fields.finish()
        return tuple(made)

    def finish(self) -> None:
        if self._left:
            raise GoldError(f"{self.place} has an unknown field {min(self._left)!r}: remove it or correct its name.")

    def _list(self, name: str, *, optional: bool) -> list[Any]:
        value = self._left.pop(name, [] if optional else None)
        if not isinstance(value, list) or not (value or optional):
            raise GoldError(f'{self.place} has no "{name}" with a non-empty list: add one.')
        return value

    def _check_text(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise GoldError(f'The "{name}" of {self.place} has an item that is not a non-empty string: write ["…"].')
        if re.search("[\ud800-\udfff]", value):
            raise GoldError(f'The "{name}" of {self.place} has a lone surrogate (\\ud800 to \\udfff): correct it.')
        return value

    def _check_form(self, name: str, value: Any) -> str:
        """Checks a form that answers are compared with."""
        text = self._check_text(name, value)
        if not split_words(text):
            raise GoldError(f'The "{name}" of {self.place} has {text!r}, which has no words: write it in words.')
        return text
