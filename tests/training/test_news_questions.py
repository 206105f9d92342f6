"""Questions on news: joined with their text, split into passages, shown with passages of the same article."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING

import pytest

from rag.errors import RagError
from rag.training.batches import featurize
from rag.training.data import NEWS, SAME_NEWS, Paragraph
from rag.training.examples import ExampleSource, Mixture
from rag.training.news import FILES, QUESTIONS, WORDS, hash_text, join_document, load_news
from rag.training.train import drop_news

if TYPE_CHECKING:
    from pathlib import Path

LONG = "The council of Ardle met for two hours. " * 14 + "It voted to close the pool."
TEXTS = [LONG, "Mayor Ina Voss called the vote a mistake.", "The pool opened in 1931. It cost £400."]


def write_news(folder: Path, texts: list[str]) -> Path:
    for name in FILES:
        records = [{"text": text} for text in texts] if name == FILES[0] else []
        content = "".join(json.dumps(record) + "\n" for record in records).encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return folder


def write_questions(path: Path) -> Path:
    questions = [
        {"paragraph": 1, "question": "Who disliked the vote in Ardle?", "answer": "Ina Voss"},
        {"paragraph": 2, "question": "When did Ardle's pool open?", "answer": "1931"},
        {"paragraph": 2, "question": "When was Ardle's library opened?", "answer": None, "trap": "1931"},
        {"paragraph": 1, "question": "Did Ardle's mayor agree?", "answer": TEXTS[1], "yes": False},
    ]
    document = {"title": "Pool to close", "paragraphs": [hash_text(text) for text in TEXTS], "questions": questions}
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    return path


def test_questions_are_joined_with_the_passages_of_their_news(tmp_path: Path) -> None:
    found = load_news(write_news(tmp_path, TEXTS), [write_questions(tmp_path / "asked.jsonl")])
    assert [p.text for p in found] == [LONG, "\n\n".join(TEXTS[1:])]
    assert {(p.source, p.title) for p in found} == {(NEWS, "Pool to close")}
    who, when, library, mayor = found[1].questions
    assert [found[1].text[a:b] for q in (who, when) for a, b in q.answers] == ["Ina Voss", "1931"]
    assert library.impossible
    assert library.trap == when.answers[0]
    assert (mayor.yes, mayor.answers, mayor.parts) == (False, (), ((0, len(TEXTS[1])),))


def test_pairs_that_differ_in_one_name_are_drawn_twice_as_often_and_news_as_often_as_asked(tmp_path: Path) -> None:
    path = write_questions(tmp_path / "asked.jsonl")
    document = json.loads(path.read_text("utf-8"))
    document["questions"][2]["style"] = "exchanged"
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    found = load_news(write_news(tmp_path, TEXTS), [path])
    drawn = [which for _, which in ExampleSource(found, Mixture(), 0, news=3).list_questions(0)]
    assert [drawn.count(which) for which in range(4)] == [3, 3, 6, 3]


def test_the_sentence_that_says_yes_or_no_is_learnt_where_it_is_named(tmp_path: Path) -> None:
    found = load_news(write_news(tmp_path, TEXTS), [write_questions(tmp_path / "asked.jsonl")])
    source = ExampleSource(found, Mixture(), 0)
    drawn = source.draw((0, 3), random.Random(0))
    assert drawn
    assert drawn.evidence
    passage, start, end = drawn.evidence[0]
    assert drawn.passages[passage][1][start:end] == TEXTS[1]
    (features,) = featurize([drawn], 384, 40)
    assert features.evidence
    assert features.yes is False


def test_what_no_passage_of_an_article_answers_is_shown_with_several_of_them(tmp_path: Path) -> None:
    found = load_news(write_news(tmp_path, TEXTS), [write_questions(tmp_path / "asked.jsonl")])
    # A passage that nothing is asked about is no distractor.
    asked = [Paragraph(NEWS, p.article, p.title, p.text, p.questions or found[1].questions[:1]) for p in found]
    source = ExampleSource(asked, Mixture(), 0)
    drawn = [source.draw((1, 2), random.Random(seed)) for seed in range(30)]
    assert all(example and example.answer is None for example in drawn)
    assert all(any("1931" in text for _, text in example.passages) for example in drawn if example)
    assert {len(example.passages) for example in drawn if example} == {1, 2}


def test_news_that_lacks_a_paragraph_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="lacks a paragraph"):
        load_news(write_news(tmp_path, TEXTS[:2]), [write_questions(tmp_path / "asked.jsonl")])
    assert load_news(tmp_path / "elsewhere") == []


def test_news_that_another_source_holds_too_is_not_trained_on_where_that_is_held_out() -> None:
    story = "The council of Ardle voted on Monday to close its pool after ninety years of swimming in it."
    news = [Paragraph(NEWS, "Pool", "Pool", text, ()) for text in (story, "Another story, about a tram.")]
    assert drop_news(news, [Paragraph(SAME_NEWS, "A pool closes", "", story, ())]) == news[1:]
    assert drop_news(news, [Paragraph("reddit", "post", "", story, ())]) == news


def test_every_question_that_ships_has_its_answer_or_its_trap_in_its_paragraph() -> None:
    documents = [json.loads(line) for path in QUESTIONS for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(documents) > 500
    for document in documents:
        assert all(q["question"].strip() and (q["answer"] or q.get("trap")) for q in document["questions"])
        if text := document.get("text"):
            passages = list(join_document(document, {}))
            assert all(len(p.text.split()) <= WORDS or "\n\n" not in p.text for p in passages)
            assert sum(len(p.questions) for p in passages) == len(document["questions"])
            assert all((q["answer"] or q["trap"]) in text[q["paragraph"]] for q in document["questions"])
