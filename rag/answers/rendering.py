"""Answers as text for a terminal, and as the JSON that --json and --batch write."""

from __future__ import annotations

import json
import textwrap
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rag.answers.aging import format_age

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.types import Alternative, Answer, Citation

NEAREST = 3
WIDEST = 100
"""Columns of text, on wider terminals too."""


@dataclass(frozen=True, slots=True)
class View:
    """How an answer is shown: as one line of JSON, or for a terminal of some columns, perhaps with colours."""

    as_json: bool
    columns: int
    colour: bool


def render_answer(answer: Answer, view: View) -> str:
    """The answer as it is printed, without the last line break."""
    if view.as_json:
        return format_record(describe_answer(answer))
    return format_answer(answer, width=max(40, min(WIDEST, view.columns)), colour=view.colour)


def format_record(record: Mapping[str, Any]) -> str:
    """One line of ASCII: the same in every locale, and free of terminal control characters."""
    return json.dumps(record, ensure_ascii=True, allow_nan=False)


def format_answer(answer: Answer, *, width: int, colour: bool) -> str:
    """Format an answer with its citations, or an abstention with the nearest passages, ``width`` characters wide."""
    paint = _paint if colour else _plain
    lines = []
    possibly = "Possibly: " if answer.status == "possible" else ""
    answer = answer.shown
    if answer.answered:
        cited = [*answer.citations, *(c for other in answer.alternatives for c in other.citations)]
        dates = {c.date for c in cited if c.date}
        newest = max(dates) if len(dates) > 1 and answer.alternatives else None
        if answer.contradicted:
            lines += [paint("1", f"The articles disagree: {list_values(answer)}")]
        elif answer.takes_sides:
            lines += [paint("1", "What each article says:")]
        elif answer.short:
            lines.append(paint("1", possibly + printable(answer.short)))
        for number, citation in enumerate(answer.citations):
            gap = [""] if lines and not (answer.explained and number and same_source(answer, number)) else []
            lines += [*gap, *format_citation(citation, width=width, colour=colour, newest=newest)]
            if answer.explained and same_source(answer, number + 1):
                del lines[-1]  # the source is given only below the last of its sentences
        for other in answer.alternatives:
            word = "superseded" if other.superseded else "or"
            head = [] if answer.takes_sides else [paint("1", f"{word}: {printable(other.text)}")]
            lines += ["", *head, *format_citation(other.citations[0], width=width, colour=colour, newest=newest)]
        lines += ["", paint("2", describe_trust(answer))]
        return "\n".join(lines)
    return "\n".join(format_abstention(answer, width=width, colour=colour))


def format_abstention(answer: Answer, *, width: int, colour: bool) -> list[str]:
    """The reason, who decided it if a person did, and the nearest passages."""
    paint = _paint if colour else _plain
    lines = [paint("1", answer.reason)]
    if answer.corrected:
        lines.append(paint("2", printable(answer.corrected.said)))
    if answer.passages:
        lines += ["", "Nearest passages:"]
    for scored in answer.passages[:NEAREST]:
        text = textwrap.shorten(printable(scored.passage.text), width=max(40, 2 * width - 8), placeholder=" …")
        lines += textwrap.wrap(text, width - 4, initial_indent="  · ", subsequent_indent="    ")
        lines.append(paint("2", f"    — {printable(scored.passage.title)} ({printable(scored.passage.document_id)})"))
    return lines


def same_source(answer: Answer, number: int) -> bool:
    """Whether a citation is from the same article as the one before it."""
    cited = [citation.document_id for citation in answer.citations]
    return 0 < number < len(cited) and cited[number] == cited[number - 1]


def list_values(answer: Answer) -> str:
    """Each value that stands, with the number of its articles: ``$14.3 billion (2 articles) · $10 billion (1)``."""
    counted = f"{answer.articles} article" if answer.articles == 1 else f"{answer.articles} articles"
    others = (f"{printable(o.text)} ({o.articles})" for o in answer.alternatives if not o.superseded)
    return " · ".join([f"{printable(answer.short or answer.text)} ({counted})", *others])


