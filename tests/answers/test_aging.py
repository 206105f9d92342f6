"""An answer that rests on old evidence says how old it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rag.answers.aging import add_age, format_age
from rag.answers.rendering import describe_answer, format_answer
from rag.page.exchange import Exchange, read_exchange, write_record
from rag.page.states import list_warnings
from rag.question.times import find_time
from rag.types import Answer, Citation

TODAY = date(2026, 12, 1)


def make_answer(*dates: str | None) -> Answer:
    cited = tuple(
        Citation(f"{n}.txt", "Ferries", day, f"{n}.txt#0", "It carried nine.", 0, 16, 11, 15)
        for n, day in enumerate(dates)
    )
    return Answer("q?", "q?", "answered", "nine", "", 0.9, cited, (), (), short="nine", articles=len(dates))


@pytest.mark.parametrize(
    ("question", "dates", "days"),
    [
        ("How many did it carry?", ["2025-06-13"], 536),
        ("How many did it carry?", ["2024-06-13", "2025-06-13"], 536),  # the newest counts
        ("How many did it carry?", ["2026-06-13"], None),
        ("How many did it carry?", ["2024-06-13", None], None),  # unknown
        ("How many did it carry?", [None], None),
        ("What is the latest count?", ["2026-06-13"], 171),
        ("How many did it carry last week?", ["2026-06-13"], 171),
        ("What is the latest count?", ["2026-11-20"], None),
        ("How many did it carry in 2024?", ["2024-06-13"], None),
        ("How many did it carry in June?", ["2026-06-13"], None),
        ("How many did it carry in June?", ["2025-06-13"], 536),
        ("How many did it carry in June 2024?", ["2023-12-13"], 1084),
    ],
)
def test_the_age_is_told_if_it_matters(question: str, dates: list[str | None], days: int | None) -> None:
    assert add_age(make_answer(*dates), find_time(question), TODAY).age_days == days


def test_it_is_told_wherever_an_answer_is_shown() -> None:
    answer = add_age(make_answer("2025-06-13"), None, TODAY)
    assert "newest source 17 months old" in format_answer(answer, width=80, colour=False)
    assert "Its newest source is 17 months old." in list_warnings(answer)
    described = describe_answer(answer)
    assert (described["age_days"], "old evidence" in described["doubts"]) == (536, True)


def test_the_browser_keeps_it_and_what_it_kept_before_has_none() -> None:
    answer = add_age(make_answer("2025-06-13"), None, TODAY)
    record = write_record(Exchange("0" * 32, "q?", answer))
    kept = read_exchange(record)
    assert kept is not None
    assert kept.answer is not None
    assert kept.answer.age_days == 536
    del record["answer"]["age_days"]
    old = read_exchange(record)
    assert old is not None
    assert old.answer == replace(kept.answer, age_days=None)


@pytest.mark.parametrize(
    ("days", "words"),
    [(40, "40 days"), (60, "60 days"), (61, "2 months"), (365, "12 months"), (729, "23 months"), (730, "2 years")],
)
def test_ages_are_in_words(days: int, words: str) -> None:
    assert format_age(days) == words
