"""The tab Review without a browser: who may do what, what is stored, and that a forged event changes nothing."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest
from page_answers import EVIL, check

from rag.page.reviewing import ReviewHandlers
from rag.page.reviews import render_guidelines
from rag.review.items import Item, Place, Provenance, Sources
from rag.review.judging import GUIDELINES_VERSION, KEYS, Judging
from rag.review.preferences import Comparison, add_comparisons, list_preferences
from rag.review.store import Review, Reviewer, ReviewStore
from rag.types import Document

if TYPE_CHECKING:
    from pathlib import Path

RIVER = "The dam above Lindau cost 40 million euros. \u202eIt was built by Berta Holm 🌊 in 1974, said the ministry."
LAKE = "The lake froze.\n\nThe dam cost 65 million euros, said the engineers."
ARTICLES = {
    "news/a.txt": Document("news/a.txt", "The dam", "2026-06-10", RIVER),
    "news/b.txt": Document("news/b.txt", "The lake", "2026-06-11", LAKE),
    "news/c.txt": Document("news/c.txt", "Another", "2026-06-12", "Nobody read this for the question."),
}


def make_item(name: str, **fields: Any) -> Item:
    quote = Place("news/a.txt", "The dam", 0, 43, RIVER[:43])
    passages = (
        Place("news/a.txt", "The dam", 0, len(RIVER), RIVER),
        Place("news/b.txt", "The lake", 17, len(LAKE), LAKE[17:]),
    )
    values: dict[str, Any] = {
        "created": "2026-11-02T10:00:00+00:00",
        "origin": "rated",
        "question": f"What did Dam {name} cost?",
        "status": "answered",
        "answer": "40 million euros",
        "confidence": 0.8,
        "margin": 0.6,
        "disagrees": False,
        "topic": "news",
        "source": Provenance("0.1.0", "built-in", "abc"),
        "sources": Sources((quote,), passages, ()),
    }
    return Item(name, **{**values, **fields})


def open_handlers(folder: Path, *items: Item, local: str | None = None) -> ReviewHandlers:
    store = ReviewStore(folder / "feedback.sqlite")
    store.keep(items or [make_item("1"), make_item("2")])
    store.add_reviewer(Reviewer("eva", "expert"))
    store.add_reviewer(Reviewer("tom", "reviewer"))
    return ReviewHandlers(Judging(store, ARTICLES.get), local)


def ask_as(name: str | None) -> Any:
    return SimpleNamespace(username=name)


def act(handlers: ReviewHandlers, name: str | None, action: str, **data: Any) -> str:
    return str(handlers.act(SimpleNamespace(_data={"action": action, **data}), ask_as(name)))  # type: ignore[arg-type]


def find_shown(page: str) -> str:
    """The id of the item that is shown."""
    found = re.search(r'<section class="aa-review" data-key="([^"]*)"', page)
    assert found
    return found[1]


def choose(text: str, document: str = "news/b.txt", base: int = 17) -> dict[str, Any]:
    """What a browser sends when a text is selected on the page."""
    shown = ARTICLES[document].text[base:].replace("\u202e", "")
    start = shown.index(text)
    return {"document": document, "base": base, "start": start, "end": start + len(text), "text": text}


def test_an_item_is_shown_with_all_that_a_decision_needs(tmp_path: Path) -> None:
    item = make_item("1", disagrees=True, rating="down", correction=EVIL, answer=EVIL, question=f"{EVIL}?")
    handlers = open_handlers(tmp_path, item)
    found = check(str(handlers.show(ask_as("eva"))))
    for words in (EVIL, "The articles disagree", "the articles give different values", "The dam cost 65 million euros"):
        assert words.split("\n")[0] in found.words
    assert set(KEYS) | {"z"} <= set(found.values("data-key"))
    texts = check(str(render_guidelines()))
    assert f"Guidelines, version {GUIDELINES_VERSION}" in texts.words
    assert "**" not in texts.words
    assert "Include the words that limit it" in texts.words


def test_hostile_articles_are_text(tmp_path: Path) -> None:
    place = Place(EVIL, EVIL, 0, len(EVIL), EVIL)
    handlers = open_handlers(tmp_path, make_item("1", sources=Sources((place,), (place,), (EVIL,))))
    evil = Document(EVIL, EVIL, None, EVIL)
    page = act(ReviewHandlers(Judging(handlers.judging.store, lambda _: evil)), "eva", "read", document=EVIL)
    assert "aa-choosable aa-whole" in check(page).values("class")


def test_a_text_is_stored_where_it_stands_in_its_article(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path)
    first = find_shown(str(handlers.show(ask_as("eva"))))
    # In what is shown, a character is missing that turns the text round; a browser's offsets are those of the rest.
    page = act(handlers, "eva", "judge", item=first, decision="wrong", spans=[choose("Berta Holm 🌊", "news/a.txt", 0)])
    assert "Saved: Wrong." in page
    assert find_shown(page) != first
    (review,) = handlers.judging.store.list_reviews()
    (place,) = review.places
    assert (review.reviewer, review.decision, place.text) == ("eva", "wrong", "Berta Holm 🌊")
    assert RIVER[place.start : place.end] == place.text
    assert place.digest == ARTICLES["news/a.txt"].text_sha256
    spans = [choose("40 million euros", "news/a.txt", 0), choose("65 million euros")]
    page = act(handlers, "eva", "judge", item=find_shown(page), decision="differ", spans=spans)
    assert "Nothing left to review" in page
    both = handlers.judging.store.list_reviews()[-1].places
    assert [ARTICLES[p.document_id].text[p.start : p.end] for p in both] == ["40 million euros", "65 million euros"]


def test_undo_and_skip(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path)
    first = find_shown(str(handlers.show(ask_as("tom"))))
    assert "Nothing to undo" in act(handlers, "tom", "undo")
    second = find_shown(act(handlers, "tom", "judge", item=first, decision="right"))
    page = act(handlers, "tom", "undo")
    assert find_shown(page) == first
    assert "Undone: Right. Decide again." in page
    assert handlers.judging.store.list_reviews() == []
    assert "Skipped." in act(handlers, "tom", "judge", item=first, decision="skip")
    assert find_shown(str(handlers.show(ask_as("tom")))) == second


SPAN = choose("65 million euros")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"item": "2000"}, "This question is no longer open"),
        ({"item": None}, "This question is no longer open"),
        ({"decision": "drop table"}, ""),
        ({"decision": ["wrong"]}, ""),
        ({"spans": []}, "Choose the right text"),
        ({"spans": "everything"}, "Choose the right text"),
        ({"spans": [None, 3, {}, {**SPAN, "start": "1"}, {**SPAN, "end": True}]}, "Choose the right text"),
        ({"spans": [{**SPAN, "text": "66 million euros"}]}, "has changed"),
        ({"spans": [{**SPAN, "start": 0, "end": 4}]}, "has changed"),
        ({"spans": [{**SPAN, "start": 10**8, "end": 10**8 + 3}]}, "has changed"),
        ({"spans": [{**SPAN, "start": 30, "end": 3}]}, "has changed"),
        ({"spans": [{**SPAN, "start": -5}]}, "Choose the right text"),
        ({"spans": [choose("Nobody", "news/c.txt", 0)]}, "was not read for this question"),
        ({"spans": [{**SPAN, "document": "../../etc/passwd"}]}, "was not read for this question"),
        ({"decision": "differ", "spans": [SPAN]}, "at least two different texts"),
        ({"decision": "differ", "spans": [SPAN, SPAN]}, "same text"),
    ],
)
def test_a_forged_decision_stores_nothing(tmp_path: Path, data: dict[str, Any], said: str) -> None:
    handlers = open_handlers(tmp_path)
    shown = find_shown(str(handlers.show(ask_as("eva"))))
    page = act(handlers, "eva", "judge", **{"item": shown, "decision": "wrong", "spans": [SPAN], **data})
    assert said in check(page).words
    assert find_shown(page) == shown
    assert handlers.judging.store.list_reviews() == []


@pytest.mark.parametrize("action", ["judge", "undo", "read", "compare", "prefer", "show", "", "close"])
def test_whoever_is_no_reviewer_can_call_nothing(tmp_path: Path, action: str) -> None:
    handlers = open_handlers(tmp_path)
    for name in ("ida", "", None):
        with pytest.raises(gr.Error, match="not a reviewer here"):
            act(handlers, name, action, item="1", decision="right", better="1")
        with pytest.raises(gr.Error, match="not a reviewer here"):
            handlers.show(ask_as(name))
        assert [tab.visible for tab in handlers.show_tabs(ask_as(name))] == [False, False]
    store = handlers.judging.store
    assert (store.list_reviews(), store.list_opened(), len(store.list_reviewers())) == ([], [], 2)


def test_a_role_holds_as_soon_as_it_is_given(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path)
    shown = lambda: [tab.visible for tab in handlers.show_tabs(ask_as("tom"))]  # noqa: E731
    assert shown() == [True, False]
    handlers.judging.store.add_reviewer(Reviewer("tom", "expert"))
    assert shown() == [True, True]


def test_two_people_get_different_items_and_an_expert_what_they_dispute(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path, *(make_item(str(number)) for number in range(40)))
    handlers.judging.store.add_reviewer(Reviewer("ida", "reviewer"))
    one, two = (find_shown(str(handlers.show(ask_as(name)))) for name in ("tom", "ida"))
    assert one != two
    assert find_shown(str(handlers.show(ask_as("tom")))) == one  # a reload gives it again
    page = act(handlers, "ida", "judge", item=one, decision="right")
    assert "This question is no longer open" in page
    act(handlers, "tom", "judge", item=one, decision="right")
    page = str(handlers.show(ask_as("eva")))
    assert find_shown(page) == one
    assert "people disagree about it, or their decision has too little weight" in page
    act(handlers, "eva", "judge", item=one, decision="bad")
    assert "people disagree" not in str(handlers.show(ask_as("ida")))


def test_gold_looks_like_any_other_item(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path, make_item("1"))
    store = handlers.judging.store
    as_first = str(handlers.show(ask_as("tom")))
    assert [opened.way for opened in store.list_opened()] == ["gain"]
    store.record(Review("1", "eva", "gain", "right"))
    store.add_reviewer(Reviewer("ida", "reviewer"))
    as_gold = str(handlers.show(ask_as("ida")))
    assert {opened.way for opened in store.list_opened()} == {"gain", "calibration"}
    assert as_gold == as_first


def test_the_whole_article_is_shown_to_choose_from(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path, make_item("1"))
    page = act(handlers, "eva", "read", document="news/b.txt")
    assert "The lake froze." in check(page).words
    assert page.count("aa-whole") == 1
    assert "This article was removed" in act(handlers, "eva", "read", document="news/none.txt")
    page = act(handlers, "eva", "judge", item="1", decision="wrong", spans=[choose("The lake froze", base=0)])
    assert "Saved: Wrong." in page


def test_an_article_that_has_changed_is_not_chosen_from(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path, make_item("1"))
    handlers.show(ask_as("eva"))
    changed = {**ARTICLES, "news/b.txt": Document("news/b.txt", "The lake", None, f"Corrected. {LAKE}")}
    later = ReviewHandlers(Judging(handlers.judging.store, changed.get))
    page = act(later, "eva", "judge", item="1", decision="wrong", spans=[SPAN])
    assert "has changed: open it and choose the text there" in page
    later = ReviewHandlers(Judging(handlers.judging.store, {}.get))
    page = act(later, "eva", "judge", item="1", decision="wrong", spans=[SPAN])
    assert "was removed: choose a text from another one, or skip" in page
    assert handlers.judging.store.list_reviews() == []


def test_two_answers_are_compared_without_knowing_whose_they_are(tmp_path: Path) -> None:
    handlers = open_handlers(tmp_path)
    pairs = [Comparison(str(n), f"Question {n}?", "reader-old", "reader-new", "from old", EVIL) for n in range(4)]
    add_comparisons(handlers.judging.store, pairs)
    page = act(handlers, "tom", "compare")
    for _ in pairs:
        found = check(page)
        assert "reader-" not in page
        number = "1" if found.words.index("from old") < found.words.index("<img") else "2"
        for forged in ({"item": "99"}, {"better": "reader-old"}, {"better": None}):
            data = {"item": find_shown(page), "better": number, **forged}
            assert find_shown(act(handlers, "tom", "prefer", **data)) == find_shown(page)
        page = act(handlers, "tom", "prefer", item=find_shown(page), better=number, why=" shorter ")
    assert "Nothing left to compare" in page
    stored = list_preferences(handlers.judging.store)
    assert [(better, why) for _, better, why in stored] == [("first", "shorter")] * 4
    assert {comparison.swapped for comparison, _, _ in stored} == {True, False}


def test_without_a_login_the_user_on_this_machine_reviews(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path / "feedback.sqlite")
    store.keep([make_item("1")])
    handlers = ReviewHandlers(Judging(store, ARTICLES.get), "me")
    assert find_shown(str(handlers.show(ask_as(None)))) == "1"
    act(handlers, None, "judge", item="1", decision="right")
    assert [(review.reviewer, review.decision) for review in store.list_reviews()] == [("me", "right")]
    assert store.list_reviewers()["me"].role == "expert"  # the first person
