"""What a browser keeps, in Debian's chromium: two tabs, a server that is killed, and lists that refresh themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, SEEDS

from eval.browsing import explain_missing, open_browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if missing := explain_missing():
    pytest.skip(missing, allow_module_level=True)
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
WAIT = 60_000
STAKE, BREAD = "what stake did Meta buy?", "How do I bake sourdough bread?"
PAID = "How much did Meta pay for its stake?"
STORY = "A long story\n\n" + "".join(
    f"In chapter {n} the ferryman carries {n} barrels of salt across the firth, and the toll keeper counts them.\n\n"
    for n in range(900)
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as launched:
        expect.set_options(timeout=WAIT)
        yield launched


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A browser that keeps nothing of the other tests."""
    opened = browser.new_context(viewport={"width": 1000, "height": 500})
    opened.set_default_timeout(WAIT)
    yield opened
    opened.close()


@contextmanager
def run_server(folder: Path, port: str = "") -> Iterator[tuple[Any, str]]:
    """The page in a process that may be killed, and its address."""
    places = ["--corpus", folder / "corpus", "--index", folder / "index", "--data", folder / "data"]
    command = [sys.executable, str(ROOT / "app.py"), *map(str, places), *(["--port", port] if port else [])]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[4]
        finally:
            process.terminate()


@pytest.fixture
def folder(tmp_path: Path, seed_index: Path) -> Path:
    shutil.copytree(SEEDS, tmp_path / "corpus")
    shutil.copytree(seed_index, tmp_path / "index")
    return tmp_path


def open_tab(context: Any, address: str) -> Any:
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Your question").wait_for()
    return page


def ask(page: Any, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")


@pytest.mark.parametrize("seen", [False, True])
def test_two_tabs_keep_both_their_questions(context: Any, folder: Path, seen: bool) -> None:
    with run_server(folder) as (_, address):
        one = open_tab(context, address)
        ask(one, STAKE)
        expect(one.locator(".aa-thumb")).to_have_count(2)
        two = open_tab(context, address)
        expect(two.locator(".aa-question")).to_have_text([STAKE])
        ask(one, BREAD)
        if seen:  # it is part of the conversation that the second question continues, and answered before that one
            expect(two.locator(".aa-question")).to_have_text([STAKE, BREAD])
        ask(two, PAID)
        for page in (one, two):
            expect(page.locator(".aa-thumb")).to_have_count(6)
            assert sorted(page.locator(".aa-question").all_inner_texts()) == sorted([STAKE, BREAD, PAID])
        one.reload()
        expect(one.locator(".aa-question")).to_have_count(3)
        one.get_by_role("button", name="Good answer").first.click()
        expect(two.get_by_role("button", name="Good answer").first).to_have_attribute("aria-pressed", "true")


def test_a_killed_server_is_said_and_the_question_can_be_asked_again(context: Any, folder: Path) -> None:
    with run_server(folder) as (server, address):
        page = open_tab(context, address)
        ask(page, STAKE)
        expect(page.locator(".aa-thumb")).to_have_count(2)
        ask(page, PAID)
        page.locator(".aa-busy").wait_for()
        server.send_signal(signal.SIGKILL)
        expect(page.locator("#aa-lost")).to_contain_text("Start it again: your questions are kept")
        expect(page.locator(".aa-busy")).to_have_text("Not answered, because the server of this page does not answer.")
        page.get_by_label("Your question").fill("And who")
    with run_server(folder, address.rstrip("/").rpartition(":")[2]):
        expect(page.locator(".aa-exchange .aa-error")).to_contain_text("No answer yet")
        expect(page.locator("#aa-lost")).to_be_hidden()
        expect(page.get_by_label("Your question")).to_have_value("And who")
        page.get_by_label("Your question").fill("")
        page.get_by_role("button", name="Ask again").click()
        expect(page.locator(".aa-thumb")).to_have_count(4)
        expect(page.locator(".aa-question")).to_have_text([STAKE, PAID])
        expect(page.locator(".aa-error")).to_have_count(1)  # the hidden line for a lost server


def test_the_list_follows_the_folder_and_an_upload_can_be_cancelled(context: Any, folder: Path) -> None:
    with run_server(folder) as (_, address):
        page = open_tab(context, address)
        page.get_by_role("tab", name="Articles").click()
        for n in range(30):
            (folder / "corpus" / f"town-{n}.txt").write_text(f"Town {n}\n\nTown {n} lies by the sea.", "utf-8")
        expect(page.locator(".aa-articles")).to_contain_text("town-29.txt")
        listed = page.locator(".aa-scroll")
        listed.evaluate("e => { e.scrollTop = 150; }")
        page.get_by_label("Find a title or file name").fill("town")
        expect(page.locator(".aa-articles tbody tr")).to_have_count(30)
        (folder / "corpus" / "town-29.txt").unlink()
        expect(page.locator(".aa-articles tbody tr")).to_have_count(29)
        expect(page.get_by_label("Find a title or file name")).to_be_focused()
        expect(page.get_by_label("Find a title or file name")).to_have_value("town")
        payload = [("elgin.txt", "Elgin\n\nElgin was founded in 1190."), ("story.txt", STORY)]
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Add articles").click()
        files = [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in payload]
        chooser.value.set_files(files)
        expect(page.locator("#aa-summary")).to_contain_text("Adding file 2 of 2, story.txt: 0 of")
        expect(page.get_by_role("button", name="Add articles")).to_be_disabled()
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".aa-changes li")).to_have_text(
            ["added uploads/elgin.txt", "not added story.txt The upload was cancelled."]
        )
        assert [path.name for path in (folder / "corpus" / "uploads").iterdir()] == ["elgin.txt"]
        expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
