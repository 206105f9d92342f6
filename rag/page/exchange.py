"""One question with its answer, and its JSON. The browser keeps a conversation as a list of these.

Browsers can send anything, so records that do not have the right form are dropped.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from rag.types import Alternative, Answer, Citation, Mark, Passage, ScoredPassage, Status, Timing, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

Rating = Literal["", "up", "down"]
RATINGS: tuple[str, ...] = get_args(Rating)
MOST_EXCHANGES = 50
"""Questions in a conversation. A browser gives a page five megabytes, and sends the open conversation each time."""
MOST_CORRECTION = 2000
"""Characters."""
NEAREST = 3
"""Passages shown for a declined question."""

_KEY = re.compile(r"[0-9a-f]{8,32}")
_KINDS = {
    "str": str,
    "int": int,
    "float": (int, float),
    "str | None": (str, type(None)),
    "bool": bool,
    "int | None": (int, type(None)),
}
_Made = TypeVar("_Made", Citation, Passage, Timing)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of a conversation, with its answer.

    :param key: its id in hex, part of the ids of page elements and of feedback.
    :param question: the question as typed.
    :param answer: None if the question could not be asked, is still being answered, or was interrupted.
    :param error: why it could not be asked, in one sentence.
    :param asked: time of the question in ISO 8601; empty if unknown.
    :param before: digest of the conversation before the question, see :func:`digest_turns`.
    :param read: (passage_id, score) of all passages read; the answer has only those that are shown.
    :param scope: which articles the question was asked of, in words; empty for all.
    :param rating: the user's rating. Rating and correction are set in the browser and not signed.
    :param signature: the page's signature of everything else.
    """

    key: str
    question: str
    answer: Answer | None = None
    error: str = ""
    asked: str = ""
    before: str = ""
    read: tuple[tuple[str, float], ...] = ()
    rating: Rating = ""
    correction: str = ""
    signature: str = ""
    scope: str = ""


def list_turns(exchanges: Sequence[Exchange]) -> tuple[Turn, ...]:
    """The conversation as the pipeline needs it: questions as understood, and their answers."""
    turns: list[Turn] = []
    for exchange in exchanges:
        if exchange.answer is not None:
            answer = exchange.answer
            turns += [
                Turn("user", answer.standalone),
                Turn("assistant", answer.said),
            ]
    return tuple(turns)


def digest_turns(turns: Sequence[Turn]) -> str:
    """A hex digest of a conversation; empty for an empty one."""
    text = json.dumps([(turn.role, turn.content) for turn in turns])
    return hashlib.sha256(text.encode()).hexdigest()[:32] if turns else ""


