"""The benchmarks that are run by hand still run, and count what they say they count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from eval.__main__ import main
from eval.retrieval import list_evidence
from eval.squad import describe_kinds, find_kind, read_separately
from rag.training.data import Paragraph, QuestionRecord
from rag.training.distractors import place_gold
from rag.types import Passage, Reading, Readings

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Elgin was founded in 1190 by monks. It has three bridges over the river Lossie."


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    """Two articles; each question's evidence stands in one of them only."""
    return write_set(tmp_path / "squad.json")


def write_set(path: Path, *, mixed: bool = False) -> Path:
    other = "Forres lies by the sea. It has two bridges and a lighthouse from 1901."
    made = []
    for title, text, question, answer in (
        ("Elgin", TEXT, "When was Elgin founded?", "1190"),
        ("Forres", other, "From when is the lighthouse of Forres?", "1901"),
    ):
        qas: list[dict[str, Any]] = [
            {"question": question, "answers": [{"text": answer, "answer_start": text.index(answer)}]}
        ]
        if mixed:
            qas.append({"question": "Which tenor sang Wagner's Siegfried?", "answers": [], "is_impossible": True})
        made.append({"title": title, "paragraphs": [{"context": text, "qas": qas}]})
    path.write_text(json.dumps({"data": made}), encoding="utf-8")
    return path


def run(*arguments: str, out: Path) -> Any:
    assert main([*arguments, "--save", str(out)]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_reader_benchmark(squad: Path, tmp_path: Path) -> None:
    result = run("squad", str(squad), "--distractors", "1", out=tmp_path / "result.json")
    assert result["questions"] == 2
    assert result["EM"] == result["F1"] == 100.0
    assert result["command"] == "python -m eval squad squad.json --distractors 1"
    assert result["figure"] == "EM 100.0, F1 100.0"
    assert result["kinds"] == {"when": {"questions": 2, "EM": 100.0, "F1": 100.0}}
    assert set(result["made"]) >= {"commit", "packages", "processor"}


@pytest.mark.slow
def test_reader_benchmark_with_each_passage_read_by_itself(squad: Path, tmp_path: Path) -> None:
    result = run("squad", str(squad), "--distractors", "1", "--separately", out=tmp_path / "result.json")
    assert result["EM"] == 100.0
    assert result["command"] == "python -m eval squad squad.json --distractors 1 --separately"
    assert "each read by itself" in result["title"]


def test_reader_benchmark_with_unanswerable_questions(tmp_path: Path) -> None:
    result = run("squad", str(write_set(tmp_path / "v2.json", mixed=True)), out=tmp_path / "result.json")
    assert (result["questions"], result["HasAns_questions"], result["NoAns_questions"]) == (4, 2, 2)
    assert result["HasAns_F1"] == result["NoAns_F1"] == result["F1"] == 100.0
    assert result["AURC"] < 50


def test_reader_benchmark_without_the_paragraph(squad: Path, tmp_path: Path) -> None:
    result = run("squad", str(squad), "--open", str(tmp_path / "kept"), out=tmp_path / "result.json")
    assert result["F1"] == 100.0
    assert "open" in result["title"]
    assert (tmp_path / "kept" / "index" / "manifest.json").is_file()


def test_retrieval_benchmark(squad: Path, tmp_path: Path) -> None:
    result = run("retrieval", str(squad), "--folder", str(tmp_path / "corpus"), out=tmp_path / "result.json")
    for mode in ("hybrid", "bm25", "dense"):
        assert result[mode]["success@1"] == 100.0
    assert result["figure"].startswith("hybrid 100.0 / 100.0 / 100.0")


def test_evidence_is_the_answer_with_its_neighbours() -> None:
    start = TEXT.index("1190")
    paragraph = Paragraph("s", "a", "", TEXT, (QuestionRecord("?", ((start, start + 4),)),))
    assert list_evidence(paragraph, paragraph.questions[0].answers) == {" elgin was founded in 1190 by monks it has "}


def test_gold_stands_among_what_the_question_retrieves() -> None:
    assert place_gold(7, [3, 7, 1, 2], 2) == [3, 7, 1]
    assert place_gold(7, [3, 1, 2], 2) == [3, 1, 7]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("In what year?", "what"),
        ("How many bridges?", "how many"),
        ("How is it made?", "how"),
        ("Whose is it?", "who"),
        ("Name it!", "other"),
    ],
)
def test_kinds_of_question(question: str, kind: str) -> None:
    assert find_kind(question) == kind


def test_kinds_count_what_was_given_to_questions_that_have_an_answer() -> None:
    kinds = describe_kinds(["Who?", "Who else?", "When?"], ["Meta", "", "1999"], [["Meta"], ["Scale"], []])
    assert kinds == {"who": {"questions": 2, "EM": 50.0, "F1": 50.0}}


class FirstWordReader:
    """Finds the first word of each passage, the surer the longer that is."""

    def read(self, questions: list[str], passages: list[list[Passage]]) -> list[Readings]:
        assert set(questions) == {"What?"}
        words = [shown[0].text.split()[0] for shown in passages]
        return [Readings((Reading(word, 0, 0, len(word), len(word) / 10, 0.5),)) for word in words]


def test_passages_read_by_themselves_are_told_apart_and_the_surest_comes_first() -> None:
    passages = [Passage("", "", "", "", None, 0, len(text), text) for text in ("It is.", "Lossie is.")]
    found = read_separately(FirstWordReader(), "What?", passages)  # type: ignore[arg-type]
    assert [(r.text, r.passage, r.probability) for r in found.together] == [("Lossie", 1, 0.6), ("It", 0, 0.2)]
    assert {r.no_answer for r in found.together} == {0.25}


def test_reading_separately_wants_several_passages(squad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["squad", str(squad), "--separately"]) == 1
    assert "add --distractors N" in capsys.readouterr().err
