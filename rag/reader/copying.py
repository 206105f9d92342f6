"""The built-in reader: finds the most probable run of tokens to copy, exactly as the model scores it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelError
from rag.processor import multiplies_bf16
from rag.reader.features import Pair, collate_pairs, tokenize_pairs
from rag.types import Passage, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from rag.reader.model import CopyingReaderModel, Memory

WEIGHTS = Path(__file__).parent / "weights"
MAX_TOKENS = 512
STARTS = 12
STEPS = 32
TOKENS_AT_ONCE = 8192
PAIRS = {"“": "”", "‘": "’", '"': '"', "(": ")", "[": "]"}
SIGN = re.compile(r"(?:(?<![\w.,])[-−])?[$€£¥₹]?(?:(?<![\w.])\.)?\Z")
INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_]\Z")
OPENERS = {closer: opener for opener, closer in PAIRS.items() if opener != closer}


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens ``first`` to ``last`` of one passage, both included, and their joint log-probability."""

    passage: int
    first: int
    last: int
    log_probability: float


class CopyingReader:
    """Reads with the weights in ``folder``; they are loaded on the first question."""

    name = "copying-reader"

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self.folder = folder

    @cached_property
    def model(self) -> CopyingReaderModel:
        """:raises ModelError: where the weights or the base they were trained on are missing or others."""
        return load_model(self.folder)

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[list[Reading]]:
        """Answers from all passages of a question at once (see :class:`rag.types.Reader`)."""
        texts = [[(p.context, p.text) for p in found] for found in passages]
        return self.read_texts(questions, texts)

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """The same for passages given as (context, text)."""
        readings: list[list[Reading]] = [[Reading("", -1, 0, 0, 0.0, 1.0)] for _ in questions]
        kept = [i for i, found in enumerate(passages) if any(text.strip() for _, text in found)]
        flat = [(questions[i], context, text) for i in kept for context, text in passages[i]]
        if not flat:
            return readings
        pairs = iter(tokenize_pairs(flat, MAX_TOKENS))
        grouped = {i: [next(pairs) for _ in passages[i]] for i in kept}
        for batch in group_questions(grouped):
            spans, absent = search_spans(self.model, [grouped[i] for i in batch])
            for i, found, no_answer in zip(batch, spans, absent, strict=True):
                texts = [text for _, text in passages[i]]
                readings[i] = write_readings(found, grouped[i], texts, no_answer) or readings[i]
        return readings


def load_model(folder: Path) -> CopyingReaderModel:
    """Loads silently and without network; bf16 where the processor computes in it, fp32 elsewhere."""
    from rag.quiet import silence_transformers
    from rag.reader.model import CopyingReaderModel

    if not (folder / "model.safetensors").is_file():
        raise ModelError(f"No reader's weights in {folder}: install the package again.")
    with silence_transformers():
        try:
            model: CopyingReaderModel = CopyingReaderModel.from_pretrained(
                folder, local_files_only=True, dtype="bfloat16" if multiplies_bf16() else "float32"
            )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelError(
                f"The reader's weights in {folder} cannot be read ({error}): install them again."
            ) from None
    model.eval()
    return model


