"""A day's work on the page in Debian's chromium: several questions, half-written ones, the keyboard, dark, a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from test_page_browser import BREAD, PAID, STAKE, Open, ask, watch_pages

from eval.browsing import open_browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Served

pytestmark = pytest.mark.browser
SIZES = [(390, 844), (1280, 800), (1920, 1080)]
BOX = "#aa-question textarea"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with open_browser() as launched:
        yield launched


@pytest.fixture
def open_day(chromium: Any, served: Served) -> Iterator[Open]:
    with watch_pages(chromium, served.address) as run:
        yield run


def measure(found: Any) -> Any:
    return found.evaluate("e => e.getBoundingClientRect().toJSON()")


def test_each_answer_is_seen_whole_above_the_text_field(open_day: Open) -> None:
    page = open_day(viewport={"width": 1280, "height": 800})
    assert abs(measure(page.locator("#aa-composer"))["bottom"] - 800) < 24
    for question in (STAKE, BREAD, PAID):
        ask(page, question)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.locator(".aa-exchange").last.evaluate("e => e.scrollIntoView({block: 'start'})")
        composer = measure(page.locator("#aa-composer"))
        assert abs(composer["bottom"] - height) < 24, (width, composer)
        assert composer["bottom"] - composer["top"] < 170, (width, composer)
        last = page.locator(".aa-exchange").last
        assert 0 <= measure(last)["top"] < 32, width
        for part in (".aa-verdict", ".aa-values .aa-short >> nth=0"):
            assert measure(last.locator(part))["bottom"] < composer["top"], (width, part)


def test_a_new_question_comes_to_the_top(open_day: Open) -> None:
    page = open_day(viewport={"width": 390, "height": 844})
    ask(page, STAKE)
    for question in (BREAD, PAID):
        exchange = ask(page, question)
        assert 0 <= measure(exchange)["top"] < 32
        assert measure(exchange.locator(".aa-verdict"))["bottom"] < measure(page.locator("#aa-composer"))["top"]


def test_typing_does_not_move_the_text_that_is_being_read(open_day: Open) -> None:
    page = open_day(viewport={"width": 390, "height": 844})
    ask(page, STAKE)
    page.evaluate("scrollTo(0, 300)")
    low = measure(page.locator(BOX))["height"]
    page.locator(BOX).focus()
    page.keyboard.type("How much did the city pay for the longer of its two bridges?")
    assert measure(page.locator(BOX))["height"] > low
    assert page.evaluate("scrollY") == 300
    page.locator(BOX).fill("")
    assert measure(page.locator(BOX))["height"] == low
    assert page.evaluate("scrollY") == 300


def test_what_is_being_typed_survives_an_answer(open_day: Open) -> None:
    page = open_day()
    page.locator(BOX).fill(STAKE)
    page.keyboard.press("Enter")
    page.locator(".aa-busy").wait_for()
    expect(page.locator(BOX)).to_have_value("")
    page.keyboard.type("Half a thought")
    page.locator(".aa-tools").wait_for()
    expect(page.locator(BOX)).to_have_value("Half a thought")
    page.get_by_role("button", name="Ask again").click()
    page.locator(".aa-busy").wait_for()
    page.locator(".aa-tools").wait_for()
    expect(page.locator(BOX)).to_have_value("Half a thought")


def test_later_answers_go_only_after_a_warning(open_day: Open) -> None:
    page = open_day()
    first = ask(page, BREAD)
    ask(page, STAKE)
    first.get_by_role("button", name="Edit the question").click()
    editor = first.locator(".aa-editor")
    expect(editor).to_contain_text("You asked 1 more question after this one.")
    editor.get_by_role("textbox").fill(PAID)
    editor.get_by_role("button", name="Ask it at the end and keep everything").click()
    page.locator(".aa-exchange").nth(2).locator(".aa-tools").wait_for()
    assert page.locator(".aa-question").all_inner_texts() == [BREAD, STAKE, PAID]
    first.get_by_role("button", name="Edit the question").click()
    editor.get_by_role("button", name="Replace and remove the later questions").click()
    expect(page.locator(".aa-exchange")).to_have_count(1)


def test_the_keyboard_recalls_a_question_and_reaches_its_chips(open_day: Open) -> None:
    page = open_day()
    ask(page, STAKE)
    page.locator(BOX).focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(BOX)).to_have_value(STAKE)
    page.keyboard.press("Shift+Tab")
    chip = page.locator("a.aa-chip:focus")
    expect(chip).to_have_count(1)
    expect(chip.locator(".aa-preview")).to_be_visible()
    expect(chip.locator(".aa-preview")).to_contain_text("49%")


def test_every_stop_of_the_tab_key_is_seen(open_day: Open) -> None:
    page = open_day()
    ask(page, PAID)
    page.get_by_role("button", name="Dark colours").focus()
    outline = "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] }"
    stops = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        name = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        style, width = page.evaluate(outline)
        assert style == "solid", name
        assert float(width.removesuffix("px")) >= 2, name
        stops += 1
    assert stops > 12


def test_the_choice_of_colours_is_remembered(open_day: Open) -> None:
    page = open_day(color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Dark colours").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    page.get_by_role("button", name="Light colours").wait_for()
    assert page.evaluate(paper) == dark
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Light colours").click()
    page.emulate_media(color_scheme="light")
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_role("button", name="Dark colours")).to_be_visible()
    assert page.evaluate(paper) == light


def test_an_article_leads_from_quote_to_quote_and_finds_words(open_day: Open) -> None:
    page = open_day()
    exchange = ask(page, "Who became interim CEO of Scale AI?")  # two sentences of one article say so
    exchange.get_by_role("button", name="Open the whole article").first.click()
    dialog = page.get_by_role("dialog")
    place = dialog.locator(".aa-place")
    dialog.locator("mark").first.wait_for()
    total = dialog.locator("mark").count()
    expect(place).to_contain_text(f"of {total}")
    assert total > 1
    seen = set()
    for _ in range(total):
        dialog.get_by_role("button", name="Next").click()
        expect(dialog.locator("mark.aa-current")).to_be_in_viewport()
        seen.add(place.inner_text())
    assert seen == {f"Quote {n} of {total}" for n in range(1, total + 1)}
    dialog.get_by_label("Find in the article").fill("SUPERINTELLIGENCE")
    expect(place).to_contain_text("Match 1 of")
    dialog.get_by_role("button", name="Previous").click()
    last = place.inner_text().split()
    assert last[1] == last[3] != "1"
    dialog.get_by_label("Find in the article").fill("no such word")
    expect(place).to_have_text("No match")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_on_a_phone_the_sources_stand_under_their_answer(open_day: Open) -> None:
    page = open_day(viewport={"width": 390, "height": 844})
    first, second = ask(page, STAKE), ask(page, BREAD)
    for exchange, heading in ((first, "Sources"), (second, "Closest passages")):
        sources = exchange.locator(".aa-sources")
        expect(sources.get_by_role("heading", name=heading)).to_have_count(1)
        assert measure(sources)["top"] >= measure(exchange.locator(".aa-tools"))["bottom"]
    page.set_viewport_size({"width": 1280, "height": 800})
    assert measure(first.locator(".aa-sources"))["left"] > 640


def test_a_suggestion_is_asked_at_the_end_of_the_conversation(open_day: Open) -> None:
    page = open_day()
    ask(page, BREAD)
    suggested = page.get_by_role("group", name="You could ask next").get_by_role("button").first
    question = suggested.inner_text()
    suggested.click()
    page.locator(".aa-exchange").nth(1).locator(".aa-tools").wait_for()
    assert page.locator(".aa-question").all_inner_texts() == [BREAD, question]
