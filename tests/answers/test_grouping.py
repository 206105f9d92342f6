"""Which readings are one answer, and which kind of figure a question asks for."""

from __future__ import annotations

import pytest

from rag.answers.grouping import group_readings, is_name, say_the_same
from rag.question.parsed import parse_question
from rag.types import Reading


def read(text: str, probability: float) -> Reading:
    return Reading(text, 0, 0, len(text), probability, 0.1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("$14.3 billion", "14.3 billion dollars", True),
        ("49%", "49 per cent", True),
        ("Alexandr Wang", "Alexander Wang", True),
        ("the Verge", "Verge", True),
        ("$14.3 billion", "$15 billion", False),
        ("because it was cheap", "because it was", False),
        ("Meta", "Google", False),
    ],
)
def test_wordings_of_one_value_are_one_answer(one: str, other: str, same: bool) -> None:
    assert say_the_same(one, other) is same


def test_a_group_counts_all_its_readings() -> None:
    groups = group_readings(
        parse_question("How much?"), [read("$14 billion", 0.3), read("49%", 0.4), read("14 billion dollars", 0.2)]
    )
    assert [(g.text, g.probability) for g in groups] == [("$14 billion", 0.5), ("49%", 0.4)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How much did the bank pay for its stake?", "$3 million"),
        ("What percentage of the bank was sold?", "49%"),
        ("When was the bank sold?", "in 2019"),
        ("What did the bank get?", "49%"),
    ],
)
def test_a_figure_of_the_kind_asked_for_comes_first(question: str, first: str) -> None:
    readings = [read("49%", 0.4), read("$3 million", 0.3), read("in 2019", 0.2)]
    assert group_readings(parse_question(question), readings)[0].text == first


def test_what_the_reader_is_far_surer_of_stays_first_and_words_fit_everywhere() -> None:
    assert (
        group_readings(parse_question("How much did it cost?"), [read("49%", 0.9), read("$3", 0.02)])[0].text == "49%"
    )
    assert (
        group_readings(parse_question("How much did it cost?"), [read("a fortune", 0.4), read("$3", 0.3)])[0].text
        == "a fortune"
    )
    assert not parse_question("Who paid?").figures


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Alexandr Wang", True),
        ("the Bank of England", True),
        ("a big bank", False),
        ("It was cheap", False),
        ("", False),
    ],
)
def test_a_name_is_a_few_words_with_capitals(text: str, name: bool) -> None:
    assert is_name(text) is name
