"""Measures how well weights read held-out training articles: ``python -m rag.training.assess --help``.

Checkpoints are chosen by these figures. Each question is read with its own paragraph, with the passages that it
retrieves from all held-out paragraphs, and with those of them that contain no gold answer.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.metrics import score_exact_match, score_token_f1
from rag.reader.choosing import open_reader
from rag.reader.copying import WEIGHTS
from rag.training.data import NEWS
from rag.training.distractors import rank_passages
from rag.training.train import load_paragraphs
from rag.training.trials import make_passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.training.data import Paragraph
    from rag.types import Reader

GROUPS = {
    "searches": ("qed-train",),
    "wikipedia": ("new_wiki", "squad-train-part"),
    "posts": ("reddit", "amazon_reviews"),
    "stories": ("fairytaleqa",),
    "news": ("onestopqa",),
    "news, mostly reworded": (NEWS,),
}
"""Groups of held-out questions, by data set. Those in "searches" were worded without seeing the text, as users' are."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A held-out question, its gold answers, its paragraph, and the paragraphs it retrieves, best first."""

    group: str
    question: str
    golds: tuple[str, ...]
    paragraph: int
    found: tuple[int, ...]


def make_trials(paragraphs: Sequence[Paragraph], count: int, passages: int) -> list[Trial]:
    """At most ``count`` questions of each group, the same in every run."""
    rng = random.Random(0)
    drawn: list[tuple[str, int, str, tuple[str, ...]]] = []
    for group, sources in GROUPS.items():
        asked = [
            (group, i, q.question, tuple(p.text[a:b] for a, b in q.answers))
            for i, p in enumerate(paragraphs)
            if p.source in sources
            for q in p.questions
            if q.answers
        ]
        drawn += rng.sample(asked, min(count, len(asked)))
    ranked = rank_passages([question for _, _, question, _ in drawn], [p.text for p in paragraphs], passages)
    return [
        Trial(group, question, golds, i, tuple(found))
        for (group, i, question, golds), found in zip(drawn, ranked, strict=True)
    ]


def read_trials(reader: Reader, paragraphs: Sequence[Paragraph], trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """For each trial, the best answers and their scores: from its own paragraph and from the passages it retrieves.

    ``without`` is the probability of no answer, given only those retrieved passages that contain no gold answer.
    """
    from tqdm import tqdm

    rows = []
    for trial in tqdm(trials, disable=None):
        row: dict[str, Any] = {"group": trial.group, "question": trial.question, "golds": trial.golds}
        for name, places in (("given", (trial.paragraph,)), ("found", trial.found)):
            (readings,) = reader.read([trial.question], [[make_passage(paragraphs[i]) for i in places]])
            best = readings.together[0]
            row[name] = {
                "answer": best.text,
                "exact": score_exact_match(best.text, trial.golds),
                "f1": score_token_f1(best.text, trial.golds),
                "no_answer": round(best.no_answer, 4),
            }
        without = [
            i for i in trial.found if not any(gold.lower() in paragraphs[i].text.lower() for gold in trial.golds)
        ]
        if without:
            (readings,) = reader.read([trial.question], [[make_passage(paragraphs[i]) for i in without]])
            row["without"] = {"no_answer": round(readings.together[0].no_answer, 4)}
        rows.append(row)
    return rows


def summarize(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means in per cent for each group and for all; the AUC of NO-ANSWER as a test for passages without an answer."""
    from sklearn.metrics import roc_auc_score

    summary: dict[str, Any] = {}
    for group in [*GROUPS, "all"]:
        mine = [row for row in rows if group in ("all", row["group"])]
        if not mine:
            continue
        figures: dict[str, Any] = {"questions": len(mine)}
        for name in ("given", "found"):
            for measure in ("exact", "f1"):
                figures[f"{name} {measure}"] = round(100 * sum(row[name][measure] for row in mine) / len(mine), 1)
        pairs = [
            (row[name]["no_answer"], name == "without") for row in mine for name in ("given", "without") if name in row
        ]
        if len({absent for _, absent in pairs}) == 2:
            figures["no-answer auc"] = round(roc_auc_score([a for _, a in pairs], [n for n, _ in pairs]), 3)
        summary[group] = figures
    return summary


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.training.assess", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], metavar="FILE", help="test sets, as in training")
    parser.add_argument(
        "--weights",
        type=Path,
        nargs="+",
        default=[WEIGHTS],
        metavar="DIR",
        help="folders of weights; default: the package's",
    )
    parser.add_argument("--questions", type=int, default=120, help="questions of each group; default: %(default)s")
    parser.add_argument("--passages", type=int, default=10, help="passages per question; default: %(default)s")
    parser.add_argument("--save", type=Path, metavar="FILE", help="writes every answer to this file, as JSON")
    arguments = parser.parse_args(argv)
    try:
        _, held_out = load_paragraphs(arguments.data, arguments.exclude)
        held_out = [p for p in held_out if any(p.source in sources for sources in GROUPS.values())]
        trials = make_trials(held_out, arguments.questions, arguments.passages)
        kept = {
            str(folder): read_trials(open_reader(folder, remember=True), held_out, trials)
            for folder in arguments.weights
        }
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    for folder, rows in kept.items():
        print(json.dumps({"weights": Path(folder).name, **summarize(rows)}, indent=1))
    if arguments.save:
        arguments.save.write_text(json.dumps({Path(f).name: rows for f, rows in kept.items()}) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
