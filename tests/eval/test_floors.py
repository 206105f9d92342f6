"""The floors: the best committed result for each headline measure, question by question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from eval.__main__ import main
from eval.floors import FloorError, hold_result, read_accepted, refuse_falls
from eval.results import save_result
from eval.verdicts import JUDGE

if TYPE_CHECKING:
    from pathlib import Path


def make_result(commit: str, right: str, *, part: str = "dev", **fields: Any) -> dict[str, Any]:
    """Facts that are right (1) or wrong (0)."""
    records = [
        {
            "id": str(i), "line": str(i), "kind": "facts", "type": "t", "part": part, "turn": 1, "question": "?",
            "answerable": True, "answered": True, "right": hit == "1", "could": True, "confidence": 0.9,
            "failure": "" if hit == "1" else "wrongly answered", "answer": "x",
            "measures": {"right": float(hit), "wrong": 1.0 - float(hit)},
        }
        for i, hit in enumerate(right)
    ]  # fmt: skip
    made = {"commit": commit, "changed_since": False, "at": commit}
    return {
        "benchmark": "gold",
        "judge": JUDGE,
        "made": made,
        "settings": {"corpus": "seeds"},
        "records": records,
    } | fields


BEST, MIDDLE, LOW = "1" * 20, "1" * 16 + "0" * 4, "1" * 12 + "0" * 8


def find_worse(result: dict[str, Any], earlier: list[dict[str, Any]], decisions: Path) -> set[str]:
    return {f"{s.metric.name} {s.commit}" for s in hold_result(result, earlier, decisions) if s.verdict == "worse"}


def test_a_series_of_small_falls_is_seen_against_the_best(tmp_path: Path) -> None:
    best, middle, low = (make_result(c, r) for c, r in (("aaaaaaa", BEST), ("bbbbbbb", MIDDLE), ("ccccccc", LOW)))
    assert find_worse(middle, [best], tmp_path) == set()
    assert find_worse(low, [middle], tmp_path) == set()
    assert find_worse(low, [best, middle], tmp_path) == {"facts.right aaaaaaa", "facts.wrong aaaaaaa"}
    with pytest.raises(FloorError, match=r"seeds facts\.right fell from 100\.0% in aaaaaaa to 60\.0%.*p = 0\.008"):
        refuse_falls(hold_result(low, [best, middle], tmp_path))
    refuse_falls(hold_result(best, [low], tmp_path))


def test_a_decision_record_may_name_a_fall(tmp_path: Path) -> None:
    (tmp_path / "0001-x.md").write_text("Because.\n\nAccepted: `facts.right` below aaaaaaa\n", encoding="utf-8")
    assert read_accepted(tmp_path) == {("facts.right", "aaaaaaa")}
    best, low = make_result("aaaaaaa", BEST), make_result("ccccccc", LOW)
    assert find_worse(low, [best], tmp_path) == {"facts.wrong aaaaaaa"}


def test_only_the_same_questions_of_the_dev_part_under_the_same_judge_are_held(tmp_path: Path) -> None:
    low = make_result("ccccccc", LOW)
    assert hold_result(low, [make_result("aaaaaaa", BEST, judge=1)], tmp_path) == []
    assert hold_result(low, [make_result("aaaaaaa", BEST, part="test")], tmp_path) == []
    other = make_result("aaaaaaa", BEST)
    for record in other["records"]:
        record["question"] = "Another?"
    assert hold_result(low, [other], tmp_path) == []


def test_news_are_held_by_themselves(tmp_path: Path) -> None:
    best, low = make_result("aaaaaaa", BEST), make_result("ccccccc", BEST)
    assert hold_result(low | {"news": make_result("ccccccc", LOW)}, [best], tmp_path)[0].name == "seeds facts.right"
    both = [best | {"news": make_result("aaaaaaa", BEST)}]
    standings = hold_result(low | {"news": make_result("ccccccc", LOW)}, both, tmp_path)
    assert {s.name for s in standings if s.verdict == "worse"} == {"news facts.right", "news facts.wrong"}


def test_compare_prints_what_the_floors_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    best, low = make_result("aaaaaaa", BEST), make_result("ccccccc", LOW)
    for result in (best, low):
        save_result(result, tmp_path / f"{result['made']['commit']}.json")
    monkeypatch.setattr("eval.compare.find_results", lambda **_: [best])
    assert main(["compare", str(tmp_path / "ccccccc.json")]) == 1
    out, err = capsys.readouterr()
    line = "(facts answered correctly): 100.0% in aaaaaaa → 60.0%, n = 20, 0 more, 8 fewer, p = 0.008, worse"
    assert line in out
    assert err.startswith("eval: seeds facts.right fell")
    assert main(["compare", str(tmp_path / "aaaaaaa.json"), str(tmp_path / "ccccccc.json")]) == 0
    assert line in capsys.readouterr().out
