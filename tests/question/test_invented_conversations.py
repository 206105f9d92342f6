"""Sixty short conversations about invented news, with the resolver that users get.

Each case of followups.json has what was said, a question, the standalone question that a person would write, and the
words that a rewrite must and must not have. The cases were written before any rewrite was seen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.models import load_models
from rag.question.followup import contextualize_question
from rag.question.request import is_small_talk
from rag.types import Turn

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("followups.json").read_text(encoding="utf-8"))
LEAST = {"person": 15, "thing": 9, "ellipsis": 10, "own subject": 9, "value": 8, "small talk": 5}
"""Acceptable rewrites of each kind when it was measured."""


@pytest.mark.parametrize("kind", LEAST)
def test_most_follow_ups_are_rewritten_acceptably(kind: str) -> None:
    resolver, bad = load_models(None, None).resolver, []
    cases = [case for case in CASES if case["kind"] == kind]
    for case in cases:
        turns = [Turn("assistant" if n % 2 else "user", said) for n, said in enumerate(case["said"])]
        made = contextualize_question(case["question"], turns, resolver)
        if not is_acceptable(case, made):
            bad.append(made)
    assert len(cases) - len(bad) >= LEAST[kind], bad


def is_acceptable(case: dict[str, Any], made: str) -> bool:
    if case["kind"] in ("own subject", "small talk"):
        return bool(made == case["question"] and is_small_talk(made) == (case["kind"] == "small talk"))
    folded = made.casefold()
    has = [word.casefold() in folded for word in case["needs"]]
    return bool(all(has) and not any(word.casefold() in folded for word in case["never"]))
