"""The suite over real models: it sees what is broken and where, keeps its floors, and takes a user's own questions."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, SEEDS

from eval import browsing, load
from eval.__main__ import build_parser, main
from eval.asked import NEWS, hash_gold
from eval.asking import ask_gold
from eval.floors import FloorError, hold_result, refuse_falls
from eval.gold import GoldQuestion, load_gold
from eval.judging import Record, describe_record
from eval.readme import BEGIN, END, make_table
from eval.results import find_last, find_results, load_result
from eval.summary import count_failures
from rag.answers.confidence import FEATURES, SENTENCE_FEATURES, UNCALIBRATED, Judge
from rag.pipeline import Config, Pipeline
from rag.types import Passage, Period, Reading, Readings, ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


pytestmark = pytest.mark.slow


MOST = 20
"""Lines of gold asked of each kind: enough to see a clear fall in minutes. `python -m eval` asks all of them."""


def sample_dev(gold: Path) -> list[GoldQuestion]:
    """At most :data:`MOST` lines of each kind of the dev part, evenly spread; a conversation's turns stay together."""
    questions = [q for q in load_gold(gold) if q.part == "dev"]
    lines: dict[str, list[int]] = {}
    for kind, line in dict.fromkeys((q.kind, q.line) for q in questions):
        lines.setdefault(kind, []).append(line)
    picked = {(kind, line) for kind, found in lines.items() for line in found[:: -(-len(found) // MOST)]}
    return [q for q in questions if (q.kind, q.line) in picked]


@pytest.fixture(scope="session")
def dev_records(pipeline: Pipeline) -> list[Record]:
    """A sample of the dev part of the gold questions, asked of the real product."""
    return ask_gold(pipeline, SEEDS, sample_dev(ROOT / "eval" / "gold"))


@pytest.fixture(scope="session")
def last() -> dict[str, Any]:
    found = find_last()
    assert found is not None, "commit the result of `python -m eval` on a committed tree"
    return found


# What a change may not do.


def test_no_headline_measure_of_the_dev_part_falls_below_the_best_result(
    dev_records: list[Record], last: dict[str, Any]
) -> None:
    asked = {"settings": last["settings"], "records": [describe_record(r) for r in dev_records]}
    refuse_falls(hold_result(asked, find_results()))


def test_no_headline_measure_of_the_news_falls_below_the_best_result(tmp_path: Path) -> None:
    opened = Pipeline.open(Config(NEWS.corpus, tmp_path / "index"))
    described = [describe_record(r) for r in ask_gold(opened, NEWS.corpus, sample_dev(NEWS.gold))]
    opened.close()
    refuse_falls(hold_result({"settings": {"corpus": "news"}, "records": described}, find_results()))


def test_last_result_over_the_news_is_over_todays_news(last: dict[str, Any]) -> None:
    assert last["news"]["settings"]["gold_sha256"] == hash_gold(NEWS.gold)
    assert [record["id"] for record in last["news"]["records"]] == [q.name for q in load_gold(NEWS.gold)]


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
    for made in (parser, load.build_parser(), *choices.values()):  # type: ignore[union-attr]
        for action in made._actions:
            assert action.help or action.metavar == "COMMAND"
            assert not action.option_strings or action.option_strings[-1] in documented, action.option_strings


def test_without_a_browser_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["load", "--browser"])
    monkeypatch.setattr(browsing, "find_chromium", lambda: None)
    with pytest.raises(SystemExit, match=r"(Chromium|Playwright) is not installed: (apt-get|pip) install"):
        load.main()


def test_a_change_that_makes_things_worse_on_purpose_fails(last: dict[str, Any]) -> None:
    """Every third right fact wrong: clear against the best result, question by question."""
    worse = json.loads(json.dumps(last))
    right = [r for r in worse["records"] if r["kind"] == "facts" and r["right"] and r["part"] == "dev"]
    for record in right[::3]:
        record["right"], record["measures"]["right"] = False, 0.0
    with pytest.raises(FloorError, match=r"seeds facts\.right fell from .* fix it, or .*decision record"):
        refuse_falls(hold_result(worse, find_results()))
    refuse_falls(hold_result(last, find_results()))


# What is broken shows in the right group.


@dataclass(frozen=True)
class StuckRetriever:
    """Finds the same passages whatever is asked."""

    passages: tuple[ScoredPassage, ...]

    def retrieve(
        self, questions: Sequence[str], k: int, periods: Sequence[Period | None] = ()
    ) -> list[list[ScoredPassage]]:
        del periods
        return [list(self.passages[:k]) for _ in questions]


@dataclass(frozen=True)
class StuckReader:
    """Reads the same words whatever is asked: the first ones of the last passage without a question, or none.

    What lies in a question is never an answer.
    """

    length: int
    name: str = "stuck"
    copies: bool = False

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        if not self.length:
            return [Readings((Reading("", -1, 0, 0, 0.0, 1.0),)) for _ in questions]
        places = [max(i for i, one in enumerate(some) if "?" not in one.text) for some in passages]
        return [
            Readings((Reading(some[i].text[: self.length], i, 0, self.length, 0.99, 0.01),))
            for i, some in zip(places, passages, strict=True)
        ]


ALWAYS, NEVER = (
    replace(
        UNCALIBRATED,
        short=Judge((0.0,) * len(FEATURES), 0.0, least),
        sentences=Judge((0.0,) * len(SENTENCE_FEATURES), 0.0, 1.0),
    )
    for least in (0.0, 1.0)
)


@pytest.fixture(scope="session")
def good(dev_records: list[Record]) -> list[GoldQuestion]:
    """Facts that go right and an unanswerable question that is declined."""
    facts = [r.gold for r in dev_records if r.right and r.gold.kind == "facts"][:3]
    return [*facts, next(r.gold for r in dev_records if r.right and r.gold.kind == "unanswerable" and r.answer)]


def fail(pipeline: Pipeline, questions: Sequence[GoldQuestion], **parts: Any) -> dict[str, int]:
    models = {name: parts.pop(name) for name in ("reader", "calibration") if name in parts}
    broken = replace(pipeline, models=replace(pipeline.models, **models), **parts)
    return count_failures([describe_record(r) for r in ask_gold(broken, SEEDS, questions)])


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
