"""Benchmark of follow-up rewriting on held-out dialogues, against the rewrites of CANARD, CAsT or MTRAG."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.results import describe_origin, write_benchmark
from rag.errors import RagError
from rag.metrics import score_token_f1, split_words
from rag.question.followup import Resolver, contextualize_question
from rag.question.text import FUNCTION_WORDS
from rag.reader.copying import CopyingReader
from rag.training.followups import load_followups, open_subject
from rag.types import Turn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rag.training.followups import FollowUp

COLLECTIONS = {
    "canard-dev": ("CANARD", "people's"),
    "cast-rewrites": ("TREC CAsT", "people's"),
    "mtrag-rewrites": ("MTRAG", "a language model's"),
}
"""Name of each collection, and who wrote its rewrites."""


def run(arguments: argparse.Namespace) -> None:
    """Prints and saves the figures, with rules alone and with the reader."""
    origin = describe_origin()
    records = [r for r in load_followups(arguments.path) if r.held_out and r.messages][:: arguments.every]
    if not records:
        raise RagError(f"{arguments.path} has no follow-up for --every {arguments.every}: use a smaller number.")
    began = time.perf_counter()
    rules, read = (measure_rewriting(records, r) for r in (None, CopyingReader(arguments.weights)))
    result = describe_benchmark(arguments, rules, read)
    write_benchmark({**result, "seconds": round(time.perf_counter() - began, 1)}, origin, arguments.save)


def describe_benchmark(
    arguments: argparse.Namespace, rules: dict[str, float], read: dict[str, float]
) -> dict[str, Any]:
    """The figures, with title, figure and command for the README."""
    told = [f"F1 {f['F1']:.1f}, missing words filled in {f['recall']:.1f}" for f in (read, rules)]
    name, writers = COLLECTIONS.get(arguments.path.stem, (arguments.path.stem, "given"))
    every = f" --every {arguments.every}" if arguments.every > 1 else ""
    return {
        "benchmark": "follow-ups",
        "title": f"follow-ups of {name} held out, against {writers} rewrites, {read['questions']} questions",
        "figure": f"{told[0]}; by rule alone {told[1]}",
        "command": f"python -m eval followups {arguments.path.name}{every}",
        "reader": read,
        "rules": rules,
    }


def measure_rewriting(records: Sequence[FollowUp], resolver: Resolver | None) -> dict[str, float]:
    """Means in per cent over follow-ups with a conversation before them.

    ``F1``: token F1 of the rewrite and the gold rewrite. ``recall``: share of the content words that the gold rewrite
    adds from the conversation that were added. ``precision``: share of the content words added that are in the gold
    rewrite. ``untouched``: share of the questions unchanged in the gold that were left unchanged.
    """
    found: dict[str, list[float]] = {"F1": [], "recall": [], "precision": [], "untouched": []}
    for record in records:
        opening = open_subject(record, random.Random(record.question))
        said = [*opening, *record.messages]
        # A conversation alternates between user and assistant, so the opening gets an empty answer.
        turns = list_turns([*opening, "", *record.messages] if opening else record.messages)
        made = contextualize_question(record.question, turns, resolver)
        found["F1"].append(score_token_f1(made, [record.rewrite]))
        asked, wanted = find_words(record.question), find_words(record.rewrite)
        added, missing = find_words(made) - asked, (wanted - asked) & find_words(" ".join(said))
        if missing:
            found["recall"].append(len(added & missing) / len(missing))
        if added:
            found["precision"].append(len(added & wanted) / len(added))
        if not wanted - asked:
            found["untouched"].append(not added)
    return {"questions": len(records), **{k: round(100 * float(np.mean(v)), 1) for k, v in found.items() if v}}


def list_turns(messages: Sequence[str]) -> list[Turn]:
    return [Turn("assistant" if place % 2 else "user", message) for place, message in enumerate(messages)]


def find_words(text: str) -> set[str]:
    """The words of a text, without function words."""
    return {word for word in split_words(text) if word not in FUNCTION_WORDS}
