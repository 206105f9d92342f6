"""What a page puts around an article: captions, boxes on cookies and newsletters, menus, lists of other articles."""

from __future__ import annotations

import pytest

from rag.articles.cleaning import clean_text

TITLE = "Ferry to Hollin Island runs again"
ONE = "The ferry to Hollin Island sailed on Tuesday for the first time since the storm in January."
TWO = "Repairs to its engine took seven weeks, said the harbour master, Edda Voss."


@pytest.mark.parametrize(
    "line",
    [
        "Image caption, The ferry was towed into the harbour by two tugs on Sunday",
        "Caption: The ferry leaves the harbour.",
        "Image source, Hollin Post",
        "Passengers wait at the pier in Skarholm. (Getty Images)",
        "Passengers wait at the pier in Skarholm on a cold morning in March (AP Photo/Piet Meer)",
        "The pier after the storm (Photo: Piet Meer)",
        "The pier after the storm. Photograph: Piet Meer/The Hollin Post",
        "We and our 61 partners store and access cookies on your device. You can change your choices at any time.",
        "This site uses cookies to give you the best experience.",
        "By continuing to use this website you agree to our use of cookies on your device.",
        "We value your privacy",
        "Accept all | Reject all | Manage settings",
        "Sign up to our newsletter. You can unsubscribe at any time.",
        "Get the day's five best stories delivered to your inbox.",
        "Island news first! Subscribe today for the price of a coffee!",
        "Never be late again. Sign up for alerts.",
        "Picture from the archives",
        "By signing up you agree to our terms of use.",
        "View this e-mail in your browser",
        "Published 6 hours ago",
        "Home | News | Sport | Weather",
        "Tap to share",
        "Subscribe for $1 a week",
    ],
)
def test_a_box_goes_wherever_it_stands(line: str) -> None:
    for raw in (f"{TITLE}\n\n{line}\n\n{ONE}\n\n{TWO}", f"{TITLE}\n\n{ONE}\n\n{line}\n\n{TWO}"):
        assert clean_text(raw).text == f"{TITLE}\n\n{ONE}\n\n{TWO}"


@pytest.mark.parametrize(
    "line",
    [
        "The fire on the ferry was caused by a loose cable, the police said on Friday. (Reuters)",
        "The report ends with a photo of the pier (see the pictures below).",
        "We store cookies in tins, and your children will like them, the baker Edda Voss said.",
        "The bakery sells 300 cookies a day.",
        "Sign up now. Registration at Skarholm closes on Friday.",
        "It was a great day for the island!",
        "The caption was wrong, the museum said.",
        "She gets 300 letters a day in her inbox.",
        "By signing up, 400 islanders agreed to pay for the new pier.",
        "Regulators fined the company because its website stores cookies on every device.",
    ],
)
def test_news_that_resembles_a_box_stays(line: str) -> None:
    assert line in clean_text(f"{TITLE}\n\n{ONE}\n\n{line}\n\n{TWO}").text


def test_a_list_of_other_articles_goes_at_the_end_only() -> None:
    listed = "Most read\n1 Man wins pie contest for the ninth time in Skarholm\n2 Rain expected\n© 2025 The Post"
    assert clean_text(f"{TITLE}\n\n{ONE}\n\n{TWO}\n\n{listed}").text == f"{TITLE}\n\n{ONE}\n\n{TWO}"
    assert "Rain expected" in clean_text(f"{TITLE}\n\n{ONE}\n\n{listed}\n\n{TWO}").text


def test_buttons_above_the_title_do_not_become_it() -> None:
    page = "Skip to content\nHome | News | Sport\nWe use cookies on your device.\nShare\nFacebook\nX\nCopy link"
    cleaned = clean_text(f"{page}\n\n{TITLE}\n\n{ONE}\n\n{TWO}")
    assert cleaned.title == TITLE
    assert cleaned.text == f"{TITLE}\n\n{ONE}\n\n{TWO}"


