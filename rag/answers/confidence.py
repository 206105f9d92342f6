"""Confidence: the probability, on articles the reader was not trained on, that an answer is right."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rag.articles.sentences import find_touched
from rag.errors import ModelError
from rag.metrics import score_token_f1
from rag.question.figures import holds_figure
from rag.question.text import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from rag.question.parsed import ParsedQuestion
    from rag.types import Encoder, Passage, Reading

FEATURES = (
    "probability", "absence", "lead", "coverage", "sentence", "likeness", "mentions", "mentions_near",
    "figure", "echo", "length", "repeats", "rank", "passages", "unknown", "agreement", "scan", "scan_absence",
)  # fmt: skip
"""What :func:`measure_features` measures, in its order."""

MOST_LEAD = 5.0
"""In log-odds: 150 to 1 is as sure as it gets."""

SAME = 0.5
"""Token F1 from which two readers' answers say the same."""

SENTENCE_FEATURES = ("best", "mean", "words", "mentions", "unknown", "absence", "probability", "read")
"""What :func:`rag.answers.explaining.explain` measures of sentences, in its order."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Logistic regression over features (Platt 1999); what it is less sure of than ``threshold`` is withheld."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def confide(self, features: Sequence[float]) -> float:
        """Probability that what the features were measured on is right, 0 to 1."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Judges of answers.

    :param short: over :func:`measure_features`.
    :param sentences: over what :func:`rag.answers.explaining.explain` measures.
    :param rival: confidence from which one article's value counts against another's.
    """

    short: Judge
    sentences: Judge
    rival: float


UNCALIBRATED = Calibration(
    short=Judge((1.0, -1.0, *[0.0] * (len(FEATURES) - 2)), 0.0, 0.3),
    sentences=Judge((12.0, *[0.0] * (len(SENTENCE_FEATURES) - 1)), -6.0, 0.5),
    rival=1.0,
)
"""For readers without a calibration of their own: their probability against their probability of no answer.

For sentences: a cosine of one half with the question.
"""


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for one answer among several.

    :param reading: its most probable reading.
    :param probability: the reader's own, summed over the places the answer stands in, 0 to 1.
    :param rival: the same of the most probable other answer, 0 where there is none.
    :param passages: all that were read, best first.
    :param likeness: cosine of the question and the sentences that the reading stands in; see :func:`liken_sentences`.
    :param scan: what a second reader found, most probable first; see :class:`rag.types.Readings`.
    """

    reading: Reading
    probability: float
    rival: float
    passages: Sequence[Passage]
    likeness: float
    scan: Sequence[Reading] = ()


def measure_features(question: ParsedQuestion, support: Support) -> list[float]:
    """What confidence is judged by, in the order of ``FEATURES``.

    Log-probabilities of the answer and of no answer; log-odds of the answer against its rival, at most ``MOST_LEAD``
    either way; share of the question's topic words in the passage, and in the answer's sentence; that sentence's cosine
    with the question; shares of its names and numbers that the passage lacks, and that the sentence lacks; 1 where it
    asks for a figure or a time and gets none; share of the answer's words that the question has already; logarithms of
    the answer's words, and of the passages that hold it; reciprocal rank of its passage; logarithm of how many passages
    were read; share of the topic words that stand in none of them. Of the second reader: token F1 of its best answer
    with this one, log-probability that it gives to answers like this one, and that of no answer; 0 where there is none.
    """
    reading, passage = support.reading, support.passages[support.reading.passage]
    shown = find_topic_words(f"{passage.context} {passage.text}")
    asked, mentioned, said = question.topic, question.mentions, find_topic_words(reading.text)
    near = find_topic_words(find_near(reading, passage))
    places = find_whole(reading.text)
    probability = _log(support.probability)
    return [
        probability,
        _log(reading.no_answer),
        max(-MOST_LEAD, min(MOST_LEAD, probability - _log(support.rival))),
        share_words(asked, shown),
        share_words(asked, near),
        support.likeness,
        1 - share_words(mentioned, shown) if mentioned else 0.0,
        1 - share_words(mentioned, near) if mentioned else 0.0,
        float(question.wants_figure and not holds_figure(reading.text)),
        share_words(said, asked),
        math.log(1 + len(reading.text.split())),
        math.log(1 + sum(bool(places.search(other.text)) for other in support.passages)),
        1 / (1 + reading.passage),
        math.log(len(support.passages)),
        miss_words(asked, support.passages),
        *compare_scan(reading, support.scan),
    ]


def compare_scan(reading: Reading, scan: Sequence[Reading]) -> tuple[float, float, float]:
    """The last three features: whether a second reader says the same."""
    if not scan:
        return 0.0, 0.0, 0.0
    alike = [score_token_f1(other.text, [reading.text]) for other in scan]
    same = sum(other.probability for other, f1 in zip(scan, alike, strict=True) if f1 >= SAME)
    return alike[0], _log(same), _log(scan[0].no_answer)


def liken_sentences(
    asked: NDArray[np.float32], readings: Iterable[Reading], passages: Sequence[Passage], encoder: Encoder
) -> dict[str, float]:
    """The sentences that readings stand in, by their text, with their cosines with the question; -1 to 1.

    :param asked: the question's vector, (dimension,), float32, unit length.
    """
    near = list(dict.fromkeys(find_near(reading, passages[reading.passage]) for reading in readings))
    if not near:
        return {}
    return dict(zip(near, map(float, encoder.encode(near) @ asked), strict=True))


def find_near(reading: Reading, passage: Passage) -> str:
    """The sentence or sentences that a reading stands in."""
    return " ".join(passage.text[a:b] for a, b in find_touched(passage.text, reading.start, reading.end))


def find_whole(answer: str) -> re.Pattern[str]:
    """Finds the answer where it stands by itself, in any case: "5" neither in "15" nor in "5.1"."""
    return re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(answer)}(?!\w|[.,]\d)", re.IGNORECASE)


def miss_words(words: frozenset[str], passages: Sequence[Passage]) -> float:
    """Share of a question's topic words that stand in none of the passages; 0 where it has none."""
    shown = find_topic_words("\n".join(f"{passage.context} {passage.text}" for passage in passages))
    return len(words - shown) / len(words) if words else 0.0


def share_words(some: frozenset[str], others: frozenset[str]) -> float:
    """Share of ``some`` that stands among the others; 0 where there are none."""
    return len(some & others) / len(some) if some else 0.0


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-6))


def load_calibration(path: Path) -> Calibration:
    """:raises ModelError: where the file is missing or damaged."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        known = fields["record"]["features"], fields["record"]["sentence_features"]
        if known == (list(FEATURES), list(SENTENCE_FEATURES)):
            return Calibration(
                read_judge(fields["short"], len(FEATURES)),
                read_judge(fields["sentences"], len(SENTENCE_FEATURES)),
                float(fields["rival"]),
            )
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ModelError(
        f"Cannot read a calibration for this version from {path}: reinstall ask-articles or, for your own weights, "
        "run python -m rag.training.calibrate."
    )


def read_judge(fields: dict[str, Any], features: int) -> Judge:
    """:raises ValueError: for another number of weights."""
    judge = Judge(tuple(map(float, fields["weights"])), float(fields["bias"]), float(fields["threshold"]))
    if len(judge.weights) != features:
        raise ValueError(f"{len(judge.weights)} weights for {features} features")
    return judge


def save_calibration(calibration: Calibration, path: Path, record: dict[str, object]) -> None:
    """Writes the calibration with a record of how it was made."""
    path.write_text(json.dumps({**asdict(calibration), "record": record}, indent=1) + "\n", encoding="utf-8")
