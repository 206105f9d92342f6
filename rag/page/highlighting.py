"""Splits a text at its quotes and at the answers in them, for a template to mark."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.types import Citation

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that is marked in one way. An answer is always quoted as well."""

    text: str
    quoted: bool
    answer: bool


def split_text(text: str, quotes: Iterable[Span], answers: Iterable[Span] = ()) -> list[Piece]:
    """The pieces that make up a text. Spans may overlap, touch, or exceed the text.

    :param quotes: half-open spans of characters to mark.
    :param answers: half-open spans to mark more strongly, inside or outside of quotes.
    """
    strong = _clip(answers, len(text))
    quoted = strong + _clip(quotes, len(text))
    edges = sorted({0, len(text), *(edge for span in quoted for edge in span)})
    return [Piece(text[a:b], _covers(quoted, a, b), _covers(strong, a, b)) for a, b in pairwise(edges)]


def split_citations(text: str, start: int, citations: Sequence[Citation]) -> list[Piece]:
    """The pieces of a text that begins at offset ``start`` of its article, quoted by the citations."""
    return split_text(
        text,
        [(c.start - start, c.end - start) for c in citations],
        # An answer that is its whole sentence needs no second mark.
        [
            (c.answer_start - start, c.answer_end - start)
            for c in citations
            if (c.answer_start, c.answer_end) != (c.start, c.end)
        ],
    )


def _clip(spans: Iterable[Span], length: int) -> list[Span]:
    clipped = ((max(0, start), min(length, end)) for start, end in spans)
    return [(start, end) for start, end in clipped if start < end]


def _covers(spans: Sequence[Span], start: int, end: int) -> bool:
    return any(a <= start and end <= b for a, b in spans)
