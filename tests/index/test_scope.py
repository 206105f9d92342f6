"""A question can be asked of the articles of some days or sources only."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder, write_article

from rag.errors import CorpusError
from rag.index.base import DocumentSummary
from rag.index.retrieval import HybridRetriever
from rag.index.scope import Scope, parse_period
from rag.index.update import open_index, update_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.index.base import Index

DATES = {"a.txt": "2024-12-31", "b.txt": "2025-01-01", "c.txt": "2025-06-13", "more/d.txt": ""}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    corpus = tmp_path / "articles"
    (corpus / "more").mkdir(parents=True)
    for (name, date), subject in zip(DATES.items(), ("otter", "heron", "stoat", "lynx"), strict=True):
        write_article(corpus, name, subject)
        header = f"---\ndate: {date}\npublisher: The {subject.title()} Echo\n---\n" if date else ""
        (corpus / name).write_text(header + (corpus / name).read_text())
    day = datetime(2010, 5, 5, 12).timestamp()
    os.utime(corpus / "more/d.txt", (day, day))  # the date of a file says only when it was saved
    update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    with open_index(tmp_path / "index") as opened:
        yield opened


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (Scope(since="2025-01-01"), {"b.txt", "c.txt"}),
        (Scope(since="2025"), {"b.txt", "c.txt"}),
        (Scope(until="2024"), {"a.txt"}),
        (Scope(since="2020", until="2025-01"), {"a.txt", "b.txt"}),
        (Scope(since="2025-01-02", until="2025-06-13"), {"c.txt"}),
        (Scope(source="more/*"), {"more/d.txt"}),
        (Scope(source="*heron echo"), {"b.txt"}),
        (Scope(since="2025", source="*.TXT"), {"b.txt", "c.txt"}),
    ],
)
def test_only_articles_of_the_scope_are_found_in_any_way(index: Index, scope: Scope, names: set[str]) -> None:
    scoped = index.within(scope)
    found = HybridRetriever(scoped, HashEncoder()).retrieve(["mark rivals otter heron stoat lynx reached"], 100)[0]
    assert {scored.passage.document_id for scored in found} == names
    dense = scoped.search_dense(HashEncoder().encode(["otter"]), 1000)[0]
    everything = index.search_dense(HashEncoder().encode(["otter"]), 1000)[0]
    kept = [row for row, _ in everything if index.passages([row])[0].document_id in names]
    assert [row for row, _ in dense] == kept
    lexical = {index.passages([row])[0].document_id for row, _ in scoped.search_bm25("rivals", 1000)}
    assert lexical == names
    assert {part[0].document_id for part in scoped.leading_passages(9, 1)} == names
    assert len(index.search_bm25("rivals", 1000)) > len(scoped.search_bm25("rivals", 1000))


def test_no_scope_is_the_index_itself_and_an_empty_one_says_so(index: Index) -> None:
    assert index.within(Scope()) is index
    with pytest.raises(CorpusError, match=r"No article is in that scope \(since 2030, from \*echo\*\)"):
        index.within(Scope(since="2030", source="*echo*"))


def test_a_period_leaves_out_articles_without_a_date_and_says_how_many(index: Index) -> None:
    assert index.within(Scope(since="2025")).undated == 1
    assert index.within(Scope(since="2025", source="*echo")).undated == 0  # it is not left out for its date
    assert index.within(Scope(source="more/*")).undated == 0
    with pytest.raises(CorpusError, match=r"1 article without a date is left out\. To date an article"):
        index.within(Scope(until="2010"))


def test_an_address_is_a_source_too() -> None:
    summary = DocumentSummary("a.html", "A", None, None, 1, 1, source="https://echo.example/a", publication="Echo")
    names = (summary.publication, summary.source, summary.document_id)
    assert Scope(source="https://echo.example/*").covers(summary.date, names)
    assert Scope(source="echo").covers(summary.date, names)
    assert not Scope(source="echo.example").covers(summary.date, names)


@pytest.mark.parametrize("text", ["2025-06-13", "2025-06", "2025"])
def test_days_months_and_years_are_periods(text: str) -> None:
    assert parse_period(text) == text


@pytest.mark.parametrize(
    "text", ["", "june", "2025-13", "2025-06-31", "202", "2025-6", "13.06.2025", "2025-06-13T08:00", "2025-W24-1"]
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="write a day, month or year"):
        parse_period(text)
