"""Where the gold evidence stands: quotes to characters of the cleaned articles, and to the passages that hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from eval.gold import Evidence, GoldError, GoldQuestion
from rag.metrics import contains_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.index import Index
    from rag.types import Passage

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a cleaned article."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Located:
    """The evidence of one question.

    :param groups: for each value or key fact, the spans that hold it.
    :param relevant: ids of all passages of the index that hold evidence.
    """

    groups: tuple[tuple[Span, ...], ...]
    relevant: frozenset[str]

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(span for group in self.groups for span in group)


def find_quote(text: str, quote: str) -> list[tuple[int, int]]:
    """(start, end) of every place where the quote's words stand in the text, whatever marks are between them."""
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


def holds_span(passage: Passage, span: Span) -> bool:
    """Whether at least half of the span stands in the passage: the end of a sentence alone is no evidence."""
    if passage.document_id != span.document_id:
        return False
    shared = min(passage.end, span.end) - max(passage.start, span.start)
    return 2 * shared >= span.end - span.start


def locate_evidence(index: Index, questions: Sequence[GoldQuestion]) -> dict[str, Located]:
    """The evidence of each question by its name.

    A quote that cleaning took out of its article has no span: what cannot be found counts as not found.

    :raises GoldError: where a quote names an article that is not in the index.
    """
    known = {summary.document_id for summary in index.documents()}
    passages = cache(index.document_passages)

    @cache
    def find(evidence: Evidence) -> tuple[Span, ...]:
        document = index.document(evidence.document_id) if evidence.document_id in known else None
        if document is None:
            raise GoldError(f"No article {evidence.document_id!r} in the corpus: correct the document_id in the gold.")
        return tuple(Span(document.document_id, a, b) for a, b in find_quote(document.text, evidence.quote))

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


def check_quotes(corpus: Path, questions: Sequence[GoldQuestion]) -> None:
    """:raises GoldError: for the first quote whose words do not stand in its article's file as they are quoted."""
    files = {path.relative_to(corpus).as_posix(): path for path in corpus.rglob("*") if path.is_file()}
    words: dict[str, list[str]] = {}
    for question in questions:
        for evidence in question.evidence:
            name = evidence.document_id
            if name not in files:
                raise GoldError(f"{question.name} quotes {name!r}, which is not in {corpus}: correct its document_id.")
            if name not in words:
                words[name] = fold_words(files[name].read_text(encoding="utf-8-sig", errors="replace"))
            if not contains_run(words[name], fold_words(evidence.quote)):
                raise GoldError(f"{question.name} quotes what {name} does not say: “{evidence.quote}”; copy its words.")
