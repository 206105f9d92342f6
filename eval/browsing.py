"""The page in a browser: what somebody waits for, from pressing Enter to the short answer on the screen."""

from __future__ import annotations

import importlib.util
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
FIRST = ".aa-short, .aa-values, .aa-sentence, .aa-declined, .aa-error"
"""What is shown of an answer first, whatever its kind."""
PATIENCE = 120_000
"""Milliseconds until something that should be there is given up."""


def find_chromium() -> str | None:
    """The program's path; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def explain_missing() -> str:
    """What is missing for a browser, in one sentence; empty where nothing is."""
    if importlib.util.find_spec("playwright") is None:
        return "No playwright: pip install playwright."
    return "" if find_chromium() else "No chromium: apt-get install chromium."


@contextmanager
def open_browser() -> Iterator[Any]:
    """A browser that shows no window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


def time_first_answer(browser: Any, address: str, question: str) -> float:
    """Seconds from Enter to the first of an answer that can be seen, on a page where nothing was asked before."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    # They come last: then nothing else of the page is under way.
    page.locator(".aa-starter").first.wait_for()
    box = page.get_by_label("Your question")
    box.fill(question)
    began = time.perf_counter()
    box.press("Enter")
    page.locator(FIRST).first.wait_for()
    seconds = time.perf_counter() - began
    page.close()
    return seconds
