"""Small cases: what fails is printed with what is right, and each folder is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eval.__main__ import main
from eval.cases import Case, fold, is_right

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FERRY = "Ferry to Hale starts in May\n\nThe ferry from Ulm to Hale starts on 3 May, said the harbour master, Edda Voss."
MILL = "Mill sold\n\nThe mill at Osby was sold for £90,000 on Monday. The buyer is the baker Piet Meer."


def write(folder: Path, article: str, questions: str) -> None:
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "a.txt").write_text(article, encoding="utf-8")
    (folder / "questions.tsv").write_text(questions, encoding="utf-8")


def test_failures_and_counts_of_two_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path / "plain",
        FERRY,
        "a1\tWho is the harbour master?\tEdda Voss\n\n"
        "a2\tWhen does the ferry from Ulm to Hale start?\t4 June / June\n"
        "a3\tWho is the mayor of Paris?\tNONE\n",
    )
    write(tmp_path / "talk", MILL, "c1\t1\thow much was the mill at Osby sold for?\t£90,000\nc1\t2\tthanks\tNONE\n")
    assert main(["cases", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    failed = [line.split("\t") for line in lines if "\t" in line]
    assert [fields[:4] for fields in failed] == [
        ["plain", "a2", "When does the ferry from Ulm to Hale start?", "expected 4 June / June"]
    ]
    assert "3 May" in failed[0][4]
    assert "plain: 2 of 3 right" in lines
    assert "talk: 2 of 2 right" in lines
    assert lines[-1].startswith("4 of 5 right, ")


def test_a_folder_without_cases_and_a_line_without_an_answer_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cases", str(tmp_path)]) == 1
    assert "has no cases: name a folder with articles/ and questions.tsv" in capsys.readouterr().err
    write(tmp_path / "one", MILL, "a1\tWho bought the mill?\n")
    assert main(["cases", str(tmp_path / "one")]) == 1
    assert "questions.tsv, line 1: write id, question, answer" in capsys.readouterr().err


def test_wordings_are_whole_words_with_the_marks_of_their_figures() -> None:
    assert fold("Sold for £90,000 (net).") == " sold for £90,000 net "
    assert " 5 " not in fold("15 or 5.5 or 5%")
    assert is_right(Case("a", "a", "Who?", ()), None)
    assert not is_right(Case("a", "a", "Who?", ("Voss",)), None)
