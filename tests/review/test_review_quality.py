"""Every figure of ask quality, counted again from the database, and preferences with their win rates."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from review_items import find_span, make_item, open_judging

from rag.review.items import Place, hash_share
from rag.review.preferences import add_comparisons, iterate_pairs, next_comparison, pair_answers, read_pairs
from rag.review.quality import format_quality, measure_quality, name_week
from rag.review.queue import RANDOM
from rag.review.sides import compare_sides
from rag.review.statistics import score_interval
from rag.review.store import Review, Reviewer, ReviewError, ReviewStore

if TYPE_CHECKING:
    from pathlib import Path

SAMPLED = [name for name in (f"n{number}" for number in range(400)) if hash_share("random", name) < RANDOM][:12]
OTHERS = [name for name in (f"n{number}" for number in range(400)) if hash_share("random", name) >= RANDOM][:40]


def make_place(text: str) -> Place:
    span = find_span(text)
    return Place(span.document_id, "The deal", span.start, span.end, text, "digest")


def fill(folder: Path) -> ReviewStore:
    """Twelve answers of the sample, and forty others about which two people disagree now and then."""
    store = open_judging(folder).store
    kinds = ["answered"] * 8 + ["possible"] * 2 + ["abstained"] * 2
    later = "2026-11-12T10:00:00+00:00"
    store.keep(
        make_item(name, origin="asked", status=kind, topic="sport" if number % 2 else "", created=later)
        for number, (name, kind) in enumerate(zip(SAMPLED, kinds, strict=True))
    )
    store.keep(make_item(name, origin="asked", margin=0.1) for name in OTHERS)
    for name, role in (("eva", "expert"), ("tom", "reviewer"), ("ida", "reviewer")):
        store.add_reviewer(Reviewer(name, role))  # type: ignore[arg-type]
    for number, name in enumerate(SAMPLED):
        decision = "bad" if number == 7 else "unanswerable" if number in (3, 8) else "right"
        store.record(Review(name, "eva", "random", decision))  # type: ignore[arg-type]
    for number, name in enumerate(OTHERS):
        store.record(Review(name, "tom", "gain", "wrong", (make_place("Jason Droege"),)))
        second = ("right", ()) if number % 4 == 0 else ("wrong", (make_place("by Jason Droege"),))
        store.record(Review(name, "ida", "gain", *second))  # type: ignore[arg-type]
    for number, name in enumerate(SAMPLED[:6]):
        store.record(Review(name, "tom", "calibration", "right" if number else "bad"))
    return store


def ask_database(store: ReviewStore, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store.path)) as connection:
        return connection.execute(query).fetchall()


def test_accuracy_is_that_of_the_sample_alone_and_every_count_is_in_the_database(tmp_path: Path) -> None:
    store = fill(tmp_path)
    found = measure_quality(store)
    counted = dict(ask_database(store, "SELECT status, COUNT(*) FROM items GROUP BY status"))
    assert found["answers"] == {"n": 52, **counted}
    names = ", ".join(f"'{name}'" for name in SAMPLED)
    for kind, expected in (("answered", (6, 7)), ("possible", (1, 2)), ("abstained", (2, 2))):
        right = ask_database(
            store,
            "SELECT SUM(decision = 'right'), COUNT(*) FROM reviews JOIN items USING (item_id)"  # noqa: S608 (our names)
            f" WHERE reviewer = 'eva' AND decision <> 'bad' AND status = '{kind}' AND item_id IN ({names})",
        )
        share = found["accuracy"][kind]
        assert [(share["right"], share["n"])] == right == [expected]
        assert (share["low"], share["high"]) == score_interval(expected[0] / expected[1], expected[1])
    assert found["sample"] == {"n": 12, "reviewed": 12, "bad questions": 1}


def test_weeks_and_topics_add_up_to_the_whole(tmp_path: Path) -> None:
    found = measure_quality(fill(tmp_path))
    assert {week: part["answers"]["n"] for week, part in found["weeks"].items()} == {"2026-W45": 40, "2026-W46": 12}
    assert {topic: part["answers"]["n"] for topic, part in found["topics"].items()} == {"": 6, "deals": 40, "sport": 6}
    for parts in (found["weeks"].values(), found["topics"].values()):
        assert sum(part["accuracy"]["answered"]["right"] for part in parts) == 6
    assert name_week("2027-01-01T00:00:00+00:00") == "2026-W53"


def test_agreement_reviewers_and_inbox_are_counted(tmp_path: Path) -> None:
    found = measure_quality(fill(tmp_path))
    decision, spans = found["agreement"]["decision"], found["agreement"]["spans"]
    # 30 of 40 pairs agree: o = 20 off the diagonal of n = 80, of which 70 wrong and 10 right.
    assert decision["value"] == pytest.approx(1 - 79 * 20 / (2 * 70 * 10))
    assert (decision["pairs"], decision["people"]) == (40, 2)
    assert (spans["value"], spans["pairs"]) == (pytest.approx(0.8), 30)
    assert found["inbox"] == 40
    eva, ida, tom = found["reviewers"]
    assert (eva["reviews"], ida["n"], tom["right"], tom["n"]) == (12, 0, 4, 6)
    assert tom["weight"] == 5 / 8


def test_agreement_of_few_is_said_not_to_be_measurable(tmp_path: Path) -> None:
    store = fill(tmp_path)
    for name in OTHERS[:11]:
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute("UPDATE reviews SET withdrawn = 'now' WHERE reviewer = 'ida' AND item_id = ?", (name,))
    found = measure_quality(store)
    assert found["agreement"]["decision"]["value"] is None
    assert "not measurable: it needs 30 pairs of reviews (29 pairs, 2 people)" in format_quality(found)
    alone = measure_quality(open_judging(tmp_path / "alone", make_item("1")).store)
    assert "two people" in alone["agreement"]["decision"]["why"]
    assert "none reviewed" in format_quality(alone)
    json.dumps(alone)


def write_batch(path: Path, answers: list[str]) -> Path:
    lines = [
        {"id": n, "question": "x", "standalone": f"Question {n}?", "answer": answer, "status": "answered",
         "reason": "" if answer else "The articles don't say.", "withheld": None}
        for n, answer in enumerate(answers)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"id": 9, "error": "x"}]), encoding="utf-8")
    return path


def test_preferences_count_for_the_reader_whichever_side_it_stood_on(tmp_path: Path) -> None:
    old = write_batch(tmp_path / "old.jsonl", ["a"] * 20 + ["same", "a", ""])
    new = write_batch(tmp_path / "new.jsonl", ["b"] * 20 + ["same", "", "b"])
    store = ReviewStore(tmp_path / "feedback.sqlite")
    pairs = pair_answers(old, new)
    assert add_comparisons(store, pairs) == 22
    assert add_comparisons(store, pairs) == 0
    assert {pair.swapped for pair in pairs} == {True, False}
    shown: list[str] = []
    numbers = count()

    def answer(prompt: str) -> str:
        if prompt.startswith("why"):
            return "shorter"
        if next(numbers) == 0:
            return "x"  # none of the keys
        sides = [line[5:] for line in shown[-2:]]
        return "0" if "The articles don't say." in sides else str(1 + sides.index("b"))

    assert compare_sides(store, "eva", answer, shown.append) == 22
    (rate,) = measure_quality(store)["preferences"]
    assert (rate["first"], rate["second"], rate["right"], rate["n"], rate["same"]) == ("old", "new", 0, 20, 2)
    assert (rate["low"], rate["high"]) == score_interval(0.0, 20)
    exported = list(iterate_pairs(store))
    assert len(exported) == 20
    assert {(pair["chosen"], pair["rejected"], pair["chosen_from"], pair["why"]) for pair in exported} == {
        ("b", "a", "new", "shorter")
    }
    assert next_comparison(store) is None
    # In an empty file they are the same pairs, judged in the same way.
    path, again = tmp_path / "pairs.jsonl", ReviewStore(tmp_path / "again.sqlite")
    path.write_text("".join(json.dumps(pair) + "\n" for pair in exported), encoding="utf-8")
    assert read_pairs(again, path, "tom") == 20
    assert read_pairs(again, path, "tom") == 0
    assert list(iterate_pairs(again)) == exported
    (same,) = measure_quality(again)["preferences"]
    assert same == {**rate, "same": 0}


def test_pairs_of_other_programs_are_taken_with_and_without_names(tmp_path: Path) -> None:
    store, path = ReviewStore(tmp_path / "feedback.sqlite"), tmp_path / "pairs.jsonl"
    pairs = [
        {"prompt": "Who?", "chosen": "Ada", "rejected": "Bo", "chosen_from": "new", "rejected_from": "old"},
        {"prompt": "What?", "chosen": "a", "rejected": "b", "chosen_from": "old", "rejected_from": "new"},
        {"prompt": "When?", "chosen": "now", "rejected": "never"},
    ]
    path.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
    assert read_pairs(store, path, "tom") == 3
    (rate,) = measure_quality(store)["preferences"]
    assert (rate["first"], rate["second"], rate["right"], rate["n"]) == ("new", "old", 1, 2)
    kept = [{key: pair[key] for key in ("prompt", "chosen", "rejected")} for pair in iterate_pairs(store)]
    assert sorted(map(str, kept)) == sorted(str({k: p[k] for k in ("prompt", "chosen", "rejected")}) for p in pairs)


@pytest.mark.parametrize("line", ["[]", '{"prompt": "Who?"}', '{"prompt": 1, "chosen": "", "rejected": ""}', "x"])
def test_what_are_no_pairs_is_refused_whole(tmp_path: Path, line: str) -> None:
    store, path = ReviewStore(tmp_path / "feedback.sqlite"), tmp_path / "pairs.jsonl"
    path.write_text(f'{{"prompt": "Who?", "chosen": "Ada", "rejected": "Bo"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(ReviewError, match="no preference pairs"):
        read_pairs(store, path, "tom")
    assert next_comparison(store) is None


def test_what_is_no_output_of_a_batch_is_refused(tmp_path: Path) -> None:
    good = write_batch(tmp_path / "good.jsonl", ["a"])
    (tmp_path / "bad.jsonl").write_text("[]\n", encoding="utf-8")
    for first, second, said in (
        (good, tmp_path / "bad.jsonl", "not an output"),
        (good, good, "same name"),
        (good, tmp_path / "none.jsonl", "not an output"),
    ):
        with pytest.raises(ReviewError, match=said):
            pair_answers(first, second)
