"""Confidence: the probability, on articles the reader was not trained on, that an answer is right."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rag.errors import ModelError
from rag.question import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.types import Passage, Reading

FEATURES = ("answer", "absence", "margin", "coverage")


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic regression over :func:`measure_features` (Platt 1999); below ``threshold`` the answer is withheld.

    :param weights: one for each of ``FEATURES``.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def confide(self, features: Sequence[float]) -> float:
        """Probability that the answer is right, 0 to 1."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


UNCALIBRATED = Calibration(weights=(1.0, -1.0, 0.0, 0.0), bias=0.0, threshold=0.3)
"""For readers without a calibration of their own: their probability against their probability of no answer."""


def measure_features(
    question: str, readings: Sequence[Reading], cited: Passage, best: float, second: float
) -> list[float]:
    """What confidence is judged by, in the order of ``FEATURES``.

    :param cited: the passage the best answer stands in.
    :param best: probability of the best answer, summed over the places it stands in, 0 to 1.
    :param second: the same of the next one, 0 where there is none.
    """
    absence = readings[0].no_answer
    shown = find_topic_words(f"{cited.context} {cited.text}")
    asked = find_topic_words(question)
    coverage = len(asked & shown) / len(asked) if asked else 0.0
    return [_log(best), _log(absence), _log(best) - _log(best + second), coverage]


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-6))


def load_calibration(path: Path) -> Calibration:
    """:raises ModelError: where the file is missing or damaged."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Calibration(tuple(map(float, fields["weights"])), float(fields["bias"]), float(fields["threshold"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"No calibration can be read from {path}: install the package again.") from None


def save_calibration(calibration: Calibration, path: Path, record: dict[str, object]) -> None:
    """Writes the calibration with a record of how it was made."""
    path.write_text(json.dumps({**asdict(calibration), "record": record}, indent=1) + "\n", encoding="utf-8")
