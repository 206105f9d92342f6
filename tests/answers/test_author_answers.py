"""Who wrote an article, asked of the pipeline: from its byline, or declined with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.answers.rendering import describe_answer, format_answer
from rag.page.cards import list_cards, render_answer
from rag.pipeline import Config, Pipeline
from rag.types import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARTICLES = {
    "ferry": "Ferry to Hollin Island runs again\n\nBy Tova Lindqvist, Transport correspondent\n4 March 2025\n\n"
    "The ferry to Hollin Island sailed on Tuesday for the first time since the storm in January. "
    "Repairs to its engine took seven weeks, said the harbour master, Edda Voss.\n",
    "pies": "Baker wins pie contest in Skarholm\n\nThe baker Ulla Brandt won the pie contest in Skarholm on Sunday "
    "with a plum pie.\n\nWords: Piet Meer and Ines Rau\n",
    "books": "New books from Skarholm\n\nBy Piet Meer\n\nThe reading room recommends three new titles this week. "
    "The piece “Salt and Timber” was written by the teacher Jorun Aas.\n",
    "keeper": "‘Nobody thanks a lighthouse’, says Odd Berg\n\nInterview: Tova Lindqvist\n\nQ: When did you come here?"
    "\n\nA: In 1998, with a dog and a stove.\n\nQ: Who cooks?\n\nA: I do, badly.\n",
    "play": "Stage\nThe Salt Cellar ★★☆☆☆\n\nReviewed by Piet Meer\n\nJorun Aas has written a salt cellar of a play. "
    "The actor Nils Moe mumbles through The Salt Cellar for three hours at the Old Mill in Skarholm.\n",
    "bridge": "Bridge at Nordby closed\n\nThe bridge at Nordby is closed for repairs until June, the county said.\n",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("authors")
    yield from open_articles(folder, ARTICLES)


def open_articles(folder: Path, articles: dict[str, str]) -> Iterator[Pipeline]:
    (folder / "corpus").mkdir()
    for name, text in articles.items():
        (folder / "corpus" / f"{name}.txt").write_text(text, encoding="utf-8")
    pipeline = Pipeline.open(Config(folder / "corpus", folder / "index"))
    yield pipeline
    pipeline.close()


@pytest.mark.parametrize(
    ("question", "author", "name"),
    [
        ("who wrote the article about the ferry?", "Tova Lindqvist", "ferry.txt"),
        ("Who is the author of the story on the plum pie?", "Piet Meer and Ines Rau", "pies.txt"),
        ('who wrote the article "Ferry to Hollin Island runs again"?', "Tova Lindqvist", "ferry.txt"),
        ('who wrote "Ferry to Hollin Island runs again"?', "Tova Lindqvist", "ferry.txt"),
        ("Who is the author of “Baker wins pie contest in Skarholm”?", "Piet Meer and Ines Rau", "pies.txt"),
        ("who interviewed Odd Berg?", "Tova Lindqvist", "keeper.txt"),
        ("Who was Odd Berg interviewed by?", "Tova Lindqvist", "keeper.txt"),
        ("who reviewed The Salt Cellar?", "Piet Meer", "play.txt"),
        ("who reported on the ferry to Hollin Island?", "Tova Lindqvist", "ferry.txt"),
    ],
)
def test_the_author_is_given_and_the_byline_quoted(asked: Pipeline, question: str, author: str, name: str) -> None:
    answer = asked.ask(question)
    assert answer.answered
    assert (answer.text, answer.short) == (author, author)
    (citation,) = answer.citations
    document = asked.index.document(citation.document_id)
    assert document is not None
    assert document.document_id == name
    assert document.text[citation.start : citation.end] == citation.quote
    assert document.text[citation.answer_start : citation.answer_end] == author


def test_it_is_shown_everywhere(asked: Pipeline) -> None:
    answer = asked.ask("who wrote the article about the ferry?")
    shown = format_answer(answer, width=100, colour=False)
    assert "By [Tova Lindqvist], Transport correspondent" in shown
    assert "Ferry to Hollin Island runs again, 2025-03-04 (ferry.txt)" in shown
    described = describe_answer(answer)
    assert described["answer"] == "Tova Lindqvist"
    assert described["citations"][0]["document_id"] == "ferry.txt"
    (card,) = list_cards(answer)
    assert card.source.document_id == "ferry.txt"
    assert "Tova Lindqvist" in render_answer(answer, "k" * 16)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("who wrote the article about the bridge?", "The article “Bridge at Nordby closed” names no author."),
        ("who wrote this?", "I can't tell which article you mean"),
        ("who wrote the article about penguins?", "I can't tell which article you mean"),
    ],
)
def test_an_unknown_author_is_declined_with_the_reason(asked: Pipeline, question: str, reason: str) -> None:
    answer = asked.ask(question)
    assert answer.status == "abstained"
    assert answer.reason.startswith(reason)


@pytest.mark.parametrize("question", ["who wrote this?", "Who is the author of this article?"])
def test_this_article_is_the_one_just_talked_about(asked: Pipeline, question: str) -> None:
    history = (Turn("user", "Who won the pie contest in Skarholm?"), Turn("assistant", "Ulla Brandt"))
    assert asked.ask(question, history).text == "Piet Meer and Ines Rau"


def test_this_article_is_the_only_one(tmp_path: Path) -> None:
    for pipeline in open_articles(tmp_path, {"ferry": ARTICLES["ferry"]}):
        answer = pipeline.ask("Who wrote this article?")
        assert (answer.text, answer.question) == ("Tova Lindqvist", "Who wrote this article?")


def test_the_author_of_a_text_that_an_article_names_is_read(asked: Pipeline) -> None:
    assert asked.ask("Who wrote the piece “Salt and Timber”?").text == "Jorun Aas"


@pytest.mark.parametrize(
    "question",
    ["Who wrote the play The Salt Cellar?", "Who wrote “Salt”?", "Who reviewed the engine of the ferry?",
     "Who interviewed the baker Ulla Brandt?", "Who took the photo of the ferry?"],
)  # fmt: skip
def test_the_writer_of_the_article_is_not_who_did_something_else(asked: Pipeline, question: str) -> None:
    answer = asked.ask(question)
    assert not any(name in answer.text for name in ("Lindqvist", "Meer", "Rau"))


def test_the_byline_answers_nothing_else(asked: Pipeline) -> None:
    for question in ("Who is the harbour master?", "Who is the Transport correspondent?", "Who won the pie contest?"):
        answer = asked.ask(question)
        given = " ".join(
            [answer.text, *(c.quote for c in answer.citations), *(s.passage.text for s in answer.passages)]
        )
        assert not any(name in given for name in ("Lindqvist", "Piet Meer"))
        assert answer.answered == (question != "Who is the Transport correspondent?")
