"""Fits the reader's confidence on held-out training articles: ``python -m rag.reader.calibrate --help``."""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.answering import group_readings
from rag.calibration import FEATURES, Calibration, measure_features, save_calibration
from rag.errors import RagError
from rag.metrics import score_token_f1
from rag.reader.copying import WEIGHTS, CopyingReader
from rag.reader.examples import crop, rank_neighbours
from rag.reader.train import load_paragraphs
from rag.types import Passage, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.reader.data import Paragraph

RIGHT = 0.5
"""Token F1 from which an answer counts as right."""
BATCH = 32


@dataclass(frozen=True, slots=True)
class Trial:
    """A held-out question with passages that hold its answer, or (no golds) the most similar ones that do not."""

    question: str
    golds: tuple[str, ...]
    passages: tuple[Passage, ...]


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rag.reader.calibrate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder the reader was trained on")
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], metavar="FILE", help="as in training")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="default: the package's")
    parser.add_argument("--passages", type=int, default=10, help="passages a question; default: %(default)s")
    parser.add_argument("--questions", type=int, default=600, help="held-out questions; default: %(default)s")
    parser.add_argument(
        "--unanswerable",
        type=float,
        default=1 / 3,
        help="share of questions without an answer to reckon with; default: 1/3",
    )
    parser.add_argument(
        "--precision",
        type=float,
        default=0.7,
        help="the threshold is the lowest confidence above which answers are right this often; default: %(default)s",
    )
    return parser.parse_args(argv)


def make_trials(paragraphs: Sequence[Paragraph], count: int, passages: int) -> list[Trial]:
    """Two trials of each question: its passage among similar ones, and the similar ones alone."""
    rng = random.Random(0)
    neighbours = rank_neighbours(paragraphs, 3 * passages)
    asked = [(i, q) for i, p in enumerate(paragraphs) for q in p.questions if q.answers and p.source != "qamr"]
    trials = []
    for i, record in rng.sample(asked, min(count, len(asked))):
        paragraph = paragraphs[i]
        golds = tuple(paragraph.text[a:b] for a, b in record.answers)
        others = [
            paragraphs[n] for n in neighbours[i] if not any(g.lower() in paragraphs[n].text.lower() for g in golds)
        ]
        shown = [make_passage(p, crop(p.text, None, rng)[0]) for p in others[:passages]]
        gold = make_passage(paragraph, crop(paragraph.text, record.answers[0], rng)[0])
        among = shown[: passages - 1]
        place = rng.randint(0, len(among))
        trials.append(Trial(record.question, golds, (*among[:place], gold, *among[place:])))
        if shown:
            trials.append(Trial(record.question, (), tuple(shown)))
    return trials


def make_passage(paragraph: Paragraph, text: str) -> Passage:
    return Passage("", paragraph.article, paragraph.title, "", None, 0, len(text), text)


def measure_trials(reader: CopyingReader, trials: Sequence[Trial]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Features (trials, FEATURES) and whether the best answer was right."""
    import numpy as np
    from tqdm import tqdm

    rows, right = [], []
    for start in tqdm(range(0, len(trials), BATCH), disable=None):
        batch = trials[start : start + BATCH]
        for trial, readings in zip(
            batch, reader.read([t.question for t in batch], [t.passages for t in batch]), strict=True
        ):
            row, correct = measure_trial(trial, readings)
            rows.append(row)
            right.append(correct)
    return np.array(rows), np.array(right)


def measure_trial(trial: Trial, readings: Sequence[Reading]) -> tuple[list[float], bool]:
    candidates = group_readings(readings)
    if not candidates:
        return [0.0] * len(FEATURES), False
    best = candidates[0]
    second = candidates[1].probability if len(candidates) > 1 else 0.0
    cited = trial.passages[best.readings[0].passage]
    features = measure_features(trial.question, readings, cited, best.probability, second)
    return features, bool(trial.golds) and score_token_f1(best.readings[0].text, trial.golds) >= RIGHT


def weigh_trials(trials: Sequence[Trial], unanswerable: float) -> NDArray[np.float64]:
    """Weights (trials,) under which a share ``unanswerable`` of the questions has no answer; their mean is 1."""
    import numpy as np

    answerable = np.array([bool(t.golds) for t in trials])
    share = answerable.mean()
    weights: NDArray[np.float64] = np.where(answerable, (1 - unanswerable) / share, unanswerable / (1 - share))
    return weights


def pick_threshold(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64], precision: float
) -> float:
    """The lowest confidence from which on the answers kept are right at least ``precision`` of the time."""
    import numpy as np

    order = np.argsort(-confidence)
    reached = np.cumsum((right * weights)[order]) / np.cumsum(weights[order])
    good = np.nonzero(reached >= precision)[0]
    return float(confidence[order][good[-1]]) if len(good) else 1.0


def describe_curve(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64], possible: float
) -> list[dict[str, float]]:
    """Weighted shares at ten thresholds: answered, right among the answered, right among the ``possible``."""
    curve = []
    for step in range(0, 100, 10):
        kept = (confidence >= step / 100) * weights
        good = float((right * kept).sum())
        curve.append({
            "threshold": step / 100,
            "answered": round(float(kept.mean()), 4),
            "precision": round(good / max(1e-9, float(kept.sum())), 4),
            "recall": round(good / possible, 4),
        })  # fmt: skip
    return curve


def main(argv: Sequence[str] | None = None) -> int:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    arguments = parse_arguments(argv)
    try:
        _, held_out = load_paragraphs(arguments.data, arguments.exclude)
        trials = make_trials(held_out, arguments.questions, arguments.passages)
        features, right = measure_trials(CopyingReader(arguments.weights), trials)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    weights = weigh_trials(trials, arguments.unanswerable)
    model = LogisticRegression(C=1.0).fit(features, right, sample_weight=weights)
    confidence = model.predict_proba(features)[:, 1]
    threshold = pick_threshold(confidence, right, weights, arguments.precision)
    calibration = Calibration(tuple(float(w) for w in model.coef_[0]), float(model.intercept_[0]), threshold)
    answerable = sum(bool(t.golds) for t in trials)
    record = {
        "features": list(FEATURES),
        "trials": len(trials),
        "answerable": answerable,
        "passages": arguments.passages,
        "unanswerable": arguments.unanswerable,
        "precision": arguments.precision,
        "auc": round(float(roc_auc_score(right, confidence)), 4),
        "curve": describe_curve(confidence, right, weights, len(trials) * (1 - arguments.unanswerable)),
    }
    save_calibration(calibration, arguments.weights / "calibration.json", record)
    print(record, threshold)
    return 0


if __name__ == "__main__":
    sys.exit(main())
