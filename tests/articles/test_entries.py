"""Live blogs: entries that begin with their time."""

from __future__ import annotations

import pytest

from rag.articles.entries import (
    CORRECTION,
    find_corrections,
    find_entries,
    find_minute,
    find_report,
    format_time,
    rank_entries,
)
from rag.index.chunking import chunk_document
from rag.types import Document, Passage, Section


def count_words(texts: object) -> list[int]:
    return [len(text.split()) for text in texts]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("heading", "minute"),
    [
        ("16:05 Bridge closed", 965),
        ("Updated 10.30am", 630),
        ("12.15 pm", 735),
        ("12am", 0),
        ("9:40 GMT", 580),
        ("2.15 Results", None),
        ("25:10", None),
        ("The vote at 16:05", None),
    ],
)
def test_the_time_at_the_start_of_a_heading(heading: str, minute: int | None) -> None:
    assert find_minute(heading) == minute


@pytest.mark.parametrize(
    ("text", "stamps"),
    [
        ("Flood\n\n16:05\n\nThe dam holds.\n\n14:20\n\nThe dam leaks.", ["16:05", "14:20"]),
        ("Flood\n\n08.10 – The dam leaks.\n\nRain.\n\n11.45 – The dam holds.", ["08.10", "11.45"]),
        ("Vote\n\n9.40pm: Polls close.\n\nUpdated at 10.15pm\n\nCounting begins.", ["9.40pm", "Updated at 10.15pm"]),
        ("Vote\n\n18:00 Polls close in two hours.\n\n20:00 Polls close.", ["18:00", "20:00"]),
        ("One time\n\n16:05\n\nThe dam holds.", []),
        ("Prices\n\n2.50 Euro is the price.\n\n3.20 Euro was the price.", []),
        ("Sums\n\n12.50 euros a day\n\n13.40 euros a week", []),
    ],
)
def test_the_entries_of_a_text(text: str, stamps: list[str]) -> None:
    entries = find_entries(text)
    assert [entry.stamp for entry in entries] == stamps
    assert all(text[entry.start : entry.start + len(entry.stamp)] == entry.stamp for entry in entries)


def test_a_passage_stays_within_one_entry_and_names_its_time() -> None:
    text = "LIVE: Strike\n\n17:30\n\nTalks resume\n\nBoth sides meet.\n\n15:10\n\nNo trains\n\nNo buses.\n\nWhy\n\nPay."
    headings = ("Talks resume", "No trains", "Why")
    document = Document(
        "strike.txt", "LIVE: Strike", "2025-03-04", text, tuple(Section(text.index(h), h) for h in headings)
    )
    passages = chunk_document(document, count_tokens=count_words)
    assert [(p.heading, p.text.split("\n\n")[-1]) for p in passages] == [
        ("", "LIVE: Strike"),
        ("17:30 Talks resume", "Both sides meet."),
        ("15:10 No trains", "No buses."),
        ("15:10 Why", "Pay."),
    ]
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert [find_report(p)[1] for p in passages] == [None, "17:30", "15:10", "15:10"]


def make_passage(start: int, heading: str) -> Passage:
    return Passage(f"p{start}", "blog.txt", "Blog", heading, None, start, start + 1, "x")


@pytest.mark.parametrize("newest_first", [True, False])
def test_entries_are_ordered_in_time_even_past_midnight(newest_first: bool) -> None:
    times = ["21:10", "22:30", "23:50", "00:20"]
    placed = [make_passage(n, time) for n, time in enumerate(reversed(times) if newest_first else times)]
    ranks = rank_entries([make_passage(9, ""), *placed])
    assert [time for time, _ in sorted(((p.heading, ranks[p.passage_id]) for p in placed), key=lambda x: x[1])] == times


def test_passages_of_one_entry_have_one_rank() -> None:
    ranks = rank_entries([make_passage(0, "14:00 A"), make_passage(1, "14:00 A"), make_passage(2, "15:00 B")])
    assert ranks == {"p0": 0, "p1": 0, "p2": 1}


def test_the_time_is_written_in_one_form() -> None:
    assert (format_time("9.05pm Polls"), format_time("No time")) == ("21:05", None)


@pytest.mark.parametrize(
    "note",
    [
        "Correction: The weir is 90 years old, not 19.",
        "CORRECTION, 3 May: The weir is 90 years old.",
        "Clarification (3 May) – The weir belongs to the village.",
        "Corrections\n\nThe weir is 90 years old.",
        "An earlier version of this article said that the weir was 19 years old. It is 90.",
        "This story was amended on 3 May to correct the age of the weir.",
    ],
)
def test_a_correction_is_a_passage_of_its_own(note: str) -> None:
    before, after = "Weir repaired\n\nThe weir of Lower Stone has been repaired.\n\n", "\n\nThe mill runs again."
    text = before + note + after
    assert [text[a:b] for a, b in find_corrections(text)] == [note]
    passages = chunk_document(Document("weir.txt", "Weir repaired", None, text, ()), count_tokens=count_words)
    assert [(p.heading, p.text) for p in passages] == [("", before.strip()), (CORRECTION, note), ("", after.strip())]
    assert {find_report(p) for p in passages} == {("weir.txt", None), ("weir.txt", CORRECTION)}


@pytest.mark.parametrize(
    "paragraph",
    [
        "Corrections officers went on strike.",
        "Corrected figures show a fall of 3 per cent.",
        "The correction came too late, he said: nobody saw it.",
        "An earlier version of the bridge fell down.",
    ],
)
def test_what_only_mentions_a_correction_is_none(paragraph: str) -> None:
    assert find_corrections(f"Title\n\n{paragraph}\n\nMore.") == []
