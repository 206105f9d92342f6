"""Exports feedback as candidates for gold questions, which eval can read once someone has checked them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rag.page.feedback import FeedbackStore


class ExportError(RagError):
    """The feedback cannot be written to the given folder."""


def write_candidates(feedback: FeedbackStore, folder: Path) -> dict[str, int]:
    """Writes ``facts.jsonl`` and ``unanswerable.jsonl``, leaving out a file that would be empty.

    :return: the number of lines by file name.
    :raises RagError: if the feedback cannot be read, or a file already exists or cannot be written.
    """
    made = {
        "facts.jsonl": list(iterate_facts(feedback.iterate_records())),
        "unanswerable.jsonl": list(iterate_unanswerable(feedback.iterate_records())),
    }
    try:
        # Candidates are corrected by hand, and another export must not undo that.
        taken = [name for name in made if (folder / name).exists()]
        if taken:
            raise ExportError(f"{folder / taken[0]} already exists: move it away or name another folder.")
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
    """Candidates for eval's facts.jsonl, to be checked by hand: see docs/evaluation.md.

    These are answers rated good, with their evidence, and corrections, without evidence.
    """
    for record in _take_latest(records):
        good = record["short"] if record["rating"] == "up" and record["short"] not in ("Yes", "No") else ""
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
    """Candidates for eval's unanswerable.jsonl: declined questions that someone rated as rightly declined."""
    for record in _take_latest(records):
        if record["status"] == "abstained" and record["rating"] == "up" and not record["correction"].strip():
            yield {
                "id": f"feedback-{record['feedback_id']}",
                "question": record["standalone"],
                "type": "confirmed",
                "why": "declined, and rated right by a reader",
            }


def _take_latest(records: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The last record of each question, because eval takes a question only once."""
    return {" ".join(record["standalone"].lower().split()): record for record in records}.values()
