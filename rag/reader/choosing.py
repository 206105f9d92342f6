"""The built-in reader: a small reader scans every passage, and a large one answers from the best of them.

The large reader is far more accurate and takes four times as long per passage. The small reader's answers are kept as
a second opinion, from which confidence is computed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.metrics import normalize_answer
from rag.reader.copying import (
    STARTS_APART,
    WEIGHTS,
    CopyingReader,
    find_spans,
    group_articles,
    place_readings,
    write_readings,
)
from rag.reader.tokens import STARTS
from rag.types import Readings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.reader.copying import EncodedPair, Spans
    from rag.types import Passage, Reading, SentenceScore

LARGE = "large"
"""Folder of the large reader's weights, inside that of the small reader's."""
MOST_READ = 5
"""Number of passages that the large reader reads for one question."""
MOST_BESIDE = 3
"""Number of other articles of which the large reader reads one passage alone, to find values that differ."""
UNREAD = -50.0
"""Log-probability of a passage without a span from the small reader."""
PLACE_COST = 0.3
"""Penalty in log-probability for each rank of a retrieved passage."""


def open_reader(folder: Path = WEIGHTS, *, remember: bool = False) -> ChoosingReader | CopyingReader:
    """The built-in reader with the weights in ``folder``; only the small reader if there is no large one."""
    if (folder / LARGE).is_dir():
        return ChoosingReader(folder, remember=remember)
    return CopyingReader(folder, remember=remember)


class ChoosingReader:
    """Reads with the two models in ``folder``. The first question loads them."""

    name = "copying-reader"
    copies = True

    def __init__(self, folder: Path = WEIGHTS, most: int = MOST_READ, *, remember: bool = False) -> None:
        self.small = CopyingReader(folder, remember=remember)
        self.large = CopyingReader(folder / LARGE, remember=remember)
        self.most = most

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        """Answers from the passages that the small reader ranks highest (see :class:`rag.types.Reader`)."""
        return [self._read_one(question, found) for question, found in zip(questions, passages, strict=True)]

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """Resolves follow-ups. Only the small reader was trained for this."""
        return self.small.read_texts(questions, passages)

    def _read_one(self, question: str, passages: Sequence[Passage]) -> Readings:
        texts = [(p.context, p.text) for p in passages]
        scanned = self.small.encode(question, texts)
        if not scanned:
            return self.small.read([question], [passages])[0]
        (seen,) = find_spans(self.small.graphs.spans, [scanned], STARTS)
        places = choose_passages(seen, len(texts), self.most)
        (read,) = self.large.read([question], [[passages[i] for i in places]])
        beside = self._choose_beside(passages, scanned, seen, places)
        alone = self.large.read_apart(question, [passages[i] for i in beside]) if beside else None
        apart = [(readings, places) for readings in read.apart]
        apart += [(readings, beside) for readings in alone.apart] if alone else []
        return Readings(
            place_readings(read.together, places),
            tuple(place_readings(readings, found) for readings, found in apart),
            tuple(write_readings(seen, scanned, texts)),
            place_sentences(read.sentences, places),
            place_sentences(alone.sentences, beside) if alone else (),
            {places[passage]: log_odds for passage, log_odds in read.yes.items()},
        )

    def _choose_beside(
        self, passages: Sequence[Passage], scanned: Sequence[EncodedPair], seen: Spans, places: Sequence[int]
    ) -> list[int]:
        """A passage of each other article in which the small reader finds another value than in ``places``.

        :param seen: the spans of all passages together.
        """
        groups = [group for group in group_articles(passages) if not set(group) & set(places)]
        if not groups or not seen.spans:
            return []
        texts = [(p.context, p.text) for p in passages]
        readings = write_readings(seen, scanned, texts)
        best = next((normalize_answer(reading.text) for reading in readings if reading.passage in places), "")
        alone = [[scanned[i] for i in group] for group in groups]
        found: list[tuple[float, int]] = []
        for group, pairs, spans in zip(
            groups, alone, find_spans(self.small.graphs.spans, alone, STARTS_APART), strict=True
        ):
            first = write_readings(spans, pairs, [texts[i] for i in group])[0]
            if first.probability > first.no_answer and normalize_answer(first.text) != best:
                found.append((first.probability, group[first.passage]))
        return [place for _, place in sorted(found, reverse=True)[:MOST_BESIDE]]


def place_sentences(sentences: Sequence[SentenceScore], places: Sequence[int]) -> tuple[SentenceScore, ...]:
    """Maps the passage indices of sentences from a subset of the passages, ``places``, to all passages."""
    return tuple(replace(sentence, passage=places[sentence.passage]) for sentence in sentences)


def choose_passages(spans: Spans, passages: int, most: int) -> list[int]:
    """Indices of the ``most`` passages with the most probable spans, in retrieval order.

    Recall of the gold paragraph on 334 held-out questions: 92.8 % in the ten passages retrieved, 89.8 % in four chosen
    by this rule, 85.6 % in the first four retrieved, and 83.8 % in four chosen by their absence scores.
    """
    scores = [UNREAD - PLACE_COST * place for place in range(passages)]
    for span in spans.spans:
        scores[span.passage] = max(scores[span.passage], span.log_probability - PLACE_COST * span.passage)
    return sorted(sorted(range(passages), key=lambda i: -scores[i])[:most])
