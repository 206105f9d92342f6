"""How follow-ups in the styles of users are rewritten, with the resolver that users get. All news is invented."""

from __future__ import annotations

import pytest

from rag.models import load_models
from rag.question.correction import drop_courtesy, find_correction
from rag.question.followup import contextualize_question
from rag.question.places import fill_place
from rag.types import Turn


@pytest.mark.parametrize(
    ("asked", "answer", "question", "standalone"),
    [
        # Somebody's own, in place of the person.
        ("Who is the mayor of Ostwick?", "Greta Lindholm", "and her husband?", "Who is Greta Lindholm's husband?"),
        ("When did Rosa Tamm die?", "in 2019", "and her brother?", "When did Rosa Tamm's brother die?"),
        # Times before and after.
        ("What profit did Marlow Tiles make in 2023?", "$4 million", "what about the year before?",
         "What profit did Marlow Tiles make in 2022?"),
        ("What did Brightwater earn in the first quarter of 2024?", "€1 million", "and the quarter before?",
         "What did Brightwater earn in the fourth quarter of 2023?"),
        ("What was the revenue of Norlin in Q2?", "€80 million", "same for Q3",
         "What was the revenue of Norlin in Q3?"),
        # Circumstances.
        ("Who won the vote in Brisk County?", "Carla Munt", "by how many votes?",
         "by how many votes? (Who won the vote in Brisk County?)"),
        ("When does the ferry to Skarrow leave?", "7 a.m.", "every day?",
         "every day? (When does the ferry to Skarrow leave?)"),
        # Corrections.
        ("What did the minister open in Fenmere?", "a clinic", "I mean the health minister",
         "What did the health minister open in Fenmere?"),
        ("Who runs Halden?", "Maja Friis", "no, the company", "Who runs Halden? (the company)"),
        ("When does the lido in Marl open?", "at 9", "sorry, i meant when does it close",
         "when does the lido in Marl close"),
        # Thanks and the next question in one message.
        ("Who founded Quince Labs?", "Tara Obeng", "ok thanks! how old is she?", "how old is Tara Obeng?"),
        # Places.
        ("How many homes were flooded in Ansley?", "140", "how high was the water there",
         "how high was the water in Ansley"),
        ("what did the storm destroy in brevik", "the old pier", "was anyone hurt there", "was anyone hurt in brevik"),
        # "It" is the thing itself rather than where it is, and nobody; "they" are several; "he" is no museum.
        ("What caused the outage in Tarsk?", "a squirrel", "how long did it last?",
         "how long did the outage in Tarsk last?"),
        ("How much will the stadium in Ansley cost?", "$80 million", "Who pays for it?",
         "Who pays for the stadium in Ansley?"),
        ("What did the report on the Torvik dam find?", "", "when was it written?",
         "when was the report on the Torvik dam written?"),
        ("When did Lena Brook break her wrist?", "in May", "who treated it?", "who treated Lena Brook's wrist?"),
        ("What did Mayor Lund promise?", "free buses", "when will they start?", "when will free buses start?"),
        ("How old is the man arrested in the Tarsk robbery?", "38", "where did he work?",
         "where did the man arrested in the Tarsk robbery work?"),
        # The answer to "which".
        ("Which company confirmed a contract with Halden Rail?", "Voltaro", "Where is it based?",
         "Where is Voltaro based?"),
        ("Which museum bought the Vale bronze?", "the Dorrit Museum", "How much did that museum pay for it?",
         "How much did the Dorrit Museum pay for the Vale bronze?"),
        ("Which tariff is Voltaro ending?", "the night tariff", "Until when can I use it?",
         "Until when can I use the night tariff?"),
        # Subjects of their own.
        ("How long is the Melby tunnel?", "4 km", "what does the brewery in lorne plan",
         "what does the brewery in lorne plan"),
    ],
)  # fmt: skip
def test_follow_ups_as_users_type_them(asked: str, answer: str, question: str, standalone: str) -> None:
    history = (Turn("user", asked), Turn("assistant", answer))
    assert contextualize_question(question, history, load_models(None, None).resolver) == standalone


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("Who lives there?", "Who lives in Lorne?"),
        ("Are there any schools?", "Are there any schools?"),
        ("How many schools are there?", "How many schools are there?"),
        ("In Tarsk, who leads the council there?", "In Tarsk, who leads the council there?"),
        ("There's a school?", "There's a school?"),
        ("how many seats do they have there?", "how many seats do they have in Lorne?"),
    ],
)
def test_there_is_the_latest_place_unless_it_says_only_that_something_is(question: str, place: str) -> None:
    assert fill_place(question, ["Who runs the mine near Melby?", "What opened in Lorne in May?", "a school"]) == place


def test_there_is_the_company_that_was_asked_for() -> None:
    asked = "Which company does Ann Gow of Lorne work for?"
    history = (Turn("user", asked), Turn("assistant", "Voltaro"))
    made = contextualize_question("How long has she been there?", history, load_models(None, None).resolver)
    assert made == "How long has Ann Gow been at Voltaro?"


def test_there_is_nowhere_if_no_place_was_named() -> None:
    assert fill_place("Who lives there?", ["What did Ann Gow say in 2019?", "40%"]) == "Who lives there?"


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("no, I meant the foundation", "the foundation"),
        ("Oh sorry, I put that badly: I meant the price", "the price"),
        ("not the town, the company", "the company"),
        ("No one was hurt in Riga?", ""),
        ("Who said no?", ""),
        ("Which minister said: I wanted to ask for help?", ""),
        ("How many people are not paid, and why?", ""),
    ],
)
def test_a_correction_says_what_is_meant(message: str, meant: str) -> None:
    assert find_correction(message) == meant


@pytest.mark.parametrize(
    "question", ["Good Friday sales?", "Great apes in Borneo?", "ok", "Fine wines, who sells them?"]
)
def test_only_thanks_before_a_question_are_dropped(question: str) -> None:
    assert drop_courtesy(question) == question
    assert drop_courtesy("Thanks, who runs it?") == "who runs it?"
