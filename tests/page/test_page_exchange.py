"""What a browser keeps of a conversation, and what is taken along of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from page_answers import (
    ANSWERS,
    KEY,
    Checker,
    make_declined,
    make_simple,
)

from rag.page.conversation import LONGEST_TITLE, Conversation, read_conversation, write_conversation
from rag.page.exchange import MOST_EXCHANGES, Exchange, list_turns, read_records, write_records
from rag.page.export import format_json, format_markdown, plain
from rag.page.transcript import render_transcript
from rag.types import Alternative, Answer, Turn


@pytest.mark.parametrize("answer", [*ANSWERS, replace(make_simple(), withheld=Alternative("5", 0.1, ()))])
def test_a_conversation_survives_the_browser(answer: Answer) -> None:
    exchange = Exchange(KEY, answer.question, answer, asked="2026-11-22T16:00:00+00:00", rating="up")
    again = read_records(json.loads(json.dumps(write_records([exchange]))))
    assert write_records(again) == write_records([exchange])
    assert render_transcript(again) == render_transcript([exchange])


@pytest.mark.parametrize(
    "records",
    [
        None, "x", 5, {}, [None], [{}], [{"key": "<b>", "question": "x"}], [{"key": KEY, "question": 5}],
        [{**write_records([Exchange(KEY, "x", make_simple())])[0], "answer": {"status": "answered"}}],
        [{**write_records([Exchange(KEY, "x", make_simple())])[0], "answer": [1]}],
    ],
)  # fmt: skip
def test_what_no_browser_of_ours_kept_is_dropped(records: object) -> None:
    assert read_records(records) == []


def test_a_browser_keeps_a_bounded_conversation() -> None:
    many = [Exchange(f"{n:08x}", "x", make_declined()) for n in range(MOST_EXCHANGES + 9)]
    kept = write_records(many)
    assert [record["key"] for record in kept] == [exchange.key for exchange in many[9:]]
    assert len(kept[0]["answer"]["passages"]) == 3
    assert len(read_records([*kept, *kept])) == MOST_EXCHANGES


@pytest.mark.parametrize(
    "kept", [None, "{", "[" * 100_000, "[]", [1], {"conversation": 5, "title": {}, "records": "x"}]
)
def test_what_is_no_conversation_is_an_empty_one(kept: object) -> None:
    assert read_conversation(kept) == Conversation("", [])


def test_a_conversation_is_read_as_it_was_written() -> None:
    whole = Conversation("ab" * 8, [Exchange(KEY, "What stake?", make_simple())], "A title")
    assert read_conversation(json.dumps(write_conversation(whole))).exchanges[0].question == "What stake?"
    hostile = read_conversation({"conversation": "<b>" * 9, "title": " x\n" * 999, "records": []})
    assert hostile.name == ""
    assert len(hostile.title) <= LONGEST_TITLE
    assert "\n" not in hostile.title


def test_history_is_what_was_understood_and_answered() -> None:
    answer = replace(make_simple(), standalone="What stake did Meta buy?")
    turns = list_turns([Exchange(KEY, "x", answer), Exchange("b" * 8, "y", None, "No.")])
    assert turns == (Turn("user", "What stake did Meta buy?"), Turn("assistant", "49%"))


@pytest.mark.parametrize(
    "text", ["# a", "* a", "- a", "1. a", "2) a", "> a", "<b>", "[a](b)", "`a`", "a_b_", "&lt;", "| a |"]
)
def test_text_is_no_markdown(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    shown = markdown_it.MarkdownIt("commonmark").render(plain(text))
    assert shown.count("<") == 2  # the paragraph
    assert Checker(shown).words.strip() == text


def test_markdown_holds_questions_answers_quotes_and_sources() -> None:
    exchanges = [Exchange(KEY, a.question, a) for a in ANSWERS[:4]] + [Exchange(KEY, "And?", None, "It has no words.")]
    text = format_markdown(Conversation(KEY, exchanges, "The *stake*"), "2026-11-22")
    for part in (
        "# The \\*stake\\*", "## What stake?", "**49%** [1]", "> [1] Meta bought a 49% stake in Scale.",
        "> — A title, 2026-06-10 (a.txt)",
        "The articles don't say.",
        "The articles disagree:\n\n- \\$14.3 billion (2 articles) [1]\n- \\$10 billion (1 article) [2]",
        "> [2] Meta paid \\$10 billion.",
        "(low confidence)", "It has no words.", "Exported 2026",
    ):  # fmt: skip
        assert part in text


def test_json_holds_what_ask_prints() -> None:
    found = json.loads(format_json(Conversation(KEY, [Exchange(KEY, "x\n y", make_simple(), rating="up")]), "now"))
    assert (found["format"], found["title"]) == (1, "x y")
    assert found["exchanges"][0]["answer"]["citations"][0]["quote"] == "Meta bought a 49% stake in Scale."
    assert found["exchanges"][0]["rating"] == "up"
