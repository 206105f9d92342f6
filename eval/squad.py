"""The reader alone on SQuAD 1.1: EM and token F1 with the gold paragraph given, or hidden among similar ones."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from eval.results import bootstrap_interval, write_result
from rag.answering import group_readings
from rag.metrics import score_exact_match, score_token_f1
from rag.reader.copying import WEIGHTS, CopyingReader
from rag.reader.data import Paragraph, load_squad
from rag.reader.examples import rank_neighbours

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

__all__ = ["WEIGHTS", "run"]

BATCH = 64


def run(arguments: argparse.Namespace) -> None:
    paragraphs = load_squad(arguments.path)
    asked = [(i, j) for i, p in enumerate(paragraphs) for j, _ in enumerate(p.questions)][:: arguments.every]
    nearest = rank_neighbours(paragraphs, arguments.distractors) if arguments.distractors else [[] for _ in paragraphs]
    reader = CopyingReader(arguments.weights)
    began = time.perf_counter()
    exact, f1 = score_reader(reader, paragraphs, asked, nearest)
    seconds = time.perf_counter() - began
    result = {
        "set": arguments.path.name,
        "questions": len(asked),
        "distractors": arguments.distractors,
        "EM": round(100 * sum(exact) / len(exact), 2),
        "EM_95": [round(100 * x, 2) for x in bootstrap_interval(exact)],
        "F1": round(100 * sum(f1) / len(f1), 2),
        "F1_95": [round(100 * x, 2) for x in bootstrap_interval(f1)],
        "seconds": round(seconds, 1),
    }
    write_result(result, arguments.out)


def score_reader(
    reader: CopyingReader,
    paragraphs: Sequence[Paragraph],
    asked: Sequence[tuple[int, int]],
    nearest: Sequence[Sequence[int]],
) -> tuple[list[float], list[float]]:
    """EM and F1 of every question, in the order of ``asked``; the reader never sees SQuAD's titles."""
    from tqdm import tqdm

    exact, f1 = [], []
    for start in tqdm(range(0, len(asked), BATCH), disable=None, leave=False):
        batch = asked[start : start + BATCH]
        questions = [paragraphs[i].questions[j].question for i, j in batch]
        # The gold paragraph stands in the middle, where position alone does not give it away.
        texts = [place_gold(paragraphs[i].text, [paragraphs[n].text for n in nearest[i]]) for i, _ in batch]
        for (i, j), readings in zip(batch, reader.read_texts(questions, texts), strict=True):
            candidates = group_readings(readings)
            prediction = candidates[0].readings[0].text if candidates else ""
            golds = [paragraphs[i].text[a:b] for a, b in paragraphs[i].questions[j].answers]
            exact.append(score_exact_match(prediction, golds))
            f1.append(score_token_f1(prediction, golds))
    return exact, f1


def place_gold(gold: str, others: Sequence[str]) -> list[tuple[str, str]]:
    middle = len(others) // 2
    return [("", text) for text in (*others[:middle], gold, *others[middle:])]
