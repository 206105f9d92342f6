"""What form of answer a question wants."""

from __future__ import annotations

import pytest

from rag.question.form import asks_for_stance, find_form


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("Why did the bank close?", "sentences"),
        ("The bank closed last week - why?", "sentences"),
        ("Who resigned, and why?", "sentences"),
        ("How does the vaccine work?", "sentences"),
        ("And how did they find out?", "sentences"),
        ("Tell me about the new bridge.", "sentences"),
        ("Could you summarise the ruling?", "sentences"),
        ("I was away. Explain the strike to me please", "sentences"),
        ("compare the two bids", "sentences"),
        ("List the towns that were flooded.", "sentences"),
        ("Is the bridge open again?", "whether"),
        ("For what reason was the trial stopped?", "sentences"),
        ("What does the charity do?", "either"),
        ("What are the risks of the new drug?", "either"),
        ("What happened in Perth?", "either"),
        ("What is the difference between the two plans?", "either"),
        ("What is the minister's name?", "short"),
        ("How many towns were flooded?", "short"),
        ("How punctual were the ferries in May?", "either"),
        ("How exactly did the ferry sink?", "sentences"),
        ("How much did the bridge cost?", "short"),
        ("Roughly how old is the chairman?", "short"),
        ("When did the plant open?", "short"),
        ("Who caused the crash?", "short"),
        ("Where is the plant?", "short"),
        ("In which year was the plan changed?", "short"),
        ("Which company bought the ferry?", "short"),
        ("", "either"),
        ("Why did the U.S. Senate reject the bill?", "sentences"),
        ("Tell me about the strike. I was away when it began.", "sentences"),
        ("why? (How much did the bridge cost?)", "sentences"),
        ("when? (Why did the bank leave?)", "short"),
        ("Who wrote the book Why We Sleep?", "short"),
        ("Which show is called How I Met Your Mother?", "short"),
        ("How low did the shares fall?", "short"),
        ("Can you name the founder?", "short"),
        ("population of Elgin", "short"),
        ("the row over the stadium, in brief", "sentences"),
        ("I lost the thread. When the mill shut, what happened to the workers?", "either"),
        ("Could you tell me the name of the ship?", "short"),
        ("Who chairs the inquiry, and how was she chosen?", "sentences"),
        ("Does the bank or the state pay?", "either"),
        ("Can you still swim in the quarry?", "whether"),
        ("could you vote by post in the 2029 election", "whether"),
        ("Could you briefly go over the verdict?", "sentences"),
        ("Can you put the new rules in simple words for me?", "sentences"),
    ],
)
def test_form(question: str, form: str) -> None:
    assert find_form(question) == form


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is the deal good or bad news for rivals?", True),
        ("is scale still independent", True),
        ("Are they getting closer or drifting apart?", True),
        ("Money-wise, is the start-up thriving?", True),
        ("Why was the ferry cancelled?", False),
        ("How do tagging by hand and by machine or model compare?", False),
        ("How many people or firms use it?", False),
        ("Who founded Scale?", False),
    ],
)
def test_articles_may_take_sides_on_what_is_so_and_on_a_choice(question: str, expected: bool) -> None:
    assert asks_for_stance(question) is expected
