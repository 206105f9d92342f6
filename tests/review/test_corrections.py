"""A decision is the answer from then on, as long as the articles are as the reviewers saw them."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from rag.cli import main
from rag.index.local import LocalStore
from rag.index.scope import Scope
from rag.pipeline import Config, Pipeline, Question
from rag.review.corrections import StoredCorrections
from rag.review.database import UPGRADES, VERSION
from rag.review.items import Provenance, make_item
from rag.review.judging import Judging, Span
from rag.review.queue import count_needed
from rag.review.store import Reviewer, ReviewStore
from rag.types import Answer, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.review.store import Decision

ARTICLES = {
    "ferry": (
        "2026-03-12",
        "The Brackhaven ferry is run by Ada Lund. Her deputy is Bo Reyes. It carries 212 people a day.",
    ),
    "bridge": ("2026-04-02", "The Selmouth bridge cost 40 million crowns, the council said. It opened last week."),
    "audit": ("2026-05-20", "The auditors say that the Selmouth bridge cost 52 million crowns. Ed Fox led the audit."),
    "market": ("2026-05-21", "The market hall of Dunnock has a new roof. Its traders sell fish and wool."),
}
RUNS = "Who runs the Brackhaven ferry?"
COST = "How much did the Selmouth bridge cost?"
ROOF = "Who made the new roof of the market hall of Dunnock?"


def write_article(folder: Path, name: str, day: str, text: str) -> None:
    (folder / f"{name}.txt").write_text(f"---\ndate: {day}\n---\n# News of {name}\n\n{text}\n")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "news").mkdir()
    for name, (day, text) in ARTICLES.items():
        write_article(folder / "news", name, day, text)
    opened = Pipeline.open(Config(folder / "news", folder / "index"))
    yield opened
    opened.close()


class Reviews:
    """Decisions about answers of a pipeline, and the pipeline that takes them up."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.path = folder / "feedback.sqlite"
        self.warnings: list[str] = []
        self.plain = pipeline
        self.pipeline = replace(pipeline, corrections=StoredCorrections(self.path, self.warnings.append))
        self.number = 0

    def decide(self, question: str, decision: Decision, *texts: str, by: str = "eva", of: Answer | None = None) -> str:
        """The first person is an expert. Returns the id of the item, which one review decides."""
        store = ReviewStore(self.path)
        store.join(by)
        item_id = f"i{self.number}"
        while count_needed(item_id) > 1:
            self.number += 1
            item_id = f"i{self.number}"
        self.number += 1
        shown = of or self.plain.ask(question)
        created = f"2026-11-0{self.number}T10:00:00+00:00"
        store.keep([make_item(item_id, shown, Provenance("0", "", ""), created=created, origin="asked")])
        self.judge(item_id, decision, *texts, by=by)
        return item_id

    def judge(self, item_id: str, decision: Decision, *texts: str, by: str) -> None:
        store, index = ReviewStore(self.path), self.plain.index
        store.open_item(by, item_id, "gain")
        spans = []
        for text in texts:
            found = [(d, at) for s in index.documents() if (d := index.document(s.document_id))
                     and (at := d.text.find(text)) >= 0]  # fmt: skip
            document, at = found[0]
            spans.append(Span(document.document_id, at, at + len(text), text))
        Judging(store, index.document).judge(by, item_id, decision, spans)

    def ask(self, question: str) -> Answer:
        return self.pipeline.ask(question)


@pytest.fixture
def reviews(asked: Pipeline, tmp_path: Path) -> Reviews:
    return Reviews(asked, tmp_path)


def move(pipeline: Pipeline, folder: Path) -> Pipeline:
    """The same articles and models in a folder of their own."""
    corpus, index = (shutil.copytree(old, folder / old.name) for old in (pipeline.corpus, pipeline.store.folder))
    return replace(pipeline, corpus=corpus, store=LocalStore(index)).renewed()


def test_a_corrected_answer_wins_with_its_name_day_and_sentence(reviews: Reviews) -> None:
    assert reviews.ask(RUNS).corrected is None
    before = reviews.pipeline.corrections.version  # type: ignore[union-attr]
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    answer = reviews.ask(RUNS)
    assert (answer.text, answer.short, answer.status) == ("Bo Reyes", "Bo Reyes", "answered")
    assert answer.corrected is not None
    assert answer.corrected.by == ("eva",)
    assert answer.corrected.said.startswith("corrected by eva on 20")
    (citation,) = answer.citations
    document = reviews.plain.index.document(citation.document_id)
    assert document is not None
    assert citation.quote == "Her deputy is Bo Reyes." == document.text[citation.start : citation.end]
    assert document.text[citation.answer_start : citation.answer_end] == "Bo Reyes"
    assert citation.passage_id in [scored.passage.passage_id for scored in answer.passages]
    assert reviews.pipeline.corrections.version != before  # type: ignore[union-attr]
    assert reviews.plain.ask(RUNS).corrected is None  # eval asks without corrections


