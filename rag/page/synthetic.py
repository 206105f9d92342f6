"""Questions written by a program for a user's own articles, as a first evaluation set and as answers to review.

The generator changes the order of words in a sentence (rag/page/wording.py); it is not a trained model.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag.page.exchange import list_citations
from rag.page.suggestions import Suggestion, make_starters, overlap
from rag.pipeline import Pipeline, Question
from rag.question.sameness import key_question
from rag.types import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rag.types import Citation

MOST_TRIED = 5
"""Questions tried for each one that is wanted."""
BIAS = (
    "A program made them from sentences of the articles, in their words, and kept only those for which this reader "
    "found the same sentence again. They are easier than people's questions, and this reader answers nearly all of "
    "them by construction."
)


@dataclass(frozen=True, slots=True)
class Written:
    """A question that passed the round trip.

    :param citation: the sentence that it was made from, with the answer in it.
    """

    question: str
    answer: Answer
    citation: Citation

    @property
    def name(self) -> str:
        """Its id, which says that it is synthetic."""
        return f"synthetic-{hashlib.sha256(self.question.encode('utf-8', 'replace')).hexdigest()[:12]}"


def write_questions(pipeline: Pipeline, most: int) -> Iterator[Written]:
    """Yields questions whose answer, searched for in all articles, is in the sentence that they were made from."""
    documents = pipeline.index.documents()
    passages = (p for document in documents for p in pipeline.index.document_passages(document.document_id))
    candidates = list(_drop_repeated(make_starters(passages)))[: most * MOST_TRIED]
    answers = pipeline.ask_batch([Question(one.question) for one in candidates])
    return islice(_keep(zip(candidates, answers, strict=True)), most)


def _drop_repeated(candidates: Iterable[Suggestion]) -> Iterator[Suggestion]:
    seen: set[str] = set()
    for one in candidates:
        key = key_question(one.question)
        if key not in seen:
            yield one
        seen.add(key)


def _keep(tried: Iterable[tuple[Suggestion, Answer | Exception]]) -> Iterator[Written]:
    for one, answer in tried:
        # "Who is Ada Lund?" is answered with sentences; a short answer above them is seldom the whole answer.
        plain = isinstance(answer, Answer) and answer.short and not answer.explained and not answer.contradicted
        if isinstance(answer, Answer) and plain and one.is_met(answer):
            for citation in list_citations(answer):
                inside = answer.short in citation.quote
                if inside and overlap(one.place, (citation.document_id, citation.start, citation.end)):
                    yield Written(one.question, answer, citation)
                    break


def describe_fact(written: Written) -> dict[str, Any]:
    """A line of facts.jsonl, as ``python -m eval --gold`` reads it."""
    citation = written.citation
    return {
        "id": written.name,
        "question": written.question,
        "answers": [written.answer.short],
        "evidence": [{"document_id": citation.document_id, "quote": citation.quote}],
    }


def write_line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"
