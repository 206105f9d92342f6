"""The tabs Review and Quality in Debian's chromium: people who log in, and reviews by keyboard alone."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT
from serving import serve_page

from eval.browsing import explain_missing, open_browser
from rag.articles.folder import Contents, read_file
from rag.review.items import Item, Place, Provenance, Sources
from rag.review.preferences import Comparison, add_comparisons
from rag.review.store import Reviewer, ReviewStore

if TYPE_CHECKING:
    from collections.abc import Iterator

if missing := explain_missing():
    pytest.skip(missing, allow_module_level=True)
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
AXE = Path(os.environ.get("AXE_CORE", ROOT / ".venv" / "node_modules" / "axe-core")) / "axe.min.js"
WAIT = 120_000
DAY = "2026-11-02T10:00:00+00:00"
HOSTILE = "<img src=x onerror=window.ran=1><script>window.ran=1</script> {{7*7}} ${window.ran=1}"
STORM = "The storm damaged the dam above Lindau. The repair of the dam will cost 40 million euros, the ministry said."
LAKE = "Engineers have looked at the cracks. The repair of the dam will cost 65 million euros, the engineers said."
ARTICLES = {
    "monday.txt": f"Storm damages the dam\nMarch 3, 2025\n\n{STORM}\n",
    "friday.txt": f"Lindau counts the cost\nMarch 7, 2025\n\n{LAKE}\n",
}

FORGE = """async () => {
  const told = [];
  const headers = { 'content-type': 'application/json' };
  for (const { id, api_name } of window.gradio_config.dependencies) {
    if (!['show', 'act', 'show_quality'].includes(api_name)) continue;
    const session_hash = `forged${id}`;
    const event = { data: [], event_data: { action: 'undo' }, fn_index: id, session_hash, trigger_id: null };
    const body = JSON.stringify(event);
    await fetch('/gradio_api/queue/join', { method: 'POST', headers, body });
    told.push(await (await fetch(`/gradio_api/queue/data?session_hash=${session_hash}`)).text());
  }
  return told;
}"""


@dataclass(frozen=True)
class Desk:
    """The page for several users, with items that nobody has reviewed."""

    address: str
    data: Path
    browser: Any

    @contextmanager
    def log_in(self, name: str, **options: Any) -> Iterator[Any]:
        """A page of somebody who has logged in. It may write no error to the console."""
        wrong: list[str] = []
        context = self.browser.new_context(**options)
        context.set_default_timeout(WAIT)
        assert context.request.post(f"{self.address}login", form={"username": name, "password": "pass"}).ok
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(self.address)
        page.get_by_label("Your question").wait_for()
        yield page
        assert page.evaluate("window.ran") is None
        context.close()
        assert wrong == []

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data / "feedback.sqlite")) as connection:
            return connection.execute(query).fetchall()


def fill(path: Path, articles: Path) -> None:
    """Items that nobody has reviewed, in the order in which they are given out, and two answers to compare."""
    found = [read_file(articles / name, articles) for name in ARTICLES]
    documents = [file.documents[0] for file in found if isinstance(file, Contents)]
    passages = tuple(Place(d.document_id, d.title, 0, len(d.text), d.text) for d in documents)
    quote = documents[0].text.index("The repair")
    sources = Sources(
        (Place("monday.txt", "The dam", quote, len(documents[0].text), documents[0].text[quote:]),), passages, ()
    )
    store = ReviewStore(path)
    store.keep(
        Item(f"{number:016}", DAY, "rated", f"What did dam {number} cost?", "answered", "40 million euros", 0.8,
             number / 100, False, "", Provenance("0.1.0", "built-in", "abc"), sources=sources)
        for number in range(12)
    )  # fmt: skip
    store.add_reviewer(Reviewer("eva", "expert"))
    store.add_reviewer(Reviewer("tom", "reviewer"))
    add_comparisons(store, [Comparison("1", HOSTILE, "old", "new", "40 million euros", HOSTILE)])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    articles, data = folder / "articles", folder / "data"
    articles.mkdir()
    for name, text in ARTICLES.items():
        (articles / name).write_text(text, encoding="utf-8")
    (folder / "password").write_text("pass", encoding="utf-8")
    fill(data / "feedback.sqlite", articles)
    logins = [f"--auth={name}:{folder / 'password'}" for name in ("eva", "tom", "ida")]
    with serve_page(folder, articles, None, *logins) as served, open_browser() as browser:
        expect.set_options(timeout=WAIT)
        yield Desk(served.address, served.data, browser)


def tab_to(page: Any, selector: str, key: str = "Tab") -> None:
    for _ in range(60):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press(key)
    pytest.fail(f"{selector} is not reached")


def open_review(page: Any) -> None:
    page.get_by_role("tab", name="Review").wait_for()
    tab_to(page, '[role="tab"]', "Shift+Tab")
    tab_to(
        page,
        "#aa-review-tab-button",
        "Shift+Tab" if page.evaluate("!document.activeElement.nextElementSibling") else "Tab",
    )
    page.keyboard.press("Enter")
    page.locator("#aa-reviewed").wait_for()


def list_reviews(desk: Desk, name: str) -> list[tuple[Any, ...]]:
    return desk.ask(
        "SELECT item_id, decision, places FROM reviews"  # noqa: S608 (our names)
        f" WHERE withdrawn IS NULL AND reviewer = '{name}' ORDER BY review_id"
    )


def test_items_are_reviewed_by_keyboard_alone(desk: Desk) -> None:
    with desk.log_in("eva") as page:
        page.get_by_label("Your question").press_sequentially("rwz")  # keys of the other tab do nothing here
        open_review(page)
        question, said = page.locator("#aa-reviewed"), page.locator("#aa-said")
        first = question.inner_text()
        page.keyboard.press("r")
        expect(said).to_have_text("Saved: Right.")
        expect(question).to_be_focused()
        second = question.inner_text()
        assert first != second

        # Wrong: the right text is searched for, and extended with Shift and the arrow keys.
        page.keyboard.press("w")
        expect(page.locator(".aa-choosable").first).to_be_focused()
        page.keyboard.type("65 million")
        expect(page.locator("#aa-look")).to_have_value("65 million")
        expect(page.locator(".aa-found")).to_have_text("1 of 1, in: Passage 2")
        page.keyboard.press("Escape")
        expect(page.locator(".aa-choosable").nth(1)).to_be_focused()
        for _ in " euros":
            page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Delete")  # nothing is changed
        page.keyboard.press("Enter")
        expect(said).to_have_text("Saved: Wrong.")
        ((_, right, _), (wrong, decision, places)) = list_reviews(desk, "eva")
        assert (right, decision, [place["text"] for place in json.loads(places)]) == (
            "right",
            "wrong",
            ["65 million euros"],
        )

        # Undo, and decide again: two values, one selected with the arrow keys, one looked for.
        page.keyboard.press("z")
        expect(said).to_have_text("Undone: Wrong. Decide again.")
        expect(question).to_have_text(second)
        page.keyboard.press("d")
        expect(page.locator(".aa-choosable").first).to_be_focused()
        for _ in "Storm damages":
            page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Enter")
        expect(page.locator(".aa-chosen li")).to_have_count(1)
        page.keyboard.type("65 million euros")
        page.keyboard.press("Enter")
        expect(page.locator(".aa-chosen li")).to_have_count(2)
        tab_to(page, "[data-review=save]")
        page.keyboard.press("Enter")
        expect(said).to_have_text("Saved: Articles differ.")
        (item, decision, places) = list_reviews(desk, "eva")[-1]
        assert (item, decision) == (wrong, "differ")
        assert [place["text"] for place in json.loads(places)] == ["Storm damages", "65 million euros"]

        # A text of the whole article; what is begun can be left.
        page.keyboard.press("w")
        expect(page.locator("[data-review=save]")).to_be_hidden()
        page.keyboard.press("Escape")
        expect(question).to_be_focused()
        tab_to(page, "[data-review=read]")
        page.keyboard.press("Enter")
        expect(page.locator(".aa-whole")).to_be_focused()
        for key, name in (("u", "Unanswerable"), ("b", "Bad question")):
            page.keyboard.press(key)
            expect(said).to_have_text(f"Saved: {name}.")
        page.keyboard.press("s")
        expect(said).to_have_text("Skipped.")
        page.keyboard.press("g")
        expect(page.locator(".aa-guidelines")).not_to_have_attribute("open", "")
        page.keyboard.press("c")
        expect(question).to_have_text(HOSTILE)
        page.keyboard.press("2")
        page.keyboard.type("1 shorter")
        page.keyboard.press("Enter")
        expect(question).to_have_text("Nothing left to compare")
        assert desk.ask("SELECT why FROM preferences") == [("1 shorter",)]
        assert len(list_reviews(desk, "eva")) == 5

        page.get_by_role("tab", name="Quality").click()
        expect(page.locator(".aa-quality")).to_contain_text("eva")
        expect(page.locator(".aa-quality")).to_contain_text("none reviewed")


def test_a_text_is_selected_with_the_mouse(desk: Desk) -> None:
    with desk.log_in("eva") as page:
        page.get_by_role("tab", name="Review").click()
        page.get_by_role("button", name="Wrong").click()
        box = page.locator(".aa-choosable").first
        word = box.evaluate(
            """area => {
                const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
                while (walker.nextNode()) {
                    const at = walker.currentNode.data.indexOf('Lindau');
                    if (at < 0) continue;
                    const range = document.createRange();
                    range.setStart(walker.currentNode, at);
                    range.setEnd(walker.currentNode, at + 6);
                    const { x, y, width, height } = range.getBoundingClientRect();
                    return [x + width / 2, y + height / 2];
                }
            }"""
        )
        page.mouse.dblclick(*word)
        page.get_by_role("button", name="Take it").click()
        expect(page.locator("#aa-said")).to_have_text("Saved: Wrong.")
        assert [place["text"] for place in json.loads(list_reviews(desk, "eva")[-1][2])] == ["Lindau"]


def test_each_user_has_their_own_items_and_tabs(desk: Desk) -> None:
    with desk.log_in("eva") as eva, desk.log_in("tom") as tom, desk.log_in("ida") as ida:
        for page in (eva, tom):
            page.get_by_role("tab", name="Review").click()
            page.locator("#aa-reviewed").wait_for()
        assert eva.locator("#aa-reviewed").inner_text() != tom.locator("#aa-reviewed").inner_text()
        expect(eva.get_by_role("tab", name="Quality")).to_be_visible()
        expect(tom.get_by_role("tab", name="Quality")).to_have_count(0)
        tom.keyboard.press("u")
        expect(tom.locator("#aa-said")).to_have_text("Saved: Unanswerable.")
        assert [decision for _, decision, _ in list_reviews(desk, "tom")] == ["unanswerable"]
        expect(ida.get_by_role("tab")).to_have_count(2)
        # The page's own requests, made by somebody who is no reviewer.
        told = ida.evaluate(FORGE)
        assert len(told) == 3
        assert all("not a reviewer here" in text for text in told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_too_wide_and_axe_finds_no_serious_fault(desk: Desk, scheme: str) -> None:
    with desk.log_in("eva", color_scheme=scheme) as page:
        found: list[str] = []
        for tab, key in (("Review", ""), ("Review", "w"), ("Quality", "")):
            page.get_by_role("tab", name=tab).click()
            page.locator("#aa-reviewed" if tab == "Review" else ".aa-quality").wait_for()
            if key:
                page.keyboard.press(key)
                page.locator("#aa-look").wait_for()
            for width in (390, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 844})
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, (tab, key, width)
                if folder := os.environ.get("PICTURES"):
                    page.screenshot(path=f"{folder}/{tab}{key}-{width}-{scheme}.png")
            if AXE.is_file():
                page.evaluate(AXE.read_text(encoding="utf-8"))
                found += [
                    f"{v['id']}: {node['html'][:200]}"
                    for v in page.evaluate("async () => (await axe.run()).violations")
                    if v["impact"] in ("serious", "critical")
                    for node in v["nodes"]
                ]
            if key:
                page.keyboard.press("Escape")
        assert found == []
