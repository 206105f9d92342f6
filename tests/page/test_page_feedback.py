"""What people thought of answers: kept whole, and written as gold candidates."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page_answers import (
    EVIL,
    KEY,
    SOURCE,
    make_declined,
    make_disagreeing,
    make_evil,
    make_simple,
)

from rag.page.candidates import iterate_facts, iterate_unanswerable
from rag.page.exchange import Exchange
from rag.page.feedback import FeedbackStore
from rag.review.database import UPGRADES, FeedbackError
from rag.types import Turn

if TYPE_CHECKING:
    from pathlib import Path


def test_feedback_keeps_everything_that_an_answer_stood_on(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "new" / "feedback.sqlite")
    answer = make_disagreeing()
    store.save(Exchange(KEY, "How much?", answer, rating="up"), (Turn("user", "Hm?"),), SOURCE)
    (record,) = store.iterate_records()
    assert record["question"] == "How much?"
    assert record["standalone"] == answer.standalone
    assert record["history"] == [{"role": "user", "content": "Hm?"}]
    assert [c["quote"] for c in record["citations"]] == ["Meta paid $14.3 billion.", "Meta paid $10 billion."]
    assert [c["alternative"] for c in record["citations"]] == [-1, 0]
    assert [p["text"] for p in record["passages"]] == ["Meta paid $14.3 billion.", "Meta paid $10 billion."]
    assert record["reader"] == "built-in"
    json.dumps(record)


def test_a_change_of_mind_replaces_what_was_said(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    exchange = Exchange(KEY, "x", make_simple(), rating="up")
    store.save(exchange, (), SOURCE)
    created = next(store.iterate_records())["created"]
    store.save(replace(exchange, rating="down", correction="50%"), (), SOURCE)
    (record,) = store.iterate_records()
    assert (record["rating"], record["correction"], record["created"]) == ("down", "50%", created)
    store.save(replace(exchange, rating=""), (), SOURCE)
    assert store.count() == 0
    assert FeedbackStore(tmp_path / "feedback.sqlite").count() == 0


def test_hostile_text_is_only_kept(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    words = "'); DROP TABLE feedback; --"
    store.save(Exchange(KEY, words, make_evil(), rating="down", correction=words), (), SOURCE)
    (record,) = store.iterate_records()
    assert record["question"] == record["correction"] == words
    assert record["citations"][0]["quote"] == EVIL


def test_feedback_becomes_gold_that_eval_takes(tmp_path: Path) -> None:
    gold = pytest.importorskip("eval.gold")
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    rated = [
        Exchange("a" * 8, "x", replace(make_simple(), standalone="one?"), rating="up"),
        Exchange("b" * 8, "x", replace(make_simple(), standalone="two?"), rating="down", correction="50%"),
        Exchange("c" * 8, "x", replace(make_simple(), standalone="three?"), rating="down"),
        Exchange("d" * 8, "x", replace(make_declined(), standalone="four?"), rating="up"),
        Exchange("e" * 8, "x", replace(make_simple(), standalone="ONE?"), rating="up"),
    ]
    for exchange in rated:
        store.save(exchange, (), SOURCE)
    facts = list(iterate_facts(store.iterate_records()))
    assert [(f["question"], f["answers"], f["type"]) for f in facts] == [
        ("ONE?", ["49%"], "confirmed"),
        ("two?", ["50%"], "correction"),
    ]
    assert facts[0]["evidence"] == [{"document_id": "a.txt", "quote": "Meta bought a 49% stake in Scale."}]
    folder = tmp_path / "gold"
    folder.mkdir()
    declined = list(iterate_unanswerable(store.iterate_records()))
    for name, lines in (("facts", facts), ("unanswerable", declined)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert {q.question for q in gold.load_gold(folder)} == {"ONE?", "two?", "four?"}


def test_feedback_of_an_earlier_version_is_kept_and_added_to(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(f"{UPGRADES[0]} PRAGMA user_version = 1;")
    connection.close()
    answer = make_simple()
    timed = replace(answer, citations=tuple(replace(citation, time="16:05") for citation in answer.citations))
    for key, given in (("a" * 8, answer), ("b" * 8, timed)):
        FeedbackStore(path).save(Exchange(key, "x", given, rating="up"), (), SOURCE)
    records = list(FeedbackStore(path).iterate_records())
    assert {citation["time"] for record in records for citation in record["citations"]} == {None, "16:05"}


def test_feedback_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FeedbackError, match="later version"):
        FeedbackStore(path)
    (tmp_path / "text").write_text("no database, but text that is long enough to be seen as none" * 9)
    with pytest.raises(FeedbackError, match="name another file"):
        FeedbackStore(tmp_path / "text")
