"""The built-in reader as it ships: a small reader scans every passage, a large one reads those that it puts first.

The large one reads far better and takes four times as long for a passage. What the small one found stays beside the
answers as a second opinion, which confidence goes by.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rag.reader.copying import WEIGHTS, CopyingReader, find_spans, place_readings, write_readings
from rag.reader.tokens import STARTS
from rag.types import Readings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.reader.copying import Spans
    from rag.types import Passage, Reading

LARGE = "large"
"""Folder of the large reader's weights in that of the small one's."""
MOST_READ = 4
"""Passages that the large reader reads of one question."""
UNREAD = -50.0
"""Log-probability of a passage in which the small reader found nothing worth a look."""
PLACE_COST = 0.3
"""In log-probability, for each place further down among the passages retrieved."""


def open_reader(folder: Path = WEIGHTS, *, remember: bool = False) -> ChoosingReader | CopyingReader:
    """The built-in reader with the weights in ``folder``; the small one alone where there is no large one."""
    if (folder / LARGE).is_dir():
        return ChoosingReader(folder, remember=remember)
    return CopyingReader(folder, remember=remember)


class ChoosingReader:
    """Reads with the two models in ``folder``; they are loaded on the first question."""

    name = "copying-reader"
    copies = True

    def __init__(self, folder: Path = WEIGHTS, most: int = MOST_READ, *, remember: bool = False) -> None:
        self.small = CopyingReader(folder, remember=remember)
        self.large = CopyingReader(folder / LARGE, remember=remember)
        self.most = most

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        """Answers from the passages that the small reader puts first (see :class:`rag.types.Reader`)."""
        return [self._read_one(question, found) for question, found in zip(questions, passages, strict=True)]

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """What a follow-up leaves unsaid, which only the small reader was trained for."""
        return self.small.read_texts(questions, passages)

    def _read_one(self, question: str, passages: Sequence[Passage]) -> Readings:
        texts = [(p.context, p.text) for p in passages]
        scanned = self.small.encode(question, texts)
        if not scanned:
            return self.small.read([question], [passages])[0]
        (seen,) = find_spans(self.small.graphs.spans, [scanned], STARTS)
        places = choose_passages(seen, len(texts), self.most)
        (read,) = self.large.read([question], [[passages[i] for i in places]])
        return Readings(
            place_readings(read.together, places),
            tuple(place_readings(readings, places) for readings in read.apart),
            tuple(write_readings(seen, scanned, texts)),
            tuple(replace(sentence, passage=places[sentence.passage]) for sentence in read.sentences),
            {places[passage]: log_odds for passage, log_odds in read.yes.items()},
        )


def choose_passages(spans: Spans, passages: int, most: int) -> list[int]:
    """Places of the ``most`` passages that hold the likeliest spans, in the order in which they were retrieved.

    Of 334 held-out questions whose paragraph is among ten for 92.8 %, it is among four chosen so for 89.8 %, among the
    first four retrieved for 85.6 %, and among four chosen by their own absence scores for 83.8 %.
    """
    scores = [UNREAD - PLACE_COST * place for place in range(passages)]
    for span in spans.spans:
        scores[span.passage] = max(scores[span.passage], span.log_probability - PLACE_COST * span.passage)
    return sorted(sorted(range(passages), key=lambda i: -scores[i])[:most])
