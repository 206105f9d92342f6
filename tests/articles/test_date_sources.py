"""A date says where it was found, and the time of a file is none."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from rag.articles.dates import find_named_date, find_order, parse_date
from rag.articles.folder import Contents, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

TEXT = "The ferry carried nine hundred passengers across the sound on its first day of the season.\n"
JSON_LD = '{"@type": "NewsArticle", "headline": "Ferry", "inLanguage": "%s", "datePublished": "%s"}'


def read(folder: Path, name: str, text: str) -> Document:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    day = datetime(2026, 11, 30, 12).timestamp()
    os.utime(path, (day, day))
    found = read_file(path, folder)
    assert isinstance(found, Contents)
    return found.documents[0]


@pytest.mark.parametrize(
    ("name", "text", "date", "dated"),
    [
        ("2025-01-02 a.txt", f"---\ndate: 2024-05-06\n---\n# Ferry\n\nMay 7, 2024\n\n{TEXT}", "2024-05-06", "metadata"),
        ("2025-01-02 a.txt", f"# Ferry\n\nMay 7, 2024\n\n{TEXT}", "2024-05-07", "text"),
        ("2025-01-02 a.txt", f"# Ferry\n\n{TEXT}", "2025-01-02", "file name"),
        ("2025/01/02/a.txt", f"# Ferry\n\n{TEXT}", "2025-01-02", "file name"),
        ("rows.csv", f'date,text\n2024-05-06,"{TEXT.strip()}"\n', "2024-05-06", "metadata"),
    ],
)
def test_the_publisher_comes_first_and_the_file_name_last(
    tmp_path: Path, name: str, text: str, date: str, dated: str
) -> None:
    document = read(tmp_path, name, text)
    assert (document.date, document.origin.dated, document.origin.saved) == (date, dated, "")


def test_the_time_of_a_file_is_kept_apart(tmp_path: Path) -> None:
    document = read(tmp_path, "a.txt", f"# Ferry\n\n{TEXT}")
    assert (document.date, document.origin.dated, document.origin.saved) == (None, "", "2026-11-30")


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("20250613.txt", "2025-06-13"),
        ("more/deal_2025_06_13.txt", "2025-06-13"),
        ("20250613T0800-deal.txt", "2025-06-13"),
        ("2025-06-31.txt", None),
        ("2025-06.txt", None),
        ("000_e8def20250613b.txt", None),
        ("120250613.txt", None),
        ("2025-0613.txt", None),
    ],
)
def test_a_path_may_have_a_date(name: str, date: str | None) -> None:
    assert find_named_date(name) == date


@pytest.mark.parametrize(
    ("value", "day_first", "month_first", "unknown"),
    [
        ("03/04/2025", "2025-04-03", "2025-03-04", None),
        ("03.04.2025", "2025-04-03", "2025-04-03", "2025-04-03"),
        ("13/04/2025", "2025-04-13", "2025-04-13", "2025-04-13"),
        ("04/13/2025", "2025-04-13", "2025-04-13", "2025-04-13"),
        ("4/4/2025 08:00", "2025-04-04", "2025-04-04", "2025-04-04"),
        ("31/02/2025", None, None, None),
        ("1.2.3.2025", None, None, None),
    ],
)
def test_numbers_are_a_date_if_it_is_known_which_comes_first(
    value: str, day_first: str | None, month_first: str | None, unknown: str | None
) -> None:
    assert [parse_date(value, "day"), parse_date(value, "month"), parse_date(value)] == [
        day_first,
        month_first,
        unknown,
    ]


def test_the_order_is_that_of_the_other_dates_or_of_the_language() -> None:
    assert find_order(["03/04/2025", "13/04/2025"]) == "day"
    assert find_order(["03/04/2025", "04/13/2025"], "en-GB") == "month"
    assert find_order(["13/04/2025", "04/13/2025"], "en-GB") == ""
    assert [find_order(["03/04/2025"], tag) for tag in ("en-US", "en_us", "en-GB", "de", "en", "")] == [
        "month",
        "month",
        "day",
        "day",
        "",
        "",
    ]


def test_a_column_of_dates_has_one_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'date,text\n03/04/2025,"{TEXT.strip()}"\n22/04/2025,"{TEXT.strip()} Again."\n')
    found = read_file(tmp_path / "a.csv", tmp_path)
    assert isinstance(found, Contents)
    assert [document.date for document in found.documents] == ["2025-04-03", "2025-04-22"]


@pytest.mark.parametrize(("language", "date"), [("en-US", "2025-03-04"), ("en-GB", "2025-04-03")])
def test_a_page_says_its_language(tmp_path: Path, language: str, date: str) -> None:
    ld = JSON_LD % (language, "03/04/2025")
    page = f'<html><head><title>Ferry</title><script type="application/ld+json">{ld}</script></head>'
    document = read(tmp_path, "a.html", f"{page}<body><article><h1>Ferry</h1><p>{TEXT * 3}</p></article></body></html>")
    assert (document.date, document.origin.dated) == (date, "JSON-LD")