def test_it_wins_however_the_question_is_typed_in_a_batch_and_in_a_conversation(reviews: Reviews) -> None:
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    turns = (Turn("user", "What does the Brackhaven ferry carry?"), Turn("assistant", "212 people a day"))
    batch = [Question("who runs brackhaven ferry"), Question(COST), Question(RUNS, turns)]
    first, other, last = reviews.pipeline.ask_batch(batch)
    for answer in (first, last):
        assert isinstance(answer, Answer)
        assert (answer.short, bool(answer.corrected)) == ("Bo Reyes", True)
    assert isinstance(other, Answer)
    assert other.corrected is None
    assert reviews.ask("Who runs the Selmouth ferry?").corrected is None
    assert reviews.ask("Who no longer runs the Brackhaven ferry?").corrected is None


def test_one_unknown_reviewer_does_not_overrule_the_answers_of_all(reviews: Reviews) -> None:
    ReviewStore(reviews.path).join("eva")
    reviews.decide(RUNS, "wrong", "Bo Reyes", by="tom")
    assert reviews.ask(RUNS).corrected is None
    reviews.judge("i0" if count_needed("i0") == 1 else "i1", "wrong", "Bo Reyes", by="eva")
    assert reviews.ask(RUNS).short == "Bo Reyes"


def test_it_falls_at_once_when_it_is_taken_back_or_overruled(reviews: Reviews) -> None:
    item = reviews.decide(RUNS, "wrong", "Bo Reyes")
    assert reviews.ask(RUNS).short == "Bo Reyes"
    ReviewStore(reviews.path).undo("eva")
    assert reviews.ask(RUNS).corrected is None
    reviews.judge(item, "wrong", "Bo Reyes", by="eva")
    assert reviews.ask(RUNS).corrected
    ReviewStore(reviews.path).add_reviewer(Reviewer("ida", "expert"))
    reviews.judge(item, "right", by="ida")
    assert reviews.ask(RUNS).corrected is None


def test_the_last_decision_about_nearly_equal_questions_counts(reviews: Reviews) -> None:
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    # The corrected answer, shown again and found right, confirms itself.
    reviews.decide(RUNS, "right", of=reviews.ask(RUNS))
    assert reviews.ask(RUNS).short == "Bo Reyes"
    # Another answer that is found right since then overrules it.
    reviews.decide("who runs the Brackhaven ferry", "right", of=replace(reviews.ask(RUNS), short="Ada Lund"))
    assert reviews.ask(RUNS).corrected is None


@pytest.mark.parametrize("change", ["other", "same", "changed", "gone"])
def test_it_falls_only_when_its_own_article_changes_or_goes(asked: Pipeline, tmp_path: Path, change: str) -> None:
    reviews = Reviews(move(asked, tmp_path), tmp_path)
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    corpus = reviews.pipeline.corpus
    day, text = ARTICLES["ferry"]
    if change == "other":
        write_article(corpus, "new", "2026-06-01", "The Brackhaven ferry has a new boat. It is red.")
    elif change == "same":
        (corpus / "ferry.txt").write_text(f"---\ndate: {day}\n---\n# News of ferry\n\n\n\n{text}\n\n\n")
    elif change == "changed":
        write_article(corpus, "ferry", day, text.replace("212", "213"))
    else:
        (corpus / "ferry.txt").unlink()
    answer = reviews.pipeline.renewed().ask(RUNS)
    assert bool(answer.corrected) is (change in ("other", "same"))


def test_an_unanswerable_question_is_declined_until_the_search_finds_something_new(
    asked: Pipeline, tmp_path: Path
) -> None:
    reviews = Reviews(move(asked, tmp_path), tmp_path)
    reviews.decide(ROOF, "unanswerable")
    answer = reviews.ask(ROOF)
    assert (answer.status, answer.text, answer.reason) == ("abstained", "", "The articles don't say.")
    assert answer.corrected is not None
    assert answer.passages
    write_article(reviews.pipeline.corpus, "roof", "2026-06-02",
                  "The new roof of the market hall of Dunnock was made by Cy Marsh.")  # fmt: skip
    found = reviews.pipeline.renewed().ask(ROOF)
    assert found.corrected is None
    assert "Marsh" in found.shown.text


def test_articles_that_differ_are_both_shown(reviews: Reviews) -> None:
    reviews.decide(COST, "differ", "40 million crowns", "52 million crowns")
    answer = reviews.ask(COST)
    assert answer.corrected is not None
    assert answer.short == "52 million crowns"  # the newest first
    assert [other.text for other in answer.alternatives] == ["40 million crowns"]
    assert answer.doubts[0] == "articles disagree"


