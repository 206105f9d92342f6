"""Confidence: the probability that an answer is right, calibrated on articles the reader was not trained on."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rag.articles.sentences import find_touched
from rag.articles.turns import find_question_before
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
    from rag.types import Encoder, Passage, Reading, SentenceScore

FEATURES = (
    "probability", "absence", "lead", "coverage", "sentence", "likeness", "mentions", "mentions_near",
    "figure", "echo", "length", "repeats", "rank", "passages", "unknown", "evidence", "numbers", "agreement", "scan",
    "scan_absence",
)  # fmt: skip
"""The features of :func:`measure_features`, in order."""

MOST_LEAD = 5.0
"""Log-odds are clipped to this, which is 150 to 1."""

SAME = 0.5
"""Minimum token F1 at which the answers of two readers count as the same."""

SENTENCE_FEATURES = ("best", "mean", "count", "words", "mentions", "unknown", "absence", "probability", "read")
"""The features of :func:`rag.answers.explaining.explain`, in order."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Logistic regression over features (Platt 1999). An answer with confidence below ``threshold`` is withheld."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def confide(self, features: Sequence[float]) -> float:
        """The probability that the answer with these features is right, 0 to 1."""
        score = self.bias + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The judges of short answers and explanations, and thresholds.

    :param short: uses the features of :func:`measure_features`.
    :param sentences: uses the features of :func:`rag.answers.explaining.explain`.
    :param rival: minimum confidence at which one article's value contradicts another's.
    :param possible: minimum confidence at which a withheld short answer is shown as possible.
    """

    short: Judge
    sentences: Judge
    rival: float
    possible: float


UNCALIBRATED = Calibration(
    short=Judge((1.0, -1.0, *[0.0] * (len(FEATURES) - 2)), 0.0, 0.3),
    sentences=Judge((1.0, *[0.0] * (len(SENTENCE_FEATURES) - 1)), 0.0, 0.5),
    rival=1.0,
    possible=0.1,
)
"""For readers without a calibration: the probability of the answer relative to that of no answer.

For sentences: the reader's probability that the best sentence answers the question.
"""


@dataclass(frozen=True, slots=True)
class Support:
    """The evidence for one answer, from which its confidence is computed.

    :param reading: its most probable reading.
    :param probability: the reader's probability, summed over all readings of the answer, 0 to 1.
    :param rival: the probability of the most probable other answer; 0 if there is none.
    :param passages: all passages that were read, best first.
    :param likeness: cosine of the question and the sentences that contain the reading; see :func:`liken_sentences`.
    :param scan: the readings of the second reader, most probable first; see :class:`rag.types.Readings`.
    :param evidence: see :func:`find_evidence`.
    """

    reading: Reading
    probability: float
    rival: float
    passages: Sequence[Passage]
    likeness: float
    scan: Sequence[Reading] = ()
    evidence: float = 0.0


def measure_features(question: ParsedQuestion, support: Support) -> list[float]:
    """The features from which the confidence of a short answer is computed, in the order of ``FEATURES``.

    Log-probability of the answer; log-probability of no answer; log-odds of the answer against its rival, clipped to
    ``MOST_LEAD``; share of the question's topic words in the passage; the same in the answer's sentence; cosine of that
    sentence and the question; share of the question's names and numbers missing from the passage; the same for the
    sentence; 1 if the question asks for a number or a time and the answer has none; share of the answer's words that
    are in the question; logarithm of the answer's words; logarithm of the passages that contain it; reciprocal rank of
    its passage; logarithm of the passages read; share of the topic words that are in none of them; log-odds that the
    answer's sentence answers the question; share of the question's numbers missing from the passage. From the second
    reader, 0 if there is none: token F1 of its best answer and this one; log-probability of its answers that match this
    one; its log-probability of no answer.
    """
    reading, passage = support.reading, support.passages[support.reading.passage]
    shown = find_topic_words(f"{passage.context} {passage.text}")
    asked, mentioned, said = question.topic, question.mentions, find_topic_words(reading.text)
    near = find_topic_words(find_near(reading, passage))
    numbers = frozenset(word for word in mentioned if any(map(str.isdigit, word)))
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
        support.evidence,
        1 - share_words(numbers, shown) if numbers else 0.0,
        *compare_scan(reading, support.scan),
    ]


def find_evidence(reading: Reading, sentences: Iterable[SentenceScore]) -> float:
    """Log-odds that the reading's sentence answers the question, clipped to ``MOST_LEAD``; 0 if it was not scored."""
    found = [
        s.log_odds
        for s in sentences
        if s.passage == reading.passage and s.start < reading.end and s.end > reading.start
    ]
    return max(-MOST_LEAD, min(MOST_LEAD, max(found, default=0.0)))


