"""Titles: the headline, whatever a page, a newspaper or an agency puts above it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.articles.cleaning import clean_text
from rag.articles.entries import find_corrections
from rag.index.chunking import chunk_document
from rag.types import Document

TITLE = "Baker of Skarholm wins prize for rye bread"
BODY = (
    "The baker Ulla Brandt of Skarholm has won the national prize for rye bread, the guild said on Sunday.\n\n"
    "Her loaf was baked with sea salt and took four days, said the guild's chairman, Piet Meer."
)
LEAD = "A storm tore the roof off the fish market on Tuesday, the harbour master said."
KICKERS = [
    "FOOD & DRINK",
    "INTERVIEW",
    "Obituaries",
    "The Hollin Sentinel",
    "Evening Courier\nREGION",
    "PRESS RELEASE / MEDIA INFORMATION",
    "PRESS RELEASE                  For immediate use",
    "THE HOLLIN OBSERVER, MONDAY, MAY 3, 1909. 7",
    "Radio Hollin, Morning Show, 4 March 2025, 8:15 a.m.",
    "Press contact: Tom Aune, Bakers' Guild\nTel.: 0000 1234",
    "NEWS SPORT CULTURE OPINION SHOP",
    "Menu\nHome\nNews\nMy Town\nSport\nWhat's New\nOpinion\nJobs",
    "Cookies on The Hollin Sentinel\nWe use cookies to show you adverts.\nNo, thanks",
]


@pytest.mark.parametrize("kicker", KICKERS)
def test_what_stands_above_a_headline_is_not_the_title(kicker: str) -> None:
    cleaned = clean_text(f"{kicker}\n\n{TITLE}\n\n{BODY}")
    assert cleaned.title == TITLE
    assert cleaned.text.endswith(f"{TITLE}\n\n{BODY}")
    assert cleaned.sections == ()  # the title is the context of all passages, not a section
    again = clean_text(cleaned.text)
    assert (again.text, again.title) == (cleaned.text, cleaned.title)


@pytest.mark.parametrize("title", ["Bread", "Rye prize", "MAY FROST HITS BAKERS", "Skarholm: a prize, at last"])
def test_a_short_headline_stays_the_title(title: str) -> None:
    assert clean_text(f"{title}\n\n{BODY}").title == title
    assert clean_text(f"{title}\n\nUlla Brandt took four days over it\n\n{BODY}").title in {
        title,
        "Ulla Brandt took four days over it",
    }


def test_a_name_below_its_section_is_the_title_not_what_is_said_of_it() -> None:
    raw = f"OBITUARIES\n\nUlla Brandt\nBaker who salted bread with the sea and won a prize\n\n{BODY}"
    assert clean_text(raw).title == "Ulla Brandt"


def test_a_headline_in_capitals_may_end_with_a_full_stop() -> None:
    cleaned = clean_text(f"THE HOLLIN OBSERVER, MONDAY, MAY 3, 1909. 7\n\nTHE SKARHOLM BREAD PRIZE.\n\n{BODY}")
    assert (cleaned.title, cleaned.date) == ("THE SKARHOLM BREAD PRIZE.", "1909-05-03")


def test_what_stands_above_the_title_is_read_with_the_first_passage() -> None:
    cleaned = clean_text(f"FOOD & DRINK\n\n{TITLE}\n\n{BODY}")
    document = Document("a.txt", cleaned.title, None, cleaned.text, cleaned.sections)
    first = chunk_document(document, count_tokens=lambda texts: [len(text.split()) for text in texts])[0]
    assert first.text.startswith(f"FOOD & DRINK\n\n{TITLE}\n\nThe baker")
    assert first.context == TITLE


@pytest.mark.parametrize("place", ["HOLLIN ISLAND", "SKARHOLM, Norland (CW)", "SÃO TOMÉ, 4 March (Coast Wire)"])
@pytest.mark.parametrize("byline", ["", "By Tova Lindqvist\nCoast Wire\n\n"])
def test_an_agencys_report_without_a_headline_has_its_first_sentence(place: str, byline: str) -> None:
    cleaned = clean_text(f"{byline}{place} — {LEAD}\n\n{BODY}")
    assert cleaned.title == LEAD.rstrip(".")
    assert cleaned.text.startswith(f"{place} — {LEAD}\n\n")  # the dateline says where
    assert (cleaned.byline.author if cleaned.byline else "") == ("Tova Lindqvist" if byline else "")


def test_figures_are_no_headline() -> None:
    figures = "Shr 34 cts vs 31 cts\nNet 1.2 mln vs 1.1 mln\nRevs 30 mln vs 28 mln"
    assert clean_text(f"ACME CORP <ACM> 2ND QTR NET\n\n{figures}").title == "ACME CORP <ACM> 2ND QTR NET"


def test_a_newspapers_running_head_neither_stays_nor_cuts_a_word() -> None:
    head = "THE HOLLIN OBSERVER, MONDAY, MAY 3, 1909."
    cut = "Her loaf was baked with sea salt and took four days in the guild's largest ov-"
    raw = f"{head}  7\n\n{TITLE}\n\n{BODY}\n\n{cut}\n\n8  {head}\n\nen, said the chairman."
    cleaned = clean_text(raw)
    assert cleaned.text.count("OBSERVER") == 1
    assert "largest oven, said the chairman." in cleaned.text


LINES = [*KICKERS, TITLE, *BODY.split("\n\n"), "By Tova Lindqvist", f"HOLLIN ISLAND — {LEAD}", "4 March 2025", "Bread"]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=8), st.sampled_from(["\n", "\n\n"]))
def test_cleaning_titles_again_changes_nothing(lines: list[str], gap: str) -> None:
    cleaned = clean_text(gap.join(lines))
    assert clean_text(cleaned.text).text == cleaned.text
    for section in cleaned.sections:
        assert cleaned.text.startswith(section.heading, section.start)


def test_a_correction_above_the_headline_is_not_the_title() -> None:
    wrong = "CORRECTION: This article has been changed. It first said that the loaf took two days. It took four days."
    cleaned = clean_text(f"{wrong}\n\n{TITLE}\n\n{BODY}")
    assert cleaned.title == TITLE
    assert find_corrections(cleaned.text) == [(0, len(wrong))]
    assert find_corrections(f"Corrections\n\n{BODY}") == []
