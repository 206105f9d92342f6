"""Fits the reader's confidence on held-out training articles: ``python -m rag.training.calibrate --help``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.answers.compose import weigh_best
from rag.answers.confidence import (
    FEATURES,
    SENTENCE_FEATURES,
    Calibration,
    Judge,
    liken_sentences,
    measure_features,
    save_calibration,
)
from rag.answers.disagreement import judge_articles, opposes
from rag.answers.explaining import explain
from rag.answers.grouping import group_readings
from rag.answers.unasked import drop_questions
from rag.errors import RagError
from rag.index.encoder import load_encoder
from rag.metrics import score_token_f1
from rag.question.parsed import parse_question
from rag.reader.choosing import open_reader
from rag.reader.copying import WEIGHTS
from rag.training.data import SENTENCE_SOURCES
from rag.training.synonyms import load_thesaurus
from rag.training.train import load_paragraphs
from rag.training.trials import CalibrationTrial, make_trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Encoder, Reader, Readings

RIGHT = 0.5
"""Minimum token F1 of an answer that counts as right."""
LEAST_RIVAL = 0.5
"""Minimum confidence of a value that contradicts an answer."""
FOLDS = 5
"""Folds of the cross-fitting that the published figures come from."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The best answer to one trial: its features, in the order of ``FEATURES``, and whether it is right.

    For an answer in sentences, the features are those of ``SENTENCE_FEATURES``, and it is right if it contains a gold
    answer.
    """

    trial: CalibrationTrial
    features: tuple[float, ...]
    right: bool
    readings: Readings


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rag.training.calibrate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training data")
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], metavar="FILE", help="test sets, as in training")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of weights; default: the package's")
    parser.add_argument(
        "--thesaurus",
        type=Path,
        metavar="DIR",
        help="folder of WordNet's dictionary files: questions are also tried reworded",
    )
    parser.add_argument("--passages", type=int, default=10, help="per question, 2 or more; default: %(default)s")
    parser.add_argument("--questions", type=int, default=600, help="number of held-out questions; default: %(default)s")
    parser.add_argument(
        "--unanswerable",
        type=float,
        default=1 / 3,
        help="assumed share of questions without an answer; default: 1/3",
    )
    parser.add_argument(
        "--explanations",
        type=int,
        default=200,
        help="number of additional held-out questions that need sentences; default: %(default)s",
    )
    parser.add_argument(
        "--alarms",
        type=float,
        default=0.01,
        help="maximum share of given answers with a false alarm: a differing value, shown beside them, that no article "
        "gives as an answer; default: %(default)s",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.32,
        help="minimum confidence of a short answer that is given; default: %(default)s (docs/decisions/0016)",
    )
    parser.add_argument(
        "--possible",
        type=float,
        default=0.2,
        help="minimum confidence of a short answer that is not given but shown as possible; default: %(default)s",
    )
    parser.add_argument(
        "--sentence-threshold",
        type=float,
        default=1 / 3,
        help="minimum confidence of sentences that are given; users can judge them, so one useful in three is enough; "
        "default: 1/3",
    )
    return parser.parse_args(argv)


def measure_trials(reader: Reader, encoder: Encoder, trials: Sequence[CalibrationTrial]) -> list[Measured]:
    """Reads every trial; those without an answer candidate are left out."""
    from tqdm import tqdm

    measured = []
    for trial in tqdm(trials, disable=None):
        asked = parse_question(trial.question)
        (readings,) = reader.read([trial.question], [trial.passages])
        readings = drop_questions(asked, readings, trial.passages)
        candidates = group_readings(asked, readings.together)
        if candidates:
            (vector,) = encoder.encode([trial.question], query=True)
            likeness = liken_sentences(vector, [candidates[0].readings[0]], trial.passages, encoder)
            features = measure_features(asked, weigh_best(candidates, trial.passages, likeness, readings))
            right = bool(trial.golds) and score_token_f1(candidates[0].text, trial.golds) >= RIGHT
            measured.append(Measured(trial, tuple(features), right, readings))
    return measured


def measure_sentences(reader: Reader, encoder: Encoder, trials: Sequence[CalibrationTrial]) -> list[Measured]:
    """As :func:`measure_trials`, for answers of several sentences: right if they contain a whole gold answer."""
    from tqdm import tqdm

    measured = []
    for trial in tqdm(trials, disable=None):
        (readings,) = reader.read([trial.question], [trial.passages])
        explanation = explain(parse_question(trial.question), trial.passages, readings, encoder)
        if explanation is not None:
            told = "\n".join(sentence.text for sentence in explanation.sentences)
            right = any(gold in told for gold in trial.golds)
            measured.append(Measured(trial, explanation.features, right, readings))
    return measured


def fit_calibration(measured: Sequence[Measured], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """(weights of the features, bias) of a logistic regression.

    :param weights: weights of the trials, (trials,).
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows, right = np.array([m.features for m in measured]), np.array([m.right for m in measured])
    scaler = StandardScaler().fit(rows)
    fitted = LogisticRegression(C=1.0).fit(scaler.transform(rows), right, sample_weight=weights)
    slopes = fitted.coef_[0] / scaler.scale_
    return slopes, float(fitted.intercept_[0] - slopes @ scaler.mean_)


