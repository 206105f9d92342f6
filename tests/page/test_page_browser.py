"""The page as people meet it: Debian's chromium, the real app, the real index and reader.

Whatever a page asks of another host, and whatever it writes to the console as an error, fails the test it happens in.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT
from serving import serve_page

from eval.browsing import explain_missing, open_browser, time_first_answer
from rag.pipeline import USUAL_PASSAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Served

if missing := explain_missing():
    pytest.skip(missing, allow_module_level=True)
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
AXE = Path(os.environ.get("AXE_CORE", ROOT / ".venv" / "node_modules" / "axe-core")) / "axe.min.js"
LEFT = re.compile(r"AbortError: (?:signal is|BodyStreamBuffer was) aborted|Unexpected error Connection errored out")
"""What Gradio says of a stream that is under way when a page is reloaded."""
WAIT = 60_000
"""Milliseconds until something that should be there is given up."""
STAKE = "what stake did Meta buy?"
PAID = "How much did Meta invest in Scale AI?"
BREAD = "How do I bake sourdough bread?"
HOSTILE = "<img src=x onerror=window.ran=1><script>window.ran=1</script> {{7*7}} ${window.ran=1}"
LONG = "Talsperrenwasserkraftanlagenbetriebsgenehmigung" * 6
NEWS = {
    "monday.txt": f"""\
Storm damages the dam above Lindau
March 3, 2025

The storm that crossed the valley on Sunday night damaged the dam above Lindau. The repair of the dam will cost 40 \
million euros, the ministry said. The mayor, Berta Holm, asked the people of the lower town to leave their houses.

The permit, called {LONG} by the officials, was given in 1974. The water stands four metres below the edge.
""",
    "friday.txt": """\
Lindau counts what the storm has cost
March 7, 2025

Engineers have looked at the cracks for three days. The repair of the dam will cost 65 million euros, the engineers \
said on Friday. The railway along the lake was opened again in the evening.
""",
    "museum.txt": """\
متحف جديد في الإسكندرية
2025-03-05

افتتح المتحف البحري الجديد أبوابه في الإسكندرية يوم الأربعاء. يعرض المتحف ثلاثمئة قطعة من سفن غارقة.

