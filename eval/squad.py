"""The reader on SQuAD 1.1 and 2.0: with the gold paragraph, with distractors, or over all paragraphs."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from eval.results import describe_origin, write_benchmark
from eval.retrieval import write_corpus
from eval.selective import measure_aurc
from eval.statistics import bootstrap_interval
from rag.answers.compose import compose_answer
from rag.answers.confidence import load_calibration
from rag.errors import QuestionError, RagError
from rag.index.encoder import load_encoder
from rag.metrics import score_exact_match, score_token_f1
from rag.pipeline import Config, Pipeline, Question
from rag.question.parsed import parse_question
from rag.reader.choosing import open_reader
from rag.reader.copying import WEIGHTS
from rag.training.data import Paragraph, load_squad
from rag.training.distractors import place_gold, rank_passages
from rag.types import Passage, Reading, Readings, ScoredPassage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rag.types import Answer, Reader

    Asked = tuple[int, int]
    """(index of a paragraph, index of a question in it)."""

__all__ = ["WEIGHTS", "run"]


def run(arguments: argparse.Namespace) -> None:
    """Prints and saves EM and F1, for SQuAD 2.0 also over HasAns and NoAns."""
    if arguments.separately and not arguments.distractors:
        raise RagError("--separately needs several passages: add --distractors N.")
    origin = describe_origin()
    paragraphs = load_squad(arguments.path)
    asked = [(i, j) for i, p in enumerate(paragraphs) for j, _ in enumerate(p.questions)][:: arguments.every]
    if not asked:
        raise RagError(f"{arguments.path} has no question for --every {arguments.every}: use a smaller number.")
    began = time.perf_counter()
    if arguments.open is not None:
        answers = list(answer_openly(arguments.path, arguments.open, paragraphs, asked))
    else:
        answers = list(answer_given(arguments, paragraphs, asked))
    seconds = round(time.perf_counter() - began, 1)
    golds = [[paragraphs[i].text[a:b] for a, b in paragraphs[i].questions[j].answers] for i, j in asked]
    given = list_given(answers, golds)
    figures = score_answers(answers, given, golds)
    figures["kinds"] = describe_kinds([paragraphs[i].questions[j].question for i, j in asked], given, golds)
    result = describe_benchmark(arguments, figures)
    write_benchmark({**result, "seconds": seconds}, origin, arguments.save)


def answer_given(
    arguments: argparse.Namespace, paragraphs: Sequence[Paragraph], asked: Sequence[Asked]
) -> Iterator[Answer]:
    """Asks each question over its paragraph and the distractors, best first. The reader does not see the titles."""
    from tqdm import tqdm

    reader, calibration = open_reader(arguments.weights), load_calibration(arguments.weights / "calibration.json")
    encoder = load_encoder()
    questions = [paragraphs[i].questions[j].question for i, j in asked]
    shown = [[i] for i, _ in asked]
    if arguments.distractors:
        ranked = rank_passages(questions, [p.text for p in paragraphs], arguments.distractors + 1)
        shown = [place_gold(i, found, arguments.distractors) for (i, _), found in zip(asked, ranked, strict=True)]
    for question, places in tqdm(zip(questions, shown, strict=True), total=len(asked), disable=None, leave=False):
        passages = [make_passage(paragraphs, n) for n in places]
        if arguments.separately:
            readings = read_separately(reader, question, passages)
        else:
            (readings,) = reader.read([question], [passages])
        found = [ScoredPassage(p, 0.0) for p in passages]
        yield compose_answer(parse_question(question), found, readings, calibration, encoder, explained=False)


def read_separately(reader: Reader, question: str, passages: Sequence[Passage]) -> Readings:
    """Readings of each passage read alone, most probable first. It is the baseline for reading them together."""
    alone = [r.together for r in reader.read([question] * len(passages), [[passage] for passage in passages])]
    absent = math.prod(readings[0].no_answer for readings in alone)
    found = [replace(r, passage=i, no_answer=absent) for i, readings in enumerate(alone) for r in readings if r.text]
    found.sort(key=lambda r: -r.probability)
    return Readings(tuple(found) or (Reading("", -1, 0, 0, 0.0, absent),))


def answer_openly(
    path: Path, folder: Path, paragraphs: Sequence[Paragraph], asked: Sequence[Asked]
) -> Iterator[Answer | None]:
    """Asks the whole product over all paragraphs of the set; None for an invalid question."""
    from tqdm import tqdm

    write_corpus(path, folder / "corpus")
    config = Config(folder / "corpus", folder / "index", fresh=True)
    pipeline = Pipeline.open(config, progress=True)
    questions = [Question(paragraphs[i].questions[j].question) for i, j in asked]
    for answer in tqdm(pipeline.ask_batch(questions), total=len(questions), disable=None, leave=False):
        yield None if isinstance(answer, QuestionError) else answer
    pipeline.close()


def list_given(answers: Sequence[Answer | None], golds: Sequence[Sequence[str]]) -> list[str]:
    """The answers to score; empty for none.

    If every question has an answer (SQuAD 1.1), the best answer counts even if it was withheld. In a set with
    unanswerable questions, a withheld answer counts as none (SQuAD 2.0, Rajpurkar et al. 2018).
    """
    mixed = not all(golds)
    return [find_best(a) if not mixed or (a is not None and a.answered) else "" for a in answers]


def score_answers(
    answers: Sequence[Answer | None], given: Sequence[str], golds: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Figures in per cent with 95 % intervals.

    ``AURC`` uses the best answer found, whatever the threshold. An answer with a token F1 of at least 0.5 is right.
    """
    best = [find_best(answer) for answer in answers]
    mixed = not all(golds)
    exact = [score_exact_match(text, gold) for text, gold in zip(given, golds, strict=True)]
    f1 = [score_token_f1(text, gold) for text, gold in zip(given, golds, strict=True)]
    confidences = [answer.confidence if answer is not None else 0.0 for answer in answers]
    hits = [bool(gold) and score_token_f1(text, gold) >= 0.5 for text, gold in zip(best, golds, strict=True)]
    figures: dict[str, Any] = {"questions": len(golds), **describe_mean("EM", exact), **describe_mean("F1", f1)}
    figures["AURC"] = round(100 * measure_aurc(confidences, hits), 2)
    if mixed:
        for label, has in (("HasAns", True), ("NoAns", False)):
            some = [i for i, gold in enumerate(golds) if bool(gold) is has]
            figures[f"{label}_questions"] = len(some)
            if some:
                figures |= describe_mean(f"{label}_EM", [exact[i] for i in some])
                figures |= describe_mean(f"{label}_F1", [f1[i] for i in some])
    return figures


