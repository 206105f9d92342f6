"""Answers, conversations and articles as HTML, on answers made by hand: no model is loaded."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from conftest import ROOT
from jinja2 import UndefinedError
from page_answers import (
    ANSWERS,
    EVIL,
    IMAGE,
    KEY,
    SCRIPT,
    check,
    cite,
    make_answer,
    make_declined,
    make_disagreeing,
    make_explained,
    make_passage,
    make_simple,
    make_stances,
)

from rag.articles.folder import Skipped
from rag.index.changes import Changes
from rag.page.articles import Row, describe_extent, render_article, render_articles, render_changes, render_skipped
from rag.page.cards import list_cards, render_answer, render_cards
from rag.page.exchange import Exchange
from rag.page.export import format_exchange
from rag.page.highlighting import split_text
from rag.page.rendering import load_environment
from rag.page.transcript import render_starters, render_transcript
from rag.types import Answer, Document


@pytest.mark.parametrize("text", [IMAGE, SCRIPT, EVIL, "a & b", "\x00\x1b[31m", "\ud800", "\u202eabc", "نص"])
@pytest.mark.parametrize("template", ["{{ x }}", "{{ x | e }}", "{{ [x] | join }}", "{% set y = x %}{{ y ~ '' | e }}"])
def test_no_template_inserts_markup(text: str, template: str) -> None:
    shown = load_environment().from_string(template).render(x=text)
    assert not re.search(r"[<>\"'\x00\x1b\u202e\ud800]", shown)
    shown.encode("utf-8")


def test_a_value_that_no_template_was_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'x' is undefined"):
        load_environment().from_string("{{ x }}").render()


@pytest.mark.parametrize("answer", ANSWERS)
def test_nothing_of_an_answer_is_markup(answer: Answer) -> None:
    exchange = Exchange(KEY, answer.question, answer, rating="down", correction=EVIL)
    check(render_transcript([exchange]))
    check(render_transcript([exchange], extent="short"))


def test_nothing_of_the_corpus_is_markup() -> None:
    row = Row(EVIL, EVIL, EVIL, 3, 1, EVIL, removable=True)
    check(render_articles([row]) + render_skipped([Skipped(EVIL, EVIL)]))
    check(render_article(Document(EVIL, EVIL, EVIL, f"{EVIL}\n\n{EVIL}"), [(3, 9)], 3))
    check(render_changes(Changes(added=(EVIL,), duplicates={EVIL: EVIL}), [Skipped(EVIL, EVIL)]))
    assert EVIL in check(render_starters(describe_extent([row]), [EVIL])).values("data-value")
    check(render_transcript([Exchange(KEY, EVIL, None, EVIL)]))
    check(render_transcript([Exchange(KEY, EVIL)]))


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ([], ""),
        ([None], "You can ask about 1 article."),
        (["2026-06-10"], "You can ask about 1 article, from 10 June 2026."),
        (["2026-06-13", "2026-01-02"], "You can ask about 2 articles, from 2 January 2026 to 13 June 2026."),
        (
            ["2026-06-13", None, "2026-01-02"],
            "You can ask about 3 articles. 2 of them have a date, from 2 January 2026 to 13 June 2026.",
        ),
    ],
)
def test_the_first_screen_says_what_there_is_to_ask(dates: list[str | None], said: str) -> None:
    assert describe_extent([Row("a.txt", "A", date, 9, 1) for date in dates]) == said


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("Added here first", "dabc"), ("Newest first", "bcda"), ("By title", "cdba"), ("Longest first", "cabd"),
        (EVIL, "dabc"),
    ],
)  # fmt: skip
def test_a_list_is_sorted(order: str, names: str) -> None:
    rows = [
        Row("a", "Spey", None, 7, 1), Row("b", "Nairn", "2026-06-10 16:05", 5, 1),
        Row("c", "elgin", "2026-06-10", 9, 1), Row("d", "Forres", "2025-12-31", 1, 1, removable=True),
    ]  # fmt: skip
    shown = [name for name in check(render_articles(rows, order=order)).values("data-document") if name]
    assert "".join(dict.fromkeys(shown)) == names


def test_a_long_list_shows_some_and_finds_by_title_and_file_name() -> None:
    rows = [Row(f"{n:04}.txt", f"Title {n}" if n else "On <Elgin> ß", None, 9, 1) for n in range(2000)]
    rows.append(Row("uploads/mine.txt", "Mine", None, 9, 1, removable=True))

    def find(wanted: str) -> tuple[str, list[str]]:
        page = check(render_articles(rows, wanted))
        return page.words.partition(".")[0], [name for name in page.values("data-document") if name]

    said, names = find("")
    assert said == "200 of 2,001 articles shown"
    assert names[:3] == ["uploads/mine.txt", "uploads/mine.txt", "0000.txt"]
    assert find("  title  19 ")[0] == "111 of 2,001 articles shown; 111 match"
    assert find("0")[0] == "200 of 2,001 articles shown; 1,271 match"
    assert find("<ELGIN> SS") == ("1 of 2,001 articles shown; 1 match", ["0000.txt"])
    assert find("1234.TXT")[1] == ["1234.txt"]
    assert find("nowhere") == ("0 of 2,001 articles shown; 0 match", [])


def test_only_articles_that_were_added_can_be_chosen() -> None:
    given = Row("a.txt", "Given", None, 9, 1)
    assert not {"input", "details"} & check(render_articles([given])).tags
    feed = [Row(f"uploads/feed.xml#{n}", f"Item {n}", None, 9, 1, removable=True) for n in (1, 2)]
    page = check(render_articles([given, *feed, Row("uploads/b.txt", "B", None, 9, 1, removable=True)], wanted="i"))
    assert page.values("value") == ["uploads/feed.xml"] * 2
    assert page.values("data-articles") == ["2", "2"]
    assert "Choose Item 1" in page.values("aria-label")


def test_files_that_are_not_read_are_named_with_their_reasons() -> None:
    skipped = [Skipped(f"{n}.txt", "It has no text: add some or remove the file.") for n in range(9)]
    assert render_skipped([]) == ""
    few, many = check(render_skipped(skipped[:1])), check(render_skipped(skipped))
    assert few.words == "Not read: 1 file0.txt It has no text: add some or remove the file."
    assert "open" in dict(few.attributes)
    assert many.words.count("It has no text") == 9
    assert "open" not in dict(many.attributes)


def test_an_answer_shows_its_chip_and_the_chip_leads_to_its_card() -> None:
    answer = make_simple()
    body, panel = check(render_answer(answer, KEY)), check(render_cards(answer, KEY))
    assert body.values("data-card") == [f"card-{KEY}-1"]
    assert f"card-{KEY}-1" in panel.values("id")
    assert body.values("aria-label") == ["Source 1: A title"]
    assert "49%" in body.words
    assert "Answer very likely right (90%)" in body.words


def test_a_card_highlights_the_sentence_and_the_answer_in_it() -> None:
    page = render_cards(make_simple(), KEY)
    marked = re.sub(r"<(?!/?(?:mark|strong))[^>]*>", "", page)
    assert (
        'It rained. <mark class="aa-quote">Meta bought a </mark><mark class="aa-quote"><strong class="aa-answer">49%'
        '</strong></mark><mark class="aa-quote"> stake in Scale.</mark> It stopped.'
    ) in marked
    words = check(page).words
    for shown in ("A title", "10 June 2026", "Open the whole article"):
        assert shown in words
    for hidden in ("a.txt", "0.5"):
        assert hidden not in words
    assert check(page).values("data-start") == ["111"]


def test_the_short_answer_comes_first() -> None:
    answer = make_simple()
    short = check(render_answer(answer, KEY, "short")).words
    assert "49%" in short
    assert "Copy with citations" not in check(render_transcript([Exchange(KEY, "What stake?", answer)], "short")).words
    assert check(render_answer(answer, KEY)).words.startswith(short)


def test_disagreeing_articles_show_each_value_with_its_articles() -> None:
    answer = make_disagreeing()
    body = check(render_answer(answer, KEY))
    assert "The articles disagree" in body.words
    assert "$14.3 billion (2 articles, 10 June 2026 (newest))" in body.words
    assert "$10 billion (1 article, 2 January 2026)" in body.words
    assert body.values("data-card") == [f"card-{KEY}-1", f"card-{KEY}-2"]


def test_where_articles_may_take_sides_each_has_its_sentence_and_none_is_said_to_disagree() -> None:
    answer = make_stances()
    body = check(render_answer(answer, KEY))
    assert "What each article says:" in body.words
    assert body.words.index("It stays independent.") < body.words.index("It obeys Meta.")
    assert body.words.count("It stays independent.") == 2  # once in the preview of its chip
    assert "disagree" not in body.words
    assert body.values("data-card") == [f"card-{KEY}-1", f"card-{KEY}-2"]
    markdown = format_exchange(Exchange(KEY, "Is it independent?", answer))
    assert "What each article says:\n\n> [1] It stays independent." in markdown


def test_each_sentence_has_its_own_chip_and_a_passage_one_card() -> None:
    answer = make_explained()
    body = check(render_answer(answer, KEY))
    assert body.values("data-card") == [f"card-{KEY}-1", f"card-{KEY}-2", f"card-{KEY}-1"]
    assert [card.number for card in list_cards(answer)] == [1, 2]
    assert re.search("Meta fell behind.1.* OpenAI led.2.* It wanted Wang.1", body.words, re.DOTALL)
    assert "uncertain (40%)" in body.words


def test_an_explanation_has_its_short_answer_above_it() -> None:
    answer = replace(make_explained(), short="OpenAI")
    body = render_answer(answer, KEY)
    assert check(body).words.index("OpenAI2") < check(body).words.index("Meta fell behind.")


def test_a_declined_question_offers_the_closest_passages_and_calls_none_a_source() -> None:
    answer = make_declined()
    assert "The articles don't say." in check(render_answer(answer, KEY)).words
    panel = check(render_cards(answer, KEY))
    assert [f"Passage {n}." in panel.words for n in range(5)] == [True, True, True, False, False]
    assert "mark" not in panel.tags
    assert "Closest passagesNone of these was clear enough to answer the question." in panel.words
    assert "Source" not in panel.words + " ".join(panel.values("aria-label"))


def test_the_sources_stand_with_their_own_question() -> None:
    page = check(render_transcript([Exchange(KEY, "One?", make_declined()), Exchange("a" * 8, "Two?", make_simple())]))
    assert re.search("One[?].*Closest passages.*Two[?].*Sources", page.words, re.DOTALL)
    asked = check(render_transcript([Exchange(KEY, "One?")], progress="Reading …"))
    assert "The sources will appear here" in asked.words
    bare = check(render_transcript([Exchange(KEY, "One?", replace(make_declined(), passages=()))]))
    assert "aa-sources" not in bare.values("class")
    assert "Sources" not in bare.words


def test_passages_of_one_article_are_seen_to_be_of_one() -> None:
    quote = "Meta bought a 49% stake."
    passages = (make_passage(quote, n, name=name) for n, name in enumerate(["a.txt", "b.txt", "a.txt"]))
    one, two, again = (cite(passage, quote, "49%") for passage in passages)
    both, alone = make_answer("49%", [one, two, again], []), make_answer("49%", [one, again], [], articles=1)
    assert "It quotes 3 passages from 2 articles." in check(render_answer(both, KEY)).words
    said = check(render_answer(alone, KEY)).words
    assert "Only one article says so." in said
    assert "It quotes 2 passages from 1 article." in said
    assert "It quotes" not in check(render_answer(make_answer("49%", [one, two], []), KEY)).words
    cards = render_cards(both, KEY).split("<article")[1:]
    assert ["same article as 1" in check(f"<article{card}").words for card in cards] == [False, False, True]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (replace(make_simple(), articles=1), "Only one article says so."),
        (replace(make_simple(), confidence=0.2), "doubtful (20%)"),
        (
            replace(make_simple(), citations=tuple(replace(c, origin="aligned") for c in make_simple().citations)),
            "A language model wrote this.",
        ),
    ],
)
def test_doubts_are_said(answer: Answer, line: str) -> None:
    assert line in check(render_answer(answer, KEY)).words


def test_how_a_follow_up_was_understood_is_shown_with_a_way_out() -> None:
    answer = replace(make_simple(), question="And it?", standalone="And Scale?")
    page = check(render_transcript([Exchange(KEY, "And it?", answer)]))
    assert "Understood as: And Scale?" in page.words
    assert "as-written" in page.values("data-action")
    assert "Understood as" not in render_transcript([Exchange(KEY, "What stake?", make_simple())])


def test_a_citation_without_its_passage_shows_its_quote() -> None:
    answer = replace(make_simple(), passages=())
    assert "Meta bought a 49% stake in Scale." in check(render_cards(answer, KEY)).words


def test_right_to_left_text_has_its_direction_and_long_words_stay() -> None:
    passage = make_passage("اشترت ميتا حصة. " + "x" * 500, title="عنوان")
    answer = make_answer("حصة", [cite(passage, "اشترت ميتا حصة.", "حصة")], [passage])
    page = render_transcript([Exchange(KEY, "ما؟", answer)])
    assert "auto" in check(page).values("dir")
    assert "x" * 500 in page


@pytest.mark.parametrize("key", ["", "a b", '"><script>', "../x"])
def test_a_key_is_never_markup(key: str) -> None:
    exchange = Exchange(key, "What stake?", make_simple(), rating="up")
    assert f"card-{key}-1" in check(render_transcript([exchange])).values("id")


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([], "abcdef"),
        ([(1, 3)], '<i>bc</i>'),
        ([(-5, 2), (1, 4), (4, 99)], "<i>"),
        ([(3, 1), (9, 12)], "abcdef"),
    ],
)  # fmt: skip
def test_highlighting_keeps_every_character(spans: list[tuple[int, int]], shown: str) -> None:
    made = split_text("abcdef", spans)
    assert shown in "".join(f"<i>{piece.text}</i>" if piece.quoted else piece.text for piece in made)
    assert "".join(piece.text for piece in made) == "abcdef"


def test_colours_have_enough_contrast() -> None:
    style = (ROOT / "rag" / "page" / "style.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style
    for selector in (":root", r"\.dark"):
        (block,) = re.findall(rf"^{selector} \{{(.*?)\}}", style, re.DOTALL | re.MULTILINE)
        colours = dict(re.findall(r"--aa-([\w-]+): (#[0-9a-f]{6})", block))
        for ink, paper in [
            ("ink", "paper"), ("ink", "wash"), ("soft", "paper"), ("soft", "wash"), ("accent", "paper"),
            ("accent", "wash"), ("on-accent", "accent"), ("quote-ink", "quote"), ("warn", "warn-wash"),
            ("error", "paper"), ("good", "paper"),
        ]:  # fmt: skip
            assert contrast(colours[ink], colours[paper]) >= 4.5, (selector, ink, paper)


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
