"""An answer as HTML: what it says with numbered chips, how far to trust it, and a card for each passage it cites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.page.escaping import escape
from rag.page.highlighting import highlight_citations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rag.types import Alternative, Answer, Citation, Passage, ScoredPassage

NEAREST = 3
"""Passages offered where the articles don't say."""
Extent = Literal["short", "full"]


@dataclass(frozen=True, slots=True)
class Card:
    """A passage on the side of an answer.

    :param number: what its chips say, from 1.
    :param scored: the passage; None where only the quotes are known.
    :param citations: what the answer quotes of it; none for a passage that is merely near.
    """

    number: int
    scored: ScoredPassage | None
    citations: tuple[Citation, ...]

    @property
    def source(self) -> Passage | Citation:
        """What says where it stands."""
        return self.scored.passage if self.scored else self.citations[0]


def list_cards(answer: Answer) -> list[Card]:
    """A card for each passage that is cited, in the order of the citations; the nearest ones where none is."""
    if not answer.answered:
        return [Card(n, scored, ()) for n, scored in enumerate(answer.passages[:NEAREST], 1)]
    cited: dict[str, list[Citation]] = {}
    for citation in _all_citations(answer):
        cited.setdefault(citation.passage_id, []).append(citation)
    known = {scored.passage.passage_id: scored for scored in answer.passages}
    return [Card(n, known.get(name), tuple(found)) for n, (name, found) in enumerate(cited.items(), 1)]


def render_answer(answer: Answer, key: str, extent: Extent = "full") -> str:
    """The answer's body.

    :param key: of the exchange; the ids that chips lead to are made of it.
    :param extent: ``short`` for what can be shown first.
    """
    if not answer.answered:
        return f'<p class="aa-declined" dir="auto">{escape(answer.reason)}</p>' + (
            "" if extent == "short" else render_states(answer)
        )
    chips = Chips(answer, key)
    if answer.contradicted:
        parts = [render_values(answer, chips)]
    elif answer.alternatives:
        parts = [render_stances(answer, chips)]
    elif answer.short:
        parts = [f'<p class="aa-short" dir="auto">{escape(answer.short)}{chips.show(_loose(answer))}</p>']
    else:
        parts = []
    if extent == "full" or not parts:
        if answer.explained and (answer.short or not answer.alternatives):
            parts.append(render_sentences(answer, chips))
        elif not answer.alternatives:
            parts.append(render_quote(answer.citations[:1]))
        parts.append(render_states(answer))
    return "".join(parts)


def render_values(answer: Answer, chips: Chips) -> str:
    """Each value with its articles and dates, the newest marked."""
    own = _loose(answer) or answer.citations
    newest = _find_newest(answer)
    rows = [_render_value(answer.short or answer.text, answer.articles, own, chips, newest)]
    rows += [_render_value(o.text, o.articles, o.citations, chips, newest) for o in answer.alternatives]
    return f'<p class="aa-disagree">The articles disagree:</p><ul class="aa-values">{"".join(rows)}</ul>'


def render_stances(answer: Answer, chips: Chips) -> str:
    """The sentence of each article by itself, where articles may take sides."""
    quoted = [answer.citations, *(other.citations for other in answer.alternatives)]
    rows = "".join(f"<li>{render_quote(citations)}{chips.show(citations)}</li>" for citations in quoted)
    return f'<p class="aa-disagree">What each article says:</p><ul class="aa-values">{rows}</ul>'


def _render_value(text: str, articles: int, citations: Sequence[Citation], chips: Chips, newest: str | None) -> str:
    dates = sorted({c.date for c in citations if c.date})
    shown = ", ".join(f"{escape(date)} (newest)" if date == newest else escape(date) for date in dates)
    about = f"{count(articles, 'article')}{', ' + shown if shown else ''}"
    return (
        f'<li dir="auto"><span class="aa-short"><bdi>{escape(text)}</bdi></span> '
        f'<span class="aa-note">({about})</span>{chips.show(citations)}{render_quote(citations)}</li>'
    )


def render_quote(citations: Sequence[Citation]) -> str:
    """The first sentence that a short answer stands in, and where that is; the others are on their cards."""
    return "".join(
        f'<blockquote class="aa-evidence" dir="auto"><p dir="auto">{highlight_citations(c.quote, c.start, [c])}</p>'
        f'<footer class="aa-source" dir="auto">{escape(c.title)}{", " + escape(c.date) if c.date else ""}</footer>'
        "</blockquote>"
        for c in citations[:1]
    )


def render_sentences(answer: Answer, chips: Chips) -> str:
    """The text, a chip behind each sentence that a citation quotes; chips of other citations at its end."""
    made, place, loose = [], 0, []
    for citation in answer.citations:
        found = answer.text.find(citation.quote, place)
        if found < 0:
            loose.append(citation)
            continue
        made.append(escape(answer.text[place : found + len(citation.quote)]) + chips.show([citation]))
        place = found + len(citation.quote)
    rest = escape(answer.text[place:])
    if loose and not answer.short:
        rest += chips.show(loose)
    blocks = [block for block in (*made, rest) if block.strip()]
    return "".join(f'<p class="aa-sentence" dir="auto">{block}</p>' for block in blocks)


