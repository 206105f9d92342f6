"""The time that a question names, counted from the day of the newest article."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.question.parsed import parse_question
from rag.question.times import find_period, find_time, strip_time
from rag.types import Period

NOW = date(2025, 6, 12)  # a Thursday


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("What happened in March 2024?", "2024-03-01", "2024-03-31"),
        ("What did the council decide in early March, 2024?", "2024-03-01", "2024-03-31"),
        ("What happened in June?", "2025-06-01", "2025-06-30"),
        ("what happened in december", "2024-12-01", "2024-12-31"),
        ("Who resigned last June?", "2024-06-01", "2024-06-30"),
        ("Who resigned last May?", "2025-05-01", "2025-05-31"),
        ("Who won the election of 2024?", "2024-01-01", "2024-12-31"),
        ("Which storms came in 2023, and where?", "2023-01-01", "2023-12-31"),
        ("Who spoke on 3 March 2024?", "2024-03-03", "2024-03-03"),
        ("Who spoke on the 3rd of March?", "2025-03-03", "2025-03-03"),
        ("Who spoke on Nov. 3rd, 2024?", "2024-11-03", "2024-11-03"),
        ("Who spoke on 2024-03-03?", "2024-03-03", "2024-03-03"),
        ("What closed today?", "2025-06-12", "2025-06-12"),
        ("What closed yesterday?", "2025-06-11", "2025-06-11"),
        ("Who was fired three days ago?", "2025-06-09", "2025-06-09"),
        ("What has closed this week?", "2025-06-09", "2025-06-15"),
        ("What closed last week?", "2025-06-02", "2025-06-08"),
        ("What closed in the past two weeks?", "2025-05-29", "2025-06-12"),
        ("What closed over the past week?", "2025-06-05", "2025-06-12"),
        ("What closed last month?", "2025-05-01", "2025-05-31"),
        ("What closed two months ago?", "2025-04-01", "2025-04-30"),
        ("How many were built last year?", "2024-01-01", "2024-12-31"),
        ("who spoke on 12 may in town", "2025-05-12", "2025-05-12"),
        ("What were the May 20 protests about?", "2025-05-20", "2025-05-20"),
        ("Who spoke on Monday?", "2025-06-09", "2025-06-09"),
        ("Who spoke last Thursday?", "2025-06-05", "2025-06-05"),
        ("What has changed since April?", "2025-04-01", "2025-06-12"),
        ("What was built before 2020?", "", "2020-12-31"),
    ],
)
def test_a_time_becomes_days(question: str, since: str, until: str) -> None:
    asked = parse_question(question).time
    assert asked is not None
    assert find_period(asked, NOW) == Period(since, until)


@pytest.mark.parametrize(
    "question",
    [
        "What is the latest on the strike?",
        "Who currently runs the museum?",
        "Who runs the company now?",
        "What is the most recent count?",
    ],
)
def test_the_newest_may_be_asked_for(question: str) -> None:
    asked = find_time(question)
    assert asked is not None
    assert find_period(asked, NOW) == Period("2025-05-13", "2025-06-12", newest=True)


@pytest.mark.parametrize(
    "question",
    [
        "What stake did Meta buy?",
        "When was the bridge opened?",
        "May I ask who runs the museum?",
        "Who led the march through the town?",
        "Who pays 2000 workers?",
        "Which of 2000 workers were dismissed?",
        "When must it be paid at the latest?",
        "What did Theresa May say?",
        "What did critics make of its latest model?",
        "How long are today's trains?",
        "How did the price change between spring and November 2025?",
        "How many days does it last?",
        "Why may 20 workers lose their jobs?",
        "How many of the 12 may be sold?",
        "How many people march 10 miles?",
        "What did critics think of May?",
        "What did USA Today report?",
        "What lived there 5,000 years ago?",
        "How did sales change from March to May?",
        "How did sales change between March 2024 and May 2025?",
        "Who will open the bridge in July?",
    ],
)
def test_other_questions_name_no_time(question: str) -> None:
    assert find_time(question) is None


@pytest.mark.parametrize("question", ["What is planned for 2031?", "What happened on 31 June 2024?"])
def test_days_that_have_not_begun_or_do_not_exist_are_none(question: str) -> None:
    asked = find_time(question)
    assert asked is None or find_period(asked, date(2025, 6, 12)) is None


@pytest.mark.parametrize(
    ("question", "bare"),
    [
        ("What did it carry in March?", "What did it carry?"),
        ("In March 2024, who left?", "who left?"),
        ("Who left on 3 March 2024, and why?", "Who left, and why?"),
        ("What did it carry?", "What did it carry?"),
        ("How much of the cost was paid in March's budget?", "How much of the cost was paid budget?"),
    ],
)
def test_a_question_can_be_asked_without_its_time(question: str, bare: str) -> None:
    assert strip_time(question) == bare


@example("", date(1, 1, 1))
@given(st.text(max_size=60), st.dates())
def test_whatever_is_asked_gives_days_in_order_or_none(text: str, now: date) -> None:
    for question in (text, f"in {text} 2024", f"{text} days ago", f"{text} latest"):
        asked = find_time(question)
        period = find_period(asked, now) if asked else None
        assert period is None or period.since <= period.until


@pytest.mark.parametrize(
    "question",
    ["When does the sale begin on 1 July?", "What time does it open on 3 May?", 'Who presents "This Week in Tech"?'],
)
def test_what_is_to_come_and_a_title_are_no_past_time(question: str) -> None:
    assert find_time(question) is None