def compare_scan(reading: Reading, scan: Sequence[Reading]) -> tuple[float, float, float]:
    """The features ``agreement``, ``scan`` and ``scan_absence``, which compare a reading with the second reader's."""
    if not scan:
        return 0.0, 0.0, 0.0
    alike = [score_token_f1(other.text, [reading.text]) for other in scan]
    same = sum(other.probability for other, f1 in zip(scan, alike, strict=True) if f1 >= SAME)
    return alike[0], _log(same), _log(scan[0].no_answer)


def liken_sentences(
    asked: NDArray[np.float32], readings: Iterable[Reading], passages: Sequence[Passage], encoder: Encoder
) -> dict[str, float]:
    """Cosines with the question, -1 to 1, of the sentences that contain the readings, by sentence text.

    :param asked: the question's vector, (dimension,), float32, unit length.
    """
    near = list(dict.fromkeys(find_near(reading, passages[reading.passage]) for reading in readings))
    if not near:
        return {}
    return dict(zip(near, map(float, encoder.encode(near) @ asked), strict=True))


def find_near(reading: Reading, passage: Passage) -> str:
    """The sentence or sentences that contain a reading, after the question that they answer in an interview."""
    question = find_question_before(passage.text, reading.start)
    touched = find_touched(passage.text, reading.start, reading.end)
    return " ".join(passage.text[a:b] for a, b in [*([question] if question else []), *touched])


def find_whole(answer: str) -> re.Pattern[str]:
    """A case-insensitive pattern for the whole answer: "5" does not match in "15" or "5.1"."""
    return re.compile(rf"(?<!\w)(?<!\d[.,]){re.escape(answer)}(?!\w|[.,]\d)", re.IGNORECASE)


def miss_words(words: frozenset[str], passages: Sequence[Passage]) -> float:
    """The share of a question's topic words that are in none of the passages; 0 if it has none."""
    shown = find_topic_words("\n".join(f"{passage.context} {passage.text}" for passage in passages))
    return len(words - shown) / len(words) if words else 0.0


def share_words(some: frozenset[str], others: frozenset[str]) -> float:
    """The share of ``some`` that is in ``others``; 0 if ``some`` is empty."""
    return len(some & others) / len(some) if some else 0.0


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-6))


def load_calibration(path: Path) -> Calibration:
    """:raises ModelError: if the file is missing, damaged or has other features."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        known = fields["record"]["features"], fields["record"]["sentence_features"]
        if known == (list(FEATURES), list(SENTENCE_FEATURES)):
            return Calibration(
                read_judge(fields["short"], len(FEATURES)),
                read_judge(fields["sentences"], len(SENTENCE_FEATURES)),
                float(fields["rival"]),
                float(fields["possible"]),
            )
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ModelError(
        f"Cannot read a calibration for this version from {path}: reinstall ask-articles or, for your own weights, "
        "run python -m rag.training.calibrate."
    )


def read_judge(fields: dict[str, Any], features: int) -> Judge:
    """:raises ValueError: if the number of weights is not ``features``."""
    judge = Judge(tuple(map(float, fields["weights"])), float(fields["bias"]), float(fields["threshold"]))
    if len(judge.weights) != features:
        raise ValueError(f"{len(judge.weights)} weights for {features} features")
    return judge


def save_calibration(calibration: Calibration, path: Path, record: dict[str, object]) -> None:
    """Writes the calibration, with a record of how it was made."""
    path.write_text(json.dumps({**asdict(calibration), "record": record}, indent=1) + "\n", encoding="utf-8")
