"""Measures in a browser the time from pressing Enter to the short answer on the page."""

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
FIRST = "#aa-talk .aa-short, #aa-talk .aa-values, #aa-talk .aa-sentence, #aa-talk .aa-declined, #aa-talk .aa-error"
"""The first part of an answer that is shown, for each kind of answer."""
PATIENCE = 120_000
"""Timeout in milliseconds."""


def find_chromium() -> str | None:
    """The path of Chromium; None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def explain_missing() -> str:
    """What must be installed for a browser, in one sentence; empty if nothing is missing."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed: pip install playwright."
    return "" if find_chromium() else "Chromium is not installed: apt-get install chromium."


@contextmanager
def open_browser() -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


def time_first_answer(browser: Any, address: str, question: str) -> float:
    """Seconds from Enter to the first visible part of an answer, on a fresh page."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    # These load last, so the page is ready.
    page.locator(".aa-starter").first.wait_for()
    box = page.get_by_label("Your question")
    box.fill(question)
    began = time.perf_counter()
    box.press("Enter")
    page.locator(FIRST).first.wait_for()
    seconds = time.perf_counter() - began
    page.close()
    return seconds
