"""What the page shows of an answer: its text with numbered chips, and a card per passage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.page.exchange import choose_shown, list_citations
from rag.page.rendering import count, render
from rag.page.states import LABELS, describe_confidence, list_warnings, name_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from rag.types import Answer, Citation, Passage, ScoredPassage

Extent = Literal["short", "full"]


@dataclass(frozen=True, slots=True)
class Card:
    """A passage shown beside an answer.

    :param number: the number on its chips, from 1.
    :param scored: the passage; None if only the quotes are known.
    :param citations: the quotes the answer takes from it; empty for a passage that is merely close.
    """

    number: int
    scored: ScoredPassage | None
    citations: tuple[Citation, ...]

    @property
    def pages(self) -> tuple[int, ...]:
        """The pages of its file on which the quoted answers stand."""
        return tuple(sorted({citation.page for citation in self.citations if citation.page}))

    @property
    def source(self) -> Passage | Citation:
        """Names the article."""
        return self.scored.passage if self.scored else self.citations[0]


def list_cards(answer: Answer) -> list[Card]:
    """A card for each cited passage, in the order of the citations, or for the closest passages if none is cited."""
    answer = answer.shown
    if not answer.answered:
        return [Card(n, scored, ()) for n, scored in enumerate(choose_shown(answer), 1)]
    cited: dict[str, list[Citation]] = {}
    for citation in list_citations(answer):
        cited.setdefault(citation.passage_id, []).append(citation)
    known = {scored.passage.passage_id: scored for scored in answer.passages}
    return [Card(n, known.get(name), tuple(found)) for n, (name, found) in enumerate(cited.items(), 1)]


def render_answer(answer: Answer, key: str, extent: Extent = "full") -> Markup:
    """The body of an answer.

    :param key: of the exchange; part of the ids of its cards.
    :param extent: ``short`` for the part that is shown first.
    """
    state, confidence, warnings = name_state(answer), describe_confidence(answer), list_warnings(answer)
    answer = answer.shown
    return render(
        "answer",
        answer=answer,
        state=state,
        label=LABELS[state],
        confidence=confidence,
        warnings=warnings,
        key=key,
        extent=extent,
        cards={citation.passage_id: card for card in list_cards(answer) for citation in card.citations},
        own=_choose_own(answer),
        newest=_find_newest(answer),
        sentences=split_sentences(answer),
        notes=list_notes(answer),
    )


def render_cards(answer: Answer, key: str) -> Markup:
    """The cards of an answer, with a heading; empty if there are none."""
    cards, newest = list_cards(answer), _find_newest(answer.shown) if answer.alternatives else None
    return render("cards", cards=cards, key=key, newest=newest, list_quotes=list_quotes)


def list_quotes(cards: Sequence[Card], document_id: str) -> str:
    """The places of all quotes from one article, as :func:`rag.page.articles.read_spans` reads them."""
    places = {(c.start, c.end) for card in cards for c in card.citations if c.document_id == document_id}
    return ",".join(f"{start}-{end}" for start, end in sorted(places))


def split_sentences(answer: Answer) -> list[tuple[str, list[Citation]]]:
    """The text of an explanation in parts, each with the citations whose chips follow it.

    A citation that quotes nothing in the text goes with the last part, unless the short answer shows it.
    """
    if not answer.explained or answer.takes_sides:
        return []
    parts: list[tuple[str, list[Citation]]] = []
    place, loose = 0, []
    for citation in answer.citations:
        found = answer.text.find(citation.quote, place)
        if found < 0:
            loose.append(citation)
            continue
        end = found + len(citation.quote)
        parts.append((answer.text[place:end], [citation]))
        place = end
    parts.append((answer.text[place:], [] if answer.short else loose))
    return [(text, citations) for text, citations in parts if text.strip() or citations]


def list_notes(answer: Answer) -> list[str]:
    """Sentences about the passages shown with the answer."""
    if not answer.answered:
        return ["The closest passages may help you to rephrase the question."] if answer.passages else []
    cards = list_cards(answer)
    articles = len({card.source.document_id for card in cards})
    if len(cards) == articles:
        return []
    return [f"It quotes {len(cards)} passages from {count(articles, 'article')}."]


def _choose_own(answer: Answer) -> tuple[Citation, ...]:
    """The citations of the short answer: all of them, or the last that contains it if sentences explain it.

    For "Yes" or "No", which need not be in any sentence, the first: it decides.
    """
    if not answer.explained:
        return answer.citations
    if answer.verdict:
        return answer.citations[:1]
    short = answer.short.casefold()
    return tuple(c for c in answer.citations if short and short in c.quote.casefold())[-1:]


def _find_newest(answer: Answer) -> str | None:
    """The latest of the cited dates; None if there is only one."""
    dates = {citation.date for citation in list_citations(answer) if citation.date}
    return max(dates) if len(dates) > 1 else None
