"""Reviewed questions as SQuAD, out and in again, and `ask review` in the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from review_items import ARTICLES, TEXT, find_span, make_item, open_judging

from rag.review.items import Place, Sources
from rag.review.queue import count_needed
from rag.review.squad import read_squad, write_squad
from rag.review.store import ReviewError
from rag.review.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from rag.review.judging import Judging

PASSAGE = Place("deals/a.txt", "The deal", 34, 62, TEXT[34:62])


def review_four(folder: Path) -> Judging:
    """A confirmed, a corrected, an unanswerable and a bad question, by an expert."""
    stake = Place("deals/a.txt", "The deal", 14, 17, "49%")
    whole = Place("deals/a.txt", "The deal", 0, len(TEXT), TEXT)
    confirmed = Sources((), (whole,), (), (stake,))
    items = [make_item("1", "What stake?", sources=confirmed), make_item("2", "Who?"), make_item("3"), make_item("4")]
    judging = open_judging(folder, *items)
    decisions: dict[str, tuple[Any, list[Any]]] = {
        "1": ("right", []), "2": ("wrong", [find_span("Jason Droege")]), "3": ("unanswerable", []), "4": ("bad", []),
    }  # fmt: skip
    while found := judging.show_next("eva"):
        judging.judge("eva", found[0].item_id, *decisions[found[0].item_id])
    return judging


def list_questions(squad: dict[str, Any]) -> dict[str, tuple[str, list[tuple[str, int]], bool]]:
    """Every question by id, with the answers where they stand in their context."""
    found = {}
    for article in squad["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = [(a["text"], a["answer_start"]) for a in qa["answers"]]
                assert all(paragraph["context"][at:].startswith(text) for text, at in answers)
                found[qa["id"]] = (qa["question"], answers, qa["is_impossible"])
    return found


def test_what_is_settled_goes_out_as_squad_and_comes_in_the_same(tmp_path: Path) -> None:
    squad = write_squad(review_four(tmp_path / "one").store)
    questions = list_questions(squad)
    assert questions["1"] == ("What stake?", [("49%", 14)], False)
    assert questions["2"] == ("Who?", [("Jason Droege", TEXT.index("Jason"))], False)
    assert questions["3"][1:] == ([], True)
    assert set(questions) == {"1", "2", "3"}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(squad), encoding="utf-8")
    again = open_judging(tmp_path / "two").store
    assert read_squad(again, path, "eva") == 3
    assert read_squad(again, path, "eva") == 0
    assert write_squad(again) == squad
    for place in (place for review in again.list_reviews() for place in review.places):
        assert ARTICLES[place.document_id].text[place.start : place.end] == place.text


def test_what_is_not_settled_does_not_go_out(tmp_path: Path) -> None:
    doubled = next(f"d{n}" for n in range(99) if count_needed(f"d{n}") == 2)
    judging = open_judging(tmp_path, make_item(doubled))
    judging.store.join("eva")
    judging.show_next("tom")
    judging.judge("tom", doubled, "wrong", [find_span("Jason Droege")])
    assert write_squad(judging.store)["data"] == []


@pytest.mark.parametrize("start", [1, "x"])
def test_squad_whose_answers_are_elsewhere_is_refused_whole(tmp_path: Path, start: object) -> None:
    answer = {"text": "Meta", "answer_start": start}
    qa = {"id": "1", "question": "Who?", "answers": [answer]}
    good = {"id": "2", "question": "Who?", "answers": [], "is_impossible": True}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": TEXT, "qas": [good, qa]}]}]}), encoding="utf-8")
    store = open_judging(tmp_path).store
    with pytest.raises(ReviewError, match="SQuAD"):
        read_squad(store, path, "eva")
    assert store.list_items() == []


def run_terminal(judging: Judging, *lines: str) -> tuple[int, str]:
    """Types these lines; returns how many items were decided and what was told."""
    typed, told = iter(lines), []

    def ask(prompt: str) -> str:
        told.append(prompt)
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    done = Terminal(judging, "eva", ask, told.append).run()
    return done, "\n".join(told)


def test_an_item_is_decided_in_the_terminal_with_a_letter_and_a_text(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, make_item("1", "Who runs Scale?", rating="down"))
    done, told = run_terminal(judging, "x", "g", "w", "9 no", "1 nobody", "1 Jason Droege")
    assert done == 1
    assert "Who runs Scale?" in told
    assert "Guidelines, version" in told
    assert "none of the keys" in told
    assert "exactly as it stands" in told
    (review,) = judging.store.list_reviews()
    assert [place.text for place in review.places] == ["Jason Droege"]
    assert told.endswith("Nothing left to review.")


def test_of_several_places_one_is_chosen_and_texts_outside_the_passage_are_found(tmp_path: Path) -> None:
    sources = Sources((), (PASSAGE,), ())
    judging = open_judging(tmp_path, make_item("1", sources=sources))
    done, told = run_terminal(judging, "d", "1 $14.3 billion", "1 Scale", "2", "1", "", "q")
    assert done == 1
    assert TEXT in told.replace("\n    ", " ")  # the whole article was shown
    (review,) = judging.store.list_reviews()
    assert [(p.text, p.start) for p in review.places] == [
        ("$14.3 billion", TEXT.index("$")),
        ("Scale", TEXT.rindex("Scale")),
    ]


def test_undo_skip_and_end_of_input(tmp_path: Path) -> None:
    judging = open_judging(tmp_path, make_item("1"), make_item("2"))
    assert run_terminal(judging, "z", "r", "z", "u", "s", "q")[0] == 1
    assert sorted(review.decision for review in judging.store.list_reviews()) == ["skip", "unanswerable"]
    assert run_terminal(judging) == (0, "Nothing to review.")
