"""Questions can be asked of the articles of some days or sources only."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from page_answers import make_simple

from rag.errors import CorpusError, QuestionError
from rag.index.scope import Scope
from rag.page.articles import Row
from rag.page.exchange import Exchange, read_exchange, write_record
from rag.page.export import format_exchange
from rag.page.filtering import drop_field, read_scope, render_filter
from rag.page.transcript import render_transcript

SESSION: Any = SimpleNamespace(session_hash="s")


def narrow(scope: Scope, **data: str) -> tuple[str, Scope]:
    from rag.page.handlers import Handlers

    shelf = SimpleNamespace(list_rows=lambda: [Row("a.txt", "A", None, 9, 1), Row("b.txt", "B", "2025-06-13", 9, 1)])
    handlers = Handlers(shelf, SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    return handlers.narrow(scope, SimpleNamespace(_data=data))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "scope"),
    [
        (("", "", ""), Scope()),
        ((" 2025-06 ", "", ""), Scope(since="2025-06")),
        (("2025-06-13", "2025", "Echo"), Scope("2025-06-13", "2025", "*Echo*")),
        (("", "", "https://echo.example/*"), Scope(source="https://echo.example/*")),
        (("", "", "a\n b"), Scope(source="*a b*")),
        (("", "", "\ud800cho"), Scope(source="?cho")),
    ],
)
def test_a_form_becomes_a_scope(written: tuple[str, str, str], scope: Scope) -> None:
    assert read_scope(*written) == scope


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (("June", "", ""), "since June is not a date: write a day, month or year"),
        (("", "2025-13", ""), "until 2025-13 is not a date"),
        (("2025", "2024", ""), "Since 2025 is later than until 2024: swap them."),
        ((["2025"], "", ""), "must be strings"),
    ],
)
def test_what_is_no_day_is_said_in_one_sentence(written: Any, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        read_scope(*written)


def test_each_limit_is_a_chip_that_takes_it_away() -> None:
    shown, scope = narrow(Scope(), action="set", since="2025-06", until="", source="<b>Echo")
    assert scope == Scope("2025-06", "", "*<b>Echo*")
    assert 'data-field="since"' in shown
    assert "from *&lt;b&gt;Echo*" in shown
    assert 'data-field="until"' not in shown
    shown, scope = narrow(scope, action="drop", field="since")
    assert scope == Scope(source="*<b>Echo*")
    assert 'data-field="since"' not in shown
    assert narrow(scope, action="drop", field="no such field")[1] == scope
    assert drop_field(scope, "source").is_open
    assert "aa-limit" not in render_filter(Scope())


def test_articles_without_a_date_are_left_out_of_a_period_which_is_said() -> None:
    assert "1 article without a date is left out" in narrow(Scope(), action="set", since="2025")[0]
    assert "left out" not in narrow(Scope(), action="set", source=".txt")[0]
    assert "left out" not in narrow(Scope(), action="set", since="2025", source="b.txt")[0]


def test_a_wrong_day_leaves_the_filter_as_it_was() -> None:
    import gradio as gr

    with pytest.raises(gr.Error, match="is not a date"):
        narrow(Scope(since="2024"), action="set", since="yesterday")


def test_a_question_is_asked_of_these_articles_and_its_answer_says_so() -> None:
    from rag.page.handlers import Handlers
    from rag.page.signing import Signer

    asked: list[Scope] = []

    def answer(scope: Scope) -> Any:
        asked.append(scope)
        return make_simple()

    async def ask(scope: Scope) -> Any:
        with ThreadPoolExecutor(1) as pool:
            shelf: Any = SimpleNamespace(
                submit=lambda _, __, ___, scope: pool.submit(answer, scope), describe_work=lambda stage: stage
            )
            kept: Any = SimpleNamespace(keep=lambda *_: pytest.fail("kept for review"))
            handlers = Handlers(shelf, kept, Signer(b"k" * 32), keeps=True)
            return [shown async for shown in handlers.ask("What stake?", [], SESSION, scope)][-1]

    scope = Scope(since="2025", source="*echo*")
    last = asyncio.run(ask(scope))
    assert asked == [scope]
    assert "Only articles <bdi>since 2025, from *echo*</bdi>" in last[0]
    assert "Good answer" not in last[0]


def test_the_scope_is_kept_with_the_answer() -> None:
    exchange = Exchange("0" * 16, "What stake?", make_simple(), scope="since 2025")
    assert read_exchange(write_record(exchange)) == exchange
    before = {name: value for name, value in write_record(exchange).items() if name != "scope"}
    assert read_exchange(before) == replace(exchange, scope="")
    assert "Only articles since 2025" in format_exchange(exchange)
    assert "Good answer" in render_transcript([replace(exchange, scope="")])


def test_a_shelf_asks_only_the_articles_of_the_scope() -> None:
    from rag.page.shelf import Shelf

    shelf = object.__new__(Shelf)
    scoped = SimpleNamespace(ask=lambda *_: "scoped")

    def within(scope: Scope) -> Any:
        if scope.since == "2030":
            raise CorpusError("No article is in that scope (since 2030): widen it.")
        return scoped

    vars(shelf).update(
        _pipeline=SimpleNamespace(ask=lambda *_: "all", within=within),
        _priority=SimpleNamespace(first=lambda: __import__("contextlib").nullcontext()),
    )
    assert shelf.ask("What?") == "all"
    assert shelf.ask("What?", scope=Scope(since="2025")) == "scoped"
    with pytest.raises(CorpusError, match="widen it"):
        shelf.ask("What?", scope=Scope(since="2030"))
