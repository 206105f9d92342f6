"""Adds to the citations of an answer the pages of their files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Alternative, Answer, Citation, Document


def add_pages(answer: Answer, find_document: Callable[[str], Document | None]) -> Answer:
    """The answer with the page on which each cited answer stands, where its file has pages.

    :param find_document: finds a document by its id.
    """
    known: dict[str, Document | None] = {}

    def locate(citation: Citation) -> Citation:
        name = citation.document_id
        document = known[name] if name in known else known.setdefault(name, find_document(name))
        page = document.find_page(citation.answer_start) if document else None
        return replace(citation, page=page) if page else citation

    def locate_all(other: Alternative) -> Alternative:
        return replace(other, citations=tuple(map(locate, other.citations)))

    return replace(
        answer,
        citations=tuple(map(locate, answer.citations)),
        alternatives=tuple(map(locate_all, answer.alternatives)),
        withheld=locate_all(answer.withheld) if answer.withheld else None,
    )
