"""Articles of the time that a question names come first, and the others behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder

from rag.index.retrieval import HybridRetriever
from rag.index.scope import Scope
from rag.index.timeliness import NEXT_DAY, prefer_days, rate_day
from rag.index.update import open_index, update_index
from rag.types import Passage, Period

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.index.base import Index

DATES = {"a.txt": "2025-03-10", "b.txt": "2025-04-01", "c.txt": "2025-05-20", "d.txt": ""}
QUESTION = "What did the ferry carry?"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for number, (name, date) in enumerate(DATES.items(), 3):
        header = f"---\ndate: {date}\n---\n" if date else ""
        text = f"The ferry carried {number} hundred passengers across the sound that day.\n"
        (corpus / name).write_text(f"{header}# The ferry\n\n{text}")
    update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    with open_index(tmp_path / "index") as opened:
        yield opened


def find(index: Index, period: Period | None) -> list[str]:
    (found,) = HybridRetriever(index, HashEncoder()).retrieve([QUESTION], 9, [period])
    return [scored.passage.document_id for scored in found]


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (Period("2025-03-01", "2025-03-31"), "a.txt"),
        (Period("2025-04-01", "2025-04-01"), "b.txt"),
        (Period("2025-05-01", "2025-05-31"), "c.txt"),
        (Period("", "2025-03-30"), "a.txt"),
    ],
)
def test_articles_of_the_days_come_first_and_the_others_are_still_found(
    index: Index, monkeypatch: pytest.MonkeyPatch, period: Period, first: str
) -> None:
    monkeypatch.setattr("rag.index.timeliness.BONUS", 2.0)  # vectors of hashes differ more than those of sentences
    found = find(index, period)
    assert found[0] == first
    assert sorted(found) == sorted(DATES)


def test_the_newest_comes_first_if_it_is_wanted(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.timeliness.BONUS", 20.0)
    monkeypatch.setattr("rag.index.timeliness.NEAR", 2.0)
    assert find(index, Period("2025-04-20", "2025-05-20", newest=True)) == ["c.txt", "d.txt", "b.txt", "a.txt"]


def test_an_article_without_a_date_counts_as_an_average_one() -> None:
    days = ["2025-05-20", "2025-05-13", "2024-05-20", None]
    passages = {row: Passage(f"{row}", f"{row}", "", "", day, 0, 1, "x") for row, day in enumerate(days)}
    scores = prefer_days(dict.fromkeys(passages, 0.5), passages, Period("2025-04-20", "2025-05-20", newest=True))
    assert sorted(scores, key=lambda row: -scores[row]) == [0, 1, 3, 2]


def test_an_article_of_the_days_is_found_however_many_others_fit_better(tmp_path: Path) -> None:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for number in range(130):
        date = "2024-02-02" if number == 77 else "2025-03-10"
        words = "It was late." if number == 77 else "What did the ferry carry? The ferry did carry"
        (corpus / f"{number}.txt").write_text(f"---\ndate: {date}\n---\n# Sea\n\n{words} {number} crates.\n")
    update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    with open_index(tmp_path / "index") as index:
        assert "77.txt" in find(index, Period("2024-02-01", "2024-02-29"))


def test_the_newest_day_is_that_of_the_scope_and_never_one_to_come(index: Index) -> None:
    assert index.find_newest_day("2025-12-31") == "2025-05-20"
    assert index.find_newest_day("2025-05-01") == "2025-04-01"
    assert index.within(Scope(until="2025-03")).find_newest_day("2025-12-31") == "2025-03-10"
    assert index.within(Scope(source="d.txt")).find_newest_day("2025-12-31") is None


def test_no_day_of_the_period_leaves_the_order_as_it_was(index: Index) -> None:
    assert find(index, Period("2020-01-01", "2020-12-31")) == find(index, None)


@pytest.mark.parametrize(
    ("day", "rate"),
    [("2025-03-01", 1.0), ("2025-03-31", 1.0), ("2025-04-01", NEXT_DAY), ("2025-04-02", 0.0), (None, 0.0), ("", 0.0)],
)
def test_the_day_after_counts_in_part(day: str | None, rate: float) -> None:
    assert rate_day(day, Period("2025-03-01", "2025-03-31")) == rate


def test_of_equal_passages_the_newest_is_kept(tmp_path: Path) -> None:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for name, date in (("a.txt", "2024-01-01"), ("b.txt", "2025-01-01"), ("c.txt", "2023-01-01")):
        text = "The ferry carried nine hundred passengers across the sound that day."
        (corpus / name).write_text(f"---\ndate: {date}\n---\n# The ferry\n\n{text}\n")
    update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    with open_index(tmp_path / "index") as index:
        assert find(index, None)[0] == "b.txt"