def test_what_a_page_repeats_below_the_text_goes() -> None:
    page = f"Harbour supplement\n\n{TITLE}\n\n{ONE}\n\nIn detail\n\n{TWO}\n\nHarbour supplement"
    assert clean_text(page).text == f"Harbour supplement\n\n{TITLE}\n\n{ONE}\n\nIn detail\n\n{TWO}"


def test_what_is_said_twice_stays() -> None:
    talk = f"{TITLE}\n\n{ONE}\n\nQ: Safe?\n\nOh yes.\n\n{TWO}\n\nQ: And fast?\n\nOh yes."
    assert clean_text(talk).text == talk


def test_figures_below_the_text_stay_though_they_are_repeated() -> None:
    page = f"{TITLE}\n\n{ONE}\n\nPier: 12 boats\n\n{TWO}\n\nPier: 12 boats\n\nQuay: 9 boats"
    assert clean_text(page).text.count("Pier: 12 boats") == 2


def test_the_title_of_a_page_and_its_site_is_the_title_of_its_article() -> None:
    page = f"{TITLE} | Hollin Post\nAll the news of the coast\nPrice 2 crowns\n{TITLE}\n\n{ONE}\n\n{TWO}"
    cleaned = clean_text(page)
    assert cleaned.title == TITLE
    assert cleaned.text == f"{TITLE}\n\n{ONE}\n\n{TWO}"


def test_a_word_above_the_title_goes_if_the_article_says_it_again() -> None:
    cleaned = clean_text(f"REPAIRS\n\n{TITLE}\n\n{ONE}\n\n{TWO}")
    assert cleaned.title == TITLE
    assert cleaned.text == f"{TITLE}\n\n{ONE}\n\n{TWO}"
    assert "Skarholm" in clean_text(f"Skarholm\n\n{TITLE}\n\n{ONE}\n\n{TWO}").text


@pytest.mark.parametrize("path", ["Coast | Transport", "News > Local > Hollin Island"])
def test_the_path_of_a_page_is_not_the_title(path: str) -> None:
    cleaned = clean_text(f"{path}\n\n{TITLE}\n\n{ONE}\n\n{TWO}")
    assert (cleaned.title, cleaned.text) == (TITLE, f"{TITLE}\n\n{ONE}\n\n{TWO}")


def test_a_title_of_one_word_stays_the_title() -> None:
    assert clean_text(f"Repairs\n\n{ONE}\n\n{TWO}").title == "Repairs"


def test_a_box_of_key_points_above_the_title_is_not_the_title() -> None:
    cleaned = clean_text(f"At a glance\n\n- The ferry sails again.\n- Repairs took weeks.\n\n{TITLE}\n\n{ONE}\n\n{TWO}")
    assert cleaned.title == TITLE


def test_a_header_on_each_page_neither_cuts_a_sentence_nor_repeats_the_title() -> None:
    header = "Report on the ferry to Hollin Island for the council"
    cut = "Repairs to its engine took seven\n\n{0}\n\nweeks, said the harbour master, Edda Voss."
    for first in (header, header.replace(" for ", "\nfor ")):  # a title is often set in large type, and wrapped
        page = f"{first}\n\n{ONE}\n\n{header}\n\n{ONE[:-1]} again.\n\n{cut.format(header)}\n\n{header}\n\nThe end."
        assert clean_text(page).text.split("\n\n") == [header, ONE, f"{ONE[:-1]} again.", TWO, "The end."]


def test_numbered_headlines_below_most_popular_go_from_the_middle_of_an_article() -> None:
    box = "Most popular\n1. Snow on the way: up to 9 inches\n2. Man wins $50,000 on scratch ticket"
    assert clean_text(f"{TITLE}\n\n{ONE}\n\n{box}\n\n{TWO}").text == f"{TITLE}\n\n{ONE}\n\n{TWO}"
    kept = "Most popular were\n1. The big wheel\n2. The ghost train"
    assert "The ghost train" in clean_text(f"{TITLE}\n\n{ONE}\n\n{kept}\n\n{TWO}").text
