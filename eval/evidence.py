"""Locates gold evidence: maps quotes to offsets in the cleaned articles, and to the passages that contain them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from eval.fields import Evidence, GoldError
from rag.articles.folder import name_file
from rag.metrics import contains_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from eval.gold import GoldQuestion
    from rag.index.update import Index
    from rag.types import Passage

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class EvidenceSpan:
    """A span of a cleaned article, in characters."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Located:
    """The evidence of one question.

    :param groups: the evidence spans of each value or key fact.
    :param relevant: ids of all passages in the index that contain evidence.
    """

    groups: tuple[tuple[EvidenceSpan, ...], ...]
    relevant: frozenset[str]

    @property
    def spans(self) -> tuple[EvidenceSpan, ...]:
        return tuple(span for group in self.groups for span in group)


def find_quote(text: str, quote: str) -> list[tuple[int, int]]:
    """(start, end) of every occurrence of the quote's words in the text, ignoring punctuation and case."""
    words = fold_words(quote)
    places = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    folded = [text[a:b].lower() for a, b in places]
    length = len(words)
    return [
        (places[i][0], places[i + length - 1][1])
        for i in range(len(folded) - length + 1)
        if length and folded[i : i + length] == words
    ]


def fold_words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def holds_span(passage: Passage, span: EvidenceSpan) -> bool:
    """Whether the passage contains at least half of the span. The end of a sentence alone is not evidence."""
    if passage.document_id != span.document_id:
        return False
    shared = min(passage.end, span.end) - max(passage.start, span.start)
    return 2 * shared >= span.end - span.start


def locate_evidence(index: Index, corpus: Path, questions: Sequence[GoldQuestion]) -> dict[str, Located]:
    """The evidence of each question, by the question's name.

    A quote that cleaning removed from the article has no span, so its evidence counts as not retrieved.

    :raises GoldError: if a quote's article is not in the index, or neither the cleaned article nor its file contains
        the quote.
    """
    known = {summary.document_id for summary in index.documents()}
    passages = cache(index.document_passages)

    @cache
    def read_words(document_id: str) -> list[str]:
        with suppress(OSError):
            return fold_words((corpus / name_file(document_id)).read_text(encoding="utf-8-sig", errors="replace"))
        return []

    @cache
    def find(evidence: Evidence) -> tuple[EvidenceSpan, ...]:
        document = index.document(evidence.document_id) if evidence.document_id in known else None
        if document is None:
            raise GoldError(f"{evidence.document_id!r} is not in the corpus: correct the document_id in the gold.")
        places = find_quote(document.text, evidence.quote)
        if not places and not contains_run(read_words(evidence.document_id), fold_words(evidence.quote)):
            raise GoldError(f"“{evidence.quote}” is not in {evidence.document_id}: copy the quote from the article.")
        return tuple(EvidenceSpan(document.document_id, a, b) for a, b in places)

    located = {}
    for question in questions:
        groups = tuple(tuple(span for e in group for span in find(e)) for group in question.evidence_groups)
        relevant = {
            passage.passage_id
            for group in groups
            for span in group
            for passage in passages(span.document_id)
            if holds_span(passage, span)
        }
        located[question.name] = Located(groups, frozenset(relevant))
    return located
