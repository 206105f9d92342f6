"""Reviews as tasks and results of Label Studio: the same when they come back, and nothing that is out of place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from review_items import ARTICLES, TEXT, find_span, make_item, open_judging

from rag.review.items import Place, Sources
from rag.review.label_studio import CONFIG, read_tasks, write_tasks
from rag.review.store import DECISIONS, ReviewError, ReviewStore

if TYPE_CHECKING:
    from pathlib import Path


def review_three(folder: Path) -> ReviewStore:
    """A corrected answer whose text was not in the passage, one that differs, and one without a review."""
    short = Sources((), (Place("deals/a.txt", "The deal", 34, 62, TEXT[34:62]),), ())
    judging = open_judging(
        folder, make_item("1", sources=short), make_item("2", margin=0.7), make_item("3", margin=0.8)
    )
    judging.show_next("eva")
    judging.judge("eva", "1", "wrong", [find_span("Jason Droege")])
    judging.show_next("eva")
    judging.judge("eva", "2", "differ", [find_span("$14.3 billion"), find_span("$10 billion", "deals/b.txt")])
    return judging.store


def test_tasks_come_back_as_the_same_items_and_reviews(tmp_path: Path) -> None:
    store, path = review_three(tmp_path / "one"), tmp_path / "tasks.json"
    tasks = write_tasks(store)
    assert [len(task["annotations"]) for task in tasks] == [1, 1, 0]
    for task in tasks:
        for result in (result for one in task["annotations"] for result in one["result"] if result["type"] == "labels"):
            value = result["value"]
            assert task["data"]["text"][value["start"] : value["end"]] == value["text"]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    again = open_judging(tmp_path / "two").store
    assert read_tasks(again, path, "tom") == 2
    assert read_tasks(again, path, "tom") == 0
    assert write_tasks(again) == tasks
    for place in (place for review in again.list_reviews() for place in review.places):
        assert ARTICLES[place.document_id].text[place.start : place.end] == place.text


def test_what_was_annotated_elsewhere_is_a_review_by_whoever_imports_it(tmp_path: Path) -> None:
    store, path = open_judging(tmp_path, make_item("1")).store, tmp_path / "tasks.json"
    (task,) = write_tasks(store)
    start = task["data"]["text"].index("Jason Droege")
    marked = {"start": start, "end": start + 12, "text": "Jason Droege", "labels": ["answer"]}
    result = [
        {"id": "x", "from_name": "decision", "to_name": "text", "type": "choices", "value": {"choices": ["wrong"]}},
        {"id": "y", "from_name": "places", "to_name": "text", "type": "labels", "value": marked},
    ]
    task["annotations"] = [{"id": 7, "completed_by": 1, "was_cancelled": False, "result": result}]
    path.write_text(json.dumps([task]), encoding="utf-8")
    assert read_tasks(store, path, "tom") == 1
    (review,) = store.list_reviews()
    assert (review.reviewer, review.way, review.places[0].start) == ("tom", "imported", TEXT.index("Jason"))


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Somebody"},
        {"start": 3},
        {"end": 10_000, "text": "x"},
    ],
)
def test_a_text_that_is_elsewhere_is_refused_and_nothing_is_added(tmp_path: Path, change: dict[str, Any]) -> None:
    tasks, path = write_tasks(review_three(tmp_path / "one")), tmp_path / "tasks.json"
    tasks[0]["annotations"][0]["result"][1]["value"] |= change
    path.write_text(json.dumps(tasks), encoding="utf-8")
    store = open_judging(tmp_path / "two").store
    with pytest.raises(ReviewError, match="Label Studio"):
        read_tasks(store, path, "tom")
    assert store.list_items() == []


def test_a_decision_without_its_text_is_refused(tmp_path: Path) -> None:
    tasks, path = write_tasks(review_three(tmp_path / "one")), tmp_path / "tasks.json"
    del tasks[0]["annotations"][0]["result"][1]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    with pytest.raises(ReviewError, match="needs a text"):
        read_tasks(open_judging(tmp_path / "two").store, path, "tom")


def test_the_configuration_offers_every_decision_but_to_skip() -> None:
    assert all((f'"{decision}"' in CONFIG) is (decision != "skip") for decision in DECISIONS)
