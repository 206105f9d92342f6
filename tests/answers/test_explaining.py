"""Answers of several sentences, with the real encoder."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from rag.answers.compose import compose_answer
from rag.answers.confidence import FEATURES, SENTENCE_FEATURES, UNCALIBRATED, Judge
from rag.answers.explaining import explain, list_sentences
from rag.answers.rendering import format_answer
from rag.index.encoder import load_encoder
from rag.question.parsed import parse_question
from rag.types import Answer, Passage, Reading, Readings, ScoredPassage

FERRY = (
    "The ferry to Orkney was cancelled on Monday. Waves of nine metres made it unsafe to sail from the harbour. "
    "The captain said that the ferry could not sail in such waves. A café in the harbour sold soup."
)
ENGINE = (
    "Prices of bread rose again. One of the ferry's two engines had also failed, so it was not allowed to sail. "
    "Waves of nine metres made it unsafe to sail from the harbour. Is that all? Yes."
)
WHY = "Why was the ferry to Orkney cancelled?"


def make_passage(name: str, text: str) -> Passage:
    return Passage(f"{name}#50", name, "News", "", None, 50, 50 + len(text), text)


PASSAGES = [make_passage("a", FERRY), make_passage("b", ENGINE)]
NONE = Readings((Reading("", -1, 0, 0, 0.0, 0.5),))
SURE = Judge((0.0,) * len(SENTENCE_FEATURES), 2.0, 0.5)
UNSURE = Judge((0.0,) * len(SENTENCE_FEATURES), -1.0, 0.5)


def compose(question: str, readings: Readings = NONE, *, sentences: Judge = SURE, short: float = 9.0) -> Answer:
    calibration = replace(UNCALIBRATED, short=Judge((0.0,) * len(FEATURES), short, 0.5), sentences=sentences)
    found = [ScoredPassage(p, 1.0) for p in PASSAGES]
    return compose_answer(parse_question(question), found, readings, calibration, load_encoder())


def read(words: str, passage: int = 0) -> Readings:
    start = PASSAGES[passage].text.index(words)
    return Readings((Reading(words, passage, start, start + len(words), 0.6, 0.1),))


def test_a_why_is_answered_with_whole_sentences_each_quoted_and_none_twice() -> None:
    waves, engines = (read(*place).together[0] for place in (("Waves of nine metres", 0), ("had also failed", 1)))
    answer = compose(WHY, Readings((waves, replace(engines, probability=0.1))), short=-9.0)
    assert answer.explained
    assert "Waves of nine metres made it unsafe to sail from the harbour." in answer.text
    assert "engines had also failed" in answer.text
    assert "soup" not in answer.text
    assert "bread" not in answer.text
    assert answer.text == " ".join(c.quote for c in answer.citations)
    assert len({c.quote for c in answer.citations}) == len(answer.citations)
    for citation in answer.citations:
        passage = next(p for p in PASSAGES if p.document_id == citation.document_id)
        assert passage.text[citation.start - 50 : citation.end - 50] == citation.quote
        assert (citation.answer_start, citation.answer_end) == (citation.start, citation.end)


def test_sentences_stand_article_by_article_in_their_order() -> None:
    places = [(c.document_id, c.start) for c in compose(WHY).citations]
    names = [name for name, _ in places]
    assert names == sorted(names, key=names.index)
    assert all(a[1] < b[1] for a, b in itertools.pairwise(places) if a[0] == b[0])


def test_a_short_answer_that_is_trusted_stands_above_its_explanation() -> None:
    answer = compose(WHY, read("Waves of nine metres"))
    assert answer.short == "Waves of nine metres"
    assert answer.explained
    shown = format_answer(answer, width=100, colour=False)
    assert shown.startswith("Waves of nine metres\n\n")
    assert compose(WHY, read("Waves of nine metres"), short=-9.0).short == ""


def test_whether_something_is_so_has_no_short_answer_and_a_short_answer_elsewhere_is_cited_too() -> None:
    assert compose("Was the ferry cancelled?", read("Waves of nine metres")).short == ""
    answer = compose("What happened, and why was the ferry cancelled?", read("soup"))
    assert answer.short == "soup"
    assert [c.quote for c in answer.citations if "soup" in c.quote] == ["A café in the harbour sold soup."]


def test_a_fact_is_answered_short_and_an_untrusted_explanation_leaves_the_short_answer() -> None:
    assert compose("When was the ferry cancelled?", read("Monday")).text == "Monday"
    assert compose("What happened on Monday?", read("ferry to Orkney was cancelled")).text.startswith("ferry to Orkney")
    assert compose(WHY, read("Waves of nine metres"), sentences=UNSURE).text == "Waves of nine metres"


def test_a_question_that_may_want_sentences_gets_them_where_no_short_answer_is_trusted() -> None:
    answer = compose("What happened to the ferry?", read("soup"), short=-9.0)
    assert answer.explained
    assert answer.withheld is not None
    assert answer.withheld.text == "soup"


def test_where_articles_may_take_sides_each_is_given_its_own_sentence() -> None:
    answer = compose("Did the waves or the engines keep the ferry in the harbour?", short=-9.0)
    given = [answer.text, *(other.text for other in answer.alternatives)]
    assert sorted(given) == sorted({c.quote for c in (*answer.citations, *answer.alternatives[0].citations)})
    assert [answer.citations[0].document_id, answer.alternatives[0].citations[0].document_id] in (
        ["a", "b"],
        ["b", "a"],
    )
    assert (answer.short, answer.contradicted, answer.articles, len(given)) == ("", False, 2, 2)
    shown = format_answer(answer, width=200, colour=False)
    assert shown.startswith("What each article says:\n\n  “")
    assert all(text in shown for text in given)
    assert not compose(WHY).alternatives


def test_what_is_not_trusted_is_withheld() -> None:
    answer = compose(WHY, read("soup"), sentences=UNSURE, short=-9.0)
    assert (answer.status, answer.text, answer.citations) == ("abstained", "", ())


def test_sentences_are_those_that_say_something_each_wording_once() -> None:
    texts = [s.text for s in list_sentences(PASSAGES)]
    assert len(texts) == 6
    assert not {"Is that all?", "Yes."} & set(texts)


def test_no_sentence_is_no_explanation() -> None:
    assert (
        explain(
            parse_question(WHY), np.zeros(384, np.float32), [make_passage("a", "Soup.")], NONE.together, load_encoder()
        )
        is None
    )


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> was what the ferry said to me.", "The ferry\u202e was cancelled, he said."]
)
def test_hostile_sentences_are_quoted_as_they_stand_and_printed_without_control_characters(text: str) -> None:
    found = [ScoredPassage(make_passage("a", text), 1.0)]
    calibration = replace(UNCALIBRATED, sentences=SURE)
    answer = compose_answer(parse_question("Why was the ferry cancelled?"), found, NONE, calibration, load_encoder())
    assert answer.citations[0].quote == text
    assert "\u202e" not in format_answer(answer, width=100, colour=False)
