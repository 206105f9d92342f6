"""``ask review``: items one after the other in the terminal, decided with one letter each."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.rendering import printable
from rag.review.judging import GUIDELINES, KEYS, LEAST, Judging, Span, find_spans
from rag.review.store import ReviewError
from rag.review.verdicts import describe_reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.review.items import Item, Place
    from rag.review.store import Decision, Way

PROMPT = (
    "r right · w wrong · u unanswerable · d articles differ · b bad question · s skip · z undo · g guidelines · q quit"
)
AROUND = 40
"""Characters shown around each place of a text that occurs several times."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """:param ask: shows a prompt and reads a line; raises EOFError at the end of the input."""

    judging: Judging
    name: str
    ask: Callable[[str], str]
    tell: Callable[[str], None]
    width: int = 100

    def run(self) -> int:
        """Reviews until there is nothing left, q or the end of the input; returns how many items were decided."""
        done = 0
        try:
            while found := self.judging.show_next(self.name):
                self.show(*found)
                step = self.decide(found[0])
                if step is None:
                    return done
                done += step
        except EOFError:
            return done
        self.tell("Nothing left to review." if done else "Nothing to review.")
        return done

    def show(self, item: Item, way: Way) -> None:
        """Everything a decision needs: question, answer, quotes and the passages that were read."""
        sources, said = item.sources, item.answer or "The articles don't say."
        possibly = "Possibly: " if item.status == "possible" else ""
        self.tell(f"\n{'─' * min(self.width, 60)}\n{printable(item.question)}\n→ {possibly}{printable(said)}")
        for reason in describe_reasons(item, way):
            self.tell(f"  ({printable(reason)})")
        if sources is None:
            return
        for value in sources.values:
            self.tell(f"  or: {printable(value)}")
        for quote in sources.quotes:
            self._wrap(f"“{printable(quote.text)}”", "  ")
        for number, passage in enumerate(sources.passages, 1):
            self.tell(f"\n[{number}] {printable(passage.title)} ({printable(passage.document_id)})")
            self._wrap(printable(passage.text), "    ")

    def decide(self, item: Item) -> int | None:
        """Reads keys until the item is decided (1) or another one has to be shown (0, -1); None to stop."""
        while True:
            key = self.ask(f"\n{PROMPT}\n> ").strip().lower()
            if key == "q":
                return None
            if key == "z":
                undone = self.judging.undo(self.name)
                if undone is None:
                    self.tell("Nothing to undo.")
                    continue
                return 0 if undone.decision == "skip" else -1
            if key == "g":
                self.tell(GUIDELINES)
                continue
            decision = KEYS.get(key)
            if decision is None:
                self.tell(f"{printable(key)!r} is none of the keys: type one letter and Enter.")
                continue
            try:
                spans = self.choose_spans(item, decision)
                if spans is not None:
                    self.judging.judge(self.name, item.item_id, decision, spans)
                    return int(decision != "skip")
            except ReviewError as error:
                self.tell(printable(str(error)))

    def choose_spans(self, item: Item, decision: Decision) -> list[Span] | None:
        """The texts that the decision needs, chosen one by one; None to decide again."""
        spans: list[Span] = []
        if decision not in LEAST:
            return spans
        self.tell(
            'Type the number of a passage and the text as it stands there, such as "2 Jason Droege"; a text that is'
        )
        self.tell('elsewhere in its article is found too. "2" alone shows the whole article. An empty line ends.')
        while decision == "differ" or not spans:
            line = self.ask(f"text {len(spans) + 1}: ").strip()
            if not line:
                return spans if len(spans) >= LEAST[decision] else None
            span = self._choose_span(item, line)
            if span:
                spans.append(span)
        return spans

    def _choose_span(self, item: Item, line: str) -> Span | None:
        number, _, text = line.partition(" ")
        passages = item.sources.passages if item.sources else ()
        if not (number.isdecimal() and 1 <= int(number) <= len(passages)):
            self.tell(f"Begin with the number of a passage, 1 to {len(passages)}.")
            return None
        passage = passages[int(number) - 1]
        document = self.judging.read(passage.document_id)
        if document is None:
            name = passage.document_id
            raise ReviewError(f"The article {name} was removed: choose a text from another one, or skip.")
        if not text:
            self.tell(printable(document.title))
            for paragraph in document.text.split("\n\n"):
                self._wrap(printable(paragraph), "    ")
            return None
        found = find_spans(document, text, *self._bound(document.text, passage)) or find_spans(document, text)
        if not found:
            self.tell("The article does not have this text: type it exactly as it stands there.")
        return self._pick(document.text, found) if len(found) > 1 else next(iter(found), None)

    def _bound(self, text: str, passage: Place) -> tuple[int, int]:
        """The passage's place in its article; the whole article if that has changed."""
        return (passage.start, passage.end) if text[passage.start : passage.end] == passage.text else (0, len(text))

    def _pick(self, text: str, found: list[Span]) -> Span | None:
        """Which of several places is meant."""
        for number, span in enumerate(found, 1):
            before, after = text[max(0, span.start - AROUND) : span.start], text[span.end : span.end + AROUND]
            self.tell(f"  {number}: …{printable(before)}[{printable(span.text)}]{printable(after)}…")
        chosen = self.ask("which one: ").strip()
        return found[int(chosen) - 1] if chosen.isdecimal() and 1 <= int(chosen) <= len(found) else None

    def _wrap(self, text: str, indent: str) -> None:
        self.tell(textwrap.fill(text, self.width, initial_indent=indent, subsequent_indent=indent))
