"""Feedback as gold candidates: files that eval reads, once somebody has read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rag.page.feedback import FeedbackStore


class ExportError(RagError):
    """The feedback cannot be written where it was to go."""


def write_candidates(feedback: FeedbackStore, folder: Path) -> dict[str, int]:
    """Writes ``facts.jsonl`` and ``unanswerable.jsonl``, each where there is something for it.

    :return: file name to the number of its lines.
    :raises RagError: where the feedback cannot be read, or a file is there already or cannot be written.
    """
    made = {
        "facts.jsonl": list(iterate_facts(feedback.iterate_records())),
        "unanswerable.jsonl": list(iterate_unanswerable(feedback.iterate_records())),
    }
    try:
        # Candidates are there to be corrected by hand, which another export must not undo.
        taken = [name for name in made if (folder / name).exists()]
        if taken:
            raise ExportError(f"{folder / taken[0]} is there already: move it away, or name another folder.")
        if any(made.values()):
            folder.mkdir(parents=True, exist_ok=True)
        for name, lines in made.items():
            if lines:
                text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
                (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{folder} cannot be written ({error.strerror}): name another folder.") from None
    return {name: len(lines) for name, lines in made.items() if lines}


def iterate_facts(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Candidates for eval's facts.jsonl, which somebody should read first: see docs/evaluation.md.

    An answer that was found good is one, with its evidence; so is a correction, without. Of a question that was
    rated more than once the latest word counts, since eval takes a question once.
    """
    latest = {" ".join(record["standalone"].lower().split()): record for record in records}
    for record in latest.values():
        good = record["short"] if record["rating"] == "up" else ""
        given = record["correction"].strip() or good
        if not given:
            continue
        fact: dict[str, Any] = {
            "id": f"feedback-{record['feedback_id']}",
            "question": record["standalone"],
            "type": "correction" if record["correction"].strip() else "confirmed",
            "answers": [given],
        }
        quotes = [c for c in record["citations"] if c["alternative"] < 0 and given.casefold() in c["quote"].casefold()]
        if quotes:
            fact["evidence"] = [{"document_id": c["document_id"], "quote": c["quote"]} for c in quotes]
        yield fact


def iterate_unanswerable(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Candidates for eval's unanswerable.jsonl: questions that were declined, rightly as somebody found."""
    latest = {" ".join(record["standalone"].lower().split()): record for record in records}
    for record in latest.values():
        if record["status"] == "abstained" and record["rating"] == "up" and not record["correction"].strip():
            yield {
                "id": f"feedback-{record['feedback_id']}",
                "question": record["standalone"],
                "type": "confirmed",
                "why": "declined, and found right by a reader",
            }
