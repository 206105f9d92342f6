"""Items and reviews as tasks and results of Label Studio, out and in.

The text of a task is that of the passages, one below the other; ``places`` says where each stands in which article.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rag.review.items import Item, Place, Provenance, Sources, find_topic, read_clock
from rag.review.joined import cut_texts, describe_places, find_mark, find_place, join_texts, list_shown
from rag.review.store import DECISIONS, Review, ReviewError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.review.store import ReviewStore

CONFIG = """\
<View>
  <Header value="$question"/>
  <Header value="$answer"/>
  <Choices name="decision" toName="text" choice="single" required="true">
    <Choice value="right"/><Choice value="wrong"/><Choice value="unanswerable"/><Choice value="differ"/>
    <Choice value="bad"/>
  </Choices>
  <Labels name="places" toName="text"><Label value="answer"/></Labels>
  <Text name="text" value="$text"/>
</View>
"""
"""The labelling configuration of a project for these tasks."""


def write_tasks(store: ReviewStore) -> list[dict[str, Any]]:
    """A task for each item, with an annotation for each review of it."""
    made: defaultdict[str, list[Review]] = defaultdict(list)
    for review in store.list_reviews():
        if review.decision != "skip":
            made[review.item_id].append(review)
    found = (store.find_item(item.item_id) for item in store.list_items())
    return [write_task(item, made[item.item_id]) for item in found if item is not None]


def write_task(item: Item, reviews: Sequence[Review]) -> dict[str, Any]:
    shown = list_shown(item, reviews)
    data = {
        "item_id": item.item_id,
        "question": item.question,
        "answer": item.answer,
        "status": item.status,
        "text": join_texts(shown),
        "places": describe_places(shown),
    }
    return {"data": data, "annotations": [write_annotation(review, shown) for review in reviews]}


def write_annotation(review: Review, shown: Sequence[Place]) -> dict[str, Any]:
    """:param shown: the places whose texts make up that of the task."""
    results: list[dict[str, Any]] = [write_result("decision", "choices", {"choices": [review.decision]})]
    for place in review.places:
        if mark := find_mark(place, shown):
            value = {"start": mark[0], "end": mark[1], "text": place.text, "labels": ["answer"]}
            results.append(write_result("places", "labels", value))
    return {"reviewer": review.reviewer, "result": results}


def write_result(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": kind, "value": value}


def read_tasks(store: ReviewStore, path: Path, reviewer: str) -> int:
    """Adds the items and reviews of a file; returns how many reviews are new.

    :param reviewer: who made those that do not say it, as Label Studio's own do not.
    :raises ReviewError: if the file has another form, or a text is not where it says. Nothing is then added.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8-sig"))
        items = [read_item(task["data"]) for task in tasks]
        reviews = [
            read_annotation(annotation, item, task["data"]["text"], reviewer)
            for task, item in zip(tasks, items, strict=True)
            for annotation in task.get("annotations", ())
            if not annotation.get("was_cancelled")
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReviewError(
            f"{path} is not an export of Label Studio with these tasks ({error}): name another."
        ) from None
    for name in (reviewer, *sorted({review.reviewer for review in reviews})):
        store.join(name)
    store.keep(items)
    held = {(review.item_id, review.reviewer) for review in store.list_reviews()}
    new = {(r.item_id, r.reviewer): r for r in reviews if (r.item_id, r.reviewer) not in held}
    for review in new.values():
        store.record(review)
    return len(new)


def read_item(data: dict[str, Any]) -> Item:
    """The item of a task; :raises KeyError, TypeError, ValueError: if it has another form."""
    passages = cut_texts(str(data["text"]), data["places"])
    if data["status"] not in ("answered", "possible", "abstained"):
        raise ValueError(f"{data['status']} is no status")
    return Item(
        item_id=str(data["item_id"]),
        created=read_clock(),
        origin="imported",
        question=str(data["question"]),
        status=data["status"],
        answer=str(data["answer"]),
        confidence=0.0,
        margin=1.0,
        disagrees=False,
        topic=find_topic(passages[0].document_id) if passages else "",
        source=Provenance("", "", ""),
        sources=Sources((), passages, ()),
    )


def read_annotation(annotation: dict[str, Any], item: Item, text: str, reviewer: str) -> Review:
    """:param text: of the task. :raises KeyError, TypeError, ValueError: if it has another form."""
    values = {kind: [r["value"] for r in annotation["result"] if r["type"] == kind] for kind in ("choices", "labels")}
    ((decision,),) = (value["choices"] for value in values["choices"])
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    places = tuple(read_place(value, item, text) for value in values["labels"])
    if (decision == "wrong" and not places) or (decision == "differ" and len(places) < 2):
        raise ValueError(f"the decision {decision} about {item.item_id} needs a text")
    chosen = places if decision in ("wrong", "differ") else ()
    return Review(item.item_id, str(annotation.get("reviewer", reviewer)), "imported", decision, chosen)


def read_place(value: dict[str, Any], item: Item, text: str) -> Place:
    """The place in its article of a text that was marked in a task."""
    start, end = int(value["start"]), int(value["end"])
    if text[start:end] != value["text"]:
        raise ValueError(f"a text of {item.item_id} is not where it says")
    return find_place(start, end, item.sources.passages if item.sources else ())