def describe_trust(answer: Answer) -> str:
    """Confidence and doubts in one line; of a correction, who made it."""
    low = " (low: check the sentence)" if "low confidence" in answer.doubts else ""
    alone = ", only one article says so" if "one article" in answer.doubts else ""
    old = f", newest source {format_age(answer.age_days)} old" if answer.age_days is not None else ""
    if answer.corrected:
        return f"{printable(answer.corrected.said)}{old}"
    return f"confidence {answer.confidence:.0%}{low}{alone}{old}"


def format_citation(citation: Citation, *, width: int, colour: bool, newest: str | None = None) -> list[str]:
    """The quote with its answer marked, then title, date and file. The date ``newest`` is marked as the newest."""
    a, b = citation.answer_start - citation.start, citation.answer_end - citation.start
    quote = citation.quote
    opened, closed = ("\0", "\1") if colour else ("[", "]")
    marked = f"{printable(quote[:a])}{opened}{printable(quote[a:b])}{closed}{printable(quote[b:])}"
    if (a, b) == (0, len(quote)):
        marked = printable(quote)
    lines = textwrap.wrap(f"“{marked}”", width - 2, initial_indent="  ", subsequent_indent="  ")
    painted = [line.replace("\0", "\x1b[1;32m").replace("\1", "\x1b[0m") for line in lines]
    date = f", {citation.dated}{' (newest)' if newest and citation.date == newest else ''}" if citation.dated else ""
    page = f", p. {citation.page}" if citation.page else ""
    kind = " (found by alignment)" if citation.origin == "aligned" else ""
    source = f"  — {printable(citation.title)}{date}{page} ({printable(citation.document_id)}){kind}"
    return [*painted, (_paint if colour else _plain)("2", source)]


def printable(text: str) -> str:
    """Drop invisible formatting characters and blank control characters, so that no text can control the terminal."""
    kinds = {c: unicodedata.category(c) for c in set(text)}
    return "".join(" " if kinds[c] in ("Cc", "Zl", "Zp") else "" if kinds[c] in ("Cf", "Cs", "Co") else c for c in text)


def describe_answer(answer: Answer, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The answer as JSON-ready values. ``extra`` comes first."""
    return {
        **(extra or {}),
        "question": answer.question,
        "standalone": answer.standalone,
        "answer": f"{answer.short}. {answer.text}" if answer.verdict else answer.text,
        "short": answer.short,
        "status": answer.status,
        "answered": answer.answered,
        "reason": answer.reason,
        "confidence": round(answer.confidence, 4),
        "articles": answer.articles,
        "age_days": answer.age_days,
        "corrected": asdict(answer.corrected) if answer.corrected else None,
        "doubts": list(answer.doubts),
        "citations": [describe_citation(citation) for citation in answer.citations],
        "alternatives": [describe_alternative(other) for other in answer.alternatives],
        "withheld": describe_alternative(answer.withheld) if answer.withheld else None,
        "passages": [scored.passage.passage_id for scored in answer.passages],
        "seconds": round(answer.seconds, 4),
        "timing": {stage: round(seconds, 4) for stage, seconds in asdict(answer.timing).items()},
    }


def describe_alternative(other: Alternative) -> dict[str, Any]:
    """An alternative or withheld answer as JSON-ready values."""
    return {
        "answer": other.text,
        "confidence": round(other.confidence, 4),
        "articles": other.articles,
        "superseded": other.superseded,
        "citations": [describe_citation(citation) for citation in other.citations],
    }


def describe_citation(citation: Citation) -> dict[str, Any]:
    """A citation as JSON-ready values. It has a page only if its file has pages."""
    values = asdict(citation)
    return values if citation.page else {name: value for name, value in values.items() if name != "page"}


def _paint(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(_: str, text: str) -> str:
    return text
