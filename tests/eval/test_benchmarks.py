"""Public benchmarks, each one command: what they score, and that they run over files like the published ones."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from eval.__main__ import main
from eval.exchanged import draw_exchanges
from eval.queries import Query, describe_short, describe_yes_no, load_queries
from eval.ramdocs import Conflict, match_set, score_values
from rag.training.data import Paragraph, QuestionRecord, is_held_out
from rag.types import Answer, Citation

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
BORN = Conflict("When was General Bryan born?", (), ("February 8, 1900", "1901"), ("July 15, 1905",))


@pytest.mark.parametrize(
    ("given", "exact", "f1"),
    [
        (["on February 8, 1900", "in 1901"], True, 1.0),
        (["February 8, 1900"], False, pytest.approx(2 / 3)),
        # A wrong one beside them costs the set; one that is neither costs precision alone.
        (["February 8, 1900", "1901", "July 15, 1905"], False, pytest.approx(0.8)),
        (["February 8, 1900", "1901", "in Ohio"], True, pytest.approx(0.8)),
        (["1900", "19011"], False, 0.0),
        ([], False, 0.0),
    ],
)
def test_a_set_of_values_is_right_with_all_right_ones_and_no_wrong_one(
    given: list[str], exact: bool, f1: float
) -> None:
    assert match_set(given, BORN) is exact
    assert score_values(given, BORN) == f1


def test_ramdocs_asks_each_question_of_its_own_documents(tmp_path: Path) -> None:
    """The second question's answer stands in the first one's documents only."""
    one = "Elgin was founded in 1190 by monks from Kelso. It has three bridges over the river Lossie."
    two = "Forres lies by the sea. Its lighthouse was built in 1901 by David Stevenson."
    records = [
        {
            "question": question,
            "documents": [{"text": text, "type": "correct", "answer": "1190"}],
            "disambig_entity": [],
            "gold_answers": ["1190"],
            "wrong_answers": [],
        }
        for question, text in (("When was Elgin founded?", one), ("When was Elgin founded by monks?", two))
    ]
    path = tmp_path / "ramdocs.jsonl"
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert main(["ramdocs", str(path), "--save", str(tmp_path / "result.json")]) == 0
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (result["questions"], result["exact_set"], result["one_right"]) == (2, 50.0, 50.0)
    assert result["command"] == "python -m eval ramdocs ramdocs.jsonl"


def find_titles(held_out: bool, number: int) -> list[str]:
    titles = (f"Town {i}" for i in range(1000))
    return [t for t in titles if is_held_out(Paragraph("qed-train", t, "", "", ())) is held_out][:number]


def write_queries(path: Path, **fields: Any) -> Path:
    """Two held-out titles and one that is not; the question of each is answered by its paragraph."""
    data = []
    for title in (*find_titles(True, 2), *find_titles(False, 1)):
        text = f"{title} was founded in 1190 by monks. It has three bridges over the river Lossie."
        answer = {"text": "1190", "answer_start": text.index("1190")}
        record = {"id": title, "question": f"when was {title.lower()} founded", "answers": [answer], **fields}
        data.append({"title": title, "paragraphs": [{"context": text, "qas": [record]}]})
    path.write_bytes(gzip.compress(json.dumps({"data": data}).encode()))
    return path


def test_only_queries_of_held_out_titles_are_asked(tmp_path: Path) -> None:
    path = write_queries(tmp_path / "qed-train.json.gz")
    assert [query.title for query in load_queries(path)] == find_titles(True, 2)
    assert main(["queries", str(path), "--save", str(tmp_path / "result.json")]) == 0
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (result["questions"], result["EM"], result["could"]) == (2, 100.0, 100.0)
    assert "of these right" in result["figure"]


def make_answer(text: str, short: str = "", quote: str = "") -> Answer:
    citation = Citation("a.txt", "A", None, "p", quote, 0, len(quote), 0, 1)
    return Answer("?", "?", "answered", text, "", 0.9, (citation,) if quote else (), (), (), short=short)


def test_yes_and_no_are_told_from_what_only_quotes() -> None:
    text = "Elgin lies in Scotland. It has three bridges."
    asked = [Query("Elgin", text, "is elgin in scotland", (), stance) for stance in ("yes", "yes", "no", "yes")]
    answers = [
        make_answer("Yes, it is.", "Yes"),
        make_answer(text[:23], "", text[:23]),
        make_answer("Yes", "Yes"),
        None,
    ]
    figures = describe_yes_no(asked, answers)
    told = [figures[name] for name in ("right", "says_yes_or_no", "answered", "quotes_the_paragraph", "gold_is_yes")]
    assert told == [25.0, 50.0, 75.0, 25.0, 75.0]


def test_sentences_count_among_the_answers_that_are_right() -> None:
    query = Query("Elgin", "", "when was elgin founded", ("1190",))
    given = [make_answer("1190", "1190"), make_answer("It was founded in 1190.", "", "It was founded in 1190."), None]
    figures = describe_short([query] * 3, given)
    assert (figures["precision"], figures["answered"], figures["could"]) == (100.0, 66.67, 66.67)


@pytest.mark.parametrize("command", ["ramdocs", "queries", "yesno"])
def test_a_file_of_another_form_is_refused_in_a_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    path.write_text("[1]", encoding="utf-8")
    assert main([command, str(path)]) == 1
    assert "x.json is not" in capsys.readouterr().err


TOWNS = ("Elgin", "Forres", "Nairn", "Keith", "Banff", "Huntly")


def make_towns() -> list[Paragraph]:
    """A paragraph for each of six towns, with a question that names the town and one that names its provost."""
    made = []
    for n, town in enumerate(TOWNS):
        text = f"{town} was founded in {1190 + n} by monks. Its mayor, Ann {town}son, opened {n + 2} new schools there."
        founded, schools = str(1190 + n), str(n + 2)
        asked = (
            (f"When was the town of {town} founded?", founded),
            (f"How many schools did the mayor of {town} open?", schools),
        )
        records = tuple(
            QuestionRecord(question, ((text.index(answer), text.index(answer) + len(answer)),))
            for question, answer in asked
        )
        made.append(Paragraph("new_wiki", town, "", text, records))
    return made


def test_an_exchanged_question_names_something_else_that_no_passage_shown_mentions() -> None:
    towns = make_towns()
    exchanges = draw_exchanges(towns, 12)
    assert len(exchanges) == 12
    assert {one.kind for one in exchanges} == {"name", "role"}
    for one in exchanges:
        old, new = (set(re.findall(r"\w+", text)) for text in (one.question, one.exchanged))
        assert new - old
        gold = next(i for i, p in enumerate(towns) if any(q.question == one.question for q in p.questions))
        assert gold in one.shown
        assert gold in one.silent
        named = [n for n, town in enumerate(TOWNS) if town in new - old]
        assert not set(named) & set(one.silent)


def test_exchanged_counts_what_is_answered_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.exchanged.load_paragraphs", lambda *_: ([], make_towns()))
    assert main(["exchanged", str(tmp_path), "--questions", "6", "--save", str(tmp_path / "result.json")]) == 0
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["questions"] == len(result["records"]) == 6
    assert result["right"] > 50
    assert result["exchanged_answered"] < result["right"]
    monkeypatch.setattr("eval.exchanged.load_paragraphs", lambda *_: ([], []))
    assert main(["exchanged", str(tmp_path)]) == 1
