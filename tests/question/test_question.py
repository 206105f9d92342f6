"""Questions are data, whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import QuestionError
from rag.question.figures import asks_for_figure, holds_figure
from rag.question.text import (
    MAX_CHARACTERS,
    clean_question,
    find_mentions,
    find_topic_words,
)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\0", "???", "—!", "\u200b"])
def test_nothing_asked_is_one_sentence_that_names_the_fix(text: str) -> None:
    with pytest.raises(QuestionError, match=r"type one|ask it in words"):
        clean_question(text)


def test_too_long_a_question_is_refused_with_the_limit() -> None:
    with pytest.raises(QuestionError, match="20,000 characters: shorten it to 2,000"):
        clean_question("a" * 20_000)


def test_control_characters_surrogates_and_line_ends_do_not_survive() -> None:
    assert clean_question("what\0 stake\x1b[31m\ndid \ud800Meta buy?\r\n") == "what stake [31m did \ufffdMeta buy?"


@given(st.text(max_size=MAX_CHARACTERS))
def test_whatever_is_asked_comes_out_printable_or_as_a_question_error(text: str) -> None:
    try:
        cleaned = clean_question(text)
    except QuestionError:
        return
    assert cleaned.encode("utf-8")
    assert cleaned == " ".join(cleaned.split())
    assert clean_question(cleaned) == cleaned


def test_topic_words_leave_out_function_words_and_endings() -> None:
    assert find_topic_words("What is the valuation of Scale?") == {"valuat", "scale"}


def test_mentions_are_names_and_numbers_but_not_the_first_word() -> None:
    assert find_mentions("Why did Tesla buy 49% of Scale AI in 2025?") == {"tesla", "49", "scale", "ai", "2025"}
    assert find_mentions("What did meta buy?") == frozenset()
    assert find_mentions("WHO RUNS SCALE AI SINCE 2025?") == {"2025"}


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many people work there?", True),
        ("When was it founded?", True),
        ("In what year did it close?", True),
        ("What percentage did Meta buy?", True),
        ("Who runs it?", False),
        ("How does it work?", False),
        ("What is the number of employees?", True),
        ("What was the price of the stake?", True),
        ("What time does it open?", True),
        ("What happened when it closed?", False),
    ],
)
def test_questions_for_figures_are_known(question: str, wanted: bool) -> None:
    assert asks_for_figure(question) is wanted


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        ("49%", True),
        ("a dozen people", True),
        ("last June", True),
        ("twenty-one", True),
        ("Meta", False),
        ("", False),
        ("New York City", False),
        ("Theresa May", False),
        ("in May", True),
        ("no boats", True),
        ("Both", True),
        ("free of charge", True),
        ("Norway", False),
        ("the Free Press", False),
    ],
)
def test_figures_are_known_in_digits_and_words(answer: str, held: bool) -> None:
    assert holds_figure(answer) is held
