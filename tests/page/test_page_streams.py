"""No event is lost that is sent while the stream of results is ending, in Debian's chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from test_page_browser import STAKE, Open, ask, watch_pages

from eval.browsing import open_browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Served

pytestmark = pytest.mark.browser
SLOW = """
const send = window.fetch;
window.running = 0;
window.fetch = async (input, init) => {
  const reply = await send(input, init);
  if (!new URL(input.url ?? input, location).pathname.endsWith('/queue/data')) return reply;
  window.running += 1;
  const late = new TransformStream({
    async transform(chunk, out) {
      await new Promise((done) => setTimeout(done, 700));
      out.enqueue(chunk);
    },
    flush() { window.running -= 1; },
    cancel() { window.running -= 1; },
  });
  return new Response(reply.body.pipeThrough(late), { status: reply.status, headers: reply.headers });
};
"""
"""Makes a browser read each piece of a stream late, as one does that is busy with another page."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with open_browser() as launched:
        yield launched


@pytest.fixture
def open_slow(chromium: Any, served: Served) -> Iterator[Open]:
    with watch_pages(chromium, served.address) as run:

        def run_slowly() -> Any:
            page = run()
            page.add_init_script(SLOW)
            page.reload()
            return page

        yield run_slowly


def test_a_page_that_reads_late_gets_its_first_questions_and_its_articles(open_slow: Open) -> None:
    page = open_slow()
    page.locator(".aa-starter").first.wait_for()
    page.get_by_role("tab", name="Articles").click()
    page.locator("#aa-articles [data-event=open]").first.wait_for()


def test_a_page_that_reads_late_gets_the_answer_to_a_question_asked_as_a_stream_ends(open_slow: Open) -> None:
    page = open_slow()
    exchange = ask(page, STAKE)
    good = exchange.locator("[data-event=rate]").first
    for pressed in ("true", "false"):
        good.click()
        expect(good).to_have_attribute("aria-pressed", pressed)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".aa-exchange")).to_have_count(0)
    expect(ask(page, STAKE)).to_contain_text("49%")


def test_a_stream_ends_when_nothing_is_awaited(open_slow: Open) -> None:
    """A browser has six connections to a page, for all tabs together."""
    page = open_slow()
    page.locator(".aa-starter").first.wait_for()
    ask(page, STAKE)
    page.wait_for_function("window.running === 0")
