"""Answers to requests about the articles as a whole: leading sentences, or an abstention that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.answers.compose import abstain, quote
from rag.answers.explaining import MOST_SENTENCES, list_sentences
from rag.types import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.question.parsed import ParsedQuestion
    from rag.types import Citation, Passage, ScoredPassage

LEADING = 4
"""Sentences quoted from a single article. News puts the most important first; chosen by hand."""
MOST_ARTICLES = MOST_SENTENCES
"""Most articles that are summarised."""
REASONS = {
    "count": "I only quote the articles and do not count or calculate over them; the closest passages may help.",
    "opinion": "I have no opinions: I only say what the articles say.",
    "ranking": "I only quote the articles and do not judge or compare them; the closest passages may help.",
    "summary": "There is nothing to summarise: no article has a full sentence.",
    "thanks": "You're welcome. Ask another question about the articles.",
    "greeting": "Hello. Ask a question about the articles.",
    "farewell": "Goodbye.",
    "assent": "Ask another question about the articles.",
}
"""Reasons for an abstention, or replies to small talk, by request."""


def answer_request(
    question: ParsedQuestion, found: Sequence[ScoredPassage], articles: Sequence[Sequence[Passage]]
) -> Answer:
    """The leading sentences of each article, or an abstention. Its timing is not yet set.

    :param question: with a ``request``.
    :param found: the retrieved passages.
    :param articles: the first passages of at most ``MOST_ARTICLES`` articles, in text order.
    """
    if question.request != "summary":
        return abstain(question, found, reason=REASONS[question.request or "count"])
    each = LEADING if len(articles) == 1 else 1
    quotes = [citation for passages in articles for citation in quote_leads(passages, each)]
    if not quotes:
        return abstain(question, found, reason=REASONS["summary"])
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=" ".join(quoted.quote for quoted in quotes),
        reason="",
        confidence=1.0,  # quotes claim nothing
        citations=tuple(quotes),
        alternatives=(),
        passages=tuple(found),
        articles=len({quoted.document_id for quoted in quotes}),
    )


def quote_leads(passages: Sequence[Passage], most: int) -> list[Citation]:
    """The first sentences of an article, at most ``most``."""
    leads: dict[tuple[int, int], Citation] = {}
    for sentence in list_sentences(passages):
        citation = quote(passages[sentence.passage], sentence.start, sentence.end)
        leads.setdefault((citation.start, citation.end), citation)  # passages overlap
    return list(leads.values())[:most]
