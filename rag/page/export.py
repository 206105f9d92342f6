"""Exports a conversation as Markdown with its citations, and as JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rag.answers.rendering import describe_answer, list_values
from rag.page.exchange import list_citations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.page.exchange import Exchange
    from rag.types import Citation

FORMAT = 1
"""Version of the JSON. Raise it with any change that matters to programs reading it."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_LIST = re.compile(r"^(?:(\d+)([.)])|([-+=]))")


def format_markdown(exchanges: Sequence[Exchange], exported: str = "") -> str:
    """The conversation as Markdown.

    :param exported: time of the export, as it should appear.
    """
    when = f"Exported {plain(exported)}.\n\n" if exported else ""
    return f"# Conversation\n\n{when}" + "\n".join(format_exchange(exchange) for exchange in exchanges)


def format_exchange(exchange: Exchange) -> str:
    """One question and its answer, each quote with its article."""
    lines = [f"## {plain(exchange.question)}", ""]
    answer = exchange.answer
    if answer is None:
        return "\n".join([*lines, plain(exchange.error or "Not answered."), ""])
    if answer.standalone != answer.question:
        lines += [f"Understood as: {plain(answer.standalone)}", ""]
    possibly, answer = "Possibly: " if answer.status == "possible" else "", answer.shown
    if not answer.answered:
        return "\n".join([*lines, plain(answer.reason), ""])
    if answer.contradicted:
        lines += [f"The articles disagree: {plain(list_values(answer))}", ""]
    elif answer.takes_sides:
        lines += ["What each article says:", ""]
    elif answer.short:
        lines += [f"**{possibly}{plain(answer.short)}**", ""]
    if answer.explained and any(c.origin == "aligned" for c in answer.citations):
        lines += [plain(answer.text), ""]
    if old := [other.text for other in answer.alternatives if other.superseded]:
        lines += [f"Superseded: {plain(' · '.join(old))}", ""]
    for citation in list_citations(answer):
        lines += [f"> {plain(citation.quote)}", f"> — {_name_source(citation)}", ""]
    doubts = f" ({', '.join(answer.doubts)})" if answer.doubts else ""
    return "\n".join([*lines, f"Confidence {answer.confidence:.0%}{doubts}.", ""])


def format_json(exchanges: Sequence[Exchange], exported: str = "") -> str:
    """The conversation as JSON; each answer is what ``ask --json`` prints."""
    described = [
        {
            "asked": exchange.asked,
            "question": exchange.question,
            "answer": describe_answer(exchange.answer) if exchange.answer else None,
            "error": exchange.error,
            "rating": exchange.rating,
            "correction": exchange.correction,
        }
        for exchange in exchanges
    ]
    return json.dumps({"format": FORMAT, "exported": exported, "exchanges": described}, ensure_ascii=False, indent=2)


def plain(text: str) -> str:
    """The text on one line, with Markdown and HTML escaped."""
    escaped = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return _LIST.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", escaped)


def _name_source(citation: Citation) -> str:
    date = f", {plain(citation.dated)}" if citation.dated else ""
    aligned = " (found by alignment)" if citation.origin == "aligned" else ""
    return f"{plain(citation.title)}{date} ({plain(citation.document_id)}){aligned}"
