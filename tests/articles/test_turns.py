"""Interviews: what the interviewer asks is not what the article says."""

from __future__ import annotations

import pytest

from rag.articles.turns import find_question_before, find_questions, is_question


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
