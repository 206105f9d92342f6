"""Benchmark of retrieval alone, with SQuAD's paragraphs as articles and its questions as queries."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any, get_args

from eval.results import describe_origin, write_benchmark
from rag.errors import RagError
from rag.index.chunking import ChunkingConfig
from rag.index.encoder import load_encoder
from rag.index.meter import Meter
from rag.index.retrieval import HybridRetriever, Mode
from rag.index.update import open_index, update_index
from rag.training.data import Paragraph, load_squad

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

CUTS = (1, 5, 10, 20)
WINDOW = 4
BATCH = 256


def run(arguments: argparse.Namespace) -> None:
    origin = describe_origin()
    paragraphs = load_squad(arguments.path)
    corpus = arguments.folder / "corpus"
    write_corpus(arguments.path, corpus)
    encoder = load_encoder(None)
    began = time.perf_counter()
    changes = update_index(corpus, arguments.folder / "index", encoder, ChunkingConfig(), tell=Meter())
    seconds = time.perf_counter() - began
    print(changes.summary(), file=sys.stderr)
    asked = [(p, q) for p in paragraphs for q in p.questions][:: arguments.every]
    if not asked:
        raise RagError(f"{arguments.path} has no question for --every {arguments.every}: use a smaller number.")
    questions = [q.question for _, q in asked]
    evidence = [list_evidence(p, q.answers) for p, q in asked]
    result: dict[str, Any] = {"questions": len(questions)}
    with open_index(arguments.folder / "index") as index:
        result |= {"passages": index.passage_count, "indexing_seconds": round(seconds, 1)}
        for mode in get_args(Mode):
            began = time.perf_counter()
            result[mode] = score_mode(HybridRetriever(index, encoder, mode), questions, evidence)
            result[f"{mode}_ms_a_question"] = round(1000 * (time.perf_counter() - began) / len(questions), 2)
    write_benchmark(describe_benchmark(arguments, result), origin, arguments.save)


def describe_benchmark(arguments: argparse.Namespace, figures: dict[str, Any]) -> dict[str, Any]:
    """The figures, with title, figure and command for the README."""
    cuts = (1, 5, 20)
    shown = [f"{m} {' / '.join(format(figures[m][f'success@{k}'], '.1f') for k in cuts)}" for m in get_args(Mode)]
    every = f" --every {arguments.every}" if arguments.every > 1 else ""
    return {
        "benchmark": "retrieval",
        "title": f"retrieval over SQuAD's paragraphs, success@1 / @5 / @20, {figures['questions']:,} questions",
        "figure": ", ".join(shown),
        "command": f"python -m eval retrieval {arguments.path.name} --folder DIR{every}",
        **figures,
    }


def score_mode(retriever: HybridRetriever, questions: list[str], evidence: list[set[str]]) -> dict[str, float]:
    """success@k in per cent: the share of questions with their evidence in one of the first k passages."""
    ranks: list[int] = []
    for start in range(0, len(questions), BATCH):
        found = retriever.retrieve(questions[start : start + BATCH], max(CUTS))
        for scored, wanted in zip(found, evidence[start : start + BATCH], strict=True):
            texts = [fold_words(s.passage.text) for s in scored]
            ranks.append(next((n for n, text in enumerate(texts, 1) if any(w in text for w in wanted)), sys.maxsize))
    return {f"success@{cut}": round(100 * sum(r <= cut for r in ranks) / len(ranks), 2) for cut in CUTS}


def list_evidence(paragraph: Paragraph, answers: tuple[tuple[int, int], ...]) -> set[str]:
    """Each gold answer with up to ``WINDOW`` words on both sides, since the answer alone can occur elsewhere."""
    windows = set()
    for start, end in answers:
        before = fold_words(paragraph.text[:start]).split()[-WINDOW:]
        after = fold_words(paragraph.text[end:]).split()[:WINDOW]
        windows.add(" ".join([*before, *fold_words(paragraph.text[start:end]).split(), *after]))
    return {f" {window} " for window in windows if window}


def fold_words(text: str) -> str:
    """Lower-case words, each with one space before and after it."""
    words = re.findall(r"[^\W_]+", text.lower())
    return f" {' '.join(words)} "


def write_corpus(path: Path, folder: Path) -> None:
    """Writes one .txt file for each article of the set, unless it exists.

    :raises RagError: if the folder holds other files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {}
    for number, article in enumerate(json.loads(path.read_text(encoding="utf-8"))["data"]):
        blocks = [article["title"].replace("_", " "), *(p["context"] for p in article["paragraphs"])]
        name = re.sub(r"[^A-Za-z0-9]+", "-", article["title"])
        texts[f"{number:03d}-{name}.txt"] = "\n\n".join(blocks) + "\n"
    if {found.name for found in folder.iterdir()} - set(texts):
        raise RagError(f"{folder} holds files that are not articles of {path.name}: name an empty folder.")
    for name, text in texts.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
