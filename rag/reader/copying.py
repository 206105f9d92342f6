"""The built-in reader: finds the most probable runs of tokens to copy."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rag.errors import ModelError
from rag.graphs import Graph
from rag.reader.base import EMBEDDINGS, load_embeddings
from rag.reader.features import STARTS, Pair, collate_pairs, tokenize_pairs
from rag.types import Passage, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights"
MAX_TOKENS = 512
TOKENS_AT_ONCE = 2048
LEAST_FILLED = 0.8
IMPOSSIBLE = -1e4
PAIRS = {"“": "”", "‘": "’", '"': '"', "(": ")", "[": "]"}
SIGN = re.compile(r"(?:(?<![\w.,])[-−])?[$€£¥₹]?(?:(?<![\w.])\.)?\Z")
FIGURE_AHEAD = re.compile(r"\s?\d")
MAGNITUDE = re.compile(r"[ -]?(?:hundred|thousand|million|billion|trillion|bn|mn)\b", re.IGNORECASE)
INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_]\Z")
OPENERS = {closer: opener for opener, closer in PAIRS.items() if opener != closer}


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``first`` to ``last`` of one passage, both included, and their joint log-probability."""

    passage: int
    first: int
    last: int
    log_probability: float


@dataclass(frozen=True, slots=True)
class EncodedPair:
    """What the encoder makes of a pair of n tokens: states (n, hidden), start and end scores (n,), all float32."""

    states: NDArray[np.float32]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]
    absence: float


@dataclass(frozen=True, slots=True)
class Graphs:
    """The two graphs of rag.reader.export: pairs to states, and a question's states to its spans."""

    pairs: Graph
    spans: Graph


class CopyingReader:
    """Reads with the weights in ``folder``; they are loaded on the first question."""

    name = "copying-reader"

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self.folder = folder
        self._lock = Lock()
        self._graphs: Graphs | None = None

    @property
    def graphs(self) -> Graphs:
        """:raises ModelError: where the weights or the base they were trained on are missing or others."""
        with self._lock:
            if self._graphs is None:
                self._graphs = load_graphs(self.folder)
            return self._graphs

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[list[Reading]]:
        """Answers from all passages of a question at once (see :class:`rag.types.Reader`)."""
        texts = [[(p.context, p.text) for p in found] for found in passages]
        return self.read_texts(questions, texts)

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """The same for passages given as (context, text)."""
        readings: list[list[Reading]] = [[Reading("", -1, 0, 0, 0.0, 1.0)] for _ in questions]
        for i, (question, shown) in enumerate(zip(questions, passages, strict=True)):
            if any(text.strip() for _, text in shown):
                pairs = tokenize_pairs([(question, context, text) for context, text in shown], MAX_TOKENS)
                spans, absent = search_spans(self.graphs, pairs)
                readings[i] = write_readings(spans, pairs, [text for _, text in shown], absent) or readings[i]
        return readings


def load_graphs(folder: Path) -> Graphs:
    """Loads silently, without network and without torch."""
    from safetensors import SafetensorError, safe_open

    if not (folder / "model.safetensors").is_file():
        raise ModelError(f"No reader's weights in {folder}: install the package again.")
    try:
        base = json.loads((folder / "config.json").read_text(encoding="utf-8"))["base_sha256"]
        with safe_open(str(folder / "model.safetensors"), framework="np") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(f"The reader's weights in {folder} cannot be read ({error}): install them again.") from None
    tensors[f"encoder.{EMBEDDINGS}"] = load_embeddings(base)
    return Graphs(Graph(folder / "pairs.onnx", tensors), Graph(folder / "spans.onnx", tensors))


def encode_pairs(graph: Graph, pairs: Sequence[Pair]) -> list[EncodedPair]:
    """Each pair without its padding, in their order."""
    encoded: dict[int, EncodedPair] = {}
    for group in group_lengths([len(pair.ids) for pair in pairs]):
        inputs = collate_pairs([pairs[i] for i in group])
        inputs.pop("copyable")
        states, starts, ends, absences = graph.run(**inputs)
        for row, i in enumerate(group):
            n = len(pairs[i].ids)
            encoded[i] = EncodedPair(states[row, :n], starts[row, :n], ends[row, :n], float(absences[row]))
    return [encoded[i] for i in range(len(pairs))]


