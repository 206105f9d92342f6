"""Conversations in Debian's chromium: their list, what earlier versions kept, two tabs, full and hostile storage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT
from playwright.sync_api import expect
from test_page_browser import AXE, BREAD, HOSTILE, PAID, STAKE, WAIT, Open, ask, look, watch_pages

from eval.browsing import open_browser
from rag.page.exchange import Exchange, write_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Served

pytestmark = pytest.mark.browser
EARLIER, QUESTION, TITLE = "ask-articles-conversation/", "ask-articles-question/", "ask-articles-title/"
STORE = (ROOT / "rag" / "page" / "store.js").read_text(encoding="utf-8")
ENCRYPTED = (
    "AAECAwQFBgcICQoLDA0ODw==:U2FsdGVkX18AAQIDBAUGB1VHOaR5wBTdLwisbd9WCSBCeZHv/gbHduV2y41j4FcjiY9i1orlGUCT5R6b96Ad9L89"
    "HrVWvMhOzv1Yg35jdzfr6++5U42a29n1aJfdFUvWzFGA6KsGj6Rb7OdN/tz8GsQtOisrXVN3tmO8Qg4syvlo52TwRz55gneoZ7XS+n6/m1OKC2cZX3g/"
    "dui4efVVfZCbPuw1vok6/cw4EMKCOcbxjCb/QmiXr+m9edmMAhcXVx/NYkW/Ay05qNbA0AuD/Ihtn9UhbMfMkmRGSjCGdNc="
)
"""The question "Who sails to Coll?" as Gradio's BrowserState keeps it under the first version's key and secret."""
FILL = """
    for (let size = 1 << 21, n = 0; size >= 1; n += 1) {
        try { localStorage.setItem(`junk-${n}`, 'x'.repeat(size)); } catch { size >>= 1; }
    }
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with open_browser() as launched:
        expect.set_options(timeout=WAIT)
        yield launched


@pytest.fixture
def open_talk(chromium: Any, served: Served) -> Iterator[Open]:
    with watch_pages(chromium, served.address) as run:
        yield run


def make_record(question: str, key: str, day: int = 1) -> dict[str, Any]:
    (record,) = write_records([Exchange(key, question, None, "It rained.", asked=f"2026-11-{day:02}T16:00:00+00:00")])
    return record


