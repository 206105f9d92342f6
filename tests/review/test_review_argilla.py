"""Reviews as records of Argilla: the same when they come back, and what was changed there is a new decision."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from review_items import ARTICLES, OTHER, TEXT, find_span, make_item, open_judging

from rag.cli import main
from rag.review.argilla import make_user, read_records, write_records
from rag.review.items import Place, Sources
from rag.review.queue import count_needed
from rag.review.store import Review, Reviewer, ReviewError, ReviewStore
from rag.review.verdicts import list_verdicts, measure_accuracies

if TYPE_CHECKING:
    from pathlib import Path

    from rag.review.verdicts import Verdict


def decide_all(store: ReviewStore) -> dict[str, Verdict]:
    reviews, reviewers = store.list_reviews(), store.list_reviewers()
    return list_verdicts(reviews, reviewers, measure_accuracies(reviews, reviewers))


def review_some(folder: Path) -> ReviewStore:
    """Decisions by an expert and a reviewer who was right about eight gold items, and one item without a review."""
    quote = Place("deals/b.txt", "A banker", 0, len(OTHER), OTHER)
    short = Sources((quote,), (Place("deals/a.txt", "The deal", 34, 62, TEXT[34:62]),), ("$10 billion",))
    named = [f"g{number}" for number in range(40) if count_needed(f"g{number}") == 1][:12]
    judging = open_judging(folder, *(make_item(name, sources=short) for name in named), make_item("left"))
    store = judging.store
    store.join("eva")
    store.add_reviewer(Reviewer("tom", "reviewer"))
    for name in named[:8]:
        for person, way in (("eva", "gain"), ("tom", "calibration")):
            store.record(Review(name, person, way, "right", guidelines=1))  # type: ignore[arg-type]
    for name, decision, spans in (
        (named[8], "wrong", [find_span("Jason Droege")]),
        (named[9], "differ", [find_span("$14.3 billion"), find_span("$10 billion", "deals/b.txt")]),
        (named[10], "unanswerable", []),
    ):
        store.open_item("tom", name, "gain")
        judging.judge("tom", name, decision, spans)  # type: ignore[arg-type]
    return store


def test_records_come_back_as_the_same_items_reviews_and_decisions(tmp_path: Path) -> None:
    store, path = review_some(tmp_path / "one"), tmp_path / "records.json"
    assert main(["review", "export", "argilla", str(path), "--data", str(tmp_path / "one")]) == 0
    assert main(["review", "import", "argilla", str(path), "--as", "ida", "--data", str(tmp_path / "two")]) == 0
    again = ReviewStore(tmp_path / "two" / "feedback.sqlite")
    assert read_records(again, path, "ida") == 0
    assert decide_all(again) == decide_all(store)
    assert sum(verdict.settled for verdict in decide_all(again).values()) == 11
    assert sorted(again.list_reviews(), key=repr) == sorted(store.list_reviews(), key=repr)
    assert again.list_reviewers() == store.list_reviewers()
    ids = [item.item_id for item in store.list_items()]
    assert [again.find_item(name) for name in ids] == [store.find_item(name) for name in ids]
    assert write_records(again) == write_records(store)
    for place in (place for review in again.list_reviews() for place in review.places):
        assert ARTICLES[place.document_id].text[place.start : place.end] == place.text


def test_records_have_the_form_of_argilla(tmp_path: Path) -> None:
    for record in write_records(review_some(tmp_path)):
        assert set(record) == {"id", "fields", "metadata", "suggestions", "responses", "vectors", "_server_id"}
        texts = [*record["fields"].values(), *record["metadata"].values()]
        assert all(isinstance(text, str) for text in texts)
        for responses in record["responses"].values():
            for response in responses:
                assert set(response) == {"value", "user_id", "status"}
                UUID(response["user_id"])
        for response in record["responses"]["places"]:
            for span in response["value"]:
                assert record["fields"]["text"][span["start"] : span["end"]]
                assert span["label"] == "answer"


def answer(record: dict[str, Any], user: str, decision: str, text: str = "", **more: str) -> None:
    """What Argilla writes when somebody answers both questions of a record."""
    who = {"user_id": user, **more}
    record["responses"]["decision"].append({"value": decision, **who})
    if text:
        start = record["fields"]["text"].index(text)
        span = {"start": start, "end": start + len(text), "label": "answer"}
        record["responses"].setdefault("places", []).append({"value": [span], **who})


def test_what_was_decided_in_argilla_is_a_review_by_whoever_imports_it(tmp_path: Path) -> None:
    store, path = open_judging(tmp_path, make_item("1"), make_item("2")).store, tmp_path / "records.json"
    store.join("eva")
    first, second = write_records(store)
    stranger, other = make_user("stranger"), make_user("other")
    answer(first, stranger, "wrong", "Jason Droege", status="submitted")
    answer(second, stranger, "unanswerable")  # Argilla 2.8 writes no status
    answer(second, other, "right", status="draft")
    path.write_text(json.dumps([first, second]), encoding="utf-8")
    assert read_records(store, path, "tom") == 2
    reviews = {review.item_id: review for review in store.list_reviews()}
    assert [(r.reviewer, r.way) for r in reviews.values()] == [("tom", "imported")] * 2
    assert [(place.text, place.start) for place in reviews["1"].places] == [("Jason Droege", TEXT.index("Jason"))]
    assert store.list_reviewers()["tom"].role == "reviewer"


def test_several_people_of_argilla_stay_several(tmp_path: Path) -> None:
    store, path = open_judging(tmp_path, make_item("1")).store, tmp_path / "records.json"
    (record,) = write_records(store)
    for user in ("one", "two"):
        answer(record, make_user(user), "right", status="submitted")
    path.write_text(json.dumps([record]), encoding="utf-8")
    assert read_records(store, path, "tom") == 2
    assert len({review.reviewer for review in store.list_reviews()}) == 2


def test_a_decision_that_was_changed_there_keeps_its_person_but_not_its_places(tmp_path: Path) -> None:
    store, path = review_some(tmp_path / "one"), tmp_path / "records.json"
    records = write_records(store)
    (changed,) = [
        r for r in records if r["responses"]["decision"] and r["responses"]["decision"][0]["value"] == "wrong"
    ]
    changed["responses"]["decision"][0]["value"] = "unanswerable"
    path.write_text(json.dumps(records), encoding="utf-8")
    again = open_judging(tmp_path / "two").store
    read_records(again, path, "ida")
    (review,) = [review for review in again.list_reviews() if review.item_id == changed["id"]]
    assert (review.reviewer, review.decision, review.places, review.way) == ("tom", "unanswerable", (), "imported")


def test_nobody_becomes_an_expert_where_people_review_already(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(write_records(review_some(tmp_path / "one"))), encoding="utf-8")
    store = open_judging(tmp_path / "two").store
    store.join("ida")
    read_records(store, path, "ida")
    roles = {name: reviewer.role for name, reviewer in store.list_reviewers().items()}
    assert roles == {"eva": "reviewer", "ida": "expert", "tom": "reviewer"}
    assert {review.way for review in store.list_reviews()} == {"imported"}


@pytest.mark.parametrize("harm", ["span", "text", "decision", "role", "form"])
def test_what_does_not_fit_is_refused_whole(tmp_path: Path, harm: str) -> None:
    records, path = write_records(review_some(tmp_path / "one")), tmp_path / "records.json"
    (record,) = [r for r in records if r["responses"]["decision"] and r["responses"]["decision"][0]["value"] == "wrong"]
    if harm == "span":
        record["responses"]["places"][0]["value"][0]["end"] = 10_000
    elif harm == "text":
        record["fields"]["text"] = "cut"
    elif harm == "decision":
        record["responses"]["decision"][0]["value"] = "perhaps"
    elif harm == "role":
        record["metadata"]["reviews"] = record["metadata"]["reviews"].replace('"role": "reviewer"', '"role": "owner"')
    else:
        del record["metadata"]["item"]
    path.write_text(json.dumps(records), encoding="utf-8")
    store = open_judging(tmp_path / "two").store
    with pytest.raises(ReviewError, match="Argilla"):
        read_records(store, path, "ida")
    assert store.list_items() == []
    assert store.list_reviewers() == {}
