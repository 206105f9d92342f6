"""What is not a question about the news, asked of the pipeline: summaries, small talk. And follow-ups as written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.answers.rendering import format_answer
from rag.pipeline import Config, Pipeline, Question
from rag.types import Answer, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLOOD = (
    "Flood in Dunmore\n2026-03-02\n\n"
    "The river Ash burst its banks in Dunmore on Monday and flooded two hundred homes. "
    "Nobody was hurt, the fire service said. "
    "The council opened a shelter in the town hall. "
    "Trains to the coast were cancelled. "
    "The water is expected to fall by Thursday.\n"
)
STRIKE = (
    "Bus strike ends\n2026-03-05\n\n"
    "Bus drivers in Larkhill went back to work on Friday after a strike of nine days. "
    "They will be paid four per cent more.\n"
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    yield from open_folder(tmp_path_factory.mktemp("two"), {"flood": FLOOD, "strike": STRIKE, "again": STRIKE})


def open_folder(folder: Path, articles: dict[str, str]) -> Iterator[Pipeline]:
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in articles.items():
        (corpus / f"{name}.txt").write_text(text, encoding="utf-8")
    pipeline = Pipeline.open(Config(corpus, folder / "index"))
    yield pipeline
    pipeline.close()


def test_a_summary_quotes_the_first_sentence_of_each_article_once(asked: Pipeline) -> None:
    answer = asked.ask("Summarise the articles")
    assert answer.answered
    assert len(answer.citations) == 2  # one article repeats another
    assert "The river Ash burst its banks in Dunmore on Monday and flooded two hundred homes." in answer.text
    assert "Bus drivers in Larkhill went back to work" in answer.text
    assert "shelter" not in answer.text
    shown = format_answer(answer, width=100, colour=False)
    assert "Flood in Dunmore" in shown
    assert "Bus strike ends" in shown
    for citation in answer.citations:
        document = asked.index.document(citation.document_id)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote


def test_a_single_article_is_summarised_by_its_first_sentences(tmp_path: Path) -> None:
    for pipeline in open_folder(tmp_path, {"flood": FLOOD}):
        answer = pipeline.ask("Can you summarise this article?")
        assert answer.text.startswith("The river Ash burst its banks")
        assert "Trains to the coast were cancelled." in answer.text
        assert "expected to fall" not in answer.text
        assert answer.doubts == ()


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("How many articles mention Dunmore?", "count"),
        ("What do you think of the flood?", "opinion"),
        ("Which article is the best?", "judge"),
    ],
)
def test_what_no_passage_can_say_is_declined_with_its_reason(asked: Pipeline, question: str, reason: str) -> None:
    answer = asked.ask(question)
    assert answer.status == "abstained"
    assert reason in answer.reason
    assert "river Ash" in format_answer(answer, width=100, colour=False)


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("thanks", "You're welcome. Ask another question about the articles."),
        ("ok", "Ask another question about the articles."),
        ("Good morning!", "Hello. Ask a question about the articles."),
        ("bye", "Goodbye."),
    ],
)
def test_small_talk_is_answered_in_kind_without_a_search(asked: Pipeline, said: str, reply: str) -> None:
    history = [Turn("user", "Who burst the banks?"), Turn("assistant", "The river Ash")]
    for before in ((), history):
        answer = asked.ask(said, before)
        assert (answer.status, answer.reason, answer.standalone) == ("abstained", reply, said)
        assert answer.passages == ()
        assert format_answer(answer, width=100, colour=False) == reply


def test_small_talk_in_a_batch_leaves_the_other_answers_in_their_places(asked: Pipeline) -> None:
    batch = [Question("thanks"), Question("How long was the strike of the bus drivers?"), Question("hello")]
    first, second, third = asked.ask_batch(batch)
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert isinstance(third, Answer)
    assert (first.articles, third.articles) == (0, 0)
    assert "nine days" in second.said
    assert second.passages


def test_where_the_rewritten_question_finds_nothing_the_one_as_written_is_asked(
    asked: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.pipeline.contextualize_question", lambda *_: "How old is the Minister of Fish in Oban?")
    history = [Turn("user", "Who is the Minister of Fish in Oban?"), Turn("assistant", "Ann Gow")]
    answer = asked.ask("Where did the river Ash burst its banks?", history)
    assert answer.answered
    assert (answer.standalone, answer.question) == ("Where did the river Ash burst its banks?",) * 2
    assert "Dunmore" in answer.said
    # This one could be about anything without its conversation.
    unclear = asked.ask("Where was it?", history)
    assert (unclear.answered, unclear.standalone) == (False, "How old is the Minister of Fish in Oban?")
