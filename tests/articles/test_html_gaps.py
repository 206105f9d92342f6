"""What stands between the paragraphs of an article is put back if it looks like them."""

from __future__ import annotations

import pytest
from lxml import etree, html

from rag.articles.html_gaps import fill_gaps

FIRST = "The lock at Corran failed again on Friday, and nine boats waited there."
LAST = "The canal trust has ordered a new gear from a foundry in Ulm."


def fill(between: str) -> list[str]:
    """The blocks of an article of which only the first and the last paragraph were found."""
    page = html.fromstring(
        f"<html><body><nav><p>Menu</p></nav><div><p>{FIRST}</p>{between}<p>{LAST}</p></div></body></html>"
    )
    body = etree.fromstring(f"<body><p>{FIRST}</p><list><item><p>{LAST}</p></item></list></body>")
    fill_gaps(page, body)
    assert "".join(body[-1].itertext()) == LAST
    return [f"{block.get('rend', block.tag)} {block.text}" for block in body[1:-1]]


@pytest.mark.parametrize(
    ("between", "blocks"),
    [
        (
            "<p>Its skipper, <a href=/jo>Jo Lund</a>, was angry about it.</p>",
            ["p Its skipper, Jo Lund, was angry about it."],
        ),
        ("<h3>A gear of 1931</h3>", ["h3 A gear of 1931"]),
        (
            "<h3>A gear of 1931</h3><p>No spare part of it is left anywhere.</p>",
            ["h3 A gear of 1931", "p No spare part of it is left anywhere."],
        ),
        (
            "<div>Advertisement</div>Engineers found that a gear which was cast in 1931 had <b>broken</b> in two.",
            ["p Engineers found that a gear which was cast in 1931 had broken in two."],
        ),
        ("<p class=caption>The lock at Corran on Friday night.</p>", []),
        ("<p style='display: none'>Subscribe to read the rest of this text.</p>", []),
        ("<p>Read also: <a href=/1>Why the canal is running dry this year.</a></p>", []),
        ("<p>More on this story</p>", []),
        ("<h3>Related</h3><ul><li>Salt works to close</li></ul>", []),
        ("<h3><a href=/1>Salt works at Varne to close</a></h3>", []),
        (f"<p>{FIRST}</p>", []),
    ],
)
def test_it_is_put_back_before_the_next_paragraph(between: str, blocks: list[str]) -> None:
    assert fill(between) == blocks


def test_nothing_is_added_behind_the_last_paragraph_or_beside_a_single_one() -> None:
    page = html.fromstring(
        f"<div><div><p>{FIRST}</p><p>{LAST}</p><p>Follow us on every channel that you use.</p></div></div>"
    )
    body = etree.fromstring(f"<body><p>{FIRST}</p><p>{LAST}</p></body>")
    fill_gaps(page, body)
    assert len(body) == 2
    page = html.fromstring(f"<div><p>Sign in to read everything that we write.</p><p>{LAST}</p></div>")
    body = etree.fromstring(f"<body><p>{LAST}</p></body>")
    fill_gaps(page, body)
    assert len(body) == 1


def test_the_work_on_a_page_of_thousands_of_pieces_is_bounded() -> None:
    pieces = "".join(f"<p>The keeper of lock {n} saw nothing of it at all.</p>" for n in range(1500))
    assert len(fill(pieces)) == 1000
