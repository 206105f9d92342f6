"""What the page shows of the corpus: the list of articles, a whole article, and the result of an update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.page.highlighting import split_text
from rag.page.rendering import count, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from rag.articles.folder import Skipped
    from rag.index.changes import Changes
    from rag.page.uploads import Adding
    from rag.types import Document

MOST_SHOWN = 200
"""Rows in the list: browsers become slow with thousands, and nobody reads them."""
FEW = 5
"""Up to this many skipped files are listed openly; more are folded away behind their number."""


@dataclass(frozen=True, slots=True)
class Row:
    """An article in the list.

    :param words: number of words in its text.
    :param removable: whether it was uploaded and can be removed.
    """

    document_id: str
    title: str
    date: str | None
    words: int
    passages: int
    duplicate_of: str | None = None
    removable: bool = False


def render_articles(rows: Sequence[Row], wanted: str = "") -> Markup:
    """The list of articles: at most :data:`MOST_SHOWN`, with their number and the total.

    :param wanted: text that the title or file name must contain, in any case.
    """
    needle = " ".join(wanted.split()).casefold()
    found = [row for row in rows if needle in row.title.casefold() or needle in row.document_id.casefold()]
    # Uploads come first: whoever added them looks for them, perhaps to remove them.
    shown = sorted(found, key=lambda row: not row.removable)[:MOST_SHOWN]
    return render("articles", rows=shown, total=len(rows), found=len(found) if needle else None)


def describe_extent(rows: Sequence[Row]) -> str:
    """How many articles there are and the period they cover, if known; empty without articles."""
    if not rows:
        return ""
    said = f"There {'is' if len(rows) == 1 else 'are'} {count(len(rows), 'article')} to ask"
    if dates := sorted(row.date for row in rows if row.date):
        said += "," if len(dates) == len(rows) else f", {len(dates):,} of them with a date:"
        said += f" from {dates[0]} to {dates[-1]}" if dates[0] != dates[-1] else f" of {dates[0]}"
    return f"{said}."


def render_skipped(skipped: Sequence[Skipped]) -> Markup:
    """The files that could not be read as articles, with the reasons; empty if there are none."""
    return render("skipped", skipped=skipped, few=FEW)


def render_article(document: Document, start: int = 0, end: int = 0) -> Markup:
    """A dialog with a whole cleaned article, in which the characters from ``start`` to ``end`` are marked."""
    headings = {section.start: section.heading for section in document.sections}
    blocks, place = [], 0
    for block in document.text.split("\n\n"):
        tag = "h3" if headings.get(place) == block else "p"
        blocks.append((tag, split_text(block, [(start - place, end - place)])))
        place += len(block) + 2
    return render("article", document=document, blocks=blocks)


def render_notice(text: str, kind: str = "note") -> Markup:
    """A line about the current state."""
    return render("notice", text=text, kind=kind)


def describe_adding(now: Adding) -> str:
    """How far an upload is, in words."""
    which = f"Adding {now.name}" if now.files == 1 else f"Adding file {now.number} of {now.files}, {now.name}"
    return f"{which}: {now.done:,} of {count(now.passages, 'passage')} …" if now.passages else f"{which} …"


def render_changes(changes: Changes, refused: Sequence[Skipped] = ()) -> Markup:
    """The result of an update, file by file, and the files that were refused, with the reasons."""
    lines = [
        *(("added", name, "") for name in changes.added),
        *(("changed", name, "") for name in changes.changed),
        *(("removed", name, "") for name in changes.removed),
        *(("not read", item.document_id, item.reason) for item in changes.skipped),
        *(("not added", item.document_id, item.reason) for item in refused),
        *(
            ("nearly repeats", repeated, f"It nearly repeats {original}.")
            for repeated, original in changes.duplicates.items()
            if repeated in changes.added
        ),
    ]
    return render("changes", lines=lines) if lines else render_notice("Nothing changed.")
