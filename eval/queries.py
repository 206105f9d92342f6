"""Benchmarks of held-out search queries over the paragraphs of held-out titles: short answers, and yes or no."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.gold import GoldQuestion, GoldValue
from eval.results import describe_origin, write_benchmark
from eval.said import read_answer
from eval.selective import measure_aurc, measure_coverage
from eval.squad import describe_mean, find_best
from eval.verdicts import judge_said
from rag.errors import QuestionError, RagError
from rag.metrics import score_exact_match, score_token_f1
from rag.pipeline import Config, Pipeline, Question
from rag.training.data import Paragraph, is_held_out

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from eval.verdicts import Verdict
    from rag.types import Answer

    Describe = Callable[[Sequence["Query"], Sequence[Answer | None]], dict[str, Any]]

# Both sets come from Natural Questions, so they share the split of titles.
FAMILY = "qed-train"


@dataclass(frozen=True, slots=True)
class Query:
    """A question, the paragraph that answers it, and its gold answers, or ``yes`` or ``no``."""

    title: str
    text: str
    question: str
    answers: tuple[str, ...]
    stance: str = ""


def run_short(arguments: argparse.Namespace) -> None:
    """Queries with short answers (Natural Questions by way of QED)."""
    run(arguments, describe_short)


def run_yes_no(arguments: argparse.Namespace) -> None:
    """Queries answered by yes or no (BoolQ)."""
    run(arguments, describe_yes_no)


def run(arguments: argparse.Namespace, describe: Describe) -> None:
    origin = describe_origin()
    held_out = load_queries(arguments.path)
    asked = held_out[:: arguments.every]
    if not asked:
        raise RagError(f"{arguments.path} has no held-out question for --every {arguments.every}: use a smaller one.")
    began = time.perf_counter()
    answers = list(ask_queries(held_out, asked))
    seconds = round(time.perf_counter() - began, 1)
    every = f" --every {arguments.every}" if arguments.every > 1 else ""
    result = {**describe(asked, answers), "seconds": seconds}
    result["command"] = f"python -m eval {result['benchmark']} {arguments.path.name}{every}"
    write_benchmark(result, origin, arguments.save)


def load_queries(path: Path) -> list[Query]:
    """The queries whose titles :func:`rag.training.data.is_held_out` selects.

    :raises RagError: if the file is missing or has another format.
    """
    try:
        content = path.read_bytes()
        data = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)["data"]
        return [
            Query(
                article["title"],
                paragraph["context"],
                record["question"],
                tuple(dict.fromkeys(answer["text"] for answer in record["answers"])),
                record.get("yes_no", ""),
            )
            for article in data
            for paragraph in article["paragraphs"]
            if is_held_out(Paragraph(FAMILY, article["title"], "", paragraph["context"], ()))
            for record in paragraph["qas"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RagError(f"{path} is not in SQuAD's JSON format ({error}): convert it, or name another file.") from None


def ask_queries(held_out: Sequence[Query], asked: Sequence[Query]) -> Iterator[Answer | None]:
    """Asks the whole product over the paragraphs of all held-out titles; None for an invalid question."""
    from tqdm import tqdm

    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        write_corpus(corpus, held_out)
        pipeline = Pipeline.open(Config(corpus, Path(name) / "index", fresh=True), progress=True)
        answers = pipeline.ask_batch([Question(query.question) for query in asked])
        for answer in tqdm(answers, total=len(asked), disable=None, leave=False):
            yield None if isinstance(answer, QuestionError) else answer
        pipeline.close()


def write_corpus(corpus: Path, queries: Sequence[Query]) -> None:
    """Writes one .txt file for each title, with its paragraphs."""
    corpus.mkdir()
    paragraphs: dict[str, dict[str, None]] = {}
    for query in queries:
        paragraphs.setdefault(query.title, {})[query.text] = None
    for number, (title, texts) in enumerate(paragraphs.items()):
        name = re.sub(r"[^A-Za-z0-9]+", "-", title)[:60]
        (corpus / f"{number:04d}-{name}.txt").write_text("\n\n".join([title, *texts]) + "\n", encoding="utf-8")


def describe_short(asked: Sequence[Query], answers: Sequence[Answer | None]) -> dict[str, Any]:
    """EM and F1 of the best answer found, and the share and precision of the answers given."""
    best = [find_best(answer) for answer in answers]
    verdicts = [judge_query(query, answer) for query, answer in zip(asked, answers, strict=True)]
    hits = [verdict.could for verdict in verdicts]
    confidences = [answer.confidence if answer is not None else 0.0 for answer in answers]
    given = [v.right for v, answer in zip(verdicts, answers, strict=True) if answer is not None and answer.answered]
    figures: dict[str, Any] = {
        "questions": len(asked),
        **describe_mean("EM", [score_exact_match(t, q.answers) for t, q in zip(best, asked, strict=True)]),
        **describe_mean("F1", [score_token_f1(t, q.answers) for t, q in zip(best, asked, strict=True)]),
        **describe_mean("could", [float(hit) for hit in hits]),
        "answered": round(100 * len(given) / len(asked), 2),
        "AURC": round(100 * measure_aurc(confidences, hits), 2),
        "coverage_80": round(100 * measure_coverage(confidences, hits, 0.8), 2),
        "coverage_90": round(100 * measure_coverage(confidences, hits, 0.9), 2),
    }
    if given:
        figures |= describe_mean("precision", [float(hit) for hit in given])
    shown = f"best answer EM {figures['EM']:.1f}, F1 {figures['F1']:.1f}; answered {figures['answered']:.1f}"
    return {
        "benchmark": "queries",
        "title": f"search queries (NQ by way of QED) over the held-out titles, {len(asked)} questions",
        "figure": f"{shown}, of these right {figures.get('precision', 0.0):.1f}",
        **figures,
    }


def judge_query(query: Query, answer: Answer | None) -> Verdict:
    """Judges an answer as that to a gold fact without evidence."""
    gold = GoldQuestion(
        "query", "facts", "fact", query.question, query.question, values=(GoldValue(query.answers, ()),)
    )
    return judge_said(gold, read_answer(answer))


def describe_yes_no(asked: Sequence[Query], answers: Sequence[Answer | None]) -> dict[str, Any]:
    """The shares of questions answered with the right yes or no, and with a sentence of the right paragraph."""
    stances = [find_stance(answer) for answer in answers]
    quoted = [
        answer is not None and answer.answered and any(c.quote in q.text for c in answer.citations)
        for answer, q in zip(answers, asked, strict=True)
    ]
    figures: dict[str, Any] = {
        "questions": len(asked),
        **describe_mean("right", [float(s == q.stance) for s, q in zip(stances, asked, strict=True)]),
        **describe_mean("says_yes_or_no", [float(bool(stance)) for stance in stances]),
        **describe_mean("answered", [float(a is not None and a.answered) for a in answers]),
        **describe_mean("quotes_the_paragraph", [float(q) for q in quoted]),
        **describe_mean("gold_is_yes", [float(q.stance == "yes") for q in asked]),
    }
    return {
        "benchmark": "yesno",
        "title": f"yes/no search queries (BoolQ) over the held-out titles, {len(asked)} questions",
        "figure": (
            f"right {figures['right']:.1f}, says yes or no {figures['says_yes_or_no']:.1f}, answered "
            f"{figures['answered']:.1f}, quotes the right paragraph {figures['quotes_the_paragraph']:.1f}"
        ),
        **figures,
    }


def find_stance(answer: Answer | None) -> str:
    """``yes`` or ``no`` if the answer begins with it; empty otherwise."""
    if answer is None or not answer.answered:
        return ""
    found = re.match(r"\W*(yes|no)\b", answer.short or answer.text, re.IGNORECASE)
    return found[1].lower() if found else ""
