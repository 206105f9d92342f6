"""How far to trust an answer, in words: its state, its confidence and its warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rag.answers.aging import format_age
from rag.page.rendering import write_date
from rag.types import LOW_CONFIDENCE

if TYPE_CHECKING:
    from rag.types import Answer

State = Literal["answered", "possible", "declined", "differing"]
LABELS: dict[State, str] = {
    "answered": "Answer",
    "possible": "Possible answer",
    "declined": "No answer",
    "differing": "The articles disagree",
}
_LIKELIHOODS = (
    (0.9, "very likely right"),
    (0.75, "likely right"),
    (LOW_CONFIDENCE, "probably right"),
    (0.4, "uncertain"),
    (0.0, "doubtful"),
)
"""Words for a confidence, each with the lowest confidence that it describes."""


def name_state(answer: Answer) -> State:
    """Which of four kinds of result an answer is."""
    if answer.shown.contradicted:
        return "differing"
    if answer.status == "possible":
        return "possible"
    return "answered" if answer.answered else "declined"


def describe_confidence(answer: Answer) -> str:
    """The confidence in words, with the figure behind it; empty if there is no answer. Of a correction, who made it."""
    answer = answer.shown
    if answer.corrected:
        return f"corrected by {answer.corrected.names} on {write_date(answer.corrected.on)}"
    if not answer.answered:
        return ""
    if answer.confidence >= 1:  # a summary
        return "quoted word for word"
    words = next(words for least, words in _LIKELIHOODS if answer.confidence >= least)
    said = f"{words} ({min(answer.confidence, 0.99):.0%})"
    return f"the first is {said}" if answer.contradicted else said


def list_warnings(answer: Answer) -> list[str]:
    """What to know before trusting the answer, a sentence each."""
    answer = answer.shown
    lines: list[str] = []
    if "low confidence" in answer.doubts:
        lines.append("Check the highlighted sentence before you rely on this.")
    if "one article" in answer.doubts and not answer.alternatives:
        lines.append("Only one article says so.")
    if answer.age_days is not None:
        lines.append(f"Its newest source is {format_age(answer.age_days)} old.")
    if answer.answered and any(citation.origin == "aligned" for citation in answer.citations):
        lines.append("A language model wrote this. Its sources were found afterwards.")
    return lines
