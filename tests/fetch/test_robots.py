"""robots.txt is read as its standard (RFC 9309) says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fetch.robots import parse_robots

RULES = """
# for all
User-agent: *
Disallow: /
Allow: /news/
Disallow: /news/private*.html$
Disallow: /*?print

User-agent: other
User-agent: Ask-Articles
Disallow: /ask
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", False),
        ("/about", False),
        ("/news/", True),
        ("/news/a?print=1", False),
        ("/news/private-1.html", False),
        ("/news/private-1.html?x", True),
        ("/news/%70rivate.html", False),
    ],
)
def test_the_longest_rule_decides(path: str, allowed: bool) -> None:
    assert parse_robots(RULES.replace("Ask-Articles", "third")).allows(path) == allowed


def test_a_group_for_this_product_replaces_that_for_all() -> None:
    own = parse_robots(RULES)
    assert own.allows("/about")
    assert not own.allows("/ask/1")
    assert parse_robots("User-agent: *\nDisallow: /\n\nUser-agent: ask-articles\nDisallow:").allows("/")


@pytest.mark.parametrize("text", ["", "Disallow: /", "User-agent: *", "User-agent: *\nDisallow:", "<html>", "\ufeff:"])
def test_what_says_nothing_allows_all(text: str) -> None:
    assert parse_robots(text).allows("/a")


@given(st.text(max_size=200), st.text(alphabet="/ab*$%?", max_size=20))
def test_any_text_can_be_read(text: str, path: str) -> None:
    assert parse_robots(f"User-agent: *\nDisallow: {path}\n{text}").allows(f"/{path}") in (True, False)
