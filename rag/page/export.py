"""Exports a conversation as Markdown with its citations, and as JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rag.answers.rendering import describe_answer
from rag.page.cards import list_cards, split_sentences
from rag.page.exchange import list_citations
from rag.page.rendering import count
from rag.types import Alternative

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.page.conversation import Conversation
    from rag.page.exchange import Exchange
    from rag.types import Answer, Citation

FORMAT = 1
"""Version of the JSON. Raise it with any change that matters to programs reading it."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_LIST = re.compile(r"^(?:(\d+)([.)])|([-+=]))")


def format_markdown(conversation: Conversation, exported: str = "") -> str:
    """The conversation as Markdown.

    :param exported: time of the export, as it should appear.
    """
    when = f"Exported {plain(exported)}.\n\n" if exported else ""
    return f"# {plain(conversation.title)}\n\n{when}" + "\n".join(map(format_exchange, conversation.exchanges))


def format_exchange(exchange: Exchange) -> str:
    """One question and its answer, each quote with its article. Quotes of one passage have the number of its card."""
    lines = [f"## {plain(exchange.question)}", ""]
    if exchange.scope:
        lines += [f"Only articles {plain(exchange.scope)}", ""]
    answer = exchange.answer
    if answer is None:
        return "\n".join([*lines, plain(exchange.error or "Not answered."), ""])
    if answer.standalone != answer.question:
        lines += [f"Understood as: {plain(answer.standalone)}", ""]
    possibly, answer = "Possibly: " if answer.status == "possible" else "", answer.shown
    mark = f"Answer {plain(answer.corrected.said)}" if answer.corrected else ""
    if not answer.answered:
        return "\n".join([*lines, plain(answer.reason), *(["", f"{mark}."] if mark else []), ""])
    numbers = {citation.passage_id: card.number for card in list_cards(answer) for citation in card.citations}

    def point(citations: Sequence[Citation]) -> str:
        return "".join(f" [{number}]" for number in dict.fromkeys(numbers[c.passage_id] for c in citations))

    lines += _list_lines(answer, possibly, point)
    for citation in list_citations(answer):
        lines += [f"> {point([citation]).strip()} {plain(citation.quote)}", f"> — {_name_source(citation)}", ""]
    doubts = f" ({', '.join(answer.doubts)})" if answer.doubts else ""
    return "\n".join([*lines, f"{mark or f'Confidence {answer.confidence:.0%}'}{doubts}.", ""])


def _list_lines(answer: Answer, possibly: str, point: Callable[[Sequence[Citation]], str]) -> list[str]:
    """The answer itself, before its quotes.

    :param point: the numbers of citations.
    """
    lines: list[str] = []
    standing = [other for other in answer.alternatives if not other.superseded]
    if answer.contradicted:
        lines += ["The articles disagree:", "", _list_value(answer, point), *(_list_value(o, point) for o in standing)]
        lines.append("")
    elif answer.takes_sides:
        lines += ["What each article says:", ""]
    elif answer.short:
        lines += [f"**{possibly}{plain(answer.short)}**{'' if answer.explained else point(answer.citations)}", ""]
    # Otherwise the quotes that follow are its sentences.
    written = any(citation.origin == "aligned" for citation in answer.citations)
    for text, citations in split_sentences(answer) if written else ():
        lines += [plain(text) + point(citations), ""]
    if old := [other for other in answer.alternatives if other.superseded]:
        lines += ["Superseded:", "", *(_list_value(other, point) for other in old), ""]
    return lines


def _list_value(value: Answer | Alternative, point: Callable[[Sequence[Citation]], str]) -> str:
    text = value.text if isinstance(value, Alternative) else value.short or value.text
    return f"- {plain(text)} ({count(value.articles, 'article')}){point(value.citations)}"


def format_json(conversation: Conversation, exported: str = "") -> str:
    """The conversation as JSON; each answer is what ``ask --json`` prints."""
    described = [
        {
            "asked": exchange.asked,
            "question": exchange.question,
            "scope": exchange.scope,
            "answer": describe_answer(exchange.answer) if exchange.answer else None,
            "error": exchange.error,
            "rating": exchange.rating,
            "correction": exchange.correction,
        }
        for exchange in conversation.exchanges
    ]
    whole = {"format": FORMAT, "title": conversation.title, "exported": exported, "exchanges": described}
    return json.dumps(whole, ensure_ascii=False, indent=2)


def plain(text: str) -> str:
    """The text on one line, with Markdown and HTML escaped."""
    escaped = _MARKS.sub(r"\\\1", " ".join(text.split()))
    return _LIST.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", escaped)


def _name_source(citation: Citation) -> str:
    date = f", {plain(citation.placed)}" if citation.placed else ""
    aligned = " (found by alignment)" if citation.origin == "aligned" else ""
    return f"{plain(citation.title)}{date} ({plain(citation.document_id)}){aligned}"