def cross_fit(measured: Sequence[Measured], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Confidence in each trial's answer, (trials,), from a fit on trials about other paragraphs."""
    import numpy as np
    from sklearn.model_selection import GroupKFold

    confidence = np.zeros(len(measured))
    for rest, part in GroupKFold(FOLDS).split(confidence, groups=[m.trial.group for m in measured]):
        slopes, bias = fit_calibration([measured[i] for i in rest], weights[rest])
        scores = np.array([measured[i].features for i in part]) @ slopes + bias
        confidence[part] = 1 / (1 + np.exp(-scores))
    return confidence


def weigh_trials(trials: Sequence[CalibrationTrial], unanswerable: float) -> NDArray[np.float64]:
    """Weights (trials,), with mean 1, under which a share ``unanswerable`` of the trials has no answer.

    This holds separately for the trials with one passage and for those with several.
    """
    import numpy as np

    weights = np.ones(len(trials))
    single = np.array([len(t.passages) == 1 for t in trials])
    answerable = np.array([bool(t.golds) for t in trials])
    for some in (single, ~single):
        if some.any() and 0 < answerable[some].mean() < 1:
            share = answerable[some].mean()
            weights[some] = np.where(answerable[some], (1 - unanswerable) / share, unanswerable / (1 - share))
    return weights


def describe_curve(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64], possible: float
) -> list[dict[str, float]]:
    """Weighted shares at ten thresholds: answered, right among the answered, and right among the answerable.

    :param possible: total weight of the answerable trials.
    """
    curve = []
    for step in range(0, 100, 10):
        kept = (confidence >= step / 100) * weights
        good = float((right * kept).sum())
        curve.append({
            "threshold": step / 100,
            "answered": round(float(kept.sum() / weights.sum()), 4),
            "precision": round(good / max(1e-9, float(kept.sum())), 4),
            "recall": round(good / possible, 4),
        })  # fmt: skip
    return curve


def pick_rival(measured: Sequence[Measured], judge: Judge, encoder: Encoder, alarms: float) -> tuple[float, int]:
    """The confidence from which another value contradicts the answer, and the number of answers it was chosen on.

    No two held-out articles are about the same thing, so whatever contradicts a given, right answer is a false alarm.
    At most a share ``alarms`` of the answers may have one, and what is rather wrong than right contradicts nothing.
    """
    import numpy as np

    calibration = Calibration(judge, judge, 1.0, 0.0)
    surest = []
    for one in measured:
        if len(one.trial.passages) > 1 and one.right and judge.confide(one.features) >= judge.threshold:
            question, passages = parse_question(one.trial.question), one.trial.passages
            (vector,) = encoder.encode([question.text], query=True)
            apart = [group_readings(question, found) for found in one.readings.apart]
            likeness = liken_sentences(vector, [some[0].readings[0] for some in apart if some], passages, encoder)
            stances = judge_articles(question, apart, passages, calibration, likeness, one.readings)
            best = group_readings(question, one.readings.together)[0].readings[0]
            against = [s.confidence for s in stances if opposes(question, best, s, passages)]
            surest.append(max(against, default=0.0))
    if not surest:
        return 1.0, 0
    # Just above the value at which too many would pass.
    least = float(np.nextafter(np.quantile(surest, 1 - alarms, method="higher"), 1))
    return max(LEAST_RIVAL, least), len(surest)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    try:
        if arguments.passages < 2:
            raise RagError("One passage alone is always tried as well: give 2 or more with --passages.")
        _, held_out = load_paragraphs(arguments.data, arguments.exclude)
        held_out = [p for p in held_out if p.source not in SENTENCE_SOURCES]
        reader, encoder, passages = open_reader(arguments.weights, remember=True), load_encoder(), arguments.passages
        thesaurus = load_thesaurus(arguments.thesaurus) if arguments.thesaurus else None
        trials = make_trials(held_out, arguments.questions, passages, thesaurus=thesaurus)
        short = measure_trials(reader, encoder, trials)
        trials = make_trials(held_out, arguments.explanations, passages, explained=True, thesaurus=thesaurus)
        sentences = measure_sentences(reader, encoder, trials)
        record = calibrate(short, sentences, encoder, arguments)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(record, indent=1))
    return 0


