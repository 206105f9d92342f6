"""The benchmarks that are run by hand still run, and count what they say they count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from eval.__main__ import main
from eval.results import bootstrap_interval
from eval.retrieval import list_evidence
from eval.squad import place_gold
from rag.reader.data import Paragraph, QuestionRecord

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Elgin was founded in 1190 by monks. It has three bridges over the river Lossie."


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    """Two articles; each question's evidence stands in one of them only."""
    other = "Forres lies by the sea. It has two bridges and a lighthouse from 1901."
    made = []
    for title, text, question, answer in (
        ("Elgin", TEXT, "When was Elgin founded?", "1190"),
        ("Forres", other, "From when is the lighthouse of Forres?", "1901"),
    ):
        qas = [{"question": question, "answers": [{"text": answer, "answer_start": text.index(answer)}]}]
        made.append({"title": title, "paragraphs": [{"context": text, "qas": qas}]})
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": made}), encoding="utf-8")
    return path


def run(*arguments: str, out: Path) -> Any:
    assert main([*arguments, "--out", str(out)]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


def test_reader_benchmark(squad: Path, tmp_path: Path) -> None:
    result = run("squad", str(squad), "--distractors", "1", out=tmp_path / "result.json")
    assert (result["questions"], result["distractors"]) == (2, 1)
    assert result["EM"] == result["F1"] == 100.0
    assert set(result["made"]) >= {"commit", "packages", "processor"}


def test_retrieval_benchmark(squad: Path, tmp_path: Path) -> None:
    result = run("retrieval", str(squad), "--folder", str(tmp_path / "corpus"), out=tmp_path / "result.json")
    for mode in ("hybrid", "bm25", "dense"):
        assert result[mode]["success@1"] == 100.0


def test_evidence_is_the_answer_with_its_neighbours() -> None:
    start = TEXT.index("1190")
    paragraph = Paragraph("s", "a", "", TEXT, (QuestionRecord("?", ((start, start + 4),)),))
    assert list_evidence(paragraph, paragraph.questions[0].answers) == {" elgin was founded in 1190 by monks it has "}


def test_gold_stands_among_its_distractors() -> None:
    assert [text for _, text in place_gold("g", ["a", "b", "c", "d"])] == ["a", "b", "g", "c", "d"]


def test_interval_of_a_constant_is_the_constant_and_that_of_a_coin_is_about_its_mean() -> None:
    assert bootstrap_interval([1.0] * 10) == (1.0, 1.0)
    low, high = bootstrap_interval([0.0, 1.0] * 200)
    assert 0.44 < low < 0.46
    assert 0.54 < high < 0.56


def test_a_missing_set_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["squad", str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
