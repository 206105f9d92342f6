"""The page's named endpoints, for programs and MCP clients, which see the docstrings of the functions."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (as in rag.page.handlers)

from rag.answers.rendering import describe_answer
from rag.errors import RagError
from rag.page.filtering import read_scope
from rag.question.text import MAX_CHARACTERS
from rag.types import Turn

if TYPE_CHECKING:
    from rag.page.shelf import Shelf

MOST_TURNS = 200
"""Turns used of a history that a program sends, the latest ones. Each is cut at :data:`MAX_CHARACTERS`."""
BROKEN = "Something went wrong; the program's log has the details. Ask again, or in other words."
_LOG = logging.getLogger(__name__)


def add_endpoints(shelf: Shelf, concurrency: int) -> None:
    """Adds the endpoints to the gr.Blocks under construction."""
    endpoints = Endpoints(shelf)
    for name in ("ask", "list_articles", "read_article"):
        gr.api(getattr(endpoints, name), api_name=name, concurrency_limit=concurrency)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What programs can call."""

    shelf: Shelf

    async def ask(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        since: str = "",
        until: str = "",
        source: str = "",
    ) -> dict[str, Any]:
        """Answer a question from the articles, with the sentences the answer was copied from.

        Args:
            question: The question, in English, at most 2,000 characters.
            history: The conversation before it, oldest first: objects with "role" (user or assistant) and "content".
            since: Only articles from this day, month or year or later, such as 2025-06.
            until: Only articles from this day, month or year or earlier.
            source: Only articles whose publication, address or file contains this, or matches a pattern like *echo*.

        Returns:
            What `ask --json` prints: answer, short, answered, reason, confidence, doubts, citations, alternatives.
        """
        if not isinstance(question, str):
            raise gr.Error("The question must be a string.", print_exception=False)
        turns = read_history(history)
        try:
            scope = read_scope(since, until, source)
            answer = await asyncio.wrap_future(self.shelf.submit(question, turns, None, scope))
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except Exception:
            _LOG.exception("a question could not be answered")
            raise gr.Error(BROKEN, print_exception=False) from None
        return describe_answer(answer)

    def list_articles(self) -> list[dict[str, Any]]:
        """List the articles that questions are answered from.

        Returns:
            An object for each article: document_id, title, date, words, passages, duplicate_of, removable, source,
            publication, language, extractor, text_sha256, dated (where the date was found), saved (the date of the
            file, if the article has none).
        """
        return [asdict(row) for row in self.shelf.list_rows()]

    def read_article(self, document_id: str) -> dict[str, Any]:
        """Read the cleaned text of one article; offsets of citations are characters of it.

        Args:
            document_id: The article's name, as list_articles and citations give it.

        Returns:
            An object with document_id, title, date, text, source, publication and language.
        """
        document = self.shelf.read(document_id) if isinstance(document_id, str) else None
        if document is None:
            raise gr.Error("There is no such article: list_articles names them.", print_exception=False)
        return {
            "document_id": document.document_id,
            "title": document.title,
            "date": document.date,
            "text": document.text,
            "source": document.origin.source,
            "publication": document.origin.publication,
            "language": document.origin.language,
        }


def read_history(history: object) -> tuple[Turn, ...]:
    """The turns of a history sent by a program.

    :raises gr.Error: if the form of a turn is wrong.
    """
    if not isinstance(history, (list, type(None))):
        raise gr.Error("The history must be a list of turns.", print_exception=False)
    turns = []
    for turn in (history or ())[-MOST_TURNS:]:
        if not isinstance(turn, dict) or turn.get("role") not in ("user", "assistant"):
            raise gr.Error('Each turn of the history needs a "role": "user" or "assistant".', print_exception=False)
        if not isinstance(turn.get("content"), str):
            raise gr.Error('Each turn of the history needs a "content" that is a string.', print_exception=False)
        turns.append(Turn(turn["role"], turn["content"][:MAX_CHARACTERS].encode("utf-8", "replace").decode()))
    return tuple(turns)
