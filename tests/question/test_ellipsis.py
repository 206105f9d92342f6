"""Fragments change the question before them."""

from __future__ import annotations

import pytest

from rag.question.ellipsis import change_question


@pytest.mark.parametrize(
    ("fragment", "previous", "changed"),
    [
        ("And for pensioners?", "What does the bus cost for students?", "What does the bus cost for pensioners?"),
        ("and in 2024?", "How many cars did Tarn sell in 2023?", "How many cars did Tarn sell in 2024?"),
        ("in 2024?", "Who won the regatta in Brevik?", "Who won the regatta in Brevik in 2024?"),
        ("And in Elgin?", "Who won the regatta in Brevik in 2023?", "Who won the regatta in Elgin in 2023?"),
        ("and to Oban?", "When does the ferry to Brevik sail?", "When does the ferry to Oban sail?"),
        ("And of Elgin?", "Who is the mayor of Brevik?", "Who is the mayor of Elgin?"),
        ("in the second quarter?", "What did it earn in the first quarter?", "What did it earn in the second quarter?"),
        ("What about 2024", "What did Tarn earn in 2023?", "What did Tarn earn in 2024?"),
        ("How about Tarn Steel?", "Who runs Elmfield Energy?", "Who runs Tarn Steel?"),
        ("and the women's final?", "Who won the men's final in Brevik?", "Who won the women's final in Brevik?"),
        ("And the surface?", "What is the depth of Loch Arn?", "What is the surface of Loch Arn?"),
        ("and the Rovers?", "How often did the Colts lose in Elgin?", "How often did the Rovers lose in Elgin?"),
        ("And the school?", "When was the church built?", "When was the school built?"),
        ("When?", "Why did the quarry close?", "When did the quarry close?"),
        ("and why?", "When was the bridge opened?", "Why was the bridge opened?"),
        ("By train?", "How long does the trip to Oban take?", "How long does the trip to Oban take by train?"),
    ],
)  # fmt: skip
def test_a_fragment_changes_the_question_before_it(fragment: str, previous: str, changed: str) -> None:
    assert change_question(fragment, previous) == changed


@pytest.mark.parametrize(
    ("question", "previous"),
    [
        ("Who runs Tarn Steel?", "Who runs Elmfield Energy?"),
        ("And who runs it?", "What is Elmfield Energy?"),
        ("Tarn Steel", "Who runs Elmfield Energy?"),
        ("And Tarn Steel?", "When did Ada Munk join Elmfield Energy?"),
        ("why?", "What stake did Tarn buy?"),
        ("why?", "Where is the tunnel?"),
        ("and the year before?", "What was the revenue of Tarn?"),
        ("Any others?", "Which firms bid?"),
        ("for how much?", "Who bought the estate?"),
        ("since when?", "Who runs Tarn?"),
        ("And in Brevik?", "Who won the regatta in Brevik?"),
        ("And?", "Who won?"),
        ("in 2024?", ""),
    ],
)
def test_what_is_no_fragment_or_is_not_certain_changes_nothing(question: str, previous: str) -> None:
    assert change_question(question, previous) == ""
