"""From readings to an answer: what is grouped, cited, judged and withheld."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answers.compose import cite, compose_answer
from rag.answers.confidence import FEATURES, UNCALIBRATED, Calibration, Judge
from rag.answers.grouping import group_readings
from rag.index.encoder import load_encoder
from rag.question.parsed import parse_question
from rag.types import Answer, Passage, Reading, Readings, ScoredPassage

TEXT = "Acme was founded in 1999. It sold 12% of its shares to Bolt in 2020. Nobody knows why."
PROBABILITY = (2.0, *[0.0] * (len(FEATURES) - 1))
SURE = replace(UNCALIBRATED, short=Judge(PROBABILITY, 4.0, 0.5), rival=0.5)
ENCODER = load_encoder()
UNSURE = replace(UNCALIBRATED, short=Judge(PROBABILITY, -4.0, 0.5))


def make_passage(text: str = TEXT, start: int = 100, document_id: str = "a.txt") -> Passage:
    return Passage(f"{document_id}#{start}", document_id, "Acme", "", "2021-01-01", start, start + len(text), text)


def read(passage: Passage, words: str, probability: float, number: int = 0) -> Reading:
    start = passage.text.index(words)
    return Reading(words, number, start, start + len(words), probability, 0.1)


def compose(passages: list[Passage], readings: list[Reading], calibration: Calibration = SURE) -> Answer:
    found = Readings(tuple(readings), group_articles(passages, readings))
    return compose_answer(
        parse_question("how much was sold?"), [ScoredPassage(p, 1.0) for p in passages], found, calibration, ENCODER
    )


def group_articles(passages: list[Passage], readings: list[Reading]) -> tuple[tuple[Reading, ...], ...]:
    """The same readings, article by article, as a reader that reads them apart might find them."""
    names = dict.fromkeys(p.document_id for p in passages)
    found = [r for r in readings if r.text]
    return tuple(tuple(r for r in found if passages[r.passage].document_id == name) for name in names)


def test_answer_is_cited_with_its_whole_sentence_at_document_offsets() -> None:
    passage = make_passage()
    answer = compose([passage], [read(passage, "12%", 0.9)])
    document = " " * 100 + TEXT
    (citation,) = answer.citations
    assert (answer.answered, answer.text) == (True, "12%")
    assert citation.quote == "It sold 12% of its shares to Bolt in 2020."
    assert document[citation.start : citation.end] == citation.quote
    assert document[citation.answer_start : citation.answer_end] == "12%"
    assert (citation.title, citation.date, citation.document_id) == ("Acme", "2021-01-01", "a.txt")


def test_same_answer_in_two_articles_counts_as_support_and_is_cited_twice() -> None:
    one, two = make_passage(), make_passage("In 1999 Acme began. Bolt bought the 12% later.", 0, "b.txt")
    readings = [read(one, "1999", 0.4), read(one, "12%", 0.3), read(two, "12%", 0.2, 1)]
    answer = compose([one, two], readings)
    assert answer.text == "12%"
    assert [c.document_id for c in answer.citations] == ["a.txt", "b.txt"]
    assert (answer.articles, answer.alternatives) == (2, ())


def test_wordings_that_differ_only_in_case_and_articles_are_one_answer() -> None:
    readings = [Reading("the Bolt", 0, 0, 8, 0.2, 0.1), Reading("bolt", 0, 9, 13, 0.3, 0.1)]
    (group,) = group_readings(parse_question("Who?"), readings)
    assert group.probability == 0.5


@pytest.mark.parametrize(
    ("one", "other"), [("$14.3 billion", "$143 billion"), ("1.5%", "15%"), ("49%", "$49"), ("-5%", "5%"), ("C++", "C")]
)
def test_different_figures_are_different_answers(one: str, other: str) -> None:
    assert (
        len(group_readings(parse_question(""), [Reading(one, 0, 0, 1, 0.2, 0.1), Reading(other, 0, 2, 3, 0.3, 0.1)]))
        == 2
    )


@pytest.mark.parametrize(
    ("question", "status"),
    [("asdf qwer zxcv", "abstained"), ("How many?", "answered"), ("shares of qwer?", "answered")],
)
def test_a_question_that_shares_no_word_with_any_passage_is_not_answered(question: str, status: str) -> None:
    passage = make_passage()
    readings = Readings((read(passage, "12%", 0.9),))
    answer = compose_answer(parse_question(question), [ScoredPassage(passage, 1.0)], readings, SURE, ENCODER)
    assert answer.status == status
    assert (answer.confidence == 0.0) is (status == "abstained")


def test_low_confidence_is_an_abstention_that_keeps_the_nearest_passages() -> None:
    passage = make_passage()
    answer = compose([passage], [read(passage, "12%", 0.9)], UNSURE)
    assert answer.status == "abstained"
    assert answer.reason == "The articles don't say."
    assert (answer.text, answer.citations, answer.alternatives) == ("", (), ())
    assert answer.passages[0].passage == passage
    assert answer.withheld is not None
    assert (answer.withheld.text, answer.withheld.citations[0].quote) == (
        "12%",
        "It sold 12% of its shares to Bolt in 2020.",
    )
    assert answer.withheld.confidence == answer.confidence < 0.5


def test_no_reading_and_no_passage_is_an_abstention() -> None:
    assert compose([], [Reading("", -1, 0, 0, 0.0, 1.0)]).status == "abstained"


def test_an_improbable_other_answer_is_not_offered() -> None:
    passage = make_passage()
    assert compose([passage], [read(passage, "12%", 0.9), read(passage, "1999", 0.01)]).alternatives == ()


@given(st.text(min_size=1), st.data())
def test_quote_stands_verbatim_at_its_offsets_whatever_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    passage = make_passage(text, 7)
    citation = cite(Reading(text[start:end], 0, start, end, 0.5, 0.1), passage)
    document = "-" * 7 + text
    assert document[citation.start : citation.end] == citation.quote
    assert document[citation.answer_start : citation.answer_end] == text[start:end]
    assert citation.start <= citation.answer_start < citation.answer_end <= citation.end
