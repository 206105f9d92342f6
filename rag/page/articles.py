"""What the page shows of the corpus: the list of articles, a whole article, and the result of an update."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.articles.folder import name_file
from rag.page.highlighting import Span, split_text
from rag.page.rendering import count, render, write_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from markupsafe import Markup

    from rag.articles.folder import Skipped
    from rag.index.changes import Changes
    from rag.page.uploads import Adding
    from rag.types import Document

MOST_SHOWN = 200
"""Rows in the list: browsers become slow with thousands, and nobody reads them."""
MOST_SPANS = 4000
"""Characters read of the places of quotes."""
_SPAN = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
FEW = 5
"""Up to this many skipped files are listed openly; more are folded away behind their number."""


@dataclass(frozen=True, slots=True)
class Row:
    """An article in the list.

    :param words: number of words in its text.
    :param removable: whether it was uploaded and can be removed.

    The other fields are as in :class:`rag.index.base.DocumentSummary`.
    """

    document_id: str
    title: str
    date: str | None
    words: int
    passages: int
    duplicate_of: str | None = None
    removable: bool = False
    source: str = ""
    publication: str = ""
    language: str = ""
    extractor: str = ""
    text_sha256: str = ""
    dated: str = ""
    saved: str = ""

    @property
    def file(self) -> str:
        """The name of its file, with which it is removed."""
        return name_file(self.document_id)

    @property
    def shared(self) -> str:
        """The name of its file, if that holds other articles too, which are removed with it; otherwise empty."""
        return self.file if self.file != self.document_id else ""


def _is_given(row: Row) -> bool:
    return not row.removable


def _age(row: Row) -> tuple[int, ...]:
    """A key that sorts the newest first. A date without a time comes after those with one; no date comes last."""
    return (*(-int(part) for part in re.findall(r"\d+", row.date or "")), 1)


ORDERS: Mapping[str, Callable[[Row], Any]] = {
    "Added here first": _is_given,
    "Newest first": _age,
    "By title": lambda row: row.title.casefold(),
    "Longest first": lambda row: -row.words,
}
"""Orders of the list. The first is the default: people who added articles look for them, perhaps to remove them."""


def render_articles(rows: Sequence[Row], wanted: str = "", order: str = "") -> Markup:
    """The list of articles: at most :data:`MOST_SHOWN`, with their number and the total.

    :param wanted: text that the title or file name must contain, in any case.
    :param order: one of :data:`ORDERS`; any other text means the first.
    """
    needle = " ".join(wanted.split()).casefold()
    found = [row for row in rows if needle in row.title.casefold() or needle in row.document_id.casefold()]
    shown = sorted(found, key=ORDERS.get(order, _is_given))[:MOST_SHOWN]
    held = Counter(row.file for row in rows)
    return render("articles", rows=shown, held=held, total=len(rows), found=len(found) if needle else None)


def describe_extent(rows: Sequence[Row]) -> str:
    """How many articles there are and the period they cover, if known; empty without articles."""
    if not rows:
        return ""
    said = f"You can ask about {count(len(rows), 'article')}"
    dates = sorted(row.date for row in rows if row.date)
    if not dates:
        return f"{said}."
    first, last = write_date(dates[0]), write_date(dates[-1])
    period = f"from {first}" + (f" to {last}" if last != first else "")
    if len(dates) == len(rows):
        return f"{said}, {period}."
    return f"{said}. {len(dates):,} of them {'has' if len(dates) == 1 else 'have'} a date, {period}."


def render_skipped(skipped: Sequence[Skipped]) -> Markup:
    """The files that could not be read as articles, with the reasons; empty if there are none."""
    return render("skipped", skipped=skipped, few=FEW)


def render_article(document: Document, quotes: Sequence[Span] = (), first: int = 0) -> Markup:
    """A dialog with a whole cleaned article, in which quotes are marked.

    :param quotes: the places of the quotes in the text.
    :param first: where the quote to show first starts.
    """
    headings = {section.start: section.heading for section in document.sections}
    blocks, place = [], 0
    for block in document.text.split("\n\n"):
        tag = "h3" if headings.get(place) == block else "p"
        blocks.append((tag, split_text(block, [(start - place, end - place) for start, end in quotes])))
        place += len(block) + 2
    shown = sum(start < first for start, _ in quotes)
    return render("article", document=document, blocks=blocks, shown=shown)


def read_spans(text: str) -> list[Span]:
    """The places in ``12-34,56-78``, as :func:`rag.page.cards.list_quotes` writes them. Anything else is left out."""
    return [(int(m[1]), int(m[2])) for m in _SPAN.finditer(text[:MOST_SPANS])]


def render_notice(text: str, kind: str = "note") -> Markup:
    """A line about the current state."""
    return render("notice", text=text, kind=kind)


def describe_adding(now: Adding) -> str:
    """How far an upload is, in words."""
    which = f"Adding {now.name}" if now.files == 1 else f"Adding file {now.number} of {now.files}, {now.name}"
    minutes = round(now.seconds / 60)
    left = f", about {count(minutes, 'minute')} left" if minutes else ""
    return f"{which}: {now.done:,} of {count(now.passages, 'passage')}{left} …" if now.passages else f"{which} …"


def render_changes(changes: Changes, refused: Sequence[Skipped] = (), kept: str = "not added") -> Markup:
    """The result of an update, file by file, and the files that were refused, with the reasons.

    :param kept: what was not done with the refused files.
    """
    lines = [
        *(("added", name, "") for name in changes.added),
        *(("changed", name, "") for name in changes.changed),
        *(("renamed", new, f"It was {old}.") for old, new in changes.renamed),
        *(("removed", name, "") for name in changes.removed),
        *(("not read", item.document_id, item.reason) for item in changes.skipped),
        *(("note", note.file, f"It was {note.text}.") for note in changes.notes),
        *((kept, item.document_id, item.reason) for item in refused),
        *(
            ("nearly repeats", repeated, f"It nearly repeats {original}.")
            for repeated, original in changes.duplicates.items()
            if repeated in changes.added
        ),
    ]
    return render("changes", lines=lines) if lines else render_notice("Nothing changed.")