def test_a_question_of_last_week_is_another_question_once_there_is_news(asked: Pipeline, tmp_path: Path) -> None:
    reviews = Reviews(move(asked, tmp_path), tmp_path)
    question = "What opened last week?"
    reviews.decide(question, "wrong", "Selmouth bridge")
    assert reviews.ask(question).corrected
    with closing(sqlite3.connect(reviews.path)) as connection, connection:
        connection.execute("UPDATE reviews SET created = '2026-05-21T10:00:00+00:00'")
    assert reviews.ask(question).corrected
    write_article(reviews.pipeline.corpus, "school", "2026-05-30", "The school of Ness was opened by Ed Fox.")
    assert reviews.pipeline.renewed().ask(question).corrected is None


def test_some_articles_only_are_asked_without_corrections(reviews: Reviews) -> None:
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    assert reviews.pipeline.within(Scope(until="2026-04")).ask(RUNS).corrected is None


def test_no_file_is_made_and_nothing_is_said_where_there_is_none(reviews: Reviews) -> None:
    assert reviews.ask(RUNS).corrected is None
    assert not reviews.path.exists()
    assert reviews.warnings == []


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_earlier_version_is_read_as_it_is(reviews: Reviews, version: int) -> None:
    with closing(sqlite3.connect(reviews.path)) as connection:
        for step in UPGRADES[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")
    before = reviews.path.read_bytes()
    assert reviews.ask(RUNS).answered
    assert reviews.warnings == []
    assert reviews.path.read_bytes() == before


def damage(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)


def damage_json(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE reviews SET places = ?", ('[{"document_id": 7, "start": "x"}]',))


def damage_offsets(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('UPDATE reviews SET places = replace(places, \'"start": \', \'"start": "a", "x": \')')


def make_later(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize("harm", [damage, damage_json, damage_offsets, make_later])
def test_a_damaged_file_is_told_once_and_the_question_is_answered(reviews: Reviews, harm: Any) -> None:
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    harm(reviews.path)
    for _ in range(2):
        answer = reviews.ask(RUNS)
        assert answer.answered
        assert answer.corrected is None
    (warning,) = reviews.warnings
    assert str(reviews.path) in warning
    assert "\n" not in warning


def test_a_locked_file_is_told_and_read_again_later(reviews: Reviews) -> None:
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    with closing(sqlite3.connect(reviews.path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert reviews.ask(RUNS).corrected is None
        connection.execute("ROLLBACK")
    assert len(reviews.warnings) == 1
    assert reviews.ask(RUNS).corrected


def test_what_people_wrote_is_only_text(reviews: Reviews) -> None:
    name = "eva\x1b[31m<b>"
    ReviewStore(reviews.path).add_reviewer(Reviewer(name, "expert"))
    reviews.decide(RUNS, "wrong", "Bo Reyes", by=name)
    answer = reviews.ask(RUNS)
    assert answer.corrected is not None
    assert answer.corrected.by == (name,)


@pytest.fixture
def shell(reviews: Reviews, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs ask with the models that are loaded: stdout and stderr."""
    monkeypatch.setattr(
        Pipeline,
        "open",
        classmethod(lambda _cls, *_, corrections=None, **__: replace(reviews.plain, corrections=corrections)),
    )

    def run(*words: str) -> tuple[str, str]:
        assert main(words) == 0
        said = capsys.readouterr()
        return said.out, said.err

    return run


def test_the_terminal_and_batches_use_the_folder_of_the_page(reviews: Reviews, shell: Any, tmp_path: Path) -> None:
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    data = ("--data", str(tmp_path))
    out, err = shell(*data, RUNS)
    assert "Bo Reyes" in out
    assert "corrected by eva on 20" in out
    assert "confidence" not in out
    assert "ask:" not in err
    assert "corrected" not in shell(*data, "--no-corrections", RUNS)[0]
    lines = tmp_path / "questions.jsonl"
    lines.write_text(json.dumps({"id": 1, "question": RUNS}) + "\n")
    record = json.loads(shell(*data, "--batch", str(lines))[0])
    assert record["answer"] == "Bo Reyes"
    assert record["corrected"]["by"] == ["eva"]
    assert json.loads(shell(*data, "--json", COST)[0])["corrected"] is None


def test_a_declined_question_says_in_the_terminal_who_declined_it(reviews: Reviews, shell: Any, tmp_path: Path) -> None:
    reviews.decide(ROOF, "unanswerable")
    out, _ = shell("--data", str(tmp_path), ROOF)
    assert out.splitlines()[0] == "The articles don't say."
    assert out.splitlines()[1].startswith("corrected by eva on 20")
    damage(reviews.path)
    out, err = shell("--data", str(tmp_path), RUNS)
    assert "Ada Lund" in out
    (warning,) = [line for line in err.splitlines() if line.startswith("ask:")]
    assert warning.startswith("ask: Corrections are ignored")


def test_a_question_about_something_said_before_is_not_taken_for_the_same_in_another_conversation(
    reviews: Reviews,
) -> None:
    reviews.decide("Who runs it?", "wrong", "Ed Fox")
    assert reviews.ask("Who runs it?").corrected is None
    reviews.decide(RUNS, "wrong", "Bo Reyes")
    assert reviews.ask(RUNS).corrected is not None
