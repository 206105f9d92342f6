"""Gives the answer that people decided on for a question, as long as the articles are as they saw them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.answers.authorship import cite_document
from rag.answers.compose import abstain, cite
from rag.articles.sentences import find_touched
from rag.metrics import split_words
from rag.types import Alternative, Answer, Reading, ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.question.parsed import ParsedQuestion
    from rag.types import Citation, Correction, Document, Passage, Place

CLOSEST = 5
"""Passages that must have been shown to whoever found that the articles do not answer a question. Chosen by hand."""


def answer_corrected(
    question: ParsedQuestion,
    correction: Correction,
    found: Sequence[ScoredPassage],
    find_document: Callable[[str], Document | None],
    find_passages: Callable[[str], Sequence[Passage]],
) -> Answer | None:
    """The answer that people decided on, or the abstention. Its timing is not yet set.

    :param found: the retrieved passages.
    :param find_document: the document with an id.
    :param find_passages: its passages.
    :return: None if the correction no longer holds: one of its articles has changed or is gone or, if the articles do
        not answer the question, the closest passages are not among those that the people saw.
    """
    if not correction.places:
        seen = {place.text for place in correction.seen}
        closest = [scored.passage.text for scored in found[:CLOSEST]]
        return (
            replace(abstain(question, found), corrected=correction.mark)
            if closest and seen.issuperset(closest)
            else None
        )
    cited: dict[str, list[Citation]] = {}
    held: dict[str, Passage] = {}
    for place in correction.places:
        document = find_document(place.document_id)
        if document is None or not is_unchanged(document, place, correction.seen):
            return None
        passage = next(
            (p for p in find_passages(place.document_id) if p.start <= place.start and place.end <= p.end), None
        )
        if passage is not None:
            held[passage.passage_id] = passage
        value = " ".join(split_words(place.text)) if correction.differ else ""
        cited.setdefault(value, []).append(cite_place(document, passage, place))
    values = [_give(citations) for citations in cited.values()]
    best, *others = sorted(values, key=_rank, reverse=True)
    known = {scored.passage.passage_id for scored in found}
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=best.text,
        reason="",
        confidence=1.0,
        citations=best.citations,
        alternatives=tuple(others),
        passages=(*found, *(ScoredPassage(passage, 0.0) for name, passage in held.items() if name not in known)),
        short=best.text,
        articles=best.articles,
        corrected=correction.mark,
    )


def is_unchanged(document: Document, place: Place, seen: Sequence[Place]) -> bool:
    """Whether an article is as it was when the place in it was chosen.

    A place that came from another program has no digest. Then the passages that were shown must be unchanged, and one
    of them must contain the place.
    """
    if document.text[place.start : place.end] != place.text or not 0 <= place.start < place.end:
        return False
    if place.digest:
        return document.text_sha256 == place.digest
    shown = [passage for passage in seen if passage.document_id == document.document_id]
    around = any(passage.start <= place.start and place.end <= passage.end for passage in shown)
    return around and all(document.text[passage.start : passage.end] == passage.text for passage in shown)


def cite_place(document: Document, passage: Passage | None, place: Place) -> Citation:
    """A citation of the whole sentence or sentences that contain a place.

    :param passage: the one that contains the place; None if no single one does, as for a byline.
    """
    if passage is not None:
        start = place.start - passage.start
        return cite(Reading(place.text, 0, start, start + len(place.text), 1.0, 0.0), passage)
    touched = find_touched(document.text, place.start, place.end)
    start = min([a for a, _ in touched] + [place.start])
    end = max([b for _, b in touched] + [place.end])
    return cite_document(document, start, end, (place.start, place.end))


def _give(citations: list[Citation]) -> Alternative:
    """The value that some citations give, in the words of the first."""
    first = citations[0]
    text = first.quote[first.answer_start - first.start : first.answer_end - first.start]
    unique = {(citation.document_id, citation.start, citation.end): citation for citation in citations}
    return Alternative(text, 1.0, tuple(unique.values()), len({citation.document_id for citation in citations}))


def _rank(value: Alternative) -> tuple[int, str]:
    """The value of most articles comes first, then the newest."""
    return value.articles, max(citation.date or "" for citation in value.citations)