The Maritime Museum of Alexandria was opened by Salma Nasser, its director.
""",
    "empty.txt": "",
}
"""Articles that have nothing to do with the seeds: two that disagree, a word wider than a phone, one in Arabic."""
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as launched:
        yield launched


@pytest.fixture
def open_page(browser: Any, served: Served) -> Iterator[Open]:
    with watch_pages(browser, served.address) as run:
        yield run


@pytest.fixture
def open_news(browser: Any, tmp_path: Path) -> Iterator[Open]:
    articles = tmp_path / "news"
    articles.mkdir()
    for name, text in NEWS.items():
        (articles / name).write_text(text, encoding="utf-8")
    with serve_page(tmp_path / "page", articles) as served, watch_pages(browser, served.address) as run:
        yield run


@contextmanager
def watch_pages(browser: Any, address: str) -> Iterator[Open]:
    """Opens pages, each in a browser of its own; what they say and ask is looked at when the test is over."""
    wrong: list[str] = []
    contexts = []

    def watch(request: Any) -> None:
        if not request.url.startswith((address, "data:", "blob:" + address)):
            wrong.append(f"asked for {request.url}")

    def listen(message: Any) -> None:
        if message.type == "error" and not LEFT.match(message.text):
            wrong.append(f"console: {message.text}")

    def run(**options: Any) -> Any:
        context = browser.new_context(**options)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        context.on("request", watch)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
        page.on("dialog", lambda d: (wrong.append(f"dialog: {d.message}"), d.dismiss()))
        page.goto(address)
        page.get_by_label("Your question").wait_for()
        return page

    yield run
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("window.ran") is None
        context.close()
    assert "\n".join(wrong) == ""


def ask(page: Any, question: str) -> Any:
    """Asks, and waits for the whole answer; what shows it."""
    before = page.locator(".aa-exchange").count()
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()
    exchange = page.locator(".aa-exchange").nth(before)
    exchange.locator(".aa-tools").wait_for()
    return exchange


def upload(page: Any, *files: tuple[str, bytes]) -> Any:
    """Adds files on the second tab; what says what became of them."""
    page.get_by_role("tab", name="Articles").click()
    payload = [{"name": name, "mimeType": "text/plain", "buffer": content} for name, content in files]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add articles").click()
    chooser.value.set_files(payload)
    page.locator(".aa-changes").wait_for()
    return page.locator(".aa-changes")


def remove(page: Any, name: str) -> None:
    row = page.locator(".aa-articles tr").filter(has_text=name)
    row.locator("summary").click()
    row.get_by_role("button", name="Yes, remove it").click()
    expect(page.locator(".aa-changes")).to_contain_text("removed", timeout=WAIT)
    expect(row).to_have_count(0)


def tab_to(page: Any, selector: str, key: str = "Tab") -> None:
    for _ in range(40):
        page.keyboard.press(key)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{selector} is not reached")


def test_starters_come_and_get_answers(open_page: Open) -> None:
    page = open_page()
    starter = page.locator(".aa-starter").first
    starter.wait_for()
    assert re.search("You can ask about [0-9]+ articles", page.locator("#aa-starters").inner_text())
    question = starter.inner_text()
    starter.click()
    page.locator(".aa-tools").wait_for()
    assert page.locator(".aa-question").inner_text() == question
    assert page.locator(".aa-declined").count() == 0
    expect(page.locator("#aa-starters")).to_be_hidden()


def test_an_answer_leads_to_its_card_and_its_article(open_page: Open) -> None:
    page = open_page()
    exchange = ask(page, STAKE)
    assert exchange.locator(".aa-short").inner_text().startswith("49%")
    assert "49%" in exchange.locator(".aa-evidence .aa-answer").inner_text()
    chip = exchange.locator("a.aa-chip").nth(1)
    chip.click()
    card = page.locator(f"#{chip.get_attribute('data-card')}")
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    assert card.locator("mark .aa-answer").inner_text() == "49%"
    card.get_by_role("button", name="Open the whole article").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("mark.aa-current")).to_be_in_viewport()
    assert card.locator("mark").first.inner_text().strip() in dialog.locator("mark.aa-current").inner_text()
    page.get_by_role("button", name="Close the article").click()
    expect(dialog).to_be_hidden()
    card.get_by_role("button", name="Open the whole article").click()
    expect(dialog.locator("mark.aa-current")).to_be_in_viewport()


def test_a_follow_up_says_how_it_was_understood_and_can_be_asked_as_written(open_page: Open) -> None:
    page = open_page()
    ask(page, "Who is the founder of Scale AI?")
    follow_up = ask(page, "How old is he?")
    expect(follow_up.locator(".aa-understood")).to_contain_text("Understood as: How old is")
    follow_up.get_by_role("button", name="Ask it as written").click()
    expect(page.locator(".aa-exchange").nth(1).locator(".aa-understood")).to_have_count(0)
    page.locator(".aa-exchange").nth(1).locator(".aa-tools").wait_for()
    assert page.locator(".aa-exchange").count() == 2


def test_what_the_articles_do_not_say_is_declined_with_the_closest_passages(open_page: Open) -> None:
    page = open_page()
    exchange = ask(page, BREAD)
    assert exchange.locator(".aa-declined").inner_text() == "The articles don't say."
    expect(page.get_by_role("article", name="Close passage 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Closest passages")).to_be_visible()
    expect(page.get_by_role("heading", name="Sources")).to_have_count(0)
    assert page.locator(".aa-card").count() == 3


def test_a_stopped_question_comes_back_and_its_work_ends(open_page: Open, served: Served) -> None:
    from gradio_client import Client

    page = open_page()
    ask(page, STAKE)
    busy = Client(served.address, verbose=False)
    # Whatever the machine, the question that is stopped waits behind these.
    long = " ".join(["what stake did Meta buy in Scale AI and who runs the company now"] * 25)
    jobs = [busy.submit(f"{number} {long}", api_name="/ask") for number in range(6)]
    # An answer may be ready before the button is pressed: then it is asked again.
    for answered in range(1, 6):
        page.get_by_label("Your question").fill(PAID)
        page.keyboard.press("Enter")
        page.locator(".aa-busy").wait_for()
        page.get_by_role("button", name="Stop").click(force=True)
        page.wait_for_function(
            "answered => document.querySelector('#aa-question textarea').value"
            " || document.querySelectorAll('.aa-exchange .aa-tools').length > answered",
            arg=answered,
        )
        if page.get_by_label("Your question").input_value():
            break
    expect(page.locator(".aa-exchange")).to_have_count(answered)
    expect(page.get_by_label("Your question")).to_have_value(PAID)
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    for job in jobs:
        job.cancel()
    busy.close()
    assert ask(page, STAKE).locator(".aa-short").inner_text().startswith("49%")
    assert page.locator(".aa-exchange").count() == answered + 1


def test_a_reload_keeps_the_conversation_and_what_is_said_of_it(open_page: Open, served: Served) -> None:
    page = open_page()
    ask(page, STAKE)
    page.reload()
    exchange = page.locator(".aa-exchange")
    expect(exchange.locator(".aa-short")).to_contain_text("49%")
    expect(page.locator(".aa-card").first).to_be_visible()
    exchange.get_by_role("button", name="Bad answer").click()
    exchange.get_by_label("What is the right answer?").fill("forty-nine per cent")
    exchange.get_by_role("button", name="Save").click()
    key = exchange.get_attribute("data-key")
    page.wait_for_function(f"document.querySelector('#correction-{key}').getAttribute('value') !== ''")
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    with closing(sqlite3.connect(served.data / "feedback.sqlite")) as connection:
        found = connection.execute("SELECT rating, correction FROM feedback WHERE feedback_id = ?", (key,)).fetchall()
        passages = connection.execute("SELECT COUNT(*) FROM passages WHERE feedback_id = ?", (key,)).fetchone()
    assert found == [("down", "forty-nine per cent")]
    assert passages == (USUAL_PASSAGES,)
    page.get_by_role("button", name="New conversation").click()
    page.locator(".aa-welcome").wait_for()
    page.reload()
    page.locator(".aa-welcome").wait_for()
    expect(page.locator(".aa-exchange")).to_have_count(0)


def test_a_question_is_edited_and_the_conversation_taken_along(open_page: Open) -> None:
    page = open_page()
    exchange = ask(page, BREAD)
    exchange.get_by_role("button", name="Edit the question").click()
    editor = exchange.locator(".aa-editor")
    box = editor.get_by_label("Edit the question")
    expect(box).to_have_value(BREAD)
    box.fill(STAKE)
    editor.get_by_role("button", name="Ask it instead").click()
    expect(page.locator(".aa-exchange .aa-short")).to_contain_text("49%", timeout=WAIT)
    expect(page.locator(".aa-exchange")).to_have_count(1)
    for button, name in (
        ("Save as Markdown", "what stake did Meta buy.md"),
        ("Save as JSON", "what stake did Meta buy.json"),
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename == name
        assert "49%" in Path(download.value.path()).read_text(encoding="utf-8")


def test_articles_are_added_asked_and_removed_and_nothing_in_them_runs(open_page: Open, served: Served) -> None:
    page = open_page()
    elgin = "# The burning of Elgin\n\nElgin was founded in 1190. Its cathedral was burnt by the Wolf of Badenoch.\n"
    hostile = f"{HOSTILE}\n\nThe abbey of Pluscarden was founded in 1230 by {HOSTILE} King Alexander.\n"
    files = {"elgin.md": elgin, "<img src=x onerror=window.ran=1>.txt": hostile}
    said = upload(page, *((name, text.encode()) for name, text in files.items())).inner_text()
    assert "added uploads/elgin.md" in said
    name = re.search(r"uploads/(?!elgin)\S.*?\.txt", said)
    assert name is not None
    for title, text in (("The burning of Elgin", "Wolf of Badenoch"), ("{{7*7}}", "{{7*7}} ${window.ran=1}")):
        page.locator(".aa-articles").get_by_role("button", name=title).first.click()
        expect(page.get_by_role("dialog")).to_contain_text(text)
        page.keyboard.press("Escape")
    page.get_by_role("tab", name="Ask").click()
    assert "Wolf of Badenoch" in ask(page, "Who burnt the cathedral of Elgin?").inner_text()
    ask(page, f"When was the abbey of Pluscarden founded? {HOSTILE}")
    ask(page, "When was the abbey of Pluscarden founded?")
    expect(page.locator(".aa-sources").last).to_contain_text("{{7*7}} ${window.ran=1}")
    page.reload()
    expect(page.locator(".aa-exchange").nth(1)).to_contain_text("<script>window.ran=1</script>")
    assert page.locator("img[src=x], .gradio-container script").count() == 0
    page.get_by_role("tab", name="Articles").click()
    page.get_by_label("Find a title or file name").fill("burning")
    expect(page.locator(".aa-articles tbody tr")).to_have_count(1)
    expect(page.locator("#aa-articles")).to_contain_text("1 of 7 articles shown; 1 match")
    page.get_by_label("Find a title or file name").fill("")
    expect(page.locator(".aa-articles tbody tr")).to_have_count(7)
    for added in ("elgin.md", name.group()):
        remove(page, added)
    assert not [path for path in served.corpus.glob("uploads/*") if path.is_file()]


def test_files_are_dropped_anywhere_on_the_page(open_page: Open) -> None:
    page = open_page()
    files = """() => {
      const dropped = new DataTransfer();
      const text = '# Cullen\\n\\nCullen was founded in 1189, and its harbour was built by Thomas Telford in 1817.';
      dropped.items.add(new File([text], 'cullen.md'));
      dropped.items.add(new File(['x'], 'photo.png'));
      return dropped;
    }"""
    dropped = {"dataTransfer": page.evaluate_handle(files)}
    for name in ("dragover", "drop"):
        page.dispatch_event("#aa-talk", name, dropped)
    said = page.locator(".aa-changes")
    expect(said).to_contain_text("added uploads/cullen.md", timeout=WAIT)
    expect(said).to_contain_text("not added photo.png")
    page.get_by_label("Order").click()
    page.get_by_role("option", name="By title").click()
    titles = page.locator(".aa-articles tbody .aa-link")
    expect(titles.first).to_have_text("Cullen")
    assert titles.all_inner_texts() == sorted(titles.all_inner_texts(), key=str.casefold)
    remove(page, "cullen.md")


def test_several_added_articles_are_removed_at_once_on_a_phone_by_keyboard(open_page: Open, served: Served) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    names = ("alness.md", "brora.md", "cromarty.md")
    texts = {name: f"# The pier of {name}\n\nIts pier was built in {1801 + len(name)}.\n" for name in names}
    upload(page, *((name, text.encode()) for name, text in texts.items()))
    expect(page.locator(".aa-changes li")).to_have_count(3, timeout=WAIT)
    boxes = page.get_by_role("checkbox", name="Choose The pier of")
    expect(boxes).to_have_count(3)
    given = page.locator(".aa-articles tbody tr").count() - 3
    bar, sure = page.locator(".aa-choosing"), page.locator(".aa-choosing .aa-confirm")
    expect(sure).to_be_hidden()

    page.get_by_role("checkbox", name="Choose all").focus()
    empty = boxes.first.screenshot()
    page.keyboard.press("Space")
    expect(bar).to_contain_text("3 articles chosen")
    assert boxes.first.screenshot() != empty  # the tick is seen
    tab_to(page, '.aa-choose[value="uploads/brora.md"]')
    page.keyboard.press("Space")
    expect(bar).to_contain_text("2 articles chosen")
    assert page.evaluate("document.querySelector('.aa-choose-all').indeterminate")
    tab_to(page, ".aa-choosing summary", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(sure).to_contain_text("Their files are deleted. This cannot be undone.")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.keyboard.press("Tab")
    expect(sure.get_by_role("button", name="Yes, remove 2 articles with their 2 files")).to_be_focused()
    (served.corpus / "uploads" / "cromarty.md").unlink()  # by another hand, in the same moment
    page.keyboard.press("Enter")

    said = page.locator(".aa-changes")
    expect(said).to_contain_text("removed uploads/alness.md", timeout=WAIT)
    expect(said).to_contain_text("not removed uploads/cromarty.md It has already been removed")
    expect(page.locator(".aa-articles tbody tr")).to_have_count(given + 1)
    expect(boxes).to_have_count(1)
    expect(boxes).not_to_be_checked()
    assert [path.name for path in served.corpus.glob("uploads/*")] == ["brora.md"]
    remove(page, "brora.md")
    expect(bar).to_have_count(0)


def test_what_is_no_article_is_not_taken(open_page: Open, served: Served) -> None:
    page = open_page()
    said = upload(page, ("image.txt", b"\x89PNG\r\n\x1a\n\xff\xfe\x00\x00"), ("empty.md", b""))
    assert "not added image.txt" in said.inner_text()
    assert "not added empty.md" in said.inner_text()
    assert not list(served.corpus.glob("uploads/image*"))


def test_two_people_at_once_get_their_own_answers(open_page: Open) -> None:
    one, two = open_page(), open_page()
    for page, question in ((one, STAKE), (two, BREAD)):
        page.get_by_label("Your question").fill(question)
        page.keyboard.press("Enter")
    for page in (one, two):
        page.locator(".aa-tools").wait_for()
        expect(page.locator(".aa-exchange")).to_have_count(1)
    expect(one.locator(".aa-short")).to_contain_text("49%")
    expect(two.locator(".aa-declined")).to_be_visible()


def test_nothing_is_wider_than_the_screen(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    ask(page, STAKE)
    ask(page, "What is " + "donaudampfschifffahrt" * 15 + "?")
    for tab, shown in (("Ask", ".aa-talk"), ("Articles", ".aa-articles")):
        page.get_by_role("tab", name=tab).click()
        page.locator(shown).wait_for()
        for width in (320, 390, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 844})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (tab, width)


def test_right_to_left_text_runs_right_to_left(open_page: Open) -> None:
    page = open_page()
    exchange = ask(page, "ما هي حصة ميتا في الشركة؟")
    direction = "e => getComputedStyle(e).direction"
    assert exchange.locator(".aa-question").evaluate(direction) == "rtl"
    assert page.locator(".aa-card blockquote").first.evaluate(direction) == "ltr"


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#aa-question textarea")).to_be_focused()
    page.keyboard.type(STAKE)
    page.keyboard.press("Enter")
    page.locator(".aa-tools").wait_for()
    tab_to(page, "a.aa-chip", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".aa-card:focus")).to_have_count(1)
    tab_to(page, '.aa-card [data-event="open"]')
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    tab_to(page, '[role="tab"]', "Shift+Tab")
    tab_to(page, '#aa-talks [data-talk="new"]')
    page.keyboard.press("Enter")
    expect(page.locator(".aa-exchange")).to_have_count(0)
    expect(page.locator("#aa-question textarea")).to_be_focused()


def test_other_news_are_asked_read_and_declined(open_news: Open) -> None:
    page = open_news(viewport={"width": 390, "height": 844})
    expect(page.locator("#aa-starters")).to_contain_text(
        "You can ask about 3 articles, from 3 March 2025 to 7 March 2025.", timeout=WAIT
    )
    costs = ask(page, "How much will the repair of the dam cost?").locator(".aa-values li")
    shown = {costs.nth(n).locator(".aa-short").inner_text() for n in range(costs.count())}
    assert shown == {"65 million euros", "40 million euros"}
    assert all(costs.nth(n).locator("a.aa-chip").count() == 1 for n in range(2))
    costs.filter(has_text="40 million euros").locator("a.aa-chip").click()
    card = page.locator(".aa-card:focus")
    expect(card.locator("mark .aa-answer")).to_have_text("40 million euros")
    card.get_by_role("button", name="Open the whole article").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("mark").first).to_be_in_viewport()
    expect(dialog.locator("mark").first).to_have_text(re.compile("^The repair of the dam will cost 40 million euros"))
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.keyboard.press("Escape")
    named = ask(page, "What is the permit called?").locator(".aa-short")
    assert named.inner_text().startswith(LONG)
    assert named.evaluate("e => e.scrollWidth <= e.clientWidth")
    museum = ask(page, "Who opened the Maritime Museum of Alexandria?")
    assert museum.locator(".aa-short").inner_text().startswith("Salma Nasser")
    direction = "e => getComputedStyle(e).direction"
    assert museum.locator(".aa-evidence .aa-source").evaluate(direction) == "rtl"
    declined = ask(page, "Who won the football world cup?")
    assert declined.locator(".aa-declined").inner_text() == "The articles don't say."
    assert declined.locator("a.aa-chip").count() == 0
    expect(page.get_by_role("heading", name="Closest passages")).to_be_visible()
    page.get_by_role("tab", name="Articles").click()
    expect(page.locator(".aa-skipped")).to_contain_text("empty.txt It has no text")
    assert page.locator("tr", has_text="museum.txt").locator("th").evaluate(direction) == "rtl"


def test_the_first_answer_that_is_seen_is_timed(browser: Any, served: Served) -> None:
    for question in (STAKE, PAID, BREAD, "Why did Meta invest in Scale AI?"):
        assert time_first_answer(browser, served.address, question) > 0


@pytest.mark.skipif(not AXE.is_file(), reason="No axe-core: npm install --prefix .venv axe-core.")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(open_page: Open, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    page.locator(".aa-starter").first.wait_for()
    script = AXE.read_text(encoding="utf-8")
    found = look(page, script)
    ask(page, PAID)
    ask(page, BREAD)
    found += look(page, script)
    page.get_by_role("tab", name="Articles").click()
    page.locator(".aa-articles").wait_for()
    found += look(page, script)
    assert found == []


def look(page: Any, script: str) -> list[str]:
    page.evaluate(script)
    violations = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{v['id']}: {v['help']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for v in violations
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]
