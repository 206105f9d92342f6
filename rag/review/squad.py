"""Reviewed questions as SQuAD 2.0 (Rajpurkar et al. 2018), out and in.

Each paragraph also names its place in an article, which readers of SQuAD ignore.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rag.review.items import Item, Place, Provenance, Sources, find_topic, read_clock
from rag.review.store import Review, ReviewError
from rag.review.verdicts import list_verdicts, measure_accuracies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.review.store import ReviewStore
    from rag.review.verdicts import Verdict

NO_SOURCE = Provenance("", "", "")


def write_squad(store: ReviewStore) -> dict[str, Any]:
    """All settled questions with the passage of their answer: confirmed and corrected answers, and unanswerable ones.

    Left out: bad questions, values that differ, and answers in no passage that was read.
    """
    reviews, reviewers = store.list_reviews(), store.list_reviewers()
    verdicts = list_verdicts(reviews, reviewers, measure_accuracies(reviews, reviewers))
    settled = (verdict for _, verdict in sorted(verdicts.items()) if verdict.settled)
    return {"version": "v2.0", "data": [article for verdict in settled for article in write_article(store, verdict)]}


def write_article(store: ReviewStore, verdict: Verdict) -> Iterator[dict[str, Any]]:
    """The article of one question, if it can be written."""
    item = store.find_item(verdict.item_id)
    if item is None or item.sources is None:
        return
    places = find_answers(item, verdict)
    if places is None:
        return
    for passage in item.sources.passages:
        inside = [place for place in places if holds(passage, place)]
        if inside or not places:
            question = {
                "id": item.item_id,
                "question": item.question,
                "answers": [{"text": p.text, "answer_start": p.start - passage.start} for p in inside],
                "is_impossible": not inside,
            }
            place = {"document_id": passage.document_id, "start": passage.start}
            yield {"title": passage.title, "paragraphs": [{"context": passage.text, **place, "qas": [question]}]}
            return


def find_answers(item: Item, verdict: Verdict) -> tuple[Place, ...] | None:
    """The places of the right answer; none for an unanswerable question, None if they are not known."""
    if verdict.decision == "wrong":
        return verdict.places
    if verdict.decision == "unanswerable" or (verdict.decision == "right" and item.status == "abstained"):
        return ()
    short = item.sources.answers if item.sources else ()
    return short if verdict.decision == "right" and short else None


def holds(passage: Place, place: Place) -> bool:
    """Whether a place is in a passage, whose text is still that of the article there."""
    a, b = place.start - passage.start, place.end - passage.start
    return passage.document_id == place.document_id and 0 <= a < b and passage.text[a:b] == place.text


def read_squad(store: ReviewStore, path: Path, reviewer: str) -> int:
    """Adds the questions of a file as reviewed by this person; returns how many were not there yet.

    Nothing answered them before, so the answer in the file is a correction, and an unanswerable one rightly declined.

    :raises ReviewError: if the file is not SQuAD.
    """
    try:
        found = [pair for article in json.loads(path.read_text(encoding="utf-8-sig"))["data"]
                 for paragraph in article["paragraphs"] for question in paragraph["qas"]
                 for pair in [read_question(article, paragraph, question, reviewer)]]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReviewError(f"{path} is not in the format of SQuAD 2.0 ({error}): name another file.") from None
    store.join(reviewer)
    held = {item.item_id for item in store.list_items()}
    new = {item.item_id: (item, review) for item, review in found if item.item_id not in held}
    store.keep(item for item, _ in new.values())
    for _, review in new.values():
        store.record(review)
    return len(new)


def read_question(
    article: dict[str, Any], paragraph: dict[str, Any], question: dict[str, Any], reviewer: str
) -> tuple[Item, Review]:
    """:raises KeyError, TypeError, ValueError: if it has another form, or an answer is not where it says."""
    context, title = str(paragraph["context"]), str(article.get("title", ""))
    document_id, start = str(paragraph.get("document_id", title)), int(paragraph.get("start", 0))
    passage = Place(document_id, title, start, start + len(context), context)
    places = []
    for answer in [] if question.get("is_impossible") else question["answers"]:
        a, text = int(answer["answer_start"]), str(answer["text"])
        if not text or context[a : a + len(text)] != text:
            raise ValueError(f"the answer of {question['id']} is not where it says")
        places.append(Place(document_id, title, start + a, start + a + len(text), text))
    item = Item(
        item_id=str(question["id"]),
        created=read_clock(),
        origin="imported",
        question=str(question["question"]),
        status="abstained",
        answer="",
        confidence=0.0,
        margin=1.0,
        disagrees=False,
        topic=find_topic(document_id),
        source=NO_SOURCE,
        sources=Sources((), (passage,), ()),
    )
    decision: Any = "wrong" if places else "right"
    return item, Review(item.item_id, reviewer, "imported", decision, tuple(places))
