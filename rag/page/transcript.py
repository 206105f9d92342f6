"""A conversation as HTML: its questions with their answers and what can be done with them, and the side panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.page.cards import Extent, count, list_cards, render_answer, render_cards, render_understood
from rag.page.escaping import escape
from rag.page.export import format_exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.page.exchange import Exchange
    from rag.types import Stage

WELCOME = """\
<div class="aa-welcome"><h2>What would you like to know?</h2><p>Every answer is copied from an article and shows the \
sentence it stands in. Where the articles don't say, the page says so.</p></div>"""
SOURCES = "<h2>Sources</h2>"
CLOSEST = '<h2>Closest passages</h2><p class="aa-note">None of them was trusted to answer the question.</p>'
WAITING = "Waiting for its turn …"


def render_transcript(exchanges: Sequence[Exchange], extent: Extent = "full", progress: str = WAITING) -> str:
    """The conversation; where there is none, what the page is for.

    :param extent: how much of the last answer is shown.
    :param progress: what is done for it now, while there is none.
    """
    if not exchanges:
        return WELCOME
    *earlier, last = exchanges
    made = [render_exchange(exchange, last=False) for exchange in earlier]
    made.append(render_exchange(last, last=True, extent=extent, progress=progress))
    return f'<div class="aa-talk" role="log" aria-live="polite" aria-label="Conversation">{"".join(made)}</div>'


def describe_stage(stage: Stage, articles: int, passages: int) -> str:
    """What is done for an answer in a stage.

    :param articles: number of the articles that are searched.
    :param passages: number of the passages that are read for a question.
    """
    return {
        "rewrite": "Understanding the question …",
        "retrieve": f"Searching {count(articles, 'article')} …",
        "read": f"Reading {count(passages, 'passage')} …",
        "compose": "Comparing what they say …",
    }[stage]


def render_starters(starters: Sequence[str]) -> str:
    """Questions to begin a conversation with."""
    buttons = "".join(
        f'<li><button type="button" class="aa-starter" dir="auto" data-event="ask" data-action="starter" '
        f'data-value="{escape(starter)}">{escape(starter)}</button></li>'
        for starter in starters
    )
    return f'<p class="aa-note">For instance:</p><ul class="aa-starters">{buttons}</ul>' if buttons else ""


def render_exchange(exchange: Exchange, *, last: bool, extent: Extent = "full", progress: str = WAITING) -> str:
    """One question and what it got, or what is done for it."""
    label = escape(exchange.question)
    understood = render_understood(exchange.answer) if exchange.answer else ""
    if understood and last and extent == "full":
        understood += _button(exchange, "ask", "as-written", "Ask it as written")
    question = f'<h2 class="aa-question" dir="auto">{label}</h2>'
    question += f'<p class="aa-note">{understood}</p>' if understood else ""
    if exchange.error:
        body = f'<p class="aa-error" role="alert" dir="auto">{escape(exchange.error)}</p>'
    elif exchange.answer is None:
        body = f'<p class="aa-busy">{escape(progress)}</p>'
    else:
        body = render_answer(exchange.answer, exchange.key, extent)
    tools = render_tools(exchange, last=last) if extent == "full" and (exchange.answer or exchange.error) else ""
    return (
        f'<section class="aa-exchange" data-key="{exchange.key}" aria-label="{label}">{question}{body}{tools}</section>'
    )


def render_tools(exchange: Exchange, *, last: bool) -> str:
    """What can be done with an answer."""
    tools = []
    if exchange.answer is not None:
        markdown = escape(format_exchange(exchange))
        tools.append(
            f'<button type="button" class="aa-quiet" data-event="copy" data-value="{markdown}">'
            "Copy with citations</button>"
        )
    if last:
        tools.append(_button(exchange, "ask", "retry", "Ask again"))
    tools.append(_button(exchange, "edit", "edit", "Edit the question"))
    rating = ""
    if exchange.answer is not None:
        tools += [_thumb(exchange, "up", "👍", "Good answer"), _thumb(exchange, "down", "👎", "Bad answer")]
        rating = render_correction(exchange) if exchange.rating else ""
    return f'<div class="aa-tools" role="group" aria-label="For this answer">{"".join(tools)}</div>{rating}'


def render_correction(exchange: Exchange) -> str:
    """The form that takes what would have been right."""
    field = f"correction-{exchange.key}"
    saved = '<span class="aa-note">Saved.</span>'
    return (
        f'<form class="aa-correction" data-event="rate" data-key="{exchange.key}" data-action="correct">'
        f'<label for="{field}">What would be right? (optional)</label>'
        f'<input id="{field}" name="value" dir="auto" maxlength="2000" autocomplete="off" '
        f'value="{escape(exchange.correction)}"><button type="submit" class="aa-quiet">Save</button>{saved}</form>'
    )


def render_panel(exchanges: Sequence[Exchange]) -> str:
    """The cards of all answers, those of the latest first and open."""
    groups: list[str] = []
    for exchange in reversed(exchanges):
        if exchange.answer is None or not list_cards(exchange.answer):
            continue
        opened = "" if groups else " open"
        groups.append(
            f'<details class="aa-group"{opened}><summary dir="auto">{escape(exchange.question)}</summary>'
            f"{SOURCES if exchange.answer.answered else CLOSEST}{render_cards(exchange.answer, exchange.key)}</details>"
        )
    if not groups:
        groups = [f'{SOURCES}<p class="aa-note">The passages that an answer stands on are shown here.</p>']
    return f'<div class="aa-panel">{"".join(groups)}</div>'


def _button(exchange: Exchange, event: str, action: str, label: str) -> str:
    return (
        f'<button type="button" class="aa-quiet" data-event="{event}" data-action="{action}" '
        f'data-key="{exchange.key}">{label}</button>'
    )


def _thumb(exchange: Exchange, rating: str, sign: str, label: str) -> str:
    pressed = "true" if exchange.rating == rating else "false"
    return (
        f'<button type="button" class="aa-quiet aa-thumb" data-event="rate" data-action="{rating}" '
        f'data-key="{exchange.key}" aria-pressed="{pressed}" aria-label="{label}">{sign}</button>'
    )