def write_records(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """The latest exchanges as JSON-ready values, each with the passages the page shows."""
    return [write_record(exchange) for exchange in exchanges[-MOST_EXCHANGES:]]


def write_record(exchange: Exchange) -> dict[str, Any]:
    """An exchange as JSON-ready values. What :func:`read_exchange` makes of them gives the same record again."""
    answer = exchange.answer
    return asdict(replace(exchange, answer=replace(answer, passages=choose_shown(answer))) if answer else exchange)


def list_citations(answer: Answer) -> list[Citation]:
    """The citations of the answer itself and then those of its alternatives."""
    return [*answer.citations, *(citation for other in answer.alternatives for citation in other.citations)]


def choose_shown(answer: Answer) -> tuple[ScoredPassage, ...]:
    """The passages shown on the page: the cited ones, or the closest ones of a declined question."""
    if not answer.shown.answered:
        return answer.passages[:NEAREST]
    cited = {citation.passage_id for citation in list_citations(answer.shown)}
    return tuple(scored for scored in answer.passages if scored.passage.passage_id in cited)


def read_records(records: object) -> list[Exchange]:
    """The exchanges in a list that a browser kept. Records that are not valid are left out."""
    if not isinstance(records, list):
        return []
    found = (read_exchange(record) for record in records[-MOST_EXCHANGES:])
    unique = {exchange.key: exchange for exchange in found if exchange is not None}
    return list(unique.values())


def read_exchange(record: object) -> Exchange | None:
    """The exchange in a record, or None if the record is not valid."""
    try:
        if not isinstance(record, dict) or not _KEY.fullmatch(_take(record, "key", str)):
            return None
        rating = _take(record, "rating", str)
        answer = record.get("answer")
        return Exchange(
            key=record["key"],
            question=_take(record, "question", str),
            answer=None if answer is None else _read_answer(answer),
            error=_take(record, "error", str),
            asked=_take(record, "asked", str),
            before=_take(record, "before", str),
            read=tuple(_read_place(place) for place in _take(record, "read", (list, tuple))),
            signature=_take(record, "signature", str),
            scope=_take(record, "scope", str) if "scope" in record else "",
            rating=rating if rating in RATINGS else "",
            correction=_take(record, "correction", str)[:MOST_CORRECTION],
        )
    except (KeyError, TypeError, ValueError):
        return None


def _read_place(place: object) -> tuple[str, float]:
    """:raises TypeError, ValueError: if it is not a passage_id and a score."""
    if not isinstance(place, (list, tuple)):
        raise TypeError(place)
    name, score = place
    if not isinstance(name, str) or isinstance(score, bool) or not isinstance(score, (int, float)):
        raise TypeError(place)
    return name, float(score)


def _read_answer(record: dict[str, Any]) -> Answer:
    """:raises TypeError, KeyError, ValueError: if the record is not a valid answer."""
    status = _take(record, "status", str)
    if status not in get_args(Status):
        raise ValueError(status)
    withheld = record.get("withheld")
    age, mark = record.get("age_days"), record.get("corrected")
    return Answer(
        question=_take(record, "question", str),
        standalone=_take(record, "standalone", str),
        status=status,
        text=_take(record, "text", str),
        reason=_take(record, "reason", str),
        confidence=float(_take(record, "confidence", (int, float))),
        citations=_read_citations(record),
        alternatives=tuple(_read_alternative(other) for other in _take(record, "alternatives", (list, tuple))),
        passages=tuple(
            ScoredPassage(_build(Passage, scored["passage"]), float(_take(scored, "score", (int, float))))
            for scored in _take(record, "passages", (list, tuple))
        ),
        timing=_build(Timing, _take(record, "timing", dict)),
        withheld=None if withheld is None else _read_alternative(withheld),
        short=_take(record, "short", str),
        articles=_take(record, "articles", int),
        age_days=None if age is None else _take(record, "age_days", int),
        corrected=None if mark is None else _read_mark(mark),
    )


def _read_mark(record: dict[str, Any]) -> Mark:
    names = _take(record, "by", (list, tuple))
    if not all(isinstance(name, str) for name in names):
        raise TypeError(names)
    return Mark(tuple(names), _take(record, "on", str))


def _read_alternative(record: dict[str, Any]) -> Alternative:
    return Alternative(
        text=_take(record, "text", str),
        confidence=float(_take(record, "confidence", (int, float))),
        citations=_read_citations(record),
        articles=_take(record, "articles", int),
        superseded=_take(record, "superseded", bool) if "superseded" in record else False,
    )


def _read_citations(record: dict[str, Any]) -> tuple[Citation, ...]:
    return tuple(_build(Citation, citation) for citation in _take(record, "citations", (list, tuple)))


def _build(kind: type[_Made], record: dict[str, Any]) -> _Made:
    """A flat dataclass from its record. :raises TypeError, KeyError: if a field has no value or another type."""
    if not isinstance(record, dict):
        raise TypeError(kind.__name__)
    # What a browser kept before a field was added has its default.
    known = [field for field in fields(kind) if field.name in record or field.default is MISSING]
    names = {field.name: _KINDS.get(str(field.type), str) for field in known}
    values = {name: _take(record, name, wanted) for name, wanted in names.items()}
    # A browser's JSON writes 1.0 as 1.
    made: Any = {name: float(value) if names[name] == (int, float) else value for name, value in values.items()}
    return kind(**made)


def _take(record: dict[str, Any], name: str, wanted: Any) -> Any:
    value = record[name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise TypeError(name)
    return value