def describe_kinds(
    questions: Sequence[str], given: Sequence[str], golds: Sequence[Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Number, EM and F1 of the answerable questions by question word, most frequent first."""
    kinds: dict[str, list[tuple[float, float]]] = {}
    for question, text, gold in zip(questions, given, golds, strict=True):
        if gold:
            scores = score_exact_match(text, gold), score_token_f1(text, gold)
            kinds.setdefault(find_kind(question), []).append(scores)
    return {
        kind: {
            "questions": len(scores),
            "EM": round(100 * sum(em for em, _ in scores) / len(scores), 1),
            "F1": round(100 * sum(f1 for _, f1 in scores) / len(scores), 1),
        }
        for kind, scores in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
    }


def find_kind(question: str) -> str:
    """The question word, including "how many" and "how much"; ``other`` if there is none."""
    found = re.search(r"\b(how (?:many|much)|what|which|who|whom|whose|when|where|why|how)\b", question.lower())
    return {"whom": "who", "whose": "who"}.get(found[1], found[1]) if found else "other"


def find_best(answer: Answer | None) -> str:
    """The best short answer found, given or withheld."""
    if answer is None:
        return ""
    return answer.withheld.text if answer.withheld else answer.short or answer.text


def describe_mean(name: str, values: Sequence[float]) -> dict[str, Any]:
    low, high = bootstrap_interval(values)
    return {
        name: round(100 * sum(values) / len(values), 2),
        f"{name}_95": [round(100 * low, 2), round(100 * high, 2)],
    }


def describe_benchmark(arguments: argparse.Namespace, figures: dict[str, Any]) -> dict[str, Any]:
    """The figures, with title, figure and command for the README."""
    mixed = "HasAns_F1" in figures
    how = "gold paragraph given"
    if arguments.open is not None:
        how = "open, over all paragraphs of the set"
    elif arguments.distractors:
        how = f"gold paragraph among {arguments.distractors} others that the question retrieves"
    how += ", each read by itself" if arguments.separately else ""
    flags = " --open DIR" if arguments.open is not None else ""
    flags += f" --distractors {arguments.distractors}" if arguments.distractors else ""
    flags += " --separately" if arguments.separately else ""
    flags += f" --every {arguments.every}" if arguments.every > 1 else ""
    shown = f"EM {figures['EM']:.1f}, F1 {figures['F1']:.1f}"
    if mixed:
        shown += f" (HasAns F1 {figures['HasAns_F1']:.1f}, NoAns {figures['NoAns_F1']:.1f})"
    return {
        "benchmark": "squad",
        "title": f"SQuAD {'2.0' if mixed else '1.1'} dev, {how}, {figures['questions']:,} questions",
        "figure": shown,
        "command": f"python -m eval squad {arguments.path.name}{flags}",
        **figures,
    }


def make_passage(paragraphs: Sequence[Paragraph], i: int) -> Passage:
    text = paragraphs[i].text
    return Passage(f"{i}#0-{len(text)}", str(i), "", "", None, 0, len(text), text)
