"""Follow-up questions: by rule, and with what a reader finds missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.models import load_models
from rag.question.followup import Resolver, can_stand_alone, contextualize_question
from rag.question.references import MOST_IN_ALL, MOST_MESSAGES
from rag.types import Reading, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def test_a_person_is_the_answer_to_who_and_no_place() -> None:
    history = (Turn("user", "Who was caught in Lindau?"), Turn("assistant", "a retired teacher"))
    assert contextualize_question("What had she stolen?", history) == "What had the retired teacher stolen?"
    history = (Turn("user", "What happened to Ann Gow in Lindau?"), Turn("assistant", "a fall"))
    assert contextualize_question("How old is she?", history) == "How old is Ann Gow?"


@pytest.mark.parametrize(
    ("asked", "noun", "standalone"),
    [
        ("Who found the new comet?", "new comet", "When did the teacher first see it?"),
        ("Who beat Ann Gow?", "Ann Gow", "When did Ann Gow first see it?"),
    ],
)
def test_she_is_who_did_it_and_not_what_it_was_done_to(asked: str, noun: str, standalone: str) -> None:
    class Finding:
        def read_texts(
            self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
        ) -> list[list[Reading]]:
            (said,) = (text for _, text in passages[0])
            start = said.index(noun)
            found = [Reading(noun, 0, start, start + len(noun), 0.6, 0.0), Reading("", -1, 0, 0, 0.4, 0.4)]
            return [found if "[she]" in question else found[1:] for question in questions]

    history = (Turn("user", asked), Turn("assistant", "a teacher"))
    assert contextualize_question("When did she first see it?", history, Finding()) == standalone


def test_a_word_that_joins_clauses_refers_to_nothing() -> None:
    for question in ("Who is the nurse that saved the child?", "Do experts say that the bridge is safe?"):
        finder = Finder("Acme", 0.1)
        assert contextualize_question(question, STAKE, finder) == question
        assert finder.asked == [f"{question} []"]


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


class Finder:
    """Stands in for the reader: finds the same words whatever is asked, and keeps what it was shown."""

    def __init__(self, text: str, probability: float = 0.9, no_answer: float | None = None) -> None:
        absent = 1 - probability if no_answer is None else no_answer
        self.found = Reading(text, 0, 0, len(text), probability, absent) if text else None
        self.asked: list[str] = []
        self.shown = ""

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        self.asked += questions
        ((_, self.shown),) = passages[0]
        return [[self.found or Reading("", -1, 0, 0, 0.0, 1.0)] for _ in questions]


@pytest.mark.parametrize(
    ("question", "found", "asked", "standalone"),
    [
        ("How old is he?", "Ann Gow", "How old is [he]?", "How old is Ann Gow?"),
        ("Who is her boss?", "Ann Gow", "Who is [her] boss?", "Who is Ann Gow's boss?"),
        ("What did they say about their plan?", "Acme", "What did [they] say about their plan?",
         "What did Acme say about their plan?"),
        ("When was this deal signed?", "Firth Bridge", "When was [this] deal signed?",
         "When was this deal (Firth Bridge) signed?"),
        ("Any other investors?", "Acme", "Any other investors? []", "Any other investors? (Acme)"),
        ("Any other investors in Acme?", "Acme", "Any other investors in Acme? []", "Any other investors in Acme?"),
    ],
)  # fmt: skip
def test_what_the_reader_finds_missing_is_filled_in(question: str, found: str, asked: str, standalone: str) -> None:
    finder = Finder(found)
    assert contextualize_question(question, (*STAKE, *LEADER), finder) == standalone
    assert finder.asked[0] == asked
    assert finder.shown.startswith("What stake did Meta buy in Scale AI?\n49%\n")


def test_rules_stand_beneath_what_the_reader_does_not_find() -> None:
    assert contextualize_question("How old is he?", LEADER, Finder("")) == "How old is Alexandr Wang?"
    assert contextualize_question("How old is he?", LEADER, Finder("Meta", 0.1)) == "How old is Alexandr Wang?"
    assert contextualize_question("Who leads it?", STAKE, Finder("Meta", 0.25, 0.4)) == "Who leads Scale AI?"
    question = "Which companies make chips in Taiwan?"
    assert contextualize_question(question, STAKE, Finder("Meta", 0.4)) == question


class Lister:
    """Stands in for the reader: finds several texts, most probable first."""

    def __init__(self, *found: tuple[str, float]) -> None:
        self.found = [Reading(text, 0, 0, len(text), probability, 0.05) for text, probability in found]

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        assert len(questions) == len(passages)
        return [list(self.found) for _ in questions]


@pytest.mark.parametrize("value", ["2009", "$640 million", "49%", "on 4 March"])
def test_a_value_gives_way_to_the_next_best_noun(value: str) -> None:
    assert contextualize_question("When was it built?", STAKE, Lister((value, 0.8), ("Firth Bridge", 0.1))) == (
        "When was Firth Bridge built?"
    )
    assert contextualize_question("When was it built?", STAKE, Lister((value, 0.9))) == "When was Scale AI built?"
    unsure = Lister((value, 0.5), ("Firth Bridge", 0.02))
    assert contextualize_question("When was it built?", STAKE, unsure) == "When was Scale AI built?"


def test_thanks_are_no_part_of_the_conversation() -> None:
    thanked = (*LEADER, Turn("user", "ok, thanks!"), Turn("assistant", "You're welcome."))
    assert contextualize_question("How old is he?", thanked) == "How old is Alexandr Wang?"
    assert contextualize_question("thanks", thanked) == "thanks"
    assert contextualize_question("why?", thanked[2:]) == "why?"


def test_a_long_turn_is_cut_at_its_end() -> None:
    long = (Turn("user", "What stake did Meta buy in Scale AI? " + "x " * 5000), Turn("assistant", "49% " * 5000))
    assert "Scale AI" in contextualize_question("who founded it?", long, Finder("Scale AI"))


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("Which museum lost its most famous painting?", True),
        ("What did Ann Gow promise?", True),
        ("why did the central bank raise interest rates", True),
        ("How many were killed?", False),
        ("How old is he?", False),
        ("And what did Ann Gow promise?", False),
        ("Who signed this deal with Acme?", False),
    ],
)
def test_only_a_question_with_a_subject_can_be_asked_as_written(question: str, alone: bool) -> None:
    assert can_stand_alone(question) == alone


def test_a_bare_why_goes_on_from_the_question_before_and_without_history_nothing_is_asked() -> None:
    finder = Finder("Meta")
    assert contextualize_question("why?", STAKE, finder) == "why? (What stake did Meta buy in Scale AI?)"
    assert contextualize_question("How old is he?", (), finder) == "How old is he?"
    assert finder.asked == []


def test_the_reader_is_shown_no_more_of_a_hundred_turns_than_of_ten() -> None:
    finder = Finder("Meta")
    contextualize_question("How old is he?", (Turn("user", "a" * 999), Turn("assistant", "b" * 999)) * 50, finder)
    assert 2 < len(finder.shown.split("\n")) <= MOST_MESSAGES
    assert len(finder.shown) <= MOST_IN_ALL


@pytest.mark.parametrize(
    "question",
    ["what is inflation?", "How is the weather?", "what time is it in tokyo?", "did apple say it would sell phones?",
     "and who won the election in germany?", "Is it true that Bolt left?", "what about IT spending?"],
)  # fmt: skip
def test_where_the_reader_finds_nothing_missing_a_change_of_topic_drops_the_history(question: str) -> None:
    assert contextualize_question(question, STAKE, Finder("")) == question


def test_only_the_idle_it_refers_to_nothing() -> None:
    finder = Finder("Ann Gow")
    assert contextualize_question("Is it true that he left?", LEADER, finder) == "Is it true that Ann Gow left?"
    assert finder.asked == ["Is it true that [he] left?"]


def test_a_question_joined_to_another_does_not_nest() -> None:
    history = (Turn("user", "why? (What stake did Meta buy in Scale AI?)"), Turn("assistant", "data"))
    assert contextualize_question("how so?", history) == "how so? (What stake did Meta buy in Scale AI?)"


def test_of_a_question_too_long_to_be_read_whole_nothing_is_asked() -> None:
    finder = Finder("Ann Gow")
    question = "word " * 50 + "how old is he?"
    assert contextualize_question(question, LEADER, finder) == question
    assert finder.asked == []


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    """What users get."""
    return load_models(None, None).resolver


@pytest.mark.parametrize(
    ("before", "answer", "question", "standalone"),
    [
        ("Who runs Acme?", "Tim Cook runs Acme.", "When did he leave?", "When did Tim Cook leave?"),
        ("Who won the mayoral race in Brechin?", "Ann Gow", "What did she promise?", "What did Ann Gow promise?"),
        (
            "How many people work at Norvik Foods?",
            "about 2,400",
            "Where is its head office?",
            "Where is Norvik Foods's head office?",
        ),
        ("What stake did Meta buy in Scale AI?", "49%", "who founded it?", "who founded Scale AI?"),
        ("What stake did Meta buy in Scale AI?", "49%", "Who founded Anthropic?", "Who founded Anthropic?"),
        ("When was the bridge opened?", "In 1965", "why?", "Why was the bridge opened?"),
        ("When was the bridge opened?", "Friday", "How many people came to it?", "How many people came to the bridge?"),
    ],
)
def test_the_resolver_that_users_get_finds_who_and_what_is_meant(
    resolver: Resolver, before: str, answer: str, question: str, standalone: str
) -> None:
    history = (Turn("user", before), Turn("assistant", answer))
    assert contextualize_question(question, history, resolver) == standalone