def group_lengths(lengths: Sequence[int]) -> list[list[int]]:
    """Places of like length together, so that little is padded and much is encoded at once."""
    groups: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        longest = lengths[groups[-1][0]] if groups else 0
        if lengths[i] >= LEAST_FILLED * longest and longest and (len(groups[-1]) + 1) * longest <= TOKENS_AT_ONCE:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def search_spans(graphs: Graphs, pairs: Sequence[Pair]) -> tuple[list[Span], float]:
    """The best end for each of the most probable starts, most probable first, and the probability of NO-ANSWER.

    :param pairs: of one question, at least one.
    """
    import numpy as np

    encoded = encode_pairs(graphs.pairs, pairs)
    lengths = np.array([len(pair.ids) for pair in pairs])
    before = np.cumsum(lengths) - lengths
    # As many positions as there are starts to pick, at least; -1 is padding.
    padding = max(0, STARTS - int(lengths.sum()))
    starts, reaches, scores, absent = graphs.spans.run(
        states=np.pad(np.concatenate([e.states for e in encoded]), ((0, padding), (0, 0))),
        starts=np.pad(np.concatenate([e.starts for e in encoded]), (0, padding)),
        ends=np.pad(np.concatenate([e.ends for e in encoded]), (0, padding)),
        copyable=np.pad(np.concatenate([pair.copyable for pair in pairs]), (0, padding)),
        segments=np.pad(np.repeat(np.arange(len(pairs)), lengths), (0, padding), constant_values=-1),
        absences=np.array([e.absence for e in encoded], dtype=np.float32),
    )
    spans = []
    for start, reach, score in zip(starts.tolist(), reaches.tolist(), scores.tolist(), strict=True):
        if score > IMPOSSIBLE:
            passage = int(np.searchsorted(before, start, side="right")) - 1
            first = start - int(before[passage])
            spans.append(Span(passage, first, first + reach, score))
    return sorted(spans, key=lambda s: -s.log_probability), math.exp(float(absent))


def write_readings(
    spans: Sequence[Span], pairs: Sequence[Pair], texts: Sequence[str], no_answer: float
) -> list[Reading]:
    """Spans to whole words of the passages; of spans that overlap only the most probable stays."""
    readings: list[Reading] = []
    for span in spans:
        pair, text = pairs[span.passage], texts[span.passage]
        start, end = pair.spans[span.first - pair.first][0], pair.spans[span.last - pair.first][1]
        start, end = widen_span(text, start, end)
        taken = any(r.passage == span.passage and r.start < end and r.end > start for r in readings)
        if start < end and not taken and any(map(str.isalnum, text[start:end])):
            probability = math.exp(span.log_probability)
            readings.append(Reading(text[start:end], span.passage, start, end, probability, no_answer))
    return readings


def widen_span(text: str, start: int, end: int) -> tuple[int, int]:
    """To whole words and whole figures with their signs; punctuation that belongs to neither is trimmed."""
    start, end = trim_marks(text, start, end)
    if start >= end:
        return start, end
    ahead = FIGURE_AHEAD.match(text, end) if text[end - 1] in "$€£¥₹" else None
    end = ahead.end() if ahead else end
    while start > 0 and joins(text, start):
        start -= 1
    while end < len(text) and joins(text, end):
        end += 1
    if text[start].isdigit():
        start = SIGN.search(text, 0, start).start()  # type: ignore[union-attr]
    if text[end - 1].isdigit():
        magnitude = MAGNITUDE.match(text, end)
        end = magnitude.end() if magnitude else end + (text[end : end + 1] == "%")
    if text[end : end + 1] == "." and INITIALS.search(text, start, end):
        end += 1
    return start, end


def joins(text: str, place: int) -> bool:
    """Whether the characters on either side of ``place`` belong to one word or one figure, such as 14.3."""
    left, right = text[place - 1], text[place]
    if left.isalnum() and right.isalnum():
        return True
    if right in ".,":
        return left.isdigit() and text[place + 1 : place + 2].isdigit()
    return left in ".," and right.isdigit() and text[max(0, place - 2) : place - 1].isdigit()


def trim_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Without punctuation at either end, and without quotes and brackets that enclose all of it or are left open."""
    while True:
        inside, before = text[start:end], (start, end)
        if inside and (
            inside[0] in " \n,.;:!?)]}”–—-" or (inside[0] in PAIRS and PAIRS[inside[0]] not in inside[1:-1])
        ):
            start += 1
        elif inside and (
            inside[-1] in " \n,.;:!?([{“–—" or (inside[-1] in OPENERS and OPENERS[inside[-1]] not in inside)
        ):
            end -= 1
        if (start, end) == before:
            return start, end
