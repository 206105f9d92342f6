"""What is asked to be defined, and what answers it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answers.compose import compose_answer
from rag.answers.confidence import FEATURES, SENTENCE_FEATURES, UNCALIBRATED, Judge
from rag.index.encoder import load_encoder
from rag.question.definitions import find_term
from rag.question.parsed import parse_question
from rag.reader.choosing import open_reader
from rag.types import Answer, Passage, Reading, Readings, ScoredPassage


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("What is data labelling?", "data labelling"),
        ("who is Ada Lovelace", "Ada Lovelace"),
        ("So what's a tensor exactly?", "tensor"),
        ("What does Acme Corp do?", "Acme Corp"),
        ("What does CERN stand for?", "CERN"),
        ("What is meant by fair use?", "fair use"),
        ("Can you tell me what is the Turing test?", "Turing test"),
        ("Who is the head of Acme?", None),
        ("What is the price?", None),
        ("What is Ada's surname?", None),
        ("What is it?", None),
        ("What is the new ferry called?", None),
        ("What did Acme buy?", None),
        ("What is the mayor going to do about the bridge?", None),
    ],
)
def test_what_is_asked_to_be_defined(question: str, term: str | None) -> None:
    assert find_term(question) == term


TEXT = (
    "The strike put Acme in a difficult position. Acme was in the news again on Monday. "
    "Acme, a family firm in Perth, makes kites and small sails. Rain fell on the harbour all day."
)


READER = open_reader()


def ask(question: str, words: str) -> Answer:
    """The answer where the reader is sure of these words."""
    passage = Passage("a#0", "a", "Harbour news", "", None, 0, len(TEXT), TEXT)
    start = TEXT.index(words)
    judged = READER.read([question], [[passage]])[0].sentences
    readings = Readings((Reading(words, 0, start, start + len(words), 0.9, 0.1),), sentences=judged)
    sure = replace(
        UNCALIBRATED,
        short=Judge((0.0,) * len(FEATURES), 2.0, 0.5),
        sentences=Judge((0.0,) * len(SENTENCE_FEATURES), 2.0, 0.5),
    )
    return compose_answer(parse_question(question), [ScoredPassage(passage, 1.0)], readings, sure, load_encoder())


def test_what_something_is_is_answered_by_the_sentence_that_says_so() -> None:
    answer = ask("What does Acme do?", "put Acme in a difficult position")
    assert answer.short == ""
    assert "Acme, a family firm in Perth, makes kites and small sails." in answer.text


def test_a_short_answer_out_of_that_sentence_stands_above_it() -> None:
    answer = ask("What does Acme do?", "makes kites and small sails")
    assert answer.short == "makes kites and small sails"
    assert "Acme, a family firm in Perth, makes kites and small sails." in answer.text