def render_states(answer: Answer) -> str:
    """How far to trust the answer, a line for each thing to know."""
    lines: list[tuple[str, str]] = []
    if answer.answered:
        percent = f"Confidence{' in the first' if answer.contradicted else ''} {answer.confidence:.0%}"
        if "low confidence" in answer.doubts:
            lines.append(("warn", f"{percent}: low. Check the highlighted sentence before relying on it."))
        else:
            lines.append(("calm", f"{percent}."))
        if "one article" in answer.doubts and not answer.alternatives:
            lines.append(("calm", "Only one article says so."))
        cards = list_cards(answer)
        articles = {card.source.document_id for card in cards}
        if len(cards) > len(articles):
            lines.append(("calm", f"Quoted: {len(cards)} passages of {count(len(articles), 'article')}."))
        if any(c.origin == "aligned" for c in answer.citations):
            lines.append(("warn", "Written by a language model; its sources were found afterwards."))
    elif answer.passages:
        lines.append(("calm", "The closest passages are shown beside; they may help you to ask in other words."))
    # A sign beside the colour, for those who do not see it.
    signs = {"warn": '<span aria-hidden="true">⚠ </span>', "calm": ""}
    states = "".join(f'<p class="aa-state aa-{kind}">{signs[kind]}{escape(line)}</p>' for kind, line in lines)
    return f'<div class="aa-states">{states}</div>' if states else ""


def render_understood(answer: Answer) -> str:
    """How a follow-up was understood; nothing where it stands by itself."""
    if answer.standalone == answer.question:
        return ""
    return f'<span class="aa-understood">understood as: <bdi>{escape(answer.standalone)}</bdi></span>'


def render_cards(answer: Answer, key: str) -> str:
    """The side panel's cards."""
    newest = _find_newest(answer) if answer.alternatives else None
    firsts: dict[str, int] = {}
    return "".join(
        render_card(card, key, newest, firsts.setdefault(card.source.document_id, card.number))
        for card in list_cards(answer)
    )


def render_card(card: Card, key: str, newest: str | None, first: int) -> str:
    """One card: where the passage stands, the passage with what is quoted of it, and the way to the whole article.

    :param newest: the date that is marked as such.
    :param first: number of the first card of the same article.
    """
    source = card.source
    if card.scored:
        passage = card.scored.passage
        body = highlight_citations(passage.text, passage.start, card.citations)
        heading = f'<p class="aa-heading" dir="auto">{escape(passage.heading)}</p>' if passage.heading else ""
        hint = "How high the search ranked the passage"
        score = f'<span class="aa-score" title="{hint}">score {card.scored.score:.3f}</span>'
    else:
        body = " … ".join(highlight_citations(c.quote, c.start, [c]) for c in card.citations)
        heading = score = ""
    date = f'<time datetime="{escape(source.date)}">{escape(source.date)}</time>' if source.date else ""
    new = ' <span class="aa-note">(newest)</span>' if source.date and source.date == newest else ""
    again = f' <span class="aa-note">same article as {first}</span>' if first != card.number else ""
    kind, look = ("Source", "") if card.citations else ("Close passage", " aa-near")
    start, end = (card.citations[0].start, card.citations[0].end) if card.citations else (source.start, source.end)
    return (
        f'<article class="aa-card{look}" id="{card_id(key, card.number)}" tabindex="-1" '
        f'aria-label="{kind} {card.number}: {escape(source.title)}">'
        f'<h3 dir="auto"><span class="aa-number" aria-hidden="true">{card.number}</span> {escape(source.title)}</h3>'
        f'<p class="aa-source">{date}{new} <bdi class="aa-file">{escape(source.document_id)}</bdi>{again} {score}</p>'
        f'{heading}<blockquote dir="auto">{body}</blockquote>'
        f'<button type="button" class="aa-quiet" data-event="open" data-document="{escape(source.document_id)}" '
        f'data-start="{start}" data-end="{end}" aria-label="Open the whole article: {escape(source.title)}">'
        "Open the whole article</button></article>"
    )


def card_id(key: str, number: int) -> str:
    """The id of a card's element, the same that its chips lead to.

    :raises ValueError: for a key that could be anything but a name.
    """
    if not re.fullmatch(r"[0-9a-zA-Z]+", key):
        raise ValueError(f"{key!r} names no exchange")
    return f"card-{key}-{number}"


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


class Chips:
    """The numbered links from an answer to its cards."""

    def __init__(self, answer: Answer, key: str) -> None:
        self._key = key
        cards = list_cards(answer)
        self._cards = {citation.passage_id: card for card in cards for citation in card.citations}

    def show(self, citations: Iterable[Citation]) -> str:
        """A chip for each card that these citations stand on."""
        cards = {card.number: card for c in citations if (card := self._cards.get(c.passage_id))}
        return "".join(self._show_one(card) for card in cards.values())

    def _show_one(self, card: Card) -> str:
        target = card_id(self._key, card.number)
        title = escape(card.citations[0].title)
        return (
            f'<a class="aa-chip" href="#{target}" data-card="{target}" title="{title}" '
            f'aria-label="Source {card.number}: {title}">{card.number}</a>'
        )


def _loose(answer: Answer) -> tuple[Citation, ...]:
    """The citations of the short answer: all, but for those of an explanation's sentences where it has its own."""
    if not answer.explained:
        return answer.citations
    holding = [c for c in answer.citations if _holds(c, answer.short)]
    return tuple(holding[-1:])


def _holds(citation: Citation, short: str) -> bool:
    return bool(short) and short.casefold() in citation.quote.casefold()


def _all_citations(answer: Answer) -> list[Citation]:
    alternatives: Sequence[Alternative] = answer.alternatives
    return [*answer.citations, *(citation for other in alternatives for citation in other.citations)]


def _find_newest(answer: Answer) -> str | None:
    dates = {citation.date for citation in _all_citations(answer) if citation.date}
    return max(dates) if len(dates) > 1 else None
