"""Every word of a PDF's cleaned text is known to stand on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from pdfs import make_report
from test_pdf import read_one

from rag.articles.pages import map_pages

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document


def find_page_of(document: Document, words: str) -> int | None:
    return document.find_page(document.text.index(words))


def test_each_sentence_is_on_its_page(tmp_path: Path) -> None:
    document = read_one(tmp_path, make_report())
    assert find_page_of(document, "The lift at Corran lock failed again on Friday") == 1
    assert find_page_of(document, "cast in") == 1
    assert find_page_of(document, "1931") == 2
    assert find_page_of(document, "It costs 84,000 euros") == 2
    assert find_page_of(document, '"Boats will wait') == 3
    assert find_page_of(document, "The lift at Corran lock failed again last year") == 3


def test_a_byline_that_cleaning_moved_to_the_end_is_on_the_page_where_it_stood(tmp_path: Path) -> None:
    document = read_one(tmp_path, make_report())
    assert document.byline is not None
    assert document.byline.start > document.text.index("Boats will wait")
    assert document.find_page(document.byline.author_start) == 1


def test_a_file_without_pages_has_none(tmp_path: Path) -> None:
    assert read_one(tmp_path, b"The lift at Corran lock failed again on Friday.", "a.txt").pages == ()


WORDS = st.lists(
    st.sampled_from(["lock", "gear", "boat", "wind", "salt", "Ulm", "84,000", "trust"]), min_size=1, max_size=30
)


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_a_text_that_cleaning_leaves_alone_has_the_pages_that_it_had(pages: list[list[str]]) -> None:
    starts, raw = [], ""
    for number, words in enumerate(pages, 1):
        raw += "\n\n" if raw else ""
        starts.append((len(raw), number))
        raw += " ".join(words)
    assert [(one.start, one.number) for one in map_pages(raw, starts, raw)] == starts


@given(st.lists(WORDS, min_size=1, max_size=5), st.text(max_size=60))
def test_any_text_gets_pages_of_the_file_in_order_of_their_places(pages: list[list[str]], text: str) -> None:
    raw = " ".join(" ".join(words) for words in pages)
    found = map_pages(raw, [(0, 1), (len(raw) // 2, 2)], text)
    assert [one.start for one in found] == sorted({one.start for one in found})
    assert {one.number for one in found} <= {1, 2}
    assert found
