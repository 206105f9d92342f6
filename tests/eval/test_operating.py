"""The operating point and what so many questions can prove, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from eval.operating import describe_points, list_points, state_proof, weigh_point
from eval.results import find_last
from eval.selective import measure_coverage, measure_macro_error
from rag.review.statistics import score_interval


def make_record(confidence: float, *, could: bool, answered: bool, **fields: Any) -> dict[str, Any]:
    usual = {
        "kind": "facts",
        "part": "dev",
        "answerable": True,
        "answer": "x",
        "short": "x",
        "right": could and answered,
    }
    return usual | {"confidence": confidence, "could": could, "answered": answered} | fields


RECORDS = [
    make_record(0.9, could=True, answered=True),
    make_record(0.6, could=False, answered=True),
    make_record(0.4, could=True, answered=False, short=""),
    make_record(0.3, could=True, answered=False, kind="unanswerable", answerable=False, short=""),
    make_record(0.1, could=True, answered=True, short=""),
    make_record(0.0, could=False, answered=False, short=""),
]


def test_a_threshold_gives_what_was_withheld_and_leaves_sentences_alone() -> None:
    strict, usual, bold = (weigh_point(RECORDS, threshold) for threshold in (0.7, 0.5, 0.2))
    assert (strict.right, strict.wrong, strict.declined) == (2, 0, 4)
    assert (usual.right, usual.wrong, usual.declined) == (2, 1, 3)
    assert (bold.right, bold.wrong, bold.declined) == (3, 2, 1)
    # (right − cost · wrong) / 6 for a wrong answer's cost of ½, 1 and 2.
    assert bold.utilities == (pytest.approx(2 / 6), pytest.approx(1 / 6), pytest.approx(-1 / 6))


def test_the_report_marks_the_best_point_and_the_products() -> None:
    rows = describe_points({"settings": {"threshold": 0.5}, "records": RECORDS})
    assert [row["threshold"] for row in rows if row["current"]] == ["0.50"]
    assert {row["counts"][1] for row in rows if row["utilities"][2].endswith("*")} == {0}
    assert list_points([{**RECORDS[0], "part": "test"}], 0.5) == []


def test_at_its_own_threshold_a_committed_result_gives_what_it_gave() -> None:
    last = find_last()
    assert last is not None
    (row,) = [row for row in describe_points(last) if row["current"]]
    given = [
        r for r in last["records"] if r["kind"] in ("facts", "unanswerable") and r["part"] == "dev" and r["answered"]
    ]
    right = sum(r["right"] for r in given)
    assert row["counts"][:2] == [right, len(given) - right]


def test_what_a_number_of_questions_proves() -> None:
    low, high = score_interval(0.95, 229)
    assert (round(100 * low, 1), round(100 * high, 1)) == (91.4, 97.2)
    figures = {"abstention.answered": {"value": 0.5, "count": 458}, "abstention.given": {"value": 0.8, "count": 458}}
    (sentence,) = state_proof(figures)
    assert sentence.startswith("229 answers were given, 80.0 % of them right (74.3 to 84.7)")
    assert "91.4 to 97.2" in sentence
    assert state_proof({}) == []


def test_coverage_and_macro_error_by_hand() -> None:
    confidences, right = [0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False]
    # The first two are right; of the first four three are.
    assert measure_coverage(confidences, right, 0.9) == pytest.approx(2 / 5)
    assert measure_coverage(confidences, right, 0.75) == pytest.approx(4 / 5)
    assert measure_coverage([0.9], [False], 0.5) == 0.0
    # Right ones are 0.1, 0.2 and 0.4 short, wrong ones at 0.7 and 0.5.
    assert measure_macro_error(confidences, right) == pytest.approx((0.7 / 3 + 0.6) / 2)
    assert measure_macro_error([0.5], [True]) is None
