"""A text with its quotes, and the answers in them, marked."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from rag.page.escaping import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.types import Citation

Span = tuple[int, int]


def highlight_text(text: str, quotes: Iterable[Span], answers: Iterable[Span] = ()) -> str:
    """HTML of a text; spans may overlap, touch, or lie beyond its ends.

    :param quotes: what is marked, half open, in characters of the text.
    :param answers: what is marked more strongly, wherever it lies.
    """
    quoted = _clip(quotes, len(text))
    strong = _clip(answers, len(text))
    edges = sorted({0, len(text), *(edge for span in (*quoted, *strong) for edge in span)})
    made = []
    for start, end in pairwise(edges):
        piece = escape(text[start:end])
        if _covers(strong, start, end):
            piece = f'<strong class="aa-answer">{piece}</strong>'
        if _covers((*quoted, *strong), start, end):
            piece = f'<mark class="aa-quote">{piece}</mark>'
        made.append(piece)
    return "".join(made)


def highlight_citations(text: str, start: int, citations: Sequence[Citation]) -> str:
    """A stretch of an article that begins at ``start``, with what citations quote of it."""
    return highlight_text(
        text,
        [(c.start - start, c.end - start) for c in citations],
        # An answer that is its whole sentence needs no second mark.
        [
            (c.answer_start - start, c.answer_end - start)
            for c in citations
            if (c.answer_start, c.answer_end) != (c.start, c.end)
        ],
    )


def _clip(spans: Iterable[Span], length: int) -> tuple[Span, ...]:
    clipped = ((max(0, start), min(length, end)) for start, end in spans)
    return tuple((start, end) for start, end in clipped if start < end)


def _covers(spans: Sequence[Span], start: int, end: int) -> bool:
    return any(a <= start and end <= b for a, b in spans)
