"""The suite sees what is broken and where, keeps its floors, and speaks of it in results, report and README."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, SEEDS

from eval.__main__ import build_parser, main
from eval.asking import ask_gold
from eval.compare import compare_results
from eval.evidence import Located, Span
from eval.floors import find_falls
from eval.gold import Claim, Evidence, GoldQuestion, KeyFact, Value, load_gold
from eval.judging import Record, describe_record, judge_answer
from eval.latency import summarize_latency
from eval.readme import BEGIN, END, make_table, write_table
from eval.report import write_report
from eval.results import describe_origin, describe_run, find_last, load_result, name_result, save_result
from eval.run import hash_gold
from eval.summary import Figure, count_failures, measure_changes, summarize
from rag.calibration import Calibration
from rag.types import Alternative, Answer, Citation, Passage, Reading, ScoredPassage, Timing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.pipeline import Pipeline

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


@pytest.fixture(scope="session")
def dev_records(pipeline: Pipeline) -> list[Record]:
    """Every gold question of the dev part, asked of the real product."""
    return ask_gold(pipeline, SEEDS, [q for q in load_gold(ROOT / "eval" / "gold") if q.part == "dev"])


@pytest.fixture(scope="session")
def last() -> dict[str, Any]:
    found = find_last()
    assert found is not None, "commit the result of `python -m eval` on a committed tree"
    return found


# What a change may not do.


def test_no_metric_of_the_dev_part_falls_below_the_last_results_interval(
    dev_records: list[Record], last: dict[str, Any]
) -> None:
    assert find_falls(summarize([describe_record(r) for r in dev_records]), last) == []


def test_last_result_is_over_todays_gold(last: dict[str, Any]) -> None:
    assert last["settings"]["gold_sha256"] == hash_gold(ROOT / "eval" / "gold")
    assert [record["id"] for record in last["records"]] == [q.name for q in load_gold(ROOT / "eval" / "gold")]


def test_readme_holds_the_table_that_the_results_make() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{BEGIN}\n{make_table()}\n{END}" in readme, "run `python -m eval`, or eval.readme.write_table()"


def test_every_flag_of_eval_is_documented() -> None:
    documented = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    parser = build_parser()
    choices = next(a for a in parser._actions if a.choices and a.metavar == "COMMAND").choices
    for made in (parser, *choices.values()):  # type: ignore[union-attr]
        for action in made._actions:
            assert action.help or action.metavar == "COMMAND"
            assert not action.option_strings or action.option_strings[-1] in documented, action.option_strings


def test_a_fall_and_a_metric_gone_are_named() -> None:
    before = {"value": 0.5, "low": 0.4, "high": 0.6, "count": 10}
    last = {"metrics": {"dev": {"facts.right": before, "confidence.AURC": before, "facts.F1": before}}}
    now = {"facts.right": Figure(0.39, 0, 1, 10), "confidence.AURC": Figure(0.61, 0, 1, 10)}
    falls = find_falls(now, last)
    assert [next(name for name in last["metrics"]["dev"] if name in fall) for fall in falls] == list(
        last["metrics"]["dev"]
    )
    fine = {name: Figure(0.5, 0, 1, 10) for name in last["metrics"]["dev"]}
    assert find_falls(fine, last) == []


# What is broken shows in the right group.


@dataclass(frozen=True)
class StuckRetriever:
    """Finds the same passages whatever is asked."""

    passages: tuple[ScoredPassage, ...]

    def retrieve(self, questions: Sequence[str], k: int) -> list[list[ScoredPassage]]:
        return [list(self.passages[:k]) for _ in questions]


@dataclass(frozen=True)
class StuckReader:
    """Reads the same words whatever is asked: the first ones of the last passage, or none."""

    length: int
    name: str = "stuck"

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[list[Reading]]:
        if not self.length:
            return [[Reading("", -1, 0, 0, 0.0, 1.0)] for _ in questions]
        return [[Reading(p[-1].text[: self.length], len(p) - 1, 0, self.length, 0.99, 0.01)] for p in passages]


ALWAYS, NEVER = Calibration((0.0,) * 4, 0.0, 0.0), Calibration((0.0,) * 4, 0.0, 1.0)


@pytest.fixture(scope="session")
def good(dev_records: list[Record]) -> list[GoldQuestion]:
    """Facts that go right and an unanswerable question that is declined."""
    facts = [r.gold for r in dev_records if r.right and r.gold.kind == "facts"][:3]
    return [*facts, next(r.gold for r in dev_records if r.right and r.gold.kind == "unanswerable" and r.answer)]


def fail(pipeline: Pipeline, questions: Sequence[GoldQuestion], **parts: Any) -> dict[str, int]:
    return count_failures([describe_record(r) for r in ask_gold(replace(pipeline, **parts), SEEDS, questions)])


def test_nothing_broken_is_no_failure(pipeline: Pipeline, good: list[GoldQuestion]) -> None:
    assert fail(pipeline, good) == {}


def test_a_broken_retriever_shows_as_not_retrieved(pipeline: Pipeline, good: list[GoldQuestion]) -> None:
    wanted = {e.document_id for q in good for e in q.evidence}
    others = [d.document_id for d in pipeline.index.documents() if d.document_id not in wanted]
    found = [ScoredPassage(p, 0.0) for p in pipeline.index.document_passages(others[0])] if others else []
    assert fail(pipeline, good[:3], retriever=StuckRetriever(tuple(found))) == {"not retrieved": 3}


def test_a_reader_that_finds_nothing_shows_as_not_read(pipeline: Pipeline, good: list[GoldQuestion]) -> None:
    assert fail(pipeline, good, reader=StuckReader(0)) == {"retrieved and not read": 3}


def test_a_reader_that_finds_the_wrong_thing_shows_as_wrongly_answered(
    pipeline: Pipeline, good: list[GoldQuestion]
) -> None:
    failures = fail(pipeline, good, reader=StuckReader(3), calibration=ALWAYS)
    assert failures == {"wrongly answered": 3, "answered though the articles do not say": 1}


def test_too_shy_an_abstention_shows_as_read_and_not_answered(pipeline: Pipeline, good: list[GoldQuestion]) -> None:
    assert fail(pipeline, good, calibration=NEVER) == {"read and not answered": 3}


def test_too_bold_an_abstention_shows_where_the_articles_do_not_say(
    pipeline: Pipeline, good: list[GoldQuestion]
) -> None:
    assert fail(pipeline, good, calibration=ALWAYS) == {"answered though the articles do not say": 1}


def test_a_follow_up_that_only_its_rewriting_spoilt_shows_as_not_understood(
    pipeline: Pipeline, good: list[GoldQuestion]
) -> None:
    first = replace(good[0], name="x.1", kind="conversations")
    second = replace(
        good[1], name="x.2", kind="conversations", question="And the other one, please?", turn=2, type="follow-up"
    )
    (_, record) = ask_gold(pipeline, SEEDS, [first, second])
    assert record.failure == "not understood"
    assert 0.0 <= record.measures["rewriting"] < 1.0


# Verdicts by hand, without models.


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
    )


EVIDENCE = (Evidence("a.txt", TEXT),)
LOCATED = Located(((Span("a.txt", 0, 44),),), frozenset({"a.txt#0-44"}))
FACT = GoldQuestion("f", "facts", "number", "How much?", "How much?", values=(Value(("12%",), EVIDENCE),))
LIST = replace(FACT, type="list", values=(Value(("shares, stakes",), EVIDENCE),), items=(("shares",), ("stakes",)))
NONE = GoldQuestion("u", "unanswerable", "near_miss", "Who paid?", "Who paid?")
DIFFER = replace(FACT, name="d", kind="disagreements", values=(Value(("12%",), EVIDENCE), Value(("15%",), EVIDENCE)))
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


ELSEWHERE = ((Span("b.txt", 0, 9),),)


@pytest.mark.parametrize(
    ("gold", "groups", "failure"),
    [
        # Of a disagreement two values must be found, of an explanation half of its key facts.
        (DIFFER, LOCATED.groups * 2, "wrongly answered"),
        (DIFFER, LOCATED.groups + ELSEWHERE, "not retrieved"),
        (WHY, LOCATED.groups + ELSEWHERE, "wrongly answered"),
        (WHY, ELSEWHERE * 2, "not retrieved"),
        # What the gold gives no evidence for has the benefit of the doubt.
        (replace(DIFFER, values=(DIFFER.values[0], Value(("15%",), ()))), (*LOCATED.groups, ()), "wrongly answered"),
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
        "abstention.precision": 0.5, "abstention.recall": 0.5, "abstention.F1": 0.5,
        # Confidences 0.9 right, 0.7 wrong, 0.2 right, 0.1 wrong: risks 0, 1/2, 1/3, 1/2.
        "confidence.AURC": 0.3333,
        # |0.9 − 1|, |0.7 − 0|, |0.2 − 1|, |0.1 − 0|, each in a bin of its own.
        "confidence.ECE": 0.425,
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
        assert not [name for name in figures if name.startswith("abstention") or name == "confidence.AURC"]


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
        assert "facts answered rightly" in report
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
    assert "| facts answered rightly | 50.0" in written
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


# A user's own articles and questions, by way of the command line.


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two articles and five questions, the cache and the current folder set aside."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "articles").mkdir()
    (tmp_path / "gold").mkdir()
    for name, text in (
        (
            "elgin",
            "Elgin\n\nElgin was founded in 1190 by monks from Kelso. It has three bridges over the river Lossie.",
        ),
        ("forres", "Forres\n\nForres lies by the sea. Its lighthouse was built in 1901 by David Stevenson."),
    ):
        (tmp_path / "articles" / f"{name}.txt").write_text(text, encoding="utf-8")
    facts = [
        {"id": "1", "question": "When was Elgin founded?", "answers": ["1190"],
         "evidence": [{"document_id": "elgin.txt", "quote": "Elgin was founded in 1190"}]},
        {"id": "2", "question": "Who built the lighthouse of Forres?", "answers": ["David Stevenson"]},
        {"id": "3", "question": "Which river flows through Elgin?", "answers": ["Lossie"]},
    ]  # fmt: skip
    none = [{"id": "4", "question": "How do I bake bread?"}, {"id": "5", "question": "Who won the World Cup?"}]
    for kind, records in (("facts", facts), ("unanswerable", none)):
        lines = "\n".join(map(json.dumps, records))
        (tmp_path / "gold" / f"{kind}.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_own_articles_and_questions(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--corpus", "articles", "--gold", "gold"]) == 0
    out, err = capsys.readouterr()
    (result,) = (own / "evaluation").glob("*.json")
    found = load_result(result)
    assert "5 questions over articles" in out
    assert found["metrics"]["all"]["unanswerable.declined"]["value"] == 1.0
    assert found["metrics"]["all"]["facts.could"]["value"] >= 2 / 3
    # Only the question whose evidence is given says something about retrieval.
    assert found["metrics"]["all"]["facts.success@1"] == {"value": 1.0, "low": 1.0, "high": 1.0, "count": 1}
    assert found["cold"]["seconds"] > 0
    assert str(own) not in result.read_text(encoding="utf-8")
    assert {path.name for path in (own / "evaluation").iterdir()} >= {"report.html", "report.md"}
    assert "report.html" in err


@pytest.mark.usefixtures("own")
def test_a_part_is_shown_and_kept_only_where_asked(capsys: pytest.CaptureFixture[str], own: Path) -> None:
    arguments = ["--corpus", "articles", "--gold", "gold", "--only", "unanswerable", "--no-cold-start"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "2 questions" in out
    assert "--out" in err
    assert not (own / "evaluation").exists()
    assert main([*arguments, "--out", "kept"]) == 0
    assert (own / "kept" / "report.md").is_file()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--corpus", "articles"], "--gold"),
        (["--corpus", "articles", "--gold", "articles"], "facts.jsonl"),
        (["--corpus", "none", "--gold", "gold"], "folder none"),
        (["--corpus", "articles", "--gold", "gold", "--out", str(ROOT / "eval")], "--out"),
        (["--corpus", "articles", "--gold", "gold", "--only", "conversations"], "--only"),
        (["compare", "gold/facts.jsonl", "none.json"], "facts.jsonl"),
        (["squad", "none.json"], "none.json"),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert named in err
