"""One model of the built-in reader. It finds the most probable spans of tokens to copy."""

from __future__ import annotations

import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rag.articles.entries import find_report
from rag.articles.sentences import split_sentences
from rag.errors import ModelError
from rag.machine.graphs import Graph
from rag.question.figures import asks_for_figure, holds_figure
from rag.reader.base import DOWN, EMBEDDINGS, UP, load_embeddings
from rag.reader.blocks import load_base
from rag.reader.prepared import WEIGHTS_FILE, prepare_tensors
from rag.reader.tokens import STARTS, Pair, collate_pairs, tokenize_pairs
from rag.reader.widening import widen_span
from rag.types import Passage, Reading, Readings, SentenceScore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights"
MAX_TOKENS = 512
"""Number of positions that the encoders were trained with."""
IMPOSSIBLE = -1e4
"""The span graph scores invalid spans below this."""
STARTS_APART = 3
"""Number of start positions searched in each article alone."""
PADDING = {"states": 0.0, "starts": 0.0, "ends": 0.0, "copyable": False, "segments": -1}
FAR = 1e4
"""Absence score of padding passages, which never hold an answer."""
CLAUSE = 6
"""Minimum number of words of a clause."""
NEARLY = 0.05
"""Minimum probability of a number that replaces a clause around it, as a share of the clause's probability. Chosen by
hand; it harms none of 70 held-out questions."""
REMEMBERED = 64
"""Number of pairs in the cache, enough for the passages of six questions."""
NOTHING = Reading("", -1, 0, 0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``first`` to ``last`` of one passage, inclusive, and their joint log-probability."""

    passage: int
    first: int
    last: int
    log_probability: float


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of passages read together, most probable first, and the probability that they hold no answer."""

    spans: tuple[Span, ...]
    no_answer: float


@dataclass(frozen=True, slots=True)
class EncodedPair:
    """The encoder's output for a pair of n tokens: states (n, hidden), start and end scores (n,), all float32.

    :param absence: score of the passage having no answer.
    :param evidence: log-odds that each token is in a sentence that answers the question, (n,), float32.
    :param yes: log-odds of "yes" against "no" from this passage.
    """

    pair: Pair
    states: NDArray[np.float32]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    absence: float
    evidence: NDArray[np.float32]
    yes: float


@dataclass(frozen=True, slots=True)
class Graphs:
    """The two graphs from rag.training.export: ``pairs`` encodes pairs, ``spans`` finds spans in encoded pairs."""

    pairs: Graph
    spans: Graph


class CopyingReader:
    """Reads with the weights in ``folder``. The first question loads them."""

    name = "copying-reader"
    copies = True

    def __init__(self, folder: Path = WEIGHTS, *, remember: bool = False) -> None:
        """:param remember: whether to cache the last ``REMEMBERED`` encoded pairs, for repeated questions."""
        self.folder = folder
        self._lock = Lock()
        self._remembered: dict[Pair, EncodedPair] | None = {} if remember else None
        self._graphs: Graphs | None = None

    @property
    def graphs(self) -> Graphs:
        """:raises ModelError: if the weights or their base model are missing or do not match."""
        with self._lock:
            if self._graphs is None:
                self._graphs = load_graphs(self.folder)
            return self._graphs

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        """Answers from all passages of a question, and from each article alone (see :class:`rag.types.Reader`)."""
        return [self._read_one(question, found) for question, found in zip(questions, passages, strict=True)]

    def _read_one(self, question: str, passages: Sequence[Passage]) -> Readings:
        texts = [(p.context, p.text) for p in passages]
        encoded = self.encode(question, texts)
        if not encoded:
            return Readings((NOTHING,))
        (together,) = find_spans(self.graphs.spans, [encoded], STARTS)
        # The question's type matters already here, because overlapping spans are resolved only in write_readings.
        read = tuple(write_readings(together, encoded, texts, figure=asks_for_figure(question)))
        several = len(group_articles(passages)) > 1
        return Readings(
            read,
            self._find_apart(question, passages, encoded) if several else (read,),
            sentences=tuple(score_sentences(encoded, texts)),
            yes={place: one.yes for place, one in enumerate(encoded)},
        )

    def read_apart(self, question: str, passages: Sequence[Passage]) -> Readings:
        """Answers from each article alone; nothing is read together."""
        texts = [(p.context, p.text) for p in passages]
        encoded = self.encode(question, texts)
        if not encoded:
            return Readings((NOTHING,))
        apart = self._find_apart(question, passages, encoded)
        return Readings((NOTHING,), apart, sentences=tuple(score_sentences(encoded, texts)))

    def _find_apart(
        self, question: str, passages: Sequence[Passage], encoded: Sequence[EncodedPair]
    ) -> tuple[tuple[Reading, ...], ...]:
        groups, figure = group_articles(passages), asks_for_figure(question)
        alone = [[encoded[i] for i in group] for group in groups]
        return tuple(
            place_readings(
                write_readings(spans, pairs, [(passages[i].context, passages[i].text) for i in group], figure=figure),
                group,
            )
            for group, pairs, spans in zip(
                groups, alone, find_spans(self.graphs.spans, alone, STARTS_APART), strict=True
            )
        )

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """Answers from all passages of a question at once, most probable first. A passage is (context, text)."""
        readings = []
        for question, texts in zip(questions, passages, strict=True):
            encoded = self.encode(question, texts)
            (spans,) = find_spans(self.graphs.spans, [encoded], STARTS) if encoded else [None]
            readings.append(write_readings(spans, encoded, texts) if spans else [NOTHING])
        return readings

    def encode(self, question: str, texts: Sequence[tuple[str, str]]) -> list[EncodedPair]:
        """Encodes each passage together with the question; empty if no passage has text."""
        if not any(text.strip() for _, text in texts):
            return []
        pairs = tokenize_pairs([(question, context, text) for context, text in texts], MAX_TOKENS)
        known = self._remembered
        if known is None:
            return encode_pairs(self.graphs.pairs, pairs)
        new = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        known.update(zip(new, encode_pairs(self.graphs.pairs, new), strict=True))
        encoded = [known[pair] for pair in pairs]
        for old in list(known)[:-REMEMBERED]:
            del known[old]
        return encoded


def group_articles(passages: Sequence[Passage]) -> list[list[int]]:
    """Indices of the passages of each article or live blog's entry, ordered by the best passage of each."""
    articles: dict[tuple[str, str | None], list[int]] = {}
    for i, passage in enumerate(passages):
        articles.setdefault(find_report(passage), []).append(i)
    return list(articles.values())


def place_readings(readings: Sequence[Reading], places: Sequence[int]) -> tuple[Reading, ...]:
    """Maps the passage indices of readings from a subset of the passages, ``places``, to all passages."""
    return tuple(replace(r, passage=places[r.passage]) if r.text else r for r in readings)


def load_graphs(folder: Path) -> Graphs:
    """Loads the graphs and weights in a folder without importing torch.

    :raises ModelError: if the weights or their base model are missing or do not match.
    """
    if not (folder / WEIGHTS_FILE).is_file():
        raise ModelError(f"There are no reader weights in {folder}: reinstall ask-articles.")
    paths = folder / "pairs.onnx", folder / "spans.onnx"
    try:
        frozen = (
            json.loads((folder / "config.json").read_text(encoding="utf-8"))["encoder"].get("model_type") == "mpnet"
        )
        tensors = prepare_tensors(folder, paths, lambda: load_tensors(folder)) if frozen else load_tensors(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"The reader weights in {folder} cannot be read ({error}): reinstall ask-articles.") from None
    # Pairs are encoded one by one, on all cores at once.
    return Graphs(Graph(paths[0], tensors, prepared=frozen, threads=1), Graph(paths[1], tensors, prepared=frozen))


def load_tensors(folder: Path) -> dict[str, NDArray[Any]]:
    """All weights of a reader by name, with adapters merged.

    :raises ModelError: if the weights or their base model are missing or do not match.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS_FILE)
    except SafetensorError as error:
        raise ModelError(f"The reader weights in {folder} cannot be read ({error}): reinstall ask-articles.") from None
    if config["encoder"].get("model_type") == "mpnet":
        tensors.update({f"encoder.{name}": one for name, one in load_base(folder, config["base_sha256"]).items()})
        merge_adapters(tensors)
    else:
        tensors[f"encoder.{EMBEDDINGS}"] = load_embeddings(config["base_sha256"])
    return dict(tensors)


def merge_adapters(tensors: dict[str, NDArray[Any]]) -> None:
    """Adds each adapter to its frozen weight, in place."""
    import numpy as np

    for name in [name for name in tensors if name.endswith(UP)]:
        up, down = tensors.pop(name), tensors.pop(name.removesuffix(UP) + DOWN)
        tensors[f"{name.removesuffix(UP)}.weight"] += up.astype(np.float32) @ down.astype(np.float32)


@cache
def share_cores() -> ThreadPoolExecutor:
    """The threads that encode pairs, one on each core. Pairs wait in the order in which they came."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="encode")


def encode_pairs(graph: Graph, pairs: Sequence[Pair]) -> list[EncodedPair]:
    """Encodes pairs, each by itself: it is then read the same whatever is read beside it."""
    return list(share_cores().map(lambda pair: encode_pair(graph, pair), pairs))


def encode_pair(graph: Graph, pair: Pair) -> EncodedPair:
    inputs = collate_pairs([pair])
    inputs.pop("copyable")
    states, starts, ends, absences, evidence, yes = graph.run(**inputs)
    return EncodedPair(pair, states[0], starts[0], ends[0], float(absences[0]), evidence[0], float(yes[0]))


def find_spans(graph: Graph, sets: Sequence[Sequence[EncodedPair]], most: int) -> list[Spans]:
    """Finds the best end for each of the most probable starts in each set of passages.

    :param sets: non-empty sets. The passages of a set are read together.
    :param most: number of starts to search, 2 to ``STARTS``.
    """
    import numpy as np

    joined = [join_pairs(encoded) for encoded in sets]
    # The graph picks STARTS positions, so it needs at least that many.
    size = max(STARTS, *(len(rows["starts"]) for rows in joined), 0)
    inputs = {name: np.stack([pad_rows(rows[name], size, PADDING[name]) for rows in joined]) for name in PADDING}
    passages = max(map(len, sets))
    absences = [pad_rows(np.array([e.absence for e in encoded], np.float32), passages, FAR) for encoded in sets]
    found = graph.run(**inputs, absences=np.stack(absences), ranks=np.arange(most))
    return [locate_spans(encoded, *(part[row] for part in found)) for row, encoded in enumerate(sets)]


def join_pairs(encoded: Sequence[EncodedPair]) -> dict[str, NDArray[Any]]:
    """Concatenates the passages of one set to rows of S tokens."""
    import numpy as np

    return {
        "states": np.concatenate([e.states for e in encoded]),
        "starts": np.concatenate([e.starts for e in encoded]),
        "ends": np.concatenate([e.ends for e in encoded]),
        "copyable": np.concatenate([e.pair.copyable for e in encoded]),
        "segments": number_segments([e.pair for e in encoded]),
    }


def number_segments(pairs: Sequence[Pair]) -> NDArray[np.int64]:
    """A number for each paragraph of each passage, by token: no answer crosses a blank line or leaves its passage."""
    import numpy as np

    segments: list[int] = []
    for pair in pairs:
        new = segments[-1] + 1 if segments else 0
        after = len(pair.ids) - pair.first - len(pair.paragraphs)
        segments += [new] * pair.first + [new + n for n in pair.paragraphs]
        segments += [segments[-1]] * after
    return np.array(segments, dtype=np.int64)


def pad_rows(rows: NDArray[Any], size: int, value: float) -> NDArray[Any]:
    """Pads to ``size`` rows."""
    import numpy as np

    return np.pad(rows, [(0, size - len(rows)), *[(0, 0)] * (rows.ndim - 1)], constant_values=value)


def locate_spans(
    encoded: Sequence[EncodedPair],
    starts: NDArray[np.int64],
    reaches: NDArray[np.int64],
    scores: NDArray[np.float32],
    absent: np.float32,
) -> Spans:
    """Maps positions in the concatenated rows to tokens of a passage."""
    import numpy as np

    lengths = np.array([len(e.pair.ids) for e in encoded])
    before = np.cumsum(lengths) - lengths
    spans = []
    for start, reach, score in zip(starts.tolist(), reaches.tolist(), scores.tolist(), strict=True):
        if score > IMPOSSIBLE:
            passage = int(np.searchsorted(before, start, side="right")) - 1
            first = start - int(before[passage])
            spans.append(Span(passage, first, first + reach, score))
    return Spans(tuple(sorted(spans, key=lambda s: -s.log_probability)), math.exp(float(absent)))


def score_sentences(encoded: Sequence[EncodedPair], texts: Sequence[tuple[str, str]]) -> Iterator[SentenceScore]:
    """Yields the score of each sentence, the mean of its tokens' log-odds. Truncated sentences are left out."""
    for passage, (one, (_, text)) in enumerate(zip(encoded, texts, strict=True)):
        for start, end in split_sentences(text):
            if found := one.pair.locate(start, end):
                yield SentenceScore(passage, start, end, float(one.evidence[found[0] : found[1] + 1].mean()))


def write_readings(
    found: Spans, encoded: Sequence[EncodedPair], texts: Sequence[tuple[str, str]], *, figure: bool = False
) -> list[Reading]:
    """Converts spans to readings of whole words. Of overlapping spans only the most probable is kept.

    :param figure: whether the question asks for a number, an amount or a time. A number inside a clause then replaces
        the clause.
    """
    readings: list[Reading] = []
    for span in found.spans:
        pair, (_, text) = encoded[span.passage].pair, texts[span.passage]
        start, end = pair.spans[span.first - pair.first][0], pair.spans[span.last - pair.first][1]
        start, end = widen_span(text, start, end)
        probability = math.exp(span.log_probability)
        over = [i for i, r in enumerate(readings) if r.passage == span.passage and r.start < end and r.end > start]
        if figure and len(over) == 1 and tells_figure(readings[over[0]], text, start, end, probability):
            total = probability + readings[over[0]].probability
            readings[over[0]] = Reading(text[start:end], span.passage, start, end, total, found.no_answer)
        elif start < end and not over and any(map(str.isalnum, text[start:end])):
            readings.append(Reading(text[start:end], span.passage, start, end, probability, found.no_answer))
    return readings or [replace(NOTHING, no_answer=found.no_answer)]


def tells_figure(clause: Reading, text: str, start: int, end: int, probability: float) -> bool:
    """Whether ``text[start:end]`` is a number inside the clause, and probable enough to replace it."""
    inside = clause.start <= start < end <= clause.end and probability >= NEARLY * clause.probability
    words = len(clause.text.split()), len(text[start:end].split())
    return inside and words[0] >= CLAUSE and 2 * words[1] <= words[0] and holds_figure(text[start:end])
