"""Which item is next: the order, the random sample, families of questions, and who is given what."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from review_items import find_span, make_item, open_judging

from rag.review.items import hash_share
from rag.review.queue import (
    CALIBRATION,
    DOUBLE,
    RANDOM,
    Desk,
    are_near,
    count_needed,
    is_sampled,
    iter_families,
    list_gold,
    order_items,
)
from rag.review.store import Review, Reviewer
from rag.review.verdicts import read_desk

if TYPE_CHECKING:
    from pathlib import Path

    from rag.review.judging import Judging

NAMES = [f"n{number}" for number in range(150)]
SINGLE = [name for name in NAMES if count_needed(name) == 1]
DOUBLED = [name for name in NAMES if count_needed(name) == 2]


def next_id(judging: Judging, reviewer: str) -> str | None:
    found = judging.show_next(reviewer)
    return found[0].item_id if found else None


def test_complaints_come_first_then_disagreements_then_questions_like_failed_ones_then_small_margins() -> None:
    items = [
        make_item("sure", "What is the weather?", margin=0.9),
        make_item("unsure", "Who runs Acme?", margin=0.1),
        make_item("like", "What did the ferry to Coll cost?", margin=0.9),
        make_item("differing", "How many came?", disagrees=True, margin=0.9),
        make_item("down", "Who won?", rating="down", margin=0.9),
        make_item("corrected", "Who lost?", rating="up", correction="Ann", margin=0.5),
    ]
    order = [item.item_id for item in order_items(items, ["When did the ferry to Coll cost less?"])]
    assert order == ["corrected", "down", "differing", "like", "unsure", "sure"]


def test_a_tenth_of_what_was_kept_is_a_sample_that_no_rating_changes() -> None:
    asked = [make_item(name, origin="asked") for name in NAMES]
    sampled = {item.item_id for item in asked if is_sampled(item)}
    assert 0.05 < len(sampled) / len(asked) < 0.15
    assert {item.item_id for item in asked if is_sampled(replace(item, rating="down", margin=0.0))} == sampled
    assert not any(is_sampled(make_item(name, rating="down")) for name in NAMES)
    assert not {item.item_id for item in order_items(asked, [])} & sampled


def test_about_a_tenth_of_those_given_out_are_of_the_sample_in_the_order_of_their_hashes(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, *(make_item(name, origin="asked") for name in NAMES))
    judging.store.add_reviewer(Reviewer("eva", "expert"))
    given, ways = [], Counter[str]()
    for _ in range(40):
        found = judging.show_next("eva")
        assert found is not None
        judging.judge("eva", found[0].item_id, "right")
        ways[found[1]] += 1
        if found[1] == "random":
            given.append(found[0])
    assert 1 <= ways["random"] <= 9
    assert all(map(is_sampled, given))
    assert given == sorted(given, key=lambda item: hash_share("random", item.item_id))


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("what stake did Meta buy?", "What stake did Meta buy", True),
        ("What stake did Meta buy in the company Scale?", "What stake did Meta buy in company Scale then?", True),
        ("How many cars did the plant in Ulm build in 2023?", "How many did the plant in Ulm build in 2024?", False),
        ("How much did the new bridge over the river cost Ann?", "How much did the new bridge over the river cost Bob?",
         False),
        ("Who runs Acme?", "When was Acme founded?", False),
    ],
)  # fmt: skip
def test_questions_are_near_duplicates_only_about_the_same_names_and_numbers(one: str, other: str, near: bool) -> None:
    assert are_near(one, other) is near


def test_of_a_family_of_questions_one_is_reviewed(tmp_path: Path) -> None:
    family = [make_item("1", "what stake did Meta buy?"), make_item("2", "What stake did Meta buy"), make_item("3")]
    judging = open_judging(tmp_path, *family)
    seen = []
    while name := next_id(judging, "eva"):
        seen.append(name)
        judging.judge("eva", name, "right")
    assert sorted(seen) in (["1", "3"], ["2", "3"])


def test_an_answer_that_is_rated_down_after_its_family_was_reviewed_is_reviewed_too() -> None:
    reviewed, before, after = (
        make_item(name, "Who runs the ferry?", created=f"2026-11-0{day}T10:00:00+00:00", rating="down")
        for name, day in zip(SINGLE, (1, 2, 4), strict=False)
    )
    review = Review(reviewed.item_id, "eva", "gain", "wrong", created="2026-11-03T10:00:00+00:00")
    desk = Desk([reviewed, before, after], [review], {"eva": Reviewer("eva", "expert")}, [])
    assert list(iter_families([before, after], desk)) == [after]
    assert list(iter_families([replace(after, rating="up")], desk)) == []


def test_what_is_skipped_goes_to_somebody_else(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, make_item(SINGLE[0]))
    judging.store.join("eva")
    assert next_id(judging, "tom") == SINGLE[0]
    assert next_id(judging, "eva") is None  # tom has it before him
    judging.judge("tom", SINGLE[0], "skip")
    assert next_id(judging, "tom") is None
    assert next_id(judging, "eva") == SINGLE[0]


def test_a_fifth_is_given_to_two_people_and_the_rest_to_one(tmp_path: Path) -> None:
    assert abs(len(DOUBLED) / len(NAMES) - DOUBLE) < 0.06
    judging = open_judging(tmp_path, make_item(SINGLE[0]), make_item(DOUBLED[0]))
    judging.store.join("eva")
    for name in ("tom", "ida", "pia"):
        while found := next_id(judging, name):
            judging.judge(name, found, "right")
    assert Counter(r.item_id for r in judging.store.list_reviews()) == {SINGLE[0]: 1, DOUBLED[0]: 2}


def test_reviewers_are_given_their_topics_and_everybody_the_sample(tmp_path: Path) -> None:
    sampled = next(name for name in SINGLE if hash_share("random", name) < RANDOM)
    items = [make_item("1"), make_item("2", topic="sport"), make_item(sampled, topic="sport", origin="asked")]
    judging = open_judging(tmp_path, *items)
    judging.store.add_reviewer(Reviewer("tom", "reviewer", ("deals",)))
    seen = set()
    while name := next_id(judging, "tom"):
        judging.judge("tom", name, "right")
        seen.add(name)
    assert seen == {"1", sampled}


def test_newcomers_begin_with_what_an_expert_decided_and_cannot_tell(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, *(make_item(name) for name in SINGLE[:40]))
    judging.store.join("eva")
    for _ in range(CALIBRATION + 2):
        judging.judge("eva", next_id(judging, "eva") or "", "right")
    gold = list_gold(read_desk(judging.store))
    given = []
    for _ in range(CALIBRATION + 3):
        found = judging.show_next("tom")
        assert found is not None
        given.append(found)
        judging.judge("tom", found[0].item_id, "right")
    assert [item.item_id for item, way in given if way == "calibration"] == gold[:CALIBRATION]
    assert {way for _, way in given[CALIBRATION:]} <= {"gain", "gold"}
    assert all(item.item_id not in gold for item, way in given if way == "gain")


def test_what_people_disagree_about_goes_to_the_expert(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, make_item(DOUBLED[0]))
    judging.store.join("eva")
    next_id(judging, "tom")
    judging.judge("tom", DOUBLED[0], "right")
    next_id(judging, "ida")
    judging.judge("ida", DOUBLED[0], "wrong", [find_span("$14.3 billion")])
    found = judging.show_next("eva")
    assert found is not None
    assert (found[0].item_id, found[1]) == (DOUBLED[0], "inbox")
    judging.judge("eva", DOUBLED[0], "right")
    assert judging.show_next("eva") is None
