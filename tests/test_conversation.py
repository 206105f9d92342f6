"""Follow-up questions by rule."""

from __future__ import annotations

import pytest

from rag.conversation import contextualize_question
from rag.types import Turn

STAKE = (Turn("user", "What stake did Meta buy in Scale AI?"), Turn("assistant", "49%"))
LEADER = (Turn("user", "Who leads the new unit at Meta?"), Turn("assistant", "Alexandr Wang"))


@pytest.mark.parametrize(
    ("question", "history", "standalone"),
    [
        ("who founded it?", STAKE, "who founded Scale AI?"),
        ("What is its valuation?", STAKE, "What is Scale AI's valuation?"),
        ("How old is he?", LEADER, "How old is Alexandr Wang?"),
        ("why?", STAKE, "why? (What stake did Meta buy in Scale AI?)"),
        ("and the price?", STAKE, "the price? (What stake did Meta buy in Scale AI?)"),
        ("Who founded Anthropic?", STAKE, "Who founded Anthropic?"),
        ("who founded it?", (), "who founded it?"),
    ],
)
def test_follow_up(question: str, history: tuple[Turn, ...], standalone: str) -> None:
    assert contextualize_question(question, history) == standalone


def test_a_chain_of_follow_ups_keeps_its_topic() -> None:
    history = (*STAKE, Turn("user", "who founded it?"), Turn("assistant", "Alexandr Wang"))
    assert contextualize_question("how old is he?", history) == "how old is Alexandr Wang?"
    assert contextualize_question("what is its valuation?", history) == "what is Scale AI's valuation?"


def test_a_hundred_turns_are_read_no_further_than_a_dozen() -> None:
    old = (Turn("user", "What does Apple sell?"), Turn("assistant", "phones"))
    filler = (Turn("user", "what is the weather in town today?"), Turn("assistant", "")) * 50
    assert "Apple" not in contextualize_question("why?", old + filler)
