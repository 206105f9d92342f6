"""Gold files line by line: JSON objects whose fields are checked as they are taken."""

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
    """A gold file that cannot be used; the message names file, line and fix."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of an article, as they stand there, that hold an answer."""

    document_id: str
    quote: str


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file, line N``, the line's object) of each line that is not blank."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path.name} cannot be read ({error}): make it readable, in UTF-8.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise GoldError(f"{place} is no JSON object: write one object a line.")
        yield place, record


class Fields:
    """The fields of one object, each to be taken once; what is left over is refused."""

    def __init__(self, record: Any, place: str) -> None:
        if not isinstance(record, dict):
            raise GoldError(f"{place} holds {record!r:.60} where an object is wanted: write {{…}}.")
        self._left = dict(record)
        self.place = place

    def text(self, name: str, default: str | None = None) -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str) or not value.strip():
            raise GoldError(f'{self.place} has no "{name}" that is a text: add one.')
        return self._check_text(name, value)

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        """One of a few words; empty where it is left out."""
        value = self._left.pop(name, "")
        if value and value not in among:
            raise GoldError(f'The "{name}" of {self.place} is {value!r:.60}: write {" or ".join(among)}.')
        return str(value)

    def texts(self, name: str, *, optional: bool = False) -> tuple[str, ...]:
        return tuple(self._check_form(name, value) for value in self._list(name, optional=optional))

    def groups(self, name: str, *, optional: bool = False) -> Groups:
        found = self._list(name, optional=optional)
        if not all(isinstance(group, list) and group for group in found):
            raise GoldError(f'The "{name}" of {self.place} is no list of lists of texts: write [["form", …], …].')
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
            raise GoldError(f'{self.place} has no "{name}" that is a list with something in it: add one.')
        return value

    def _check_text(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise GoldError(f'The "{name}" of {self.place} holds something else than texts: write ["…"].')
        if re.search("[\ud800-\udfff]", value):
            raise GoldError(f'The "{name}" of {self.place} holds half a character (\\ud800 to \\udfff): correct it.')
        return value

    def _check_form(self, name: str, value: Any) -> str:
        """A text that answers are compared with."""
        text = self._check_text(name, value)
        if not split_words(text):
            raise GoldError(f'The "{name}" of {self.place} holds {text!r}, which has no word to compare: write it out.')
        return text