def calibrate(
    short: Sequence[Measured], sentences: Sequence[Measured], encoder: Encoder, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Fits the confidence, saves it beside the weights, and returns its record.

    :raises RagError: if there are too few trials to fit on.
    """
    judge, figures = fit_judge(short, arguments.threshold, arguments.unanswerable)
    explainer, told = fit_judge(sentences, arguments.sentence_threshold, arguments.unanswerable)
    rival, answers = pick_rival(short, judge, encoder, arguments.alarms)
    record = {
        "features": list(FEATURES),
        "sentence_features": list(SENTENCE_FEATURES),
        "questions": arguments.questions,
        "explanations": arguments.explanations,
        "passages": arguments.passages,
        "reworded": arguments.thesaurus is not None,
        "unanswerable": arguments.unanswerable,
        "threshold": arguments.threshold,
        "possible": arguments.possible,
        "sentence_threshold": arguments.sentence_threshold,
        "alarms": arguments.alarms,
        "alarms_over": answers,
        "short": figures,
        "sentences": told,
    }
    fitted = Calibration(judge, explainer, rival, arguments.possible)
    save_calibration(fitted, arguments.weights / "calibration.json", record)
    return record


def fit_judge(measured: Sequence[Measured], threshold: float, unanswerable: float) -> tuple[Judge, dict[str, Any]]:
    """A judge and the figures of its fit.

    :raises RagError: if there are too few trials to fit on.
    """
    if len({m.trial.group for m in measured}) < FOLDS or len({bool(m.trial.golds) for m in measured}) < 2:
        raise RagError(
            "Too few held-out questions to fit on: give more data, or larger --questions and --explanations."
        )
    weights = weigh_trials([m.trial for m in measured], unanswerable)
    slopes, bias = fit_calibration(measured, weights)
    return Judge(tuple(float(w) for w in slopes), bias, threshold), describe_fit(measured, weights)


def describe_fit(measured: Sequence[Measured], weights: NDArray[np.float64]) -> dict[str, Any]:
    """Figures of the best answers under cross-fitting: with several passages, and with one.

    ``best`` is the share of answerable trials whose best answer is right, at any confidence. ``curve`` has the figures
    at each threshold.
    """
    import numpy as np
    from sklearn.metrics import roc_auc_score

    confidence, right = cross_fit(measured, weights), np.array([m.right for m in measured])
    record: dict[str, Any] = {}
    for name, single in (("several", False), ("one", True)):
        places = np.array([i for i, m in enumerate(measured) if (len(m.trial.passages) == 1) is single])
        answerable = np.array([bool(measured[i].trial.golds) for i in places])
        sure, hit, weight = confidence[places], right[places], weights[places]
        record[name] = {
            "trials": len(places),
            "answerable": int(answerable.sum()),
            "best": round(float(hit[answerable].mean()), 4),
            "auc": round(float(roc_auc_score(hit, sure)), 4),
            "curve": describe_curve(sure, hit, weight, float(weight[answerable].sum())),
        }
    return record


if __name__ == "__main__":
    sys.exit(main())
