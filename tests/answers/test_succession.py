"""Values that were corrected or counted again, and the entries of live blogs: the newest is the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rag.answers.rendering import describe_answer, format_answer
from rag.answers.succession import Succession, is_retracted, keep_new_end
from rag.page.cards import render_answer
from rag.page.exchange import Exchange, read_exchange, write_record
from rag.page.export import format_exchange
from rag.pipeline import Config, Pipeline
from rag.question.parsed import parse_question
from rag.types import Passage, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.types import Answer

ARTICLES = {
    "slide-1.txt": (
        "Landslide buries road in Ennerdale\n\n3 February 2025\n\nSeven people died in the landslide in "
        "Ennerdale on Monday. The road to the quarry is closed."
    ),
    "slide-2.txt": (
        "Ennerdale: more victims found\n\n5 February 2025\n\nThe number of people who died in the "
        "landslide in Ennerdale has risen to twelve, the sheriff said on Wednesday."
    ),
    "tram-1.txt": "New tram line\n\n1 March 2024\n\nThe Holbeck tram line will open on 4 May, the operator said.",
    "tram-2.txt": (
        "Holbeck tram line late\n\n20 April 2024\n\nThe opening of the Holbeck tram line has been "
        "postponed from 4 May to 1 June, because the rails were delivered late."
    ),
    "toys.txt": (
        "Toymaker recalls wooden trains\n\n9 June 2025\n\nPinewheel is recalling 1,800 wooden trains "
        "because their paint contains lead.\n\nCorrection, 10 June: An earlier version of this article "
        "said that Pinewheel was recalling 18,000 wooden trains."
    ),
    "mill.txt": (
        "Paper mill of Orrest to close\n\n4 May 2025\n\nThe paper mill of Orrest will close in March, and 320 people "
        "will lose their jobs.\n\nCorrection: The number of people who will lose their jobs in Orrest is 230."
    ),
    "blog.txt": (
        "LIVE: Flood in Marchfield\n\n19:05\nWater falls\nThe river is at 4.1 metres in Marchfield, the "
        "water board says. Roads are still closed.\n\n16:30\nPeak reached\nThe river is at 5.6 metres in "
        "Marchfield, the highest level since 1954.\n\n11:15\nSandbags\nThe river is at 4.8 metres in "
        "Marchfield and the school has been closed."
    ),
    "hall-1.txt": "Concert hall\n\n2 July 2024\n\nThe Torrance concert hall has 1,150 seats.",
    "hall-2.txt": "An evening of song\n\n9 July 2024\n\nThe Torrance concert hall, which has 980 seats, was sold out.",
    "bus-1.txt": "Bus crash near Wendle\n\n3 May 2025\n\nFour people were injured in the bus crash near Wendle.",
    "bus-2.txt": (
        "Bus crash in Tarvin\n\n6 May 2025\n\nThe number of people injured in the bus crash in Tarvin has "
        "risen to nine."
    ),
}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("succession")
    (folder / "articles").mkdir()
    for name, text in ARTICLES.items():
        (folder / "articles" / name).write_text(f"{text}\n", encoding="utf-8")
    opened = Pipeline.open(Config(folder / "articles", folder / "index"))
    yield opened
    opened.close()


def list_others(answer: Answer) -> list[tuple[str, bool]]:
    return [(other.text, other.superseded) for other in answer.alternatives]


@pytest.mark.parametrize(
    ("question", "newest", "old"),
    [
        ("How many people died in the landslide in Ennerdale?", "twelve", ["Seven"]),
        ("When will the Holbeck tram line open?", "1 June", ["4 May"]),
        ("How many wooden trains is Pinewheel recalling?", "1,800", ["18,000"]),
        ("How many people in Orrest will lose their jobs?", "230", ["320"]),
        ("How high is the river in Marchfield?", "4.1 metres", ["5.6 metres", "4.8 metres"]),
    ],
)
def test_the_newest_value_is_the_answer_and_the_earlier_ones_are_superseded(
    pipeline: Pipeline, question: str, newest: str, old: list[str]
) -> None:
    answer = pipeline.ask(question)
    assert answer.short == newest
    assert list_others(answer) == [(text, True) for text in old]
    assert not answer.contradicted
    assert "articles disagree" not in answer.doubts


def test_without_a_word_of_change_both_values_stand(pipeline: Pipeline) -> None:
    answer = pipeline.ask("How many seats does the Torrance concert hall have?")
    assert answer.contradicted
    assert {answer.short, *(text for text, _ in list_others(answer))} == {"1,150", "980"}
    assert not any(superseded for _, superseded in list_others(answer))


def test_a_later_count_of_another_event_supersedes_nothing(pipeline: Pipeline) -> None:
    answer = pipeline.ask("How many people were injured in the bus crash near Wendle?")
    assert (answer.short, answer.alternatives) == ("Four", ())


def test_superseded_values_are_shown_with_their_date_or_time(pipeline: Pipeline) -> None:
    answer = pipeline.ask("How many people died in the landslide in Ennerdale?")
    shown = format_answer(answer, width=100, colour=False)
    assert shown.startswith("twelve\n")
    assert "superseded: Seven" in shown
    assert "2025-02-03" in shown
    assert "disagree" not in shown
    page = render_answer(answer, "ab12")
    assert "Superseded:" in page
    assert "disagree" not in page
    assert [other["superseded"] for other in describe_answer(answer)["alternatives"]] == [True]
    exchange = Exchange("ab12", answer.question, answer)
    assert "Superseded:\n\n- Seven" in format_exchange(exchange)
    live = pipeline.ask("How high is the river in Marchfield?")
    assert ", 19:05 (blog.txt)" in format_answer(live, width=100, colour=False)
    assert "16:30" in render_answer(live, "ab12")


def test_what_a_browser_kept_before_values_were_superseded_is_still_read(pipeline: Pipeline) -> None:
    answer = pipeline.ask("How high is the river in Marchfield?")
    record = write_record(Exchange("ab12" * 8, answer.question, answer))
    assert (kept := read_exchange(record)) is not None
    assert kept.answer is not None
    assert kept.answer.alternatives == answer.alternatives
    for other in record["answer"]["alternatives"]:
        del other["superseded"]
        for citation in other["citations"]:
            del citation["time"]
    old = read_exchange(record)
    assert old is not None
    assert old.answer is not None
    assert [other.superseded for other in old.answer.alternatives] == [False, False]


def read(text: str, value: str, date: str | None = None, name: str = "a.txt") -> tuple[Reading, Passage]:
    start = text.index(value)
    passage = Passage(f"{name}#0", name, "Harbour", "", date, 0, len(text), text)
    return Reading(value, 0, start, start + len(value), 0.9, 0.1), passage


@pytest.mark.parametrize(
    ("text", "value", "retracted"),
    [
        ("Correction: an earlier version said that 12 boats sank.", "12", True),
        ("An earlier version said 12 boats sank; the figure is 21.", "21", False),
        ("We originally reported that Ann Gow owned the yard, but it belongs to Ian Muir.", "Ian Muir", False),
        ("We originally reported that Ann Gow owned the yard, but it belongs to Ian Muir.", "Ann Gow", True),
        ("The sum was corrected from £30m to £13m.", "£30m", True),
        ("The sum was corrected from £30m to £13m.", "£13m", False),
        ("The yard has 90 berths, not 70 as previously stated.", "70", True),
        ("The yard has 90 berths, not 70 as previously stated.", "90", False),
        ("The owner is Ann Gow, not Ian Muir as stated above.", "Ian Muir", True),
        ("It first said that the yard had 70 berths.", "70", True),
        ("The yard first reported a loss in 1970.", "1970", False),
        ("Ann Gow, as previously reported, owns the yard.", "Ann Gow", False),
        ("An earlier ferry carried 300 people.", "300", False),
    ],
)
def test_what_a_correction_withdraws(text: str, value: str, retracted: bool) -> None:
    assert is_retracted(*read(text, value)) is retracted


@pytest.mark.parametrize(
    ("text", "value", "kept"),
    [
        ("The fair was moved from 7 June to 9 June.", "7 June to 9 June", "9 June"),
        ("The fine was raised from £50 to £80.", "£50 to £80", "£80"),
        ("The fair runs from 7 June to 9 June.", "7 June to 9 June", "7 June to 9 June"),
    ],
)
def test_of_a_change_read_whole_the_new_value_stands(text: str, value: str, kept: str) -> None:
    reading, passage = read(text, value)
    assert keep_new_end(reading, [passage]).text == kept


@pytest.mark.parametrize(
    ("question", "newer", "older", "replaces"),
    [
        ("How many boats sank?", "The number of boats that sank rose to 9.", "5 boats sank.", True),
        ("How many boats sank?", "9 boats sank.", "5 boats sank.", False),
        ("How many boats are missing now?", "9 boats are missing.", "5 boats are missing.", True),
        ("How many boats sank at first?", "The number of boats that sank rose to 9.", "5 boats sank.", False),
        ("Who runs the harbour?", "Ida Holm succeeds Per Dahl.", "Per Dahl runs the harbour.", True),
        ("Who runs the harbour?", "Ida Holm runs the harbour.", "Per Dahl runs the harbour.", False),
    ],
)
def test_a_later_article_must_say_that_the_value_changed(question: str, newer: str, older: str, replaces: bool) -> None:
    new, later = read(newer, "Ida Holm" if "Ida" in newer else "9", "2025-01-04")
    old, earlier = read(older, "Per Dahl" if "Per" in older else "5", "2025-01-02", "b.txt")
    succession = Succession(parse_question(question), [later, earlier], [])
    assert succession.replaces(new, replace(old, passage=1)) is replaces
    assert not succession.replaces(replace(old, passage=1), new)
