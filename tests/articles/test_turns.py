"""Interviews: what the interviewer asks is not what the article says."""

from __future__ import annotations

import pytest

from rag.articles.cleaning import clean_text
from rag.articles.turns import asks_alone, find_question_before, find_questions, is_question


def quote(text: str) -> list[str]:
    return [text[start:end] for start, end in find_questions(text)]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Q: When did it open?\n\nA: In May.", ["Q: When did it open?"]),
        ("Q: They say you will move. Is that so? A: No. We stay.", ["Q: They say you will move. Is that so?"]),
        ("HALE: You sold 90. Why?\n\nPRYOR: We had to.", ["HALE: You sold 90. Why?"]),
        ("Tim Hale: How are you?\nNora Pryor: Well.", ["Tim Hale: How are you?"]),
        ("Who built it?\n\nA smith built it in 1761.", ["Who built it?"]),
        # Outside interviews only the sentence itself asks.
        ("The town paid £2 million. Was it worth it? Many doubt it.", ["Was it worth it?"]),
        ("Verdict: It cost £2 million. Was it worth it?", ["Was it worth it?"]),
        # Reported questions are news.
        ("She asked: “Where is the money?”", []),
        ("“Who pays?” asked Ms. Orr.", []),
        ("He wrote “Where Now?” in 1998.", []),
        ('What does "net zero" mean?\n\nThat nothing is added.', ['What does "net zero" mean?']),
        ("Nothing is asked here.", []),
        ("", []),
    ],
)
def test_questions_of_a_text(text: str, asked: list[str]) -> None:
    assert quote(text) == asked


def test_an_answer_knows_its_question() -> None:
    text = "Q: When did it open?\n\nA: In May. It rained.\n\nQ: Who came?\n\nA: Nobody."

    def before(words: str) -> str | None:
        span = find_question_before(text, text.index(words))
        return None if span is None else text[slice(*span)]

    assert before("In May") == before("It rained") == "Q: When did it open?"
    assert before("Nobody") == "Q: Who came?"
    assert before("Q: When") is None
    assert before("Q: Who") is None


def test_a_heading_that_asks() -> None:
    assert is_question("Who built the clock?")
    assert not is_question("The clock")
    assert not is_question("“Who built the clock?”")


def test_a_line_that_asks_in_nobodys_name() -> None:
    assert asks_alone("What happens next?")
    assert not asks_alone("Q: What happens next?")
    assert not asks_alone("Ida Rask: What happens next?")
    assert not asks_alone("The ferry is sold. What happens next?")
    assert not asks_alone("“What happens next?” she asked. Who knows?")
    assert not asks_alone("Nothing happens.")


EXPLAINER = """What the new ferry means for Hale

The council sold the ferry to a company from Ulm on Monday.

{}

In May 2026.

{}

£2.40, and 20p more for a bicycle. Children travel free until they are twelve.
"""


@pytest.mark.parametrize("spaced", [True, False])
def test_questions_of_an_explainer_are_headings_whatever_their_answers(spaced: bool) -> None:
    text = EXPLAINER.format("When does it start?", "How much will a ticket cost in 2026?")
    cleaned = clean_text(text if spaced else text.replace("\n\n", "\n"))
    assert cleaned.title == "What the new ferry means for Hale"
    assert [s.heading for s in cleaned.sections] == ["When does it start?", "How much will a ticket cost in 2026?"]


def test_questions_of_an_interview_are_no_headings() -> None:
    text = EXPLAINER.format("When does it start?", "You sold it for £90,000. Was that enough?")
    assert clean_text(text).sections == ()
    single = EXPLAINER.format("When does it start?", "It costs a little more than the old one.")
    assert clean_text(single).sections == ()


def test_a_question_with_its_speaker_is_no_heading() -> None:
    answer = (
        "Ida Rask: " + "We sold it because the harbour asked for more than we could pay in a year, and " * 2 + "so on."
    )
    cleaned = clean_text(f"Talk of the day\n\nShe runs the ferry.\n\nUlla Orr: Was It Right?\n\n{answer}")
    assert cleaned.sections == ()
