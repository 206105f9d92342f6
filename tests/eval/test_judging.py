"""Verdicts and figures by hand, without models, and how results, reports and comparisons tell them."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from eval.__main__ import main
from eval.compare import compare_results
from eval.evidence import EvidenceSpan, Located
from eval.fields import Evidence
from eval.gold import Claim, GoldQuestion, GoldValue, KeyFact
from eval.judging import Record, describe_record, judge_answer
from eval.latency import summarize_latency
from eval.readme import BEGIN, END, write_table
from eval.report import check_packages, write_report
from eval.results import describe_origin, describe_run, find_last, load_result, name_result, save_result
from eval.summary import measure_changes, summarize
from rag.errors import RagError
from rag.types import Alternative, Answer, Citation, Passage, ScoredPassage, Timing

if TYPE_CHECKING:
    from pathlib import Path


TEXT = "Acme sold 12% of its shares to Bolt in 2020."
SETTINGS = {
    "command": "python -m eval",
    "corpus": "c",
    "documents": 1,
    "passages": 1,
    "encoder": "e",
    "reader": "r",
    "k": 10,
    "chunking": {},
    "threshold": 0.5,
}


ORIGIN = {**describe_origin(), "commit": "abc1234", "changed_since": False}


def make_answer(text: str, *others: str, confidence: float = 0.9, answered: bool = True) -> Answer:
    passage = Passage("a.txt#0-44", "a.txt", "Acme", "", None, 0, 44, TEXT)
    citation = Citation("a.txt", "Acme", None, "a.txt#0-44", TEXT, 0, 44, 0, 4)
    best = Alternative(text, confidence, (citation,))
    return Answer(
        question="?",
        standalone="?",
        status="answered" if answered else "abstained",
        text=text if answered else "",
        reason="",
        confidence=confidence,
        citations=(citation,) if answered else (),
        alternatives=tuple(Alternative(other, 0.1, (citation,)) for other in others),
        passages=(ScoredPassage(passage, 1.0),),
        withheld=None if answered else best,
        short=text if answered else "",
    )


EVIDENCE = (Evidence("a.txt", TEXT),)
LOCATED = Located(((EvidenceSpan("a.txt", 0, 44),),), frozenset({"a.txt#0-44"}))
FACT = GoldQuestion("f", "facts", "number", "How much?", "How much?", values=(GoldValue(("12%",), EVIDENCE),))
LIST = replace(FACT, type="list", values=(GoldValue(("shares, stakes",), EVIDENCE),), items=(("shares",), ("stakes",)))
NONE = GoldQuestion("u", "unanswerable", "near_miss", "Who paid?", "Who paid?")
DIFFER = replace(
    FACT, name="d", kind="disagreements", values=(GoldValue(("12%",), EVIDENCE), GoldValue(("15%",), EVIDENCE))
)
WHY = replace(
    FACT,
    name="e",
    kind="explanations",
    values=(),
    facts=(KeyFact("sold", (("sold 12%",),), EVIDENCE), KeyFact("Bolt", (("to Bolt",),), EVIDENCE)),
    forbidden=(Claim("bankrupt", (("bankrupt",),)),),
)
TWICE = replace(LOCATED, groups=LOCATED.groups * 2)


@pytest.mark.parametrize(
    ("gold", "answer", "right", "failure"),
    [
        (FACT, make_answer("12%"), True, ""),
        (FACT, make_answer("2020"), False, "wrongly answered"),
        (FACT, make_answer("12%", answered=False), False, "read and not answered"),
        (FACT, make_answer("2020", answered=False), False, "retrieved and not read"),
        (FACT, None, False, "could not be asked"),
        (NONE, None, True, ""),
        (NONE, make_answer("Bolt"), False, "answered though the articles do not say"),
        (NONE, make_answer("Bolt", answered=False), True, ""),
        (DIFFER, make_answer("12%", "15%"), True, ""),
        (DIFFER, make_answer("12%", "2020"), False, "incompletely answered"),
        (DIFFER, make_answer("2020", "15%"), False, "wrongly answered"),
        (DIFFER, make_answer("12% or 15%"), False, "wrongly answered"),
        (LIST, make_answer("shares and, well, stakes"), True, ""),
        (LIST, make_answer("shares"), False, "wrongly answered"),
        (WHY, make_answer(TEXT), True, ""),
        (WHY, make_answer("Acme sold 12% of its shares"), True, ""),
        (WHY, make_answer(f"{TEXT} It went bankrupt."), False, "wrongly answered"),
        (WHY, make_answer("Acme"), False, "wrongly answered"),
        (WHY, make_answer(TEXT, answered=False), False, "read and not answered"),
        (WHY, make_answer(f"{TEXT} It went bankrupt.", answered=False), False, "retrieved and not read"),
    ],
)
def test_verdicts(gold: GoldQuestion, answer: Answer | None, right: bool, failure: str) -> None:
    record = judge_answer(gold, answer, LOCATED if len(gold.evidence_groups) < 2 else TWICE)
    assert (record.right, record.failure) == (right, failure)


def test_measures_of_an_answer() -> None:
    measures = judge_answer(DIFFER, make_answer("12%", "2020"), TWICE).measures
    assert (measures["value_recall"], measures["value_precision"], measures["differing"]) == (0.5, 0.5, 0.0)
    assert (measures["success@1"], measures["citation_precision"], measures["grounding"]) == (1.0, 1.0, 1.0)
    unsure = judge_answer(FACT, make_answer("12%", answered=False), LOCATED)
    assert (unsure.measures["EM"], unsure.measures["could"], "grounding" in unsure.measures) == (0.0, 1.0, False)


ELSEWHERE = ((EvidenceSpan("b.txt", 0, 9),),)


@pytest.mark.parametrize(
    ("gold", "groups", "failure"),
    [
        # Of a disagreement two values must be found, of an explanation half of its key facts.
        (DIFFER, LOCATED.groups * 2, "wrongly answered"),
        (DIFFER, LOCATED.groups + ELSEWHERE, "not retrieved"),
        (WHY, LOCATED.groups + ELSEWHERE, "wrongly answered"),
        (WHY, ELSEWHERE * 2, "not retrieved"),
        # What the gold gives no evidence for has the benefit of the doubt.
        (
            replace(DIFFER, values=(DIFFER.values[0], GoldValue(("15%",), ()))),
            (*LOCATED.groups, ()),
            "wrongly answered",
        ),
    ],
)
def test_what_counts_as_retrieved(gold: GoldQuestion, groups: Any, failure: str) -> None:
    assert judge_answer(gold, make_answer("2020"), Located(groups, frozenset())).failure == failure


def test_a_right_answer_from_elsewhere_that_was_withheld_was_read() -> None:
    record = judge_answer(FACT, make_answer("12%", answered=False), Located(ELSEWHERE, frozenset()))
    assert record.failure == "read and not answered"


def test_evidence_that_cleaning_took_away_is_not_retrieved() -> None:
    record = judge_answer(FACT, make_answer("2020"), Located(((),), frozenset()))
    assert record.failure == "not retrieved"
    assert record.measures["success@10"] == 0.0


def make_records() -> list[Record]:
    hostile = replace(FACT, name="f2<b>", type="<i>", question="<script>alert(1)</script> | *how* much?")
    return [
        judge_answer(FACT, make_answer("12%"), LOCATED),
        judge_answer(hostile, make_answer("<img src=x onerror=alert(2)>"), LOCATED),
        judge_answer(NONE, make_answer("Bolt"), Located((), frozenset())),
    ]


def make_described(**fields: Any) -> dict[str, Any]:
    usual = {
        "id": "1", "line": "1", "kind": "facts", "type": "t", "part": "dev", "turn": 1, "question": "?",
        "answerable": True, "answered": True, "right": True, "could": True, "confidence": 0.9, "failure": "",
        "measures": {},
    }  # fmt: skip
    return {**usual, **fields}


def test_summary_by_hand() -> None:
    right = {"right": 1.0, "could": 1.0, "answered": 1.0, "precision": 1.0, "F1": 1.0}
    missed = {"right": 0.0, "could": 1.0, "answered": 0.0, "F1": 0.0}
    described = [
        make_described(measures=right),
        make_described(id="2", line="2", answered=False, right=False, confidence=0.2, measures=missed),
        make_described(id="3", line="3", kind="unanswerable", answerable=False, answered=False, confidence=0.1,
                       measures={"declined": 1.0}),
        make_described(id="4", line="4", kind="unanswerable", answerable=False, right=False, could=False,
                       confidence=0.7, measures={"declined": 0.0}),
        make_described(id="5.1", line="5", kind="conversations"),
        make_described(id="5.2", line="5", kind="conversations", turn=2, right=False, measures={"rewriting": 0.5}),
    ]  # fmt: skip
    figures = summarize(described)
    values = {name: round(figure.value, 4) for name, figure in figures.items()}
    assert values == {
        "facts.right": 0.5, "facts.precision": 1.0, "facts.answered": 0.5, "facts.could": 1.0, "facts.F1": 0.5,
        "unanswerable.declined": 0.5,
        "abstention.answered": 0.5, "abstention.given": 0.5,
        "abstention.precision": 0.5, "abstention.recall": 0.5, "abstention.F1": 0.5,
        # Confidences 0.9 right, 0.7 wrong, 0.2 right, 0.1 wrong: risks 0, 1/2, 1/3, 1/2.
        "confidence.AURC": 0.3333,
        # |0.9 − 1|, |0.7 − 0|, |0.2 − 1|, |0.1 − 0|, each in a bin of its own.
        "confidence.ECE": 0.425,
        # Right ones 0.1 and 0.8 short of 1, wrong ones 0.7 and 0.1 above 0.
        "confidence.MacroCE": 0.425,
        "confidence.coverage@80": 0.25, "confidence.coverage@90": 0.25,
        "conversations.right": 0.5, "conversations.first": 1.0, "conversations.followups": 0.0,
        "conversations.rewriting": 0.5,
    }  # fmt: skip
    assert figures["facts.precision"].count == 1
    assert (figures["facts.right"].low, figures["facts.right"].high) == (0.0, 1.0)
    # Both turns are of one conversation, which is all there is to draw from.
    assert (figures["conversations.right"].low, figures["conversations.right"].high) == (0.5, 0.5)
    changed = [{**described[0], "measures": {**right, "F1": 0.5}}, {**described[1], "question": "another"}]
    assert measure_changes(changed, described)["facts.F1"] == pytest.approx(-0.5)


def test_abstention_means_nothing_where_every_question_has_an_answer_or_none_has() -> None:
    for kind, answerable in (("facts", True), ("unanswerable", False)):
        figures = summarize([make_described(kind=kind, answerable=answerable)])
        assert not {"abstention.precision", "abstention.recall", "abstention.F1", "confidence.AURC"} & set(figures)


def test_latency_is_in_milliseconds() -> None:
    timed = [
        replace(record, answer=replace(record.answer, timing=Timing(0.001, 0.02, 0.3, 0.004)))
        for record in make_records()
        if record.answer
    ]
    latency = summarize_latency(timed)
    assert latency["read"] == {"p50": 300.0, "p95": 300.0}
    assert latency["total"]["p50"] == 325.0


def test_origin_knows_a_changed_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.results.ROOT", tmp_path)
    assert describe_origin()["changed_since"]  # no repository, no commit to name
    for name in ("rag", "eval", "seeds"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("a", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    origin = describe_origin()
    assert not origin["changed_since"]
    assert len(origin["commit"]) >= 7
    (tmp_path / "eval" / "results").mkdir()
    (tmp_path / "eval" / "results" / "x.json").write_text("{}", encoding="utf-8")
    assert not describe_origin()["changed_since"]
    (tmp_path / "seeds" / "new.txt").write_text("new", encoding="utf-8")
    assert describe_origin()["changed_since"]


def test_figures_and_their_change_stand_in_both_reports_and_nothing_in_them_is_markup(tmp_path: Path) -> None:
    records = make_records()
    result = describe_run(records, ORIGIN, SETTINGS, None)
    earlier = json.loads(json.dumps(result))
    # One of the two facts was wrong before; a question that is not asked any more says nothing.
    earlier["records"][0]["measures"]["right"] = 0.0
    earlier["records"].append({**earlier["records"][0], "id": "gone"})
    write_report(records, result, earlier, tmp_path)
    page, text = ((tmp_path / name).read_text(encoding="utf-8") for name in ("report.html", "report.md"))
    for report in (page, text):
        assert "facts answered correctly" in report
        assert "+50.0" in report
        assert "Wrongly answered" in report
    assert "<script>" not in page
    for mark in ("<img", "<b>", "<i>"):
        assert mark not in page
        assert not re.search(rf"(?<!\\){mark}", text)
    # Both failures of their groups, with the evidence marked and what was withheld.
    assert "Who paid" in text
    assert "**holds the evidence:**" in text
    assert 'class="relevant"' in page
    assert "&lt;script&gt;" in page
    assert "\\<script\\>alert(1)\\</script\\> \\| \\*how\\* much?" in text
    assert text.count("|---|") >= 4
    for name in ("risk-coverage.svg", "calibration.svg"):
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("<?xml")
        assert f"({name})" in text
    again = tmp_path / "again"
    write_report(records, result, earlier, again)
    assert (again / "calibration.svg").read_bytes() == (tmp_path / "calibration.svg").read_bytes()


def test_what_makes_the_report_is_asked_for_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.report.find_spec", lambda _: None)
    with pytest.raises(RagError, match=r"needs matplotlib: pip install '\.\[eval\]'"):
        check_packages()


def test_result_files_come_back_and_only_committed_ones_count(tmp_path: Path) -> None:
    result = describe_run(make_records(), ORIGIN, SETTINGS, {"seconds": 7.0, "peak_MiB": 600})
    for name, changed, at in (("aaa", False, "2026-01-01"), ("bbb", False, "2026-01-02"), ("ccc", True, "2026-01-03")):
        made = {**result["made"], "commit": name, "changed_since": changed, "at": at}
        save_result({**result, "made": made}, tmp_path / name_result({"made": made}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aaa.json", "bbb.json", "ccc-changed.json"]
    assert load_result(tmp_path / "aaa.json")["records"] == [describe_record(r) for r in make_records()]
    assert [(find_last(tmp_path, before=b) or {})["made"]["commit"] for b in ("", "bbb")] == ["bbb", "aaa"]
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nstale\n{END}\nafter\n", encoding="utf-8")
    write_table(readme, tmp_path)
    written = readme.read_text(encoding="utf-8")
    assert "stale" not in written
    assert "commit bbb: 3 gold questions" in written
    assert "| facts answered correctly | 50.0" in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")


def test_comparison_names_what_got_better_and_worse(tmp_path: Path) -> None:
    before = describe_run(make_records(), ORIGIN, SETTINGS, None)
    records = make_records()
    records[0] = judge_answer(FACT, make_answer("2020"), LOCATED)
    records[2] = judge_answer(NONE, make_answer("Bolt", answered=False), Located((), frozenset()))
    after = describe_run(records, ORIGIN, SETTINGS, None)
    for name, result in (("a", before), ("b", after)):
        save_result(result, tmp_path / f"{name}.json")
    text = compare_results(tmp_path / "a.json", tmp_path / "b.json")
    assert "3 questions in both" in text
    assert "right, facts: 50.0% → 0.0%, 0 better, 1 worse, McNemar p = 1.000" in text
    assert "better: 1\n  u Who paid?\n      Bolt → declined" in text
    assert "worse: 1\n  f How much?\n      12% → 2020 (wrongly answered)" in text
    assert main(["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 0


def test_comparison_tests_conversations_whole_and_says_which_way_a_measure_went(tmp_path: Path) -> None:
    for name, right, f1 in (("a", False, 0.2), ("b", True, 0.6)):
        turns = [make_described(id=f"c.{i}", line="c", kind="conversations", right=right) for i in range(8)]
        facts = [make_described(id=str(i), line=str(i), measures={"F1": f1 + i / 100}) for i in range(10)]
        save_result({"made": ORIGIN, "records": [*turns, *facts]}, tmp_path / f"{name}.json")
    text = compare_results(tmp_path / "a.json", tmp_path / "b.json")
    assert "right, conversations: 0.0% → 100.0%, 1 better, 0 worse, McNemar p = 1.000" in text
    assert "F1: +40.0 (+40.0 to +40.0) over 10 questions, better" in text
    back = compare_results(tmp_path / "b.json", tmp_path / "a.json")
    assert "F1: -40.0 (-40.0 to -40.0) over 10 questions, worse" in back
    assert "no clear change" in compare_results(tmp_path / "a.json", tmp_path / "a.json")
