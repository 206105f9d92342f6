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
        ("Is it true that Meta bought Scale?", STAKE, "Is it true that Meta bought Scale?"),
        ("What did Apple say about its models?", STAKE, "What did Apple say about its models?"),
        ("did apple sell its shares?", STAKE, "did apple sell its shares?"),
        ("what about IT spending?", STAKE, "IT spending? (What stake did Meta buy in Scale AI?)"),
        ("Who gave her the price?", LEADER, "Who gave Alexandr Wang the price?"),
        ("Who is her boss?", LEADER, "Who is Alexandr Wang's boss?"),
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


def test_bare_follow_ups_do_not_nest() -> None:
    history = (*STAKE, Turn("user", "why?"), Turn("assistant", ""), Turn("user", "how so?"), Turn("assistant", ""))
    assert contextualize_question("why?", history) == "why? (What stake did Meta buy in Scale AI?)"


def test_a_hostile_history_stays_small() -> None:
    history = (Turn("user", "tell about Foo"),) + (Turn("user", "tell about " + "it " * 1000),) * 11
    assert len(contextualize_question("tell about it", history)) < 1000
    assert contextualize_question("why?", (Turn("user", "a" * 100_000),)).startswith("why? (aaa")
