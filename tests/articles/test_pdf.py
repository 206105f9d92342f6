"""A PDF becomes paragraphs and headings, without what its pages repeat; one without text says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pdfs import Place, make_pdf, set_column

from rag.articles.folder import Contents, Note, Skipped, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document


def read(folder: Path, data: bytes, name: str = "report.pdf") -> Contents | Skipped:
    (folder / name).write_bytes(data)
    return read_file(folder / name, folder)


def read_one(folder: Path, data: bytes, name: str = "report.pdf") -> Document:
    found = read(folder, data, name)
    assert isinstance(found, Contents), found
    (document,) = found.documents
    return document


FIRST = """The lift at Corran lock failed again on Friday, and nine boats waited until the evening. Engineers found
a broken gear, which was cast in 1931 and has no spare part anywhere in the country.

The canal trust will order a new gear from a foundry in Ulm. It costs 84,000 euros and takes
eleven weeks to make."""


def test_a_report_reads_as_its_title_headings_and_paragraphs(tmp_path: Path) -> None:
    title: list[Place] = [(60, 720, 22, "Broken gear stops the boats"), (60, 694, 22, "at Corran lock")]
    page = [*title, *set_column(FIRST, 650), (60, 500, 15, "What the trust plans"), *set_column("It will pay.", 470)]
    document = read_one(tmp_path, make_pdf([page]))
    assert document.title == "Broken gear stops the boats at Corran lock"
    first, second = (" ".join(paragraph.split()) for paragraph in FIRST.split("\n\n"))
    assert document.text.split("\n\n") == [document.title, first, second, "What the trust plans", "It will pay."]
    assert [section.heading for section in document.sections] == ["What the trust plans"]


@pytest.mark.parametrize(
    ("name", "page", "info", "date", "dated"),
    [
        ("report.pdf", FIRST, "/CreationDate (D:20240304101500+01'00')", "2024-03-04", "PDF creation"),
        ("report.pdf", f"May 7, 2023\n\n{FIRST}", "/CreationDate (D:20240304)", "2023-05-07", "text"),
        ("2022-01-02.pdf", FIRST, "/CreationDate (D:20240304)", "2022-01-02", "file name"),
        ("report.pdf", FIRST, "/CreationDate (D:00010101)", None, ""),
        ("report.pdf", FIRST, "/CreationDate (yesterday)", None, ""),
        ("report.pdf", FIRST, "", None, ""),
    ],
)
def test_when_a_pdf_was_made_is_its_date_if_nothing_else_says_one(
    tmp_path: Path, name: str, page: str, info: str, date: str | None, dated: str
) -> None:
    document = read_one(tmp_path, make_pdf([set_column(page, 700)], info=info), name)
    assert (document.date, document.origin.dated) == (date, dated)


def test_running_heads_and_page_numbers_are_left_out_and_sentences_go_on_over_the_page(tmp_path: Path) -> None:
    texts = ["The first boat came at six and waited for", "eleven hours. Its skipper, Jo Lund, was angry.", "He left."]
    pages = [
        [
            (60, 770, 9, "Canal Trust - Annual report 2023"), *set_column(text, 700),
            (280, 30, 9, f"Page {number} of 3"),
        ]
        for number, text in enumerate(texts, 1)
    ]  # fmt: skip
    text = read_one(tmp_path, make_pdf(pages)).text
    assert "waited for eleven hours. Its skipper" in text
    assert "Annual report" not in text
    assert "Page" not in text


def test_columns_read_one_after_the_other(tmp_path: Path) -> None:
    left = set_column("The council met on Monday to talk about the weir, which leaks and", 700, 60, 30)
    right = set_column("was last mended in 1988. It will be mended in May.", 700, 330, 30)
    text = read_one(tmp_path, make_pdf([[*left, *right]])).text
    assert "the weir, which leaks and was last mended in 1988." in text


def test_words_broken_at_the_end_of_a_line_are_joined_and_compounds_are_not(tmp_path: Path) -> None:
    lines: list[Place] = [
        (60, 700, 11, "The ministry published its long-awaited infor-"), (60, 686, 11, "mation about a well-"),
        (60, 672, 11, "known bridge over the river and its engineers."),
    ]  # fmt: skip
    text = read_one(tmp_path, make_pdf([lines])).text
    assert "long-awaited information about a well-known bridge" in text


def test_items_of_a_list_stay_apart(tmp_path: Path) -> None:
    lines: list[Place] = [(60, 700 - 14 * n, 11, f"\x95 item number {word}") for n, word in enumerate(("one", "two"))]
    assert read_one(tmp_path, make_pdf([[*lines, *set_column("Both are paid for.", 600)]])).text.count("\n\n") == 2


def test_a_scan_is_said_to_be_one(tmp_path: Path) -> None:
    found = read(tmp_path, make_pdf([[], []]))
    assert isinstance(found, Skipped)
    assert "text recognition (OCR)" in found.reason
    found = read(tmp_path, make_pdf([set_column(FIRST, 700), [], []]))
    assert isinstance(found, Contents)
    assert found.notes == (Note("report.pdf", "read in part: 2 of its 3 pages have no text"),)


def test_a_pdf_with_another_suffix_is_still_a_pdf(tmp_path: Path) -> None:
    found = read(tmp_path, make_pdf([set_column(FIRST, 700)]), "report.html")
    assert isinstance(found, Contents)
    assert "nine boats waited" in found.documents[0].text


def test_a_page_saved_with_the_suffix_of_a_pdf_is_still_a_page(tmp_path: Path) -> None:
    found = read(tmp_path, b"<!DOCTYPE html><html><body><p>The lock is closed until May.</p></body></html>")
    assert isinstance(found, Contents)
    assert "closed until May" in found.documents[0].text


WHOLE = make_pdf([set_column(FIRST, 700)])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7\n" + b"\x00" * 500, "damaged PDF"),
        (WHOLE[:200], "damaged PDF"),
        (b"no pdf at all", "damaged PDF"),
        (make_pdf([[]] * 2_001), "more than 2,000 pages"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, said: str) -> None:
    found = read(tmp_path, data)
    assert isinstance(found, Skipped)
    assert said in found.reason


def test_every_damage_of_a_pdf_is_survived(tmp_path: Path) -> None:
    for place in range(0, len(WHOLE), 41):
        found = read(tmp_path, WHOLE[:place] + b"\xff/<<" + WHOLE[place + 4 :])
        assert isinstance(found, Contents) or found.reason.endswith(".")
