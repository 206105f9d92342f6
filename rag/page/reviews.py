"""What the tab Review shows, and the texts that a reviewer chose in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.page.highlighting import split_text
from rag.page.rendering import clean, find_shown, render
from rag.page.states import LABELS
from rag.review.judging import GUIDELINES, GUIDELINES_VERSION, KEYS, Span
from rag.review.verdicts import describe_reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from markupsafe import Markup

    from rag.page.highlighting import Piece
    from rag.page.states import State
    from rag.review.items import Item, Place
    from rag.review.preferences import Comparison
    from rag.review.store import Decision, Way
    from rag.types import Document

NAMES: dict[Decision, str] = {
    "right": "Right", "wrong": "Wrong", "unanswerable": "Unanswerable", "differ": "Articles differ",
    "bad": "Bad question", "skip": "Skip",
}  # fmt: skip
SELECTING = (
    "Select a text with the mouse, or with Shift and the arrow keys. "
    "Enter takes it; Tab moves to the next passage. "
    "Or type a part of it: Enter takes the match, the down arrow goes to the next match, Escape moves the cursor to it."
)
"""How a text is chosen."""
MOST_SPANS = 50
"""Texts read of one decision."""
_STATES: dict[str, State] = {"answered": "answered", "possible": "possible", "abstained": "declined"}


@dataclass(frozen=True, slots=True)
class Notice:
    """The outcome of the last key. :param kind: ``note`` or ``error``."""

    text: str = ""
    kind: str = "note"


NOTHING = Notice()


def render_review(
    item: Item, way: Way, notice: Notice = NOTHING, article: Document | None = None, *, compares: bool = False
) -> Markup:
    """Everything that a decision needs: question, answer, quotes, the passages that were read, and the keys.

    Nothing in it depends on whether the item is gold or in the random sample.

    :param article: an article to show as a whole, below its first passage.
    :param compares: whether there are two answers to compare.
    """
    state: State = "differing" if item.disagrees else _STATES[item.status]
    passages = item.sources.passages if item.sources else ()
    return render(
        "review",
        item=item,
        notice=notice,
        state=state,
        label=LABELS[state],
        reasons=describe_reasons(item, way),
        quotes=item.sources.quotes if item.sources else (),
        values=item.sources.values if item.sources else (),
        passages=[(place, mark_quotes(item, place.document_id, place.start, place.text)) for place in passages],
        article=article,
        whole=mark_quotes(item, article.document_id, 0, article.text) if article else [],
        keys=[(key, decision, NAMES[decision]) for key, decision in KEYS.items()],
        compares=compares,
        selecting=SELECTING,
    )


def mark_quotes(item: Item, document_id: str, start: int, text: str) -> list[Piece]:
    """A part of an article in pieces, with its quotes marked.

    :param start: where in the article the part begins.
    """
    quotes: tuple[Place, ...] = item.sources.quotes if item.sources else ()
    return split_text(text, [(q.start - start, q.end - start) for q in quotes if q.document_id == document_id])


def render_nothing(notice: Notice, *, keeps: bool, compares: bool) -> Markup:
    """The tab if there is nothing to review for this person."""
    return render("reviewed", notice=notice, keeps=keeps, compares=compares)


def render_sides(comparison: Comparison | None, notice: Notice = NOTHING) -> Markup:
    """Two answers side by side, without the names of their readers."""
    return render("sides", comparison=comparison, notice=notice)


def render_guidelines() -> Markup:
    """The guidelines and their version: paragraphs, lists, and words in bold."""
    blocks = []
    for block in GUIDELINES.split("\n\n")[1:]:
        lines = block.replace("\n  ", " ").strip().split("\n")
        listed = lines[0].startswith("- ")
        texts = [line.removeprefix("- ") for line in lines] if listed else [" ".join(lines)]
        blocks.append((listed, [text.split("**") for text in texts]))
    return render("guidelines", version=GUIDELINES_VERSION, blocks=blocks, selecting=SELECTING)


def read_chosen(found: object, read: Callable[[str], Document | None]) -> list[Span]:
    """The texts that a browser says were chosen, with their offsets in the articles. Anything malformed is left out.

    A browser counts from the beginning of the part that it shows, in which some characters are missing. So the text
    that it sent is compared with what it would be shown at these offsets now. If they differ, the span keeps the
    browser's text, and is refused when it is compared with the article.
    """
    spans = []
    for one in found[:MOST_SPANS] if isinstance(found, list) else ():
        if isinstance(one, dict) and (span := read_span(one, read)):
            spans.append(span)
    return spans


def read_span(one: dict[str, Any], read: Callable[[str], Document | None]) -> Span | None:
    name, text = one.get("document"), one.get("text")
    places: list[Any] = [one.get(key) for key in ("base", "start", "end")]
    if not (isinstance(name, str) and isinstance(text, str) and text.strip()):
        return None
    if not all(type(place) is int and 0 <= place < 10**9 for place in places):
        return None
    base, start, end = places
    document = read(name)
    if document is None or not start < end:
        return Span(name, base + start, base + end, text)
    first, last = find_shown(document.text[base:], start, end)
    original = document.text[base + first : base + last]
    return Span(name, base + first, base + last, original if clean(original) == text else text)