def put_entries(page: Any, entries: dict[str, Any]) -> None:
    """Writes to the browser's storage, and loads the page as in a new tab."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in entries.items()}
    page.evaluate("e => { for (const [k, v] of Object.entries(e)) localStorage.setItem(k, v) }", texts)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.get_by_label("Your question").wait_for()


def keep(name: str, record: dict[str, Any], title: str = "") -> dict[str, Any]:
    """What a browser keeps of a conversation of one question."""
    return {f"{QUESTION}{name}/{record['key']}": record, **({TITLE + name: title} if title else {})}


def list_rows(page: Any) -> Any:
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_role("dialog", name="Conversations").wait_for()
    return page.locator(".aa-row")


def test_conversations_are_found_renamed_deleted_and_brought_back_by_keyboard(open_talk: Open) -> None:
    page = open_talk(viewport={"width": 390, "height": 844})
    entries = {
        **keep("a" * 16, make_record("Who sails to Coll?", "a" * 16, 1)),
        **keep("b" * 16, make_record("What does the café cost?", "c" * 16, 2), "The ferry"),
    }
    put_entries(page, entries)
    expect(page.locator(".aa-question")).to_have_text("What does the café cost?")
    rows = list_rows(page)
    expect(page.locator(".aa-row-title")).to_have_text(["The ferry", "Who sails to Coll?"])
    expect(rows.first.locator("[aria-current]")).to_have_count(1)
    expect(page.get_by_label("Find words in titles")).to_be_focused()
    for words, found in (("CAFE costs", []), ("cost CAFE", ["The ferry"]), ("coll", ["Who sails to Coll?"])):
        page.keyboard.press("Control+a")
        page.keyboard.type(words)
        expect(page.locator(".aa-row-title")).to_have_text(found)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Rename: Who sails to Coll?")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.type("Boats to Coll")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Boats to Coll 1 question")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#aa-deleted")).to_contain_text("“Boats to Coll” is deleted.")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    left = page.evaluate("Object.keys(localStorage)")
    assert sorted(left) == [f"{QUESTION}{'b' * 16}/{'c' * 16}", TITLE + "b" * 16]
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Boats to Coll 1 question")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".aa-question")).to_have_text("Who sails to Coll?")
    expect(page.locator("#aa-question textarea")).to_be_focused()
    for button, said in (("Save as Markdown", "# Boats to Coll\n"), ("Save as JSON", '"title": "Boats to Coll"')):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename.startswith("Boats to Coll.")
        assert said in Path(download.value.path()).read_text(encoding="utf-8")


def test_a_deleted_conversation_stays_deleted_and_a_new_one_begins(open_talk: Open) -> None:
    page = open_talk()
    ask(page, STAKE)
    list_rows(page).get_by_role("button", name=f"Delete: {STAKE}").click()
    page.get_by_role("button", name="Close the conversations").click()
    expect(page.locator(".aa-welcome")).to_be_visible()
    page.reload()
    expect(page.locator(".aa-welcome")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0


def test_what_earlier_versions_kept_is_taken_over(open_talk: Open) -> None:
    page = open_talk()
    put_entries(page, {"ask-articles-conversation-2": [make_record(BREAD, "c" * 16)]})
    expect(page.locator(".aa-question")).to_have_text(BREAD)
    put_entries(page, {"ask-articles-conversation-1": ENCRYPTED})
    expect(list_rows(page)).to_have_count(2)
    expect(page.locator(".aa-row-title")).to_have_text(["Who sails to Coll?", BREAD])
    ferry = {"title": "The ferry", "records": [make_record(PAID, "d" * 16, 29), make_record(STAKE, "e" * 16, 30)]}
    put_entries(page, {EARLIER + "b" * 16: ferry, EARLIER + "f" * 16: "{", EARLIER + "x": ferry})
    expect(page.locator(".aa-question")).to_have_text([PAID, STAKE])
    expect(list_rows(page)).to_have_count(3)
    expect(page.locator(".aa-row-title").first).to_have_text("The ferry")
    names = {"0123456789abcdef": "0123456789abcdef", "c" * 16: "c" * 16, "d" * 16: "b" * 16, "e" * 16: "b" * 16}
    kept = {f"{QUESTION}{name}/{key}" for key, name in names.items()}
    assert set(page.evaluate("Object.keys(localStorage)")) == {*kept, TITLE + "b" * 16}


def test_what_an_earlier_version_kept_stays_where_there_is_no_room(open_talk: Open) -> None:
    page = open_talk()
    questions = [f"{PAID} {n}" for n in range(5)]
    whole = json.dumps({"records": [make_record(question, f"{n:016x}", n + 1) for n, question in enumerate(questions)]})
    page.evaluate("([name, text]) => localStorage.setItem(name, text)", [EARLIER + "b" * 16, whole])
    for _ in range(2):
        page.evaluate(FILL)
        page.evaluate("sessionStorage.clear()")
        page.reload()
        expect(page.locator(".aa-question")).to_have_text(questions)
        expect(page.locator("#aa-unsaved")).to_be_visible()
    list_rows(page).get_by_role("button", name=f"Delete: {PAID} 0").click()
    page.reload()
    expect(page.locator(".aa-welcome")).to_be_visible()


def test_what_two_tabs_write_at_the_same_moment_is_all_kept(open_talk: Open) -> None:
    one = open_talk()
    two = one.context.new_page()
    two.goto(one.url)
    write = (
        f"([records, start]) => {{ {STORE}\n const step = () => {{ writeRecords('{'a' * 16}', [records.shift()]);"
        " if (records.length) setTimeout(step, 20); }; setTimeout(step, start - Date.now()); }"
    )
    start = one.evaluate("Date.now()") + 500
    for page, first in ((one, 0), (two, 40)):
        page.evaluate(write, [[make_record(BREAD, f"{n:016x}") for n in range(first, first + 40)], start])
    one.wait_for_timeout(2500)
    for page in (one, two):
        expect(list_rows(page).locator(".aa-note")).to_contain_text("80 questions")


def test_a_title_that_is_being_typed_survives_what_another_tab_does(open_talk: Open) -> None:
    page = open_talk()
    put_entries(
        page, {**keep("a" * 16, make_record(BREAD, "a" * 16, 1)), **keep("b" * 16, make_record(PAID, "b" * 16, 2))}
    )
    two = page.context.new_page()
    two.goto(page.url)
    rows = list_rows(page)
    page.get_by_role("button", name=f"Rename: {BREAD}").click()
    page.keyboard.type("Loaves")
    page.keyboard.press("ArrowLeft")
    record = json.dumps(make_record(STAKE, "c" * 16, 3))
    two.evaluate(f"localStorage.setItem('{QUESTION}{'c' * 16}/{'c' * 16}', JSON.stringify({record}))")
    expect(rows).to_have_count(3)
    page.keyboard.type("!")
    page.keyboard.press("Enter")
    expect(page.locator(".aa-row-title")).to_have_text([STAKE, PAID, "Loave!s"])


def test_an_answer_goes_to_its_own_conversation(open_talk: Open) -> None:
    page = open_talk()
    page.locator("#aa-question textarea").fill(STAKE)
    page.keyboard.press("Enter")
    page.locator(".aa-busy").wait_for()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".aa-welcome")).to_be_visible()
    page.wait_for_function("Object.values(localStorage).some((text) => text.includes('49%'))")
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    expect(page.locator(".aa-exchange")).to_have_count(0)
    ask(page, BREAD)
    expect(page.locator(".aa-question")).to_have_text([BREAD])
    list_rows(page).get_by_role("button", name=f"{STAKE} 1 question").click()
    expect(page.locator(".aa-short")).to_contain_text("49%")
    expect(page.locator(".aa-question")).to_have_text([STAKE])


def test_a_full_browser_is_said_and_loses_nothing(open_talk: Open) -> None:
    page = open_talk()
    first = ask(page, BREAD)
    page.evaluate(FILL)
    ask(page, STAKE)
    expect(page.locator("#aa-unsaved")).to_contain_text("This browser has no room for more conversations: delete some.")
    page.reload()
    expect(page.locator(".aa-question")).to_have_text([BREAD, STAKE])
    expect(page.locator("#aa-unsaved")).to_be_visible()
    page.evaluate(
        "for (const key of Object.keys(localStorage)) if (key.startsWith('junk')) localStorage.removeItem(key)"
    )
    first.get_by_role("button", name="Good answer").click()
    expect(page.locator("#aa-unsaved")).to_be_hidden()
    page.evaluate("sessionStorage.clear()")
    page.reload()
    expect(page.locator(".aa-question")).to_have_text([BREAD, STAKE])


def test_a_browser_that_keeps_nothing_still_answers(open_talk: Open) -> None:
    page = open_talk()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError') } }")
    ask(page, STAKE)
    expect(page.locator("#aa-unsaved")).to_have_text(
        "This browser keeps nothing for this page: save the conversation before you close this tab."
    )
    ask(page, BREAD)
    expect(page.locator(".aa-question")).to_have_text([STAKE, BREAD])


def test_hostile_storage_is_harmless(open_talk: Open) -> None:
    page = open_talk()
    record = make_record(HOSTILE, "d" * 16)
    answer = {"text": 5, "short": {}, "citations": [None, {"quote": HOSTILE}]}
    entries = {
        EARLIER + "1" * 16: "{", EARLIER + "2" * 16: "null", EARLIER + "3" * 16: {"records": 5},
        EARLIER + "x": {"records": [record]},
        EARLIER + "4" * 16: {"title": {"a": 1}, "records": [None, 5, {"key": "<b>"}, {**record, "asked": 5}]},
        QUESTION + "7" * 16: record, QUESTION + "x/" + "d" * 16: record, f"{QUESTION}{'7' * 16}/{'e' * 16}": record,
        f"{QUESTION}{'7' * 16}/{'f' * 16}": "null", f"{QUESTION}{'7' * 16}/": "{", TITLE + "7" * 16: "{",
        **keep("5" * 16, record, HOSTILE * 9), **keep("5" * 16, {**record, "key": "e" * 16, "answer": answer}),
        TITLE + "6" * 16: "Long",
        **{f"{QUESTION}{'6' * 16}/{n:016x}": {**record, "key": f"{n:016x}"} for n in range(500)},
    }  # fmt: skip
    put_entries(page, entries)
    expect(list_rows(page)).to_have_count(2)
    expect(page.locator(".aa-row .aa-note", has_text="100 questions")).to_have_count(1)
    titles = page.locator(".aa-row-title").all_inner_texts()
    assert max(map(len, titles)) <= 100
    page.get_by_label("Find words in titles").fill("onerror")
    expect(page.locator(".aa-row")).to_have_count(2)
    page.locator(".aa-row", has_text="<img").locator("[data-talk=open]").click()
    expect(page.locator(".aa-question").first).to_have_text(HOSTILE)
    assert page.locator("img[src=x]").count() == 0


def test_tabs_keep_what_the_others_ask_rename_and_delete(open_talk: Open) -> None:
    one = open_talk()
    ask(one, BREAD)
    two = one.context.new_page()
    two.goto(one.url)
    expect(two.locator(".aa-question")).to_have_text(BREAD)
    two.get_by_role("button", name="New conversation").click()
    expect(two.locator(".aa-welcome")).to_be_visible()
    for page, question in ((one, PAID), (two, STAKE)):
        page.locator("#aa-question textarea").fill(question)
        page.locator("#aa-question textarea").press("Enter")
    for page, count in ((one, 2), (two, 1)):
        expect(page.locator(".aa-tools")).to_have_count(count)
    rows = list_rows(one)
    expect(rows).to_have_count(2)
    two.get_by_role("button", name="Conversations", exact=True).click()
    two.get_by_role("button", name=f"Delete: {BREAD}").click()
    expect(rows).to_have_count(1)
    expect(one.locator(".aa-exchange")).to_have_count(0)
    two.get_by_role("button", name="Undo").click()
    expect(one.locator(".aa-row-title")).to_have_count(2)


@pytest.mark.skipif(not AXE.is_file(), reason="No axe-core: npm install --prefix .venv axe-core.")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_the_list(open_talk: Open, scheme: str) -> None:
    page = open_talk(color_scheme=scheme)
    names = [f"{n:016x}" for n in range(30)]
    put_entries(page, {f"{QUESTION}{name}/{name}": make_record(BREAD, name) for name in names})
    script = AXE.read_text(encoding="utf-8")
    rows = list_rows(page)
    expect(rows).to_have_count(30)
    found = look(page, script)
    rows.nth(1).locator("[data-talk=rename]").click()
    rows.nth(2).locator("[data-talk=delete]").click()
    found += look(page, script)
    assert found == []
    for width in (320, 390, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(
            "document.querySelector('#aa-drawer').scrollWidth <= document.querySelector('#aa-drawer').clientWidth"
        )
