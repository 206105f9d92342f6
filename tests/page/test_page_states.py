"""How far to trust an answer, dates and titles, in words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from page_answers import KEY, check, make_corrected, make_declined, make_disagreeing, make_simple

from rag.page.cards import render_answer
from rag.page.exchange import Exchange
from rag.page.export import format_exchange
from rag.page.rendering import split_title, write_date
from rag.page.states import describe_confidence, name_state
from rag.page.transcript import render_transcript
from rag.types import Alternative, Answer


def make_possible() -> Answer:
    given = make_simple()
    withheld = Alternative(given.short, 0.45, given.citations)
    return replace(given, status="possible", text="", short="", reason="No.", confidence=0.45, withheld=withheld)


def test_the_four_kinds_of_result_differ_in_words_in_sign_and_in_style() -> None:
    answers = [make_simple(), make_possible(), make_declined(), make_disagreeing()]
    assert [name_state(answer) for answer in answers] == ["answered", "possible", "declined", "differing"]
    drawings, words = set(), set()
    for answer in answers:
        verdict = re.search(r'<p class="aa-verdict aa-is-(\w+)">.*?</p>', render_answer(answer, KEY), re.DOTALL)
        assert verdict is not None
        assert verdict[1] == name_state(answer)
        drawings |= set(check(verdict[0]).values("d"))
        words.add(check(verdict[0]).words)
    assert len(drawings) == 4
    assert words == {
        " Answer very likely right (90%)",
        " Possible answer uncertain (45%)",
        " No answer",
        f" The articles disagree {describe_confidence(make_disagreeing())}",
    }


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (1.0, "quoted word for word"),
        (0.998, "very likely right (99%)"),
        (0.91, "very likely right (91%)"),
        (0.8, "likely right (80%)"),
        (0.61, "probably right (61%)"),
        (0.45, "uncertain (45%)"),
        (0.1, "doubtful (10%)"),
    ],
)
def test_confidence_is_said_in_words(confidence: float, said: str) -> None:
    assert describe_confidence(replace(make_simple(), confidence=confidence)) == said
    assert describe_confidence(make_declined()) == ""


@pytest.mark.parametrize("answer", [make_simple(), make_declined(), make_disagreeing()])
def test_a_corrected_answer_says_who_corrected_it_and_when(answer: Answer) -> None:
    corrected = make_corrected(replace(answer, passages=()), "Eva", "Tom")
    assert "corrected by Eva and Tom on 2 November 2026" in check(render_answer(corrected, KEY)).words
    assert "corrected by Eva and Tom on 2026-11-02" in format_exchange(Exchange(KEY, "x", corrected)).replace("\\", "")
    assert "Confidence" not in format_exchange(Exchange(KEY, "x", corrected))


def test_of_answers_that_differ_the_confidence_is_that_of_the_first() -> None:
    assert describe_confidence(make_disagreeing()).startswith("the first is ")


def test_warnings_stand_above_the_quote() -> None:
    words = check(render_answer(replace(make_simple(), confidence=0.3, articles=1), KEY)).words
    quote = words.rindex("Meta bought a")
    assert words.index("Check the highlighted sentence") < quote
    assert words.index("Only one article says so.") < quote


def test_nothing_is_called_saved_before_it_is() -> None:
    exchange = Exchange(KEY, "What stake?", make_simple())
    assert "saved" not in check(render_transcript([exchange])).words
    assert "Your rating is saved." in check(render_transcript([replace(exchange, rating="down")])).words
    corrected = replace(exchange, rating="down", correction="50%")
    assert "Your rating is saved with your answer." in check(render_transcript([corrected])).words


@pytest.mark.parametrize(
    ("title", "split"),
    [
        ("Flood closes the old bridge | The Harbour Post", ("Flood closes the old bridge", "The Harbour Post")),
        ("Flood closes the old bridge - Post 24", ("Flood closes the old bridge", "Post 24")),
        ("Flood closes bridge - and the school", ("Flood closes bridge - and the school", "")),
        ("Twenty-one wells run dry", ("Twenty-one wells run dry", "")),
        ("Live - Harbour Post", ("Live - Harbour Post", "")),
        ("", ("", "")),
    ],
)
def test_a_title_is_shown_without_its_publication(title: str, split: tuple[str, str]) -> None:
    assert split_title(title) == split


def test_dates_are_written_in_words() -> None:
    assert write_date("2025-03-07") == "7 March 2025"
    assert write_date("last spring") == "last spring"
