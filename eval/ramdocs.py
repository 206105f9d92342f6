"""RAMDocs (Wang et al. 2025): questions with documents that agree, conflict, mislead or are irrelevant."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.results import describe_origin, write_benchmark
from eval.squad import describe_mean
from rag.errors import QuestionError, RagError
from rag.metrics import normalize_answer
from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from rag.types import Answer


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question, its documents, all right answers, and the wrong answers in the documents."""

    question: str
    documents: tuple[str, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def run(arguments: argparse.Namespace) -> None:
    """Prints and saves exact set match and F1 over the values given."""
    origin = describe_origin()
    conflicts = load_conflicts(arguments.path)[:: arguments.every]
    if not conflicts:
        raise RagError(f"{arguments.path} has no question for --every {arguments.every}: use a smaller number.")
    began = time.perf_counter()
    given = [list_given(answer) for answer in ask_conflicts(conflicts)]
    seconds = round(time.perf_counter() - began, 1)
    result = describe_benchmark(arguments, conflicts, given)
    write_benchmark({**result, "seconds": seconds}, origin, arguments.save)


def load_conflicts(path: Path) -> list[Conflict]:
    """:raises RagError: if the file is missing or has another format."""
    try:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [
            Conflict(
                r["question"],
                tuple(document["text"] for document in r["documents"]),
                tuple(dict.fromkeys(r["gold_answers"])),
                tuple(dict.fromkeys(r["wrong_answers"])),
            )
            for r in records
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RagError(f"{path} is not in RAMDocs' format ({error}): name the file as published.") from None


def ask_conflicts(conflicts: Sequence[Conflict]) -> Iterator[Answer | None]:
    """Asks the whole product each question over its own documents; None for an invalid question."""
    from tqdm import tqdm

    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        corpus.mkdir()
        pipeline: Pipeline | None = None
        for conflict in tqdm(conflicts, disable=None, leave=False):
            write_documents(corpus, conflict.documents)
            if pipeline is None:
                pipeline = Pipeline.open(Config(corpus, Path(name) / "index", fresh=True))
            else:
                pipeline.close()
                pipeline = pipeline.renewed()
            try:
                yield pipeline.ask(conflict.question)
            except QuestionError:
                yield None
        if pipeline is not None:
            pipeline.close()


def write_documents(corpus: Path, documents: Sequence[str]) -> None:
    """Replaces the documents in the folder."""
    for path in corpus.iterdir():
        path.unlink()
    for number, text in enumerate(documents, 1):
        (corpus / f"document-{number}.txt").write_text(text + "\n", encoding="utf-8")


def list_given(answer: Answer | None) -> list[str]:
    """The values given: the answer and its alternatives. A superseded value is shown as no longer right."""
    if answer is None or not answer.answered:
        return []
    return [answer.short or answer.text, *(other.text for other in answer.alternatives if not other.superseded)]


def match_set(given: Sequence[str], conflict: Conflict) -> bool:
    """Exact set match: whether all right answers and no wrong answers are given."""
    return all(is_given(answer, given) for answer in conflict.right) and not any(
        is_given(answer, given) for answer in conflict.wrong
    )


def is_given(answer: str, given: Sequence[str]) -> bool:
    """Whether a value contains the answer as whole words, with SQuAD's normalisation."""
    wanted = normalize_answer(answer)
    return bool(wanted) and any(f" {wanted} " in f" {normalize_answer(value)} " for value in given)


def score_values(given: Sequence[str], conflict: Conflict) -> float:
    """F1 from the precision of the values given and the recall of the right answers, 0 to 1."""
    good = sum(any(is_given(answer, [value]) for answer in conflict.right) for value in given)
    found = sum(is_given(answer, given) for answer in conflict.right)
    if not good or not found:
        return 0.0
    precision, recall = good / len(given), found / len(conflict.right)
    return 2 * precision * recall / (precision + recall)


def describe_benchmark(
    arguments: argparse.Namespace, conflicts: Sequence[Conflict], given: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """The figures, with title, figure and command for the README."""
    pairs = list(zip(given, conflicts, strict=True))
    figures = {
        "questions": len(conflicts),
        **describe_mean("exact_set", [float(match_set(values, c)) for values, c in pairs]),
        **describe_mean("F1", [score_values(values, c) for values, c in pairs]),
        **describe_mean("answered", [float(bool(values)) for values in given]),
        **describe_mean("one_right", [float(any(is_given(a, values) for a in c.right)) for values, c in pairs]),
        **describe_mean("one_wrong", [float(any(is_given(a, values) for a in c.wrong)) for values, c in pairs]),
    }
    every = f" --every {arguments.every}" if arguments.every > 1 else ""
    return {
        "benchmark": "ramdocs",
        "title": f"RAMDocs, each question over its own documents, {len(conflicts)} questions",
        "figure": (
            f"exact set {figures['exact_set']:.1f}, F1 over values {figures['F1']:.1f}, "
            f"answered {figures['answered']:.1f}"
        ),
        "command": f"python -m eval ramdocs {arguments.path.name}{every}",
        **figures,
    }
