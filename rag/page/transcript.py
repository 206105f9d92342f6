"""What the page shows of a conversation: its questions, answers and sources, and questions to start with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.page.cards import Extent, render_answer, render_cards
from rag.page.export import format_exchange
from rag.page.rendering import count, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from rag.page.exchange import Exchange
    from rag.types import Stage

WAITING = "Waiting for its turn …"


def render_transcript(exchanges: Sequence[Exchange], extent: Extent = "full", progress: str = "") -> Markup:
    """The conversation, or a welcome if nothing has been asked yet.

    :param extent: how much of the last answer to show.
    :param progress: the current step of the last question, shown until it has an answer; empty if it is not being
        answered.
    """
    return render(
        "transcript",
        exchanges=exchanges,
        extent=extent,
        progress=progress,
        render_answer=render_answer,
        render_cards=render_cards,
        format_exchange=format_exchange,
    )


def describe_stage(stage: Stage, articles: int, passages: int) -> str:
    """What happens in a stage of answering.

    :param articles: number of articles searched.
    :param passages: number of passages read for a question.
    """
    return {
        "rewrite": "Understanding the question …",
        "retrieve": f"Searching {count(articles, 'article')} …",
        "read": f"Reading {count(passages, 'passage')} …",
        "compose": "Comparing what they say …",
    }[stage]


def render_starters(extent: str, starters: Sequence[str] = ()) -> Markup:
    """Which articles can be asked, and questions to start a conversation with."""
    return render("starters", extent=extent, starters=starters)


def render_suggestions(questions: Sequence[str]) -> Markup:
    """Questions to go on with; empty if there are none."""
    return render("suggestions", questions=questions)
