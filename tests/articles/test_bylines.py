"""Bylines: found by place and form, moved behind the article, and never an article's own words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.articles.bylines import parse_byline
from rag.articles.cleaning import clean_text
from rag.index.chunking import chunk_document
from rag.types import Document

TITLE = "Ferry to Hollin Island runs again"
BODY = (
    "The ferry to Hollin Island sailed on Tuesday for the first time since the storm in January.\n\n"
    "Repairs to its engine took seven weeks, said the harbour master, Edda Voss."
)

FORMS = [
    ("By Tova Lindqvist", "Tova Lindqvist"),
    ("by Tova Lindqvist", "Tova Lindqvist"),
    ("BY TOVA LINDQVIST", "TOVA LINDQVIST"),
    ("By Tova Lindqvist, Transport correspondent", "Tova Lindqvist"),
    ("By Tova Lindqvist, The Hollin Post", "Tova Lindqvist"),
    ("By Tova Lindqvist for The Hollin Post", "Tova Lindqvist"),
    ("By Tova Lindqvist in Skarholm", "Tova Lindqvist"),
    ("By Tova Lindqvist and Piet van der Meer", "Tova Lindqvist and Piet van der Meer"),
    ("By T. K. Lindqvist, Piet Meer and Omar al-Hakim", "T. K. Lindqvist, Piet Meer and Omar al-Hakim"),
    ("By Tova Lindqvist, Transport correspondent, and Piet Meer", "Tova Lindqvist and Piet Meer"),
    ("By Tova Lindqvist | 4 March 2025 | 3 min read", "Tova Lindqvist"),
    ("By Tova Lindqvist on March 4, 2025", "Tova Lindqvist"),
    ("Published 4 March 2025 by Tova Lindqvist", "Tova Lindqvist"),
    ("Interview: Tova Lindqvist", "Tova Lindqvist"),
    ("Author: Tova Lindqvist", "Tova Lindqvist"),
    ("Written by Tova Lindqvist.", "Tova Lindqvist"),
    ("Words by Tova Lindqvist / Photographs by Piet Meer", "Tova Lindqvist"),
    ("Tova Lindqvist, Transport Editor", "Tova Lindqvist"),
    ("Tova Lindqvist (Transport Editor)", "Tova Lindqvist"),
    ("Tova Lindqvist | Transport desk", "Tova Lindqvist"),
    ("Tova Lindqvist\nTransport Editor", "Tova Lindqvist"),
    ("By\nTova Lindqvist", "Tova Lindqvist"),
    ("**By Tova Lindqvist**", "Tova Lindqvist"),
    ("From our correspondent in Skarholm", "our correspondent in Skarholm"),
    ("By our Transport Correspondent", "our Transport Correspondent"),
    ("By Reuters", "Reuters"),
    ("Harbour desk", "Harbour desk"),
    ("(Reporting by Tova Lindqvist in Skarholm; Editing by Piet Meer)", "Tova Lindqvist"),
    ("From Tova Lindqvist in Skarholm and Piet Meer in Hollin", "Tova Lindqvist and Piet Meer"),
    ("By our reporters Tova Lindqvist and Piet Meer", "Tova Lindqvist and Piet Meer"),
    ("Words by Tova Lindqvist • Photography by Piet Meer • 7 min read", "Tova Lindqvist"),
    ("Conversation: **Tova Lindqvist** | Harbour section, 4 March 2025", "Tova Lindqvist"),
    ("Reviewed by Tova Lindqvist", "Tova Lindqvist"),
    ("Questions by Tova Lindqvist", "Tova Lindqvist"),
    ("By Tova Lindqvist | Hollin Post", "Tova Lindqvist"),
    ("ByTova Lindqvist", "Tova Lindqvist"),
    ("-- Reporting by Tova Lindqvist in Skarholm; editing by Piet Meer", "Tova Lindqvist"),
    ("By Tova Lindqvist, for The Hollin Post", "Tova Lindqvist"),
    ("By Tova Lindqvist\nStaff writer", "Tova Lindqvist"),
]


@pytest.mark.parametrize(("line", "author"), FORMS)
def test_a_byline_near_the_title_or_at_the_end_names_the_author(line: str, author: str) -> None:
    standfirst = "Island welcomes its first visitors since the storm"
    for raw in (
        f"{TITLE}\n\n{line}\n\n{BODY}",
        f"{TITLE}\n\n{standfirst}\n\n{line}\n\n4 March 2025\n\n{BODY}",
        f"{line}\n\n{TITLE}\n\n{BODY}",
        f"{TITLE}\n\n{BODY}\n\n{line}",
    ):
        if raw.startswith(("Harbour desk", "Tova Lindqvist\n")):
            continue  # above the title, either may be the title
        cleaned = clean_text(raw)
        byline = cleaned.byline
        assert byline is not None
        assert byline.author == author
        assert cleaned.title == TITLE
        assert cleaned.text[: byline.start].endswith(f"{BODY}\n\n")
        assert author.split(" and ")[0] in cleaned.text[byline.author_start : byline.author_end]
        assert author.split()[-1] in cleaned.text[byline.start :]
        again = clean_text(cleaned.text)
        assert (again.text, again.byline, again.title) == (cleaned.text, byline, cleaned.title)


@pytest.mark.parametrize(
    "line",
    ["By 2030, half of the island's boats will run on batteries.", "By Monday night the river had risen by a metre.",
     "By Monday", "By land and sea", "By Land and Sea", "By the numbers", "By Friday, Officials Had Closed The Pier",
     "Middle East | World", "An interview with Edda Voss, keeper of the light", "Edda Voss, 61",
     "Edda Voss, harbour master", "Edda Voss, editor of the Skarholm almanac, has died", "Standing desk sales rise",
     "Report: Ferry Was Late", "Edda Voss", "From Rome to Paris", "From Skarholm with Love", "From Old Skarholm"],
)  # fmt: skip
def test_what_only_resembles_a_byline_stays_in_the_article(line: str) -> None:
    cleaned = clean_text(f"{TITLE}\n\n{line}\n\n{BODY}")
    assert cleaned.byline is None
    assert f"{line}\n\n{BODY}" in cleaned.text


@pytest.mark.parametrize(
    "raw",
    [
        f"{TITLE}\nTova Lindqvist\nThe Hollin Post\nMarch 4, 2025 | Updated 5:02 p.m.\n\n{BODY}",
        f"{TITLE}\n\nTova Lindqvist\nTue 4 Mar 2025\n\n{BODY}",
        f"{TITLE}\n\n4 March 2025\n\n{BODY}\n\nTova Lindqvist",
        f"{TITLE}\n\n4 March 2025\n\n{BODY}\n\n-- Tova Lindqvist",
        f"{TITLE}\n\n4 March 2025\n\n{BODY} — Tova Lindqvist",
        f"{TITLE}\n\nTova Lindqvist\nHollin Gazette\n08:30, 4 MAR 2025 | UPDATED 09:12, 5 MAR 2025\n\n{BODY}",
    ],
)
def test_a_name_without_by_signs_an_article_by_its_place(raw: str) -> None:
    cleaned = clean_text(raw)
    assert cleaned.byline is not None
    assert (cleaned.title, cleaned.date, cleaned.byline.author) == (TITLE, "2025-03-04", "Tova Lindqvist")
    assert cleaned.text[: cleaned.byline.start].endswith(f"{BODY}\n\n")
    assert cleaned.text[cleaned.byline.author_start : cleaned.byline.author_end] == "Tova Lindqvist"
    assert clean_text(cleaned.text).text == cleaned.text


@pytest.mark.parametrize(
    "last",
    ["Edda Voss", "-- Edda Voss", "Hollin Post", "“The sea gives and the sea takes away.”\n\n— Tova Lindqvist",
     "Sport Extra", "Monday Morning"],
)  # fmt: skip
def test_a_name_at_the_end_that_the_article_is_about_or_quotes_is_no_byline(last: str) -> None:
    cleaned = clean_text(f"{TITLE}\n\n{BODY}\n\n{last}")
    assert cleaned.byline is None
    assert cleaned.text.endswith(last)


def test_a_line_in_the_middle_is_no_byline_and_a_digest_has_no_author() -> None:
    middle = f"{TITLE}\n\n{BODY}\n\nBy Tova Lindqvist\n\n{BODY} Again.\n\nThe pier opens in May, she said."
    assert clean_text(middle).byline is None
    digest = f"{TITLE}\n\nBy Piet Meer\n\n{BODY}\n\nPier opens\n\nBy Tova Lindqvist\n\nThe pier opens in May, she said."
    assert clean_text(digest).byline is None


def test_a_list_of_people_stays() -> None:
    staff = "\n".join(f"{name} Meer, sports reporter" for name in ("Ada", "Bo", "Cy", "Di", "Eli", "Flo", "Gus"))
    cleaned = clean_text(f"New faces at the Post\n\n{staff}\n\nAll of them start in May, the paper said on Monday.")
    assert cleaned.byline is None
    assert "Cy Meer, sports reporter" in cleaned.text


@pytest.mark.parametrize(
    ("field", "author"),
    [
        ("author: Tova Lindqvist", "Tova Lindqvist"),
        ('byline: "By Tova Lindqvist, Transport correspondent"', "Tova Lindqvist"),
        ('authors: ["Tova Lindqvist", Piet Meer]', "Tova Lindqvist and Piet Meer"),
        ("authors:\n  - name: Tova Lindqvist\n  - name: Piet Meer", "Tova Lindqvist and Piet Meer"),
        ("author: admin", ""),
        ("author:", ""),
    ],
)
def test_front_matter_names_the_author(field: str, author: str) -> None:
    cleaned = clean_text(f"---\ntitle: {TITLE}\n{field}\ndate: 2025-03-04\n---\n\n{BODY}")
    assert (cleaned.byline.author if cleaned.byline else "") == author
    assert cleaned.date == "2025-03-04"
    assert clean_text(cleaned.text).text == cleaned.text


def test_the_articles_own_byline_counts_before_front_matter() -> None:
    cleaned = clean_text(f"---\nauthor: Piet Meer\n---\n\n{TITLE}\n\nBy Tova Lindqvist\n\n{BODY}")
    assert cleaned.byline is not None
    assert cleaned.byline.author == "Tova Lindqvist"
    assert "Piet" not in cleaned.text


def test_the_date_of_a_byline_and_of_a_dateline_is_the_articles() -> None:
    assert clean_text(f"{TITLE}\n\nBy Tova Lindqvist | 4 March 2025\n\n{BODY}").date == "2025-03-04"
    for opening in ("SKARHOLM, March 4, 2025 (Reuters) - ", "SÃO TOMÉ/SKARHOLM, 4 March 2025 (AFP) – "):
        cleaned = clean_text(f"{TITLE}\n\n{opening}{BODY}")
        assert cleaned.date == "2025-03-04"
        assert opening in cleaned.text  # it says where, and which day "today" is


def test_no_passage_holds_the_byline() -> None:
    cleaned = clean_text(f"{TITLE}\n\nBy Tova Lindqvist, Transport correspondent\n\n{BODY}\n\n## Timetable\n\n{BODY}")
    document = Document("a.txt", cleaned.title, None, cleaned.text, cleaned.sections, cleaned.byline)
    passages = chunk_document(document, count_tokens=lambda texts: [len(text.split()) for text in texts])
    assert document.author == "Tova Lindqvist"
    assert any(TITLE in p.text and "seven weeks" in p.text for p in passages)
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert "Lindqvist" not in passage.text


LINES = [line for line, _ in FORMS] + [TITLE, BODY, "# News", "4 March 2025", "Transport Editor", "By", "Edda Voss"]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(st.lists(st.sampled_from(LINES), max_size=10), st.sampled_from(["\n", "\n\n"]))
def test_cleaning_bylines_again_changes_nothing(lines: list[str], gap: str) -> None:
    cleaned = clean_text(gap.join(lines))
    assert clean_text(cleaned.text).text == cleaned.text
    if cleaned.byline is not None:
        assert 0 < cleaned.byline.start <= cleaned.byline.author_start <= cleaned.byline.author_end
        assert cleaned.byline.author_end <= len(cleaned.text)


@given(st.text(alphabet="By abAB.,|/();-", max_size=60))
def test_any_line_can_be_parsed(line: str) -> None:
    credit = parse_byline(line)
    assert credit is None or 0 <= credit.start <= credit.end <= len(line)
