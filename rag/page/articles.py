"""The corpus as HTML: the list of its articles, one of them to read, and what an update did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.page.cards import count
from rag.page.confirming import render_confirmation
from rag.page.escaping import escape
from rag.page.highlighting import highlight_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.articles.folder import Skipped
    from rag.index.changes import Changes
    from rag.types import Document

FIGURE = ' class="aa-figure"'
MOST_SHOWN = 200
"""Rows of the list: a browser takes thousands badly, and nobody reads them."""
FEW = 5
"""Files that are named at once; more of them are behind their number."""


@dataclass(frozen=True, slots=True)
class Row:
    """An article in the list.

    :param words: of its text.
    :param removable: whether it was uploaded, so that it can be removed again.
    """

    document_id: str
    title: str
    date: str | None
    words: int
    passages: int
    duplicate_of: str | None = None
    removable: bool = False


def render_articles(rows: Sequence[Row], wanted: str = "") -> str:
    """The list of the articles: at most :data:`MOST_SHOWN`, and how many that is of how many.

    :param wanted: what a title or file name must hold, whatever its case.
    """
    if not rows:
        return (
            '<p class="aa-empty">There are no articles yet. Add .txt or .md files here, or put them into the folder '
            "and start again.</p>"
        )
    head = "".join(
        f'<th scope="col"{kind}>{name}</th>'
        for name, kind in (("Article", ""), ("Date", ""), ("Words", FIGURE), ("Passages", FIGURE))
    )
    needle = " ".join(wanted.split()).casefold()
    found = [row for row in rows if needle in row.title.casefold() or needle in row.document_id.casefold()]
    # What was added here comes first: it is what somebody looks for, and may want to remove.
    shown = sorted(found, key=lambda row: not row.removable)[:MOST_SHOWN]
    said = f"{len(shown):,} of {count(len(rows), 'article')} shown{f'; {len(found):,} match' if needle else ''}."
    return (
        f'<p class="aa-note" role="status">{said}</p>'
        '<div class="aa-scroll" tabindex="0" role="region" aria-label="Articles">'
        f'<table class="aa-articles"><thead><tr>{head}<td></td></tr></thead>'
        f"<tbody>{''.join(map(_render_row, shown))}</tbody></table></div>"
    )


def _render_row(row: Row) -> str:
    name, title = escape(row.document_id), escape(row.title)
    near = (
        f'<span class="aa-note">nearly repeats <bdi>{escape(row.duplicate_of)}</bdi></span>' if row.duplicate_of else ""
    )
    remove = render_confirmation("Remove", row.title, "remove", row.document_id) if row.removable else ""
    return (
        f'<tr><th scope="row" dir="auto"><button type="button" class="aa-link" data-event="open" '
        f'data-document="{name}">{title}</button><bdi class="aa-file">{name}</bdi>{near}</th>'
        f"<td>{escape(row.date or '–')}</td><td{FIGURE}>{row.words:,}</td><td{FIGURE}>{row.passages:,}</td>"
        f"<td>{remove}</td></tr>"
    )


def render_extent(rows: Sequence[Row]) -> str:
    """What there is to ask: how many articles, and from when to when, as far as that is known; nothing for none."""
    if not rows:
        return ""
    said = f"There {'is' if len(rows) == 1 else 'are'} {count(len(rows), 'article')} to ask"
    if dates := sorted(row.date for row in rows if row.date):
        said += "," if len(dates) == len(rows) else f", {len(dates):,} of them with a date:"
        said += f" from {dates[0]} to {dates[-1]}" if dates[0] != dates[-1] else f" of {dates[0]}"
    return f'<p class="aa-note">{escape(said)}.</p>'


def render_skipped(skipped: Sequence[Skipped]) -> str:
    """The files that are not among the articles, each with the reason; nothing for none."""
    if not skipped:
        return ""
    items = "".join(
        f'<li dir="auto"><bdi class="aa-file">{escape(item.document_id)}</bdi> {escape(item.reason)}</li>'
        for item in skipped
    )
    return (
        f'<details class="aa-skipped"{" open" if len(skipped) <= FEW else ""}><summary>'
        f'Not read: {count(len(skipped), "file")}</summary><ul class="aa-changes">{items}</ul></details>'
    )


def render_article(document: Document, start: int = 0, end: int = 0) -> str:
    """A whole cleaned article in a dialogue, with a stretch of it marked.

    :param start: where the stretch begins, half open; nothing is marked where it ends there.
    """
    headings = {section.start: section.heading for section in document.sections}
    made, place = [], 0
    for block in document.text.split("\n\n"):
        marked = highlight_text(block, [(start - place, end - place)])
        kind = "h3" if headings.get(place) == block else "p"
        made.append(f'<{kind} dir="auto">{marked}</{kind}>')
        place += len(block) + 2
    date = f'<time datetime="{escape(document.date)}">{escape(document.date)}</time> ' if document.date else ""
    return (
        f'<dialog class="aa-dialog" aria-labelledby="aa-article-title"><header>'
        f'<h2 id="aa-article-title" dir="auto">{escape(document.title)}</h2>'
        '<button type="button" class="aa-quiet" data-event="close" aria-label="Close the article">Close</button>'
        f'</header><p class="aa-source">{date}<bdi class="aa-file">{escape(document.document_id)}</bdi></p>'
        '<div class="aa-text" tabindex="0" role="region" aria-label="Text of the article">'
        f"{''.join(made)}</div></dialog>"
    )


def render_notice(text: str, kind: str = "note") -> str:
    """A line on what is going on."""
    return f'<p class="aa-{kind}" role="status" dir="auto">{escape(text)}</p>'


def render_changes(changes: Changes, refused: Sequence[Skipped] = ()) -> str:
    """What an update did, file by file, and what was not taken and why."""
    lines = [
        *(("added", name, "") for name in changes.added),
        *(("changed", name, "") for name in changes.changed),
        *(("removed", name, "") for name in changes.removed),
        *(("not read", item.document_id, item.reason) for item in changes.skipped),
        *(("not taken", item.document_id, item.reason) for item in refused),
        *(
            ("nearly repeats", repeated, f"It nearly repeats {original}.")
            for repeated, original in changes.duplicates.items()
            if repeated in changes.added
        ),
    ]
    if not lines:
        return render_notice("Nothing changed.")
    items = "".join(
        f'<li dir="auto"><strong>{what}</strong> <bdi class="aa-file">{escape(name)}</bdi> {escape(why)}</li>'
        for what, name, why in lines
    )
    return f'<ul class="aa-changes" role="status">{items}</ul>'
