"""Makes docs/images/*.png: starts the page over the seeds and looks at its main states in Debian's chromium.

    python docs/screenshots.py

needs ``pip install playwright pillow`` and chromium (``apt-get install chromium``).
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
STAKE = "what stake did Meta buy?"
PAID = "How much did Meta invest in Scale AI?"
BREAD = "How do I bake sourdough bread?"


def main() -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("No chromium here: apt-get install chromium.")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        served, address = start(Path(data))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            take(browser, address, "welcome", LAPTOP, [])
            take(browser, address, "answer", LAPTOP, [STAKE])
            take(browser, address, "disagreement", LAPTOP, [PAID])
            take(browser, address, "declined", LAPTOP, [BREAD])
            take(browser, address, "dark", LAPTOP, [STAKE], color_scheme="dark")
            take(browser, address, "phone", PHONE, [STAKE])
            take(browser, address, "conversations", LAPTOP, [STAKE, PAID], press="button:Conversations")
            take(browser, address, "articles", LAPTOP, [], press="tab:Articles")
            browser.close()
        finally:
            served.terminate()
            served.wait()


def start(data: Path) -> tuple[subprocess.Popen[str], str]:
    """The page in a process of its own, and its address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    served = subprocess.Popen(
        [sys.executable, "app.py", "--data", str(data)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert served.stdout is not None  # noqa: S101
    line = served.stdout.readline()
    return served, line.split()[4]


def take(
    browser: Any,
    address: str,
    name: str,
    size: dict[str, int],
    questions: list[str],
    *,
    press: str = "",
    **options: Any,
) -> None:
    """One picture in at most 64 colours, after these questions and a press of ``role:name``."""
    from PIL import Image
    from playwright import sync_api

    page = browser.new_page(viewport=size, **options)
    page.goto(address)
    page.wait_for_selector(".aa-starter", timeout=120_000)
    for number, question in enumerate(questions, 1):
        page.get_by_label("Your question").fill(question)
        page.get_by_role("button", name="Ask", exact=True).click()
        page.wait_for_selector(f".aa-exchange:nth-child({number}) .aa-tools", timeout=120_000)
    if questions and not press:
        with suppress(sync_api.TimeoutError):  # not every answer has suggestions
            page.wait_for_selector("#aa-following button", timeout=10_000)
    if press:
        role, _, label = press.partition(":")
        page.get_by_role(role, name=label, exact=True).click()
    page.wait_for_timeout(600)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(64)
    picture.save(IMAGES / f"{name}.png", optimize=True)
    page.close()


if __name__ == "__main__":
    main()
