"""Captions, boxes on cookies and newsletters, and lists of other articles: dropped in their usual wordings."""

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
        "By signing up you agree to our terms of use.",
        "View this e-mail in your browser",
        "Published 6 hours ago",
        "Home | News | Sport | Weather",
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