def group_questions(grouped: dict[int, list[Pair]]) -> Iterator[list[int]]:
    """Questions of similar size together, at most ``TOKENS_AT_ONCE`` padded tokens (or one question) a batch."""

    def measure(i: int) -> tuple[int, int]:
        return len(grouped[i]), max(len(pair.ids) for pair in grouped[i])

    batch: list[int] = []
    for i in sorted(grouped, key=measure):
        passages, length = measure(i)
        if batch and (len(batch) + 1) * passages * length > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def search_spans(model: CopyingReaderModel, batch: Sequence[Sequence[Pair]]) -> tuple[list[list[Span]], list[float]]:
    """The best end for each of the most probable starts of every question, and the probability of NO-ANSWER.

    Only runs of neighbouring tokens are searched, so every continuation is known beforehand and one decoder pass
    scores all of them: the search is exact for the starts it looks at.
    """
    import torch

    with torch.inference_mode():
        memory = model.encode(**collate_pairs(batch))
        length = memory.states.shape[1] // max(len(pairs) for pairs in batch)
        none = torch.zeros(len(batch), 0, dtype=torch.long)
        first = model.decode(memory, none, 1)[:, 0].log_softmax(dim=-1)
        starts = first[:, :-2].topk(min(STARTS, first.shape[1] - 2), dim=1)
        scores = score_ends(model, memory, starts.indices, length) + starts.values.unsqueeze(-1)
        best = scores.max(dim=2)
    spans = []
    for row in range(len(batch)):
        found = [
            Span(start // length, start % length, start % length + end, score)
            for start, end, score in zip(
                starts.indices[row].tolist(),
                best.indices[row].tolist(),
                best.values[row].tolist(),
                strict=True,
            )
            if score > -1e4
        ]
        spans.append(sorted(found, key=lambda s: -s.log_probability))
    return spans, first[:, -1].exp().tolist()


def score_ends(model: CopyingReaderModel, memory: Memory, starts: Tensor, length: int) -> Tensor:
    """Log-probability of stopping after 1 to ``STEPS`` tokens from each start: float32 (B, N, STEPS).

    :param starts: int64 (B, N) source positions.
    :param length: tokens of one padded passage: a run never crosses into the next.
    """
    import torch

    batch, answers = starts.shape
    reach = torch.arange(STEPS)
    positions = starts.unsqueeze(-1) + reach
    inside = (positions // length) == (starts // length).unsqueeze(-1)
    positions = positions.clamp(max=memory.states.shape[1] - 1)
    inside &= memory.copyable.gather(1, positions.flatten(1)).view_as(inside)
    go_on, stop = model.score_steps(memory, positions.flatten(1), STEPS + 1)
    go_on, stop = go_on.view(batch, answers, STEPS), stop.view(batch, answers, STEPS)
    follows = torch.cat([inside[:, :, 1:], torch.zeros_like(inside[:, :, :1])], dim=2)
    chance = torch.nn.functional.logsigmoid(stop - go_on).masked_fill(~follows, 0.0)
    stay = torch.nn.functional.logsigmoid(go_on - stop).masked_fill(~follows, 0.0)
    before = torch.cat([torch.zeros_like(stay[:, :, :1]), stay.cumsum(dim=2)[:, :, :-1]], dim=2)
    return (before + chance).masked_fill(~inside, float("-inf"))


def write_readings(
    spans: Sequence[Span], pairs: Sequence[Pair], texts: Sequence[str], no_answer: float
) -> list[Reading]:
    """Spans to whole words of the passages; of spans that overlap only the most probable stays."""
    import math

    readings: list[Reading] = []
    for span in spans:
        pair, text = pairs[span.passage], texts[span.passage]
        start, end = pair.spans[span.first - pair.first][0], pair.spans[span.last - pair.first][1]
        start, end = widen_span(text, start, end)
        taken = any(r.passage == span.passage and r.start < end and r.end > start for r in readings)
        if start < end and not taken:
            probability = math.exp(span.log_probability)
            readings.append(Reading(text[start:end], span.passage, start, end, probability, no_answer))
    return readings


def widen_span(text: str, start: int, end: int) -> tuple[int, int]:
    """To whole words and whole figures with their signs; punctuation that belongs to neither is trimmed."""
    start, end = trim_marks(text, start, end)
    if start >= end:
        return start, end
    while start > 0 and joins(text, start):
        start -= 1
    while end < len(text) and joins(text, end):
        end += 1
    if text[start].isdigit():
        start = SIGN.search(text, 0, start).start()  # type: ignore[union-attr]
    if text[end - 1].isdigit() and text[end : end + 1] == "%":
        end += 1
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
