"""The tab Quality: the figures of ``ask quality``, for experts alone."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest
from page_answers import EVIL, check

from rag.cli import main
from rag.page.figures import render_quality
from rag.page.reviewing import ReviewHandlers
from rag.review.items import Item, Place, Provenance, Sources
from rag.review.judging import Judging
from rag.review.preferences import Comparison, add_comparisons, prefer
from rag.review.queue import is_sampled
from rag.review.store import Review, Reviewer, ReviewStore

if TYPE_CHECKING:
    from pathlib import Path

    from rag.review.store import Decision


def make_kept(name: str, **fields: Any) -> Item:
    """An answer that was kept whatever anyone thought of it."""
    passage = Place("deals/a.txt", "The deal", 0, 8, "Meta 49%")
    values: dict[str, Any] = {
        "created": "2026-11-02T10:00:00+00:00",
        "question": f"What is the number of Thing{name}?",
        "status": "answered",
        "answer": "49%",
        "confidence": 0.8,
        "margin": 0.6,
        "disagrees": False,
        "topic": "deals",
        "source": Provenance("0.1.0", "built-in", "abc"),
        "sources": Sources((), (passage,), ()),
    }
    return Item(name, origin="asked", **{**values, **fields})


SAMPLED = [name for name in map(str, range(300)) if is_sampled(make_kept(name))][:12]


def fill(folder: Path, topic: str = "sport") -> ReviewStore:
    """Answers of two weeks and topics, judged by an expert, and one comparison."""
    store = ReviewStore(folder / "feedback.sqlite")
    kinds = ["answered"] * 6 + ["possible"] * 3 + ["abstained"] * 3
    for number, name in enumerate(SAMPLED):
        week = "2026-11-02T10:00:00+00:00" if number % 2 else "2026-11-09T10:00:00+00:00"
        place = "deals" if number < 7 else topic
        store.keep([make_kept(name, status=kinds[number], created=week, topic=place)])
    store.add_reviewer(Reviewer("eva", "expert"))
    store.add_reviewer(Reviewer("tom", "reviewer"))
    decisions: list[Decision] = ["right", "right", "unanswerable", "right", "bad"]
    for name, decision in zip(SAMPLED, decisions, strict=False):
        store.record(Review(name, "eva", "random", decision))
        store.record(Review(name, "tom", "calibration", "right"))
    comparison = Comparison("1", "Which?", f"old{topic[5:]}", "new", "a", "b")
    add_comparisons(store, [comparison])
    prefer(store, comparison, "eva", "first", "")
    return store


def ask_as(name: str | None) -> Any:
    return SimpleNamespace(username=name)


def open_handlers(store: ReviewStore, local: str | None = None, *, keeps: bool = False) -> ReviewHandlers:
    return ReviewHandlers(Judging(store, lambda _: None), local, keeps)


def list_shown(handlers: ReviewHandlers, name: str | None) -> list[bool]:
    """Whether each of the tabs is shown to somebody."""
    shown = handlers.show_tabs(ask_as(name))
    return [tab.visible for tab in (shown if isinstance(shown, tuple) else (shown,))]


def test_every_figure_of_the_command_is_on_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = fill(tmp_path)
    assert main(["quality", "--json", "--data", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    words = check(open_handlers(store).show_quality(ask_as("eva"))).words
    groups = [found, *found["weeks"].values(), *found["topics"].values()]
    shares = [share for group in groups for share in group["accuracy"].values()]
    shares += [one for one in found["reviewers"] if one.get("n")] + found["preferences"]
    assert sum(bool(share["n"]) for share in shares) == 6
    for share in shares:
        if share["n"]:
            interval = f"{share['share']:.0%} ({share['low']:.0%} to {share['high']:.0%})"
            assert f"{share['right']} of {share['n']}, {interval}" in words
    for group in groups:
        for kind in ("answered", "possible", "abstained"):
            part, n = group["answers"][kind], group["answers"]["n"]
            assert f"{part} of {n}, {part / n:.0%}" in words
    for name in (*found["weeks"], *found["topics"]):
        assert name in words
    assert "not measurable: it needs two people (0 pairs, 0 people)" in words
    assert "1 bad question" in words
    assert f"{found['reviewers'][1]['weight']:.2f}" in words


def test_hostile_names_of_topics_and_readers_are_text(tmp_path: Path) -> None:
    words = check(open_handlers(fill(tmp_path, f"sport{EVIL}")).show_quality(ask_as("eva"))).words
    assert "<script>" in words


def test_an_empty_file_has_figures_too(tmp_path: Path) -> None:
    handlers = open_handlers(ReviewStore(tmp_path / "feedback.sqlite"), "me")
    assert "none reviewed" in check(handlers.show_quality(ask_as(None))).words


def test_only_experts_see_the_figures(tmp_path: Path) -> None:
    handlers = open_handlers(fill(tmp_path))
    assert [list_shown(handlers, name)[-1] for name in ("eva", "tom", "ida", None)] == [True, False, False, False]
    for name, said in (("tom", "Only experts"), ("ida", "not a reviewer here"), (None, "not a reviewer here")):
        with pytest.raises(gr.Error, match=said):
            handlers.show_quality(ask_as(name))


def test_without_a_login_the_tabs_are_shown_if_there_is_something_to_review(tmp_path: Path) -> None:
    empty = ReviewStore(tmp_path / "feedback.sqlite")
    assert not any(list_shown(open_handlers(empty, "me"), None))
    assert all(list_shown(open_handlers(empty, "me", keeps=True), None))
    assert empty.list_reviewers() == {}  # looking makes nobody a reviewer
    filled = fill(tmp_path / "filled")
    assert list_shown(open_handlers(filled, "eva"), None)[-1]
    assert not list_shown(open_handlers(filled, "me"), None)[-1]  # whoever comes later is a reviewer


def test_figures_that_are_not_there_are_said(tmp_path: Path) -> None:
    from rag.review.quality import measure_quality

    words = check(render_quality(measure_quality(ReviewStore(tmp_path / "feedback.sqlite")))).words
    assert "not measurable" in words
    assert "none" in words
