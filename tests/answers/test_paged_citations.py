"""A citation from a PDF says its page, on the terminal, in JSON, on the page and in an export."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pdfs import make_report

from rag.answers.rendering import describe_answer, format_answer
from rag.page.articles import render_article
from rag.page.cards import render_cards
from rag.page.conversation import Conversation
from rag.page.exchange import Exchange, read_exchange, write_record
from rag.page.export import format_markdown
from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("paged")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "report.pdf").write_bytes(make_report())
    text = "Ferry repaired\n\nThe ferry to Hollin cost 31,000 euros to repair, the harbour master Edda Voss said.\n"
    (folder / "corpus" / "ferry.txt").write_text(text, encoding="utf-8")
    opened = Pipeline.open(Config(folder / "corpus", folder / "index"))
    yield opened
    opened.close()


def test_the_page_of_the_file_is_named_wherever_the_citation_is(asked: Pipeline) -> None:
    answer = asked.ask("How much does the new gear of the canal trust cost?")
    assert answer.short == "84,000 euros"
    assert [citation.page for citation in answer.citations] == [2]
    assert ", p. 2 (report.pdf)" in format_answer(answer, width=100, colour=False)
    assert describe_answer(answer)["citations"][0]["page"] == 2
    assert "p. 2" in render_cards(answer, "a" * 8)
    exchange = Exchange("a" * 8, answer.question, answer)
    read = read_exchange(write_record(exchange))
    assert read is not None
    assert read.answer is not None
    assert read.answer.citations == answer.citations
    assert ", p. 2 (report.pdf)" in format_markdown(Conversation("c" * 8, [exchange])).replace("\\", "")


def test_an_answer_that_is_only_possible_names_its_page_too(asked: Pipeline) -> None:
    answer = asked.ask("How much does the new gear of the canal trust cost?")
    assert answer.withheld is None
    again = asked.ask("What did the trust order from Ulm?").shown
    assert all(citation.page == 2 for citation in again.citations if citation.document_id == "report.pdf")


def test_an_article_without_pages_has_no_page_in_any_form(asked: Pipeline) -> None:
    answer = asked.ask("How much did it cost to repair the ferry to Hollin?")
    assert answer.short.startswith("31,000")
    assert "p. " not in format_answer(answer, width=100, colour=False)
    assert "page" not in describe_answer(answer)["citations"][0]


def test_the_dialog_of_an_article_shows_its_publication_and_address(asked: Pipeline) -> None:
    document = asked.index.document("ferry.txt")
    assert document is not None
    origin = replace(document.origin, publication="The Echo", source="https://echo.example/ferry")
    shown = render_article(replace(document, origin=origin))
    assert "The Echo" in shown
    assert "https://echo.example/ferry" in shown
    assert "ferry.txt" in shown
