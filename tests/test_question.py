"""Questions are data, whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import QuestionError
from rag.question import MAX_CHARACTERS, clean_question, find_topic_words


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\0", "???", "—!", "\u200b"])
def test_nothing_asked_is_one_sentence_that_names_the_fix(text: str) -> None:
    with pytest.raises(QuestionError, match=r"ask (one|it) in words"):
        clean_question(text)


def test_too_long_a_question_is_refused_with_the_limit() -> None:
    with pytest.raises(QuestionError, match="20,000 characters: ask it in at most 2,000"):
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
