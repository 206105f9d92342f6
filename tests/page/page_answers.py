"""Answers made by hand, hostile ones among them, and a parser that finds what could run in a page."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from rag.review.items import Provenance
from rag.types import Alternative, Answer, Citation, Mark, Passage, ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = '<img src=x onerror="alert(1)">'


SCRIPT = "<script>alert('x')</script>"


EVIL = f"{IMAGE}{SCRIPT}\" onmouseover='alert(2)' {{{{value}}}} ${{alert(3)}} `"


KEY = "0123456789abcdef"


SOURCE = Provenance("0.1.0", "built-in", "abc")


ALLOWED = {
    "data-event", "data-action", "data-value", "data-key", "data-card", "data-document", "data-start", "data-quotes",
    "class", "id", "href", "title", "type", "dir", "tabindex", "role", "name", "for", "value", "maxlength", "open",
    "autocomplete", "datetime", "scope", "aria-label", "aria-hidden", "aria-busy", "aria-live", "aria-pressed",
    "aria-labelledby", "data-shown", "popover", "popovertarget", "popovertargetaction",
    "rows", "autofocus", "hidden", "data-articles", "viewbox", "d",
    "data-review", "aria-describedby", "aria-keyshortcuts",
}  # fmt: skip


VOID = {"input"}


ICON = {"class": "aa-icon", "viewbox": "0 0 24 24", "aria-hidden": "true"}


class Checker(HTMLParser):
    """Elements and attributes as a browser would take them; fails where tags do not match."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(str(page))
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            assert dict(attrs) == ICON
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() or "\n" not in data:  # the templates' own line breaks do not show
            self.words += data

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def check(page: str) -> Checker:
    """The page as a browser takes it, without anything that could run."""
    found = Checker(page)
    assert not found.tags & {"script", "img", "iframe", "style", "object", "embed", "link", "base", "meta"}
    assert {name for name, _ in found.attributes} <= ALLOWED
    assert all(href.startswith("#card-") for href in found.values("href"))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    return found


def make_passage(text: str, number: int = 0, *, name: str = "a.txt", title: str = "A title", start: int = 0) -> Passage:
    return Passage(f"{name}:{number}", name, title, "A heading", "2026-06-10", start, start + len(text), text)


def cite(passage: Passage, quote: str, answer: str = "", date: str | None = "2026-06-10") -> Citation:
    start = passage.start + passage.text.index(quote)
    found = quote.find(answer) if answer else 0
    place = (start + found, start + found + len(answer or quote))
    return Citation(
        passage.document_id, passage.title, date, passage.passage_id, quote, start, start + len(quote), *place
    )


def make_answer(text: str, citations: Sequence[Citation], passages: Sequence[Passage], **fields: object) -> Answer:
    made = Answer(
        question="What stake?",
        standalone="What stake?",
        status="answered",
        text=text,
        reason="",
        confidence=0.9,
        citations=tuple(citations),
        alternatives=(),
        passages=tuple(ScoredPassage(p, 0.5) for p in passages),
        short=text,
        articles=2,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def make_simple() -> Answer:
    passage = make_passage("It rained. Meta bought a 49% stake in Scale. It stopped.", start=100)
    return make_answer("49%", [cite(passage, "Meta bought a 49% stake in Scale.", "49%")], [passage])


def make_declined() -> Answer:
    passages = [make_passage(f"Passage {n}.", n) for n in range(5)]
    return make_answer(
        "", [], passages, status="abstained", reason="The articles don't say.", short="", articles=0, confidence=0.1
    )


def make_disagreeing() -> Answer:
    one = make_passage("Meta paid $14.3 billion.", name="a.txt")
    two = make_passage("Meta paid $10 billion.", name="b.txt")
    other = Alternative("$10 billion", 0.6, (cite(two, "Meta paid $10 billion.", "$10 billion", "2026-01-02"),), 1)
    citation = cite(one, "Meta paid $14.3 billion.", "$14.3 billion")
    return make_answer("$14.3 billion", [citation], [one, two], alternatives=(other,))


def make_explained() -> Answer:
    one = make_passage("Meta fell behind. It had data. It wanted Wang.", name="a.txt")
    two = make_passage("OpenAI led.", name="b.txt", title="B")
    citations = [cite(one, "Meta fell behind."), cite(two, "OpenAI led."), cite(one, "It wanted Wang.")]
    return make_answer(
        "Meta fell behind. OpenAI led. It wanted Wang.", citations, [one, two], short="", confidence=0.4, articles=2
    )


def make_stances() -> Answer:
    one, two = (
        make_passage("It stays independent.", name="a.txt"),
        make_passage("It obeys Meta.", name="b.txt", title="B"),
    )
    other = Alternative("It obeys Meta.", 0.7, (cite(two, "It obeys Meta."),), 1)
    citation = cite(one, "It stays independent.")
    return make_answer("It stays independent.", [citation], [one, two], short="", alternatives=(other,), confidence=0.7)


def make_evil() -> Answer:
    text = f"Before {EVIL} after."
    passage = Passage(EVIL, f"{EVIL}.txt", EVIL, EVIL, EVIL, 7, 7 + len(text), text)
    citation = cite(passage, EVIL, IMAGE, EVIL)
    other = Alternative(EVIL, 0.6, (citation,), 1)
    return make_answer(
        EVIL, [citation], [passage], question=EVIL, standalone=f"{EVIL}!", alternatives=(other,), reason=EVIL
    )


def make_corrected(answer: Answer, *names: str) -> Answer:
    return replace(answer, confidence=1.0, corrected=Mark(names, "2026-11-02"))


ANSWERS = [
    make_simple(), make_declined(), make_disagreeing(), make_explained(), make_stances(), make_evil(),
    make_corrected(make_evil(), EVIL, "Eva"), make_corrected(make_declined(), "Eva"),
]  # fmt: skip
