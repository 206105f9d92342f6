"""Items and reviews in the file of ratings: what was there before, what is kept, and what cannot be lost."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from review_items import ARTICLES, TEXT, find_span, make_item, open_judging

from rag.page.exchange import Exchange
from rag.page.feedback import FeedbackStore
from rag.review.database import UPGRADES, split_statements
from rag.review.items import Provenance
from rag.review.items import make_item as make_from
from rag.review.judging import GUIDELINES_VERSION, Span
from rag.review.store import Reviewer, ReviewError, ReviewStore
from rag.types import Alternative, Answer, Citation, Passage, ScoredPassage

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Provenance("0.1.0", "built-in", "abc")


def make_answer() -> Answer:
    passage = Passage("deals/a.txt#0", "deals/a.txt", "The deal", "", None, 0, len(TEXT), TEXT)
    first = Citation("deals/a.txt", "The deal", None, "deals/a.txt#0", TEXT[:33], 0, 33, 14, 17)
    second = Citation("deals/a.txt", "The deal", None, "deals/a.txt#0", TEXT[34:62], 34, 62, 48, 61)
    other = Alternative("$14.3 billion", 0.3, (second,))
    return Answer("How much?", "How much of Scale?", "answered", "49%", "", 0.5, (first,), (other,),
                  (ScoredPassage(passage, 1.0),), short="49%", articles=1)  # fmt: skip


def test_ratings_of_an_earlier_version_become_items_with_their_sources(tmp_path: Path) -> None:
    FeedbackStore(tmp_path / "new.sqlite").save(
        Exchange("a" * 8, "How much?", make_answer(), rating="down", correction="49 %"), (), SOURCE
    )
    earlier = tmp_path / "feedback.sqlite"
    with sqlite3.connect(earlier) as connection:
        for step in UPGRADES[:2]:
            for statement in split_statements(step):
                connection.execute(statement)
        connection.execute("ATTACH ? AS new", (str(tmp_path / "new.sqlite"),))
        connection.execute("ALTER TABLE new.citations DROP COLUMN page")
        for table in ("feedback", "citations", "passages"):
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")  # noqa: S608 (our names)
        connection.execute("PRAGMA main.user_version = 2")
    connection.close()
    (item,) = ReviewStore(earlier).list_items()
    migrated = ReviewStore(earlier).find_item(item.item_id)
    stored = ReviewStore(tmp_path / "new.sqlite").find_item(item.item_id)
    assert migrated is not None
    assert stored is not None
    assert migrated.sources is not None
    assert (migrated.rating, migrated.correction, migrated.topic) == ("down", "49 %", "deals")
    assert migrated.margin == pytest.approx(0.2)
    # What differs is only what was not kept then: when it was asked, and the titles of passages.
    untitled = replace(migrated.sources.passages[0], title="The deal")
    assert replace(migrated, created="", sources=replace(migrated.sources, passages=(untitled,))) == replace(
        stored, created=""
    )


def test_a_rating_that_is_withdrawn_leaves_the_queue_unless_it_was_reviewed(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    feedback, judging = FeedbackStore(path), open_judging(tmp_path)
    for key in ("a" * 8, "b" * 8):
        feedback.save(Exchange(key, "x", make_answer(), rating="down"), (), SOURCE)
    shown = judging.show_next("eva")
    assert shown is not None
    judging.judge("eva", shown[0].item_id, "right")
    for key in ("a" * 8, "b" * 8):
        feedback.save(Exchange(key, "x", make_answer()), (), SOURCE)
    assert [item.item_id for item in judging.store.list_items()] == [shown[0].item_id]


def test_what_was_kept_is_not_changed_by_a_later_rating(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path / "feedback.sqlite")
    asked = make_from("a" * 8, make_answer(), SOURCE, created="2026-11-02", origin="asked")
    store.keep([asked])
    FeedbackStore(store.path).save(Exchange("a" * 8, "x", make_answer(), rating="up"), (), SOURCE)
    assert store.find_item("a" * 8) == replace(asked, rating="up")


def test_a_chosen_text_is_kept_with_its_exact_place_and_never_one_that_changed(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, make_item("1"))
    judging.show_next("eva")
    judging.judge("eva", "1", "wrong", [find_span("Jason Droege")])
    (review,) = judging.store.list_reviews()
    (place,) = review.places
    assert ARTICLES[place.document_id].text[place.start : place.end] == place.text == "Jason Droege"
    assert review.guidelines == GUIDELINES_VERSION
    judging.undo("eva")
    for span in (Span("deals/a.txt", 0, 4, "Beta"), Span("deals/a.txt", 3, 3, ""), Span("gone.txt", 0, 4, "Meta")):
        with pytest.raises(ReviewError, match="choose"):
            judging.judge("eva", "1", "wrong", [span])
    with pytest.raises(ReviewError, match="at least two"):
        judging.judge("eva", "1", "differ", [find_span("49%")])
    with pytest.raises(ReviewError, match="same text"):
        judging.judge("eva", "1", "differ", [find_span("49%"), find_span("49%")])
    assert judging.store.list_reviews() == []


def test_undo_brings_the_last_one_back_and_so_does_a_new_process(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, make_item("1"), make_item("2", margin=0.7))
    judging.show_next("eva")
    judging.judge("eva", "1", "right")
    judging.show_next("eva")
    assert judging.undo("eva") is not None
    again = open_judging(tmp_path).show_next("eva")
    assert again is not None
    assert again[0].item_id == "1"
    with pytest.raises(ReviewError, match="no longer"):
        judging.judge("eva", "2", "right")
    assert judging.store.list_reviews() == []
    assert judging.undo("eva") is None


def test_the_first_person_is_an_expert_and_later_ones_are_not(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path / "feedback.sqlite")
    assert [store.join(name).role for name in ("eva", "tom", "eva")] == ["expert", "reviewer", "expert"]
    store.add_reviewer(Reviewer("tom", "expert", ("deals",)))
    assert store.join("tom") == Reviewer("tom", "expert", ("deals",))
    with pytest.raises(ReviewError, match="name"):
        store.add_reviewer(Reviewer(" ", "expert"))


def test_an_answer_that_the_page_kept_stays_when_its_rating_is_withdrawn(tmp_path: Path) -> None:
    feedback = FeedbackStore(tmp_path / "feedback.sqlite")
    exchange = Exchange("a" * 8, "x", make_answer(), asked="2026-11-02T10:00:00+00:00")
    feedback.keep(exchange, SOURCE)
    feedback.save(replace(exchange, rating="down"), (), SOURCE)
    feedback.save(exchange, (), SOURCE)
    (item,) = ReviewStore(tmp_path / "feedback.sqlite").list_items()
    assert (item.origin, item.created, item.rating) == ("asked", "2026-11-02T10:00:00+00:00", "")
