"""Answers yes/no questions: "Yes" or "No", and which sentences decide it or contradict it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.answers.explaining import Explanation, Sentence
    from rag.types import Passage

OPPOSED = 1.0
"""Minimum log-odds, by absolute value, of two articles that contradict each other. The second version of the large
reader was right on 77 % of 66 held-out questions above it and on 70 % of 134 below it (docs/experiments.md)."""

LEAST_VERDICT = 0.5
"""Minimum confidence of a verdict: if a right one is worth as much as a wrong one costs, one half is best."""
CONFIDENCE_WEIGHT, LOG_ODDS_WEIGHT, BIAS = 0.5, 0.8, -0.7
"""Fitted on 115 held-out questions, 18 of them undecided by the articles (docs/decisions/0026)."""

Verdict = Literal["Yes", "No"]
# The first word of an answer, after the speaker's name.
_REPLY = re.compile(
    r"(?:[^:.]{1,40}:\s+)?[“\"‘]?(?:(yes|yeah|of course|certainly|absolutely)|no|never|not at all)[.,;!]", re.I
)


def split_sides(
    explanation: Explanation, yes: Mapping[int, float], passages: Sequence[Passage]
) -> tuple[list[Sentence], list[Sentence]]:
    """(the sentences that decide the question, best first; those of other articles that contradict them).

    :param yes: log-odds of "yes" by passage; see :class:`rag.types.Readings`.
    """
    best = explanation.best
    here, home = yes[best.passage], passages[best.passage].document_id
    deciding, opposed = [best], []
    for sentence in explanation.sentences:
        there = yes[sentence.passage]
        apart = passages[sentence.passage].document_id != home
        if apart and here * there < 0 and min(abs(here), abs(there)) >= OPPOSED:
            opposed.append(sentence)
        elif sentence != best:
            deciding.append(sentence)
    return deciding, opposed


def hear_reply(explanation: Explanation, yes: Mapping[int, float]) -> Mapping[int, float]:
    """The log-odds of "yes", with the sign that the best sentence gives them if it is a reply such as "No."."""
    best = explanation.best
    reply = _REPLY.match(best.text) if best.asked else None
    if reply is None:
        return yes
    return {**yes, best.passage: math.copysign(yes[best.passage], 1 if reply.group(1) else -1)}


def give_verdicts(log_odds: float) -> tuple[Verdict, Verdict]:
    """The verdict, and its opposite."""
    return ("Yes", "No") if log_odds > 0 else ("No", "Yes")


def weigh_verdict(log_odds: float, confidence: float) -> float:
    """The probability that a verdict is right: a logistic regression (docs/decisions/0026).

    :param log_odds: of "yes", in the passage of the best sentence.
    :param confidence: that the sentences answer the question, 0 to 1. It is low for many yes/no questions, because
        the reader finds no span to copy; log-odds far from 0 make up for that.
    """
    likely = min(max(confidence, 0.005), 0.995)
    score = CONFIDENCE_WEIGHT * math.log(likely / (1 - likely)) + LOG_ODDS_WEIGHT * abs(log_odds) + BIAS
    return 1 / (1 + math.exp(-score))
