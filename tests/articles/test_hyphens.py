"""Words broken at line ends, and narrow columns, as scanned newspapers have them."""

from __future__ import annotations

import pytest

from rag.articles.cleaning import clean_text
from rag.articles.hyphens import is_broken_word

STORY = (
    "The harbour commissioners of Port Gannet resolved yesterday to replace the old lighthouse lantern, which has been "
    "dark since the gale of November. The well-known engineer, Miss Ada Thornley, estimated the expenditure at eleven "
    "hundred pounds. A hand-written petition against the undertaking was rejected."
)


def set_in_columns(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters; a word that does not fit is broken after a vowel, where one allows."""
    lines, line = [], ""
    for word in text.split():
        room = width - len(line) - bool(line)
        if len(word) > room:
            cuts = [i for i in range(3, min(room, len(word) - 2)) if word[i - 1] in "aeiou" and word[: i + 1].isalpha()]
            if cuts and "-" not in word:
                line, word = f"{line} {word[: cuts[-1]]}-".strip(), word[cuts[-1] :]
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


@pytest.mark.parametrize("width", [24, 32, 48, 72])
def test_a_column_becomes_the_paragraph_it_was_set_from(width: int) -> None:
    lines = set_in_columns(STORY, width)
    assert any(line.endswith("-") for line in lines)
    cleaned = clean_text("Lighthouse to be lit\n\n" + "\n".join(lines)).text
    assert cleaned == f"Lighthouse to be lit\n\n{STORY}"


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("the com-", "mittee met", True),
        ("an inspec-", "torate was", True),
        ("the stationmas-", "ter said", True),
        ("a well-", "known singer", False),
        ("some long-", "term plans", False),
        ("by three-", "halfpence a", False),
        ("in 1914-", "eighteen it", False),
        ("from Anglo-", "Saxon times", False),
    ],
)
def test_a_broken_word_is_told_from_a_compound(first: str, second: str, one: bool) -> None:
    assert is_broken_word(first, second, set()) is one


def test_a_word_that_the_article_has_elsewhere_is_mended() -> None:
    text = "GALE DAMAGE AT KIRKAM-\nBRAY\n\nThe pier of Kirkambray was damaged by the gale on Sunday night."
    assert clean_text(text).text.startswith("GALE DAMAGE AT KIRKAMBRAY\n\n")
    assert "KIRKAM-BRAY" in clean_text(text.replace("of Kirkambray", "there")).text


def test_a_column_of_several_paragraphs_without_blank_lines() -> None:
    first, second = STORY[: STORY.index(" A hand")], STORY[STORY.index("A hand") :]
    column = "\n".join([*set_in_columns(f"{first} So be it.", 30), *set_in_columns(second, 30)])
    cleaned = clean_text(f"Lighthouse to be lit\n\n{column}\n\nMr. Ord was not in the chamber\nwhen they met.")
    paragraphs = ["Lighthouse to be lit", f"{first} So be it.", second, "Mr. Ord was not in the chamber when they met."]
    assert cleaned.text.split("\n\n") == paragraphs


def test_short_lines_of_a_list_or_a_poem_are_not_joined() -> None:
    items = "Bring these:\n\nwarm socks\na torch\nbread and cheese\na map of the moor\na whistle"
    assert clean_text(f"What to bring\n\n{items}").text.count("\n") >= 6
