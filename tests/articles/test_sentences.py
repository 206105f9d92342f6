"""Sentences are what a user is quoted: they must be whole, and their offsets exact."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.articles.sentences import split_sentences

WORDS = [
    "Meta",
    "paid",
    "$14.3",
    "Inc.",
    "U.S.",
    "said.",
    "No. 5",
    "p.m.",
    "é",
    "e\u0301",
    "日本。",
    "😀",
    "السلام",
]
MARKS = [
    "“Hi",
    "there.”",
    "”",
    "...",
    "..",
    "[1]",
    "(X)",
    "?",
    "!",
    "'",
    '"',
    " ",
    "\t",
    "\n",
    "\r\n",
    "\u2028",
]
PIECES = st.sampled_from([*WORDS, *MARKS])


def quote(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=20).map(" ".join), st.lists(PIECES, max_size=20).map("".join)))
def test_spans_are_trimmed_cross_no_line_and_leave_only_white_space_between_them(text: str) -> None:
    last = 0
    for start, end in split_sentences(text):
        assert last <= start < end <= len(text)
        assert text[last:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        assert len(text[start:end].splitlines()) == 1
        last = end
    assert text[last:].strip() == ""


def test_offsets_are_characters_where_the_text_is_not_ascii() -> None:
    text = "Zoë’s café cost €5. 😀 It closed. Ça va?"
    assert quote(text) == ["Zoë’s café cost €5.", "😀 It closed.", "Ça va?"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He quit. She stayed.", ["He quit.", "She stayed."]),
        ("Apple Inc. said so. It rose.", ["Apple Inc. said so.", "It rose."]),
        ("Ford Motor Co. Chairman Bob left. He won.", ["Ford Motor Co. Chairman Bob left.", "He won."]),
        ("It bought Acme Corp. The price was low.", ["It bought Acme Corp.", "The price was low."]),
        ("U.S. President Joe Biden met Dr. Wu.", ["U.S. President Joe Biden met Dr. Wu."]),
        ("It paid $14.3 billion. 49% is Meta’s.", ["It paid $14.3 billion.", "49% is Meta’s."]),
        ("See Vol. 3 for more. It is long.", ["See Vol. 3 for more.", "It is long."]),
        ("“Be proactive.. ” This deal is odd.", ["“Be proactive.. ”", "This deal is odd."]),
        ("informed sources.. This year, Meta won.", ["informed sources..", "This year, Meta won."]),
        (
            "“We won,” he said. (He left.) Then it rained.",
            ["“We won,” he said.", "(He left.)", "Then it rained."],
        ),
        ("It’s a goldmine. (X)", ["It’s a goldmine. (X)"]),
        ("It rained.[citation needed] It stopped.", ["It rained.[citation needed]", "It stopped."]),
        ("“It fell. Nobody knew,” he said. “It was dark.”", ["“It fell.", "Nobody knew,” he said.", "“It was dark.”"]),
        ("the bus is late. who knows why?", ["the bus is late.", "who knows why?"]),
        ("One line\nAnother line", ["One line", "Another line"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_sentences_of_news(text: str, sentences: list[str]) -> None:
    assert quote(text) == sentences


def find_ends(sentences: list[str]) -> set[int]:
    """The ends of all sentences but the last, counted in characters that are not white space."""
    lengths = [len("".join(sentence.split())) for sentence in sentences]
    return {sum(lengths[:n]) for n in range(1, len(lengths))}


def test_hard_ends_of_sentences_are_found() -> None:
    """Numbers, prices, abbreviations, initials, quotations, lists: one text a line, `|` between its sentences."""
    right = found = wanted = 0
    for line in (Path(__file__).parent / "sentence_ends.txt").read_text(encoding="utf-8").splitlines():
        sentences = line.split(" | ")
        gold, got = find_ends(sentences), find_ends(quote(" ".join(sentences)))
        right, found, wanted = right + len(gold & got), found + len(got), wanted + len(gold)
    assert wanted > 90
    assert 2 * right / (found + wanted) >= 0.98  # F1; 0.989 when the rules were chosen


def test_a_giant_line_takes_no_minute() -> None:
    start = time.process_time()
    assert len(quote("He said it. " * 20_000)) == 20_000
    assert len(quote("word " * 100_000)) == 1
    assert len(quote("x" * 500_000)) == 1
    assert time.process_time() - start < 10
