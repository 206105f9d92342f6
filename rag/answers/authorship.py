"""Answers "who wrote this article?" from the article's byline, not from its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.answers.compose import abstain
from rag.articles.turns import find_questions
from rag.question.text import find_topic_words
from rag.types import Answer, Citation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.question.authorship import Subject
    from rag.question.parsed import ParsedQuestion
    from rag.types import Byline, Document, ScoredPassage

LEAST_SHARED = 0.5
"""Least share of the subject's topic words that the article meant must have. Chosen by hand."""
LEAST_TITLE = 0.6
"""The same for the title of an article, if the question says only what it is about."""
UNCLEAR = "I can't tell which article you mean: say what it is about, or its title."


def answer_author(
    question: ParsedQuestion, found: Sequence[ScoredPassage], subject: Subject, articles: Sequence[Document]
) -> Answer | None:
    """The author of the article that the question means, or an abstention. Its timing is not yet set.

    :param found: the retrieved passages.
    :param articles: the articles that may be meant, best first.
    :return: None if the question names a title that none of them has, or asks who interviewed or reviewed what none of
        them does. What they say of it must be read.
    """
    article = choose_article(subject, articles)
    signed = article is not None and article.author
    if (article is None and subject.titled) or ((subject.deed or subject.told) and not signed):
        return None
    if article is None:
        return abstain(question, found, reason=UNCLEAR)
    if article.byline is None or not article.author:
        return abstain(question, found, reason=f"The article “{article.title}” names no author.")
    return Answer(
        question=question.original,
        standalone=question.text,
        status="answered",
        text=article.author,
        reason="",
        confidence=1.0,  # copied from the byline, and the citation shows of which article
        citations=(cite_byline(article, article.byline),),
        alternatives=(),
        passages=tuple(found),
        short=article.author,
        articles=1,
    )


def choose_article(subject: Subject, articles: Sequence[Document]) -> Document | None:
    """The article with most of the subject's topic words, in its title if several are equal. None if it is not clear.

    A title must be that of the article, but need not be whole, unless the question gives nothing else. An interview or
    a review must have all of the words. If the question may be about a writer in the news, most words must be in the
    title.

    :param articles: best first.
    """
    if not subject.text:
        return articles[0] if len(articles) == 1 else None
    topic = find_topic_words(subject.text)
    if subject.deed:
        return next((a for a in articles if topic and topic <= _list_words(a) and _is_by_deed(a, subject.deed)), None)
    if subject.told:
        named = [len(topic & find_topic_words(article.title)) for article in articles]
        most = max(named, default=0)
        enough = most == len(topic) or most >= max(2, LEAST_TITLE * len(topic))
        return articles[named.index(most)] if topic and enough else None
    if subject.titled and subject.whole:
        return next((a for a in articles if topic and topic == find_topic_words(a.title)), None)
    if subject.titled:
        return next((a for a in articles if topic and topic <= find_topic_words(a.title)), None)
    shared = [
        (len(topic & find_topic_words(f"{article.title} {article.text}")), len(topic & find_topic_words(article.title)))
        for article in articles
    ]
    best = max(shared, default=(0, 0))
    return articles[shared.index(best)] if topic and best[0] >= LEAST_SHARED * len(topic) else None


def _list_words(article: Document) -> frozenset[str]:
    return find_topic_words(f"{article.title} {article.text[: article.body_end]}")


def _is_by_deed(article: Document, deed: str) -> bool:
    """Whether an article is an interview or a review: its byline or title says so, or it prints two questions."""
    said = f"{article.title} {article.text[article.body_end :]}"
    if deed == "reviewed":
        return re.search(r"\breview(?:ed)?(?: by|\s*[:|])", said, re.IGNORECASE) is not None
    told = re.search(r"\b(?:interview(?:ed|er)?|conversation|questions)(?: by|\s*[:|])", said, re.IGNORECASE)
    return told is not None or len(find_questions(article.text)) > 1


def cite_byline(article: Document, byline: Byline) -> Citation:
    """A citation of the byline."""
    return cite_document(article, byline.start, len(article.text), (byline.author_start, byline.author_end))


def cite_document(article: Document, start: int, end: int, answer: tuple[int, int]) -> Citation:
    """A citation of ``article.text[start:end]``, which is in no passage, so its passage_id is made of its offsets.

    :param answer: the offsets of the answer in the article.
    """
    return Citation(
        document_id=article.document_id,
        title=article.title,
        date=article.date,
        passage_id=f"{article.document_id}#{start}-{end}",
        quote=article.text[start:end],
        start=start,
        end=end,
        answer_start=answer[0],
        answer_end=answer[1],
    )
