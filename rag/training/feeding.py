"""The batches of a training run, from examples drawn during the run, or drawn before and packed."""

from __future__ import annotations

import random
from functools import partial
from itertools import chain, islice
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.training.batches import Features, collate, cut_batches, featurize
from rag.training.followups import draw_followup
from rag.training.packed import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import torch
    from torch import Tensor

    from rag.training.examples import ExampleSource
    from rag.training.followups import FollowUp

    Batch = tuple[int, int, list[Features]]

BLOCK = 2048
"""Examples of a block, which are drawn, sorted by length and cut into micro-batches together."""
MAX_ANSWER = 40
"""Maximum tokens of an answer."""
AHEAD = 8
"""Batches prepared in advance while a GPU computes."""


def draw_blocks(
    source: ExampleSource, followups: Sequence[FollowUp], *, share: int, max_tokens: int, seed: int
) -> Iterator[Callable[[], list[Features]]]:
    """Functions that each draw one block of examples, without end; the same blocks in every run.

    :param share: how often an epoch draws each follow-up question.
    """

    def draw(questions: Sequence[tuple[int, int]], start: int, rng: random.Random) -> list[Features]:
        drawn = [source.draw(q, rng) for q in questions[start : start + BLOCK]]
        more = min(1.0, BLOCK / len(questions)) * share * len(followups)
        drawn += [draw_followup(rng.choice(followups), followups, rng) for _ in range(round(more))]
        return featurize([e for e in drawn if e], max_tokens, MAX_ANSWER)

    epoch = 0
    while True:
        questions = source.list_questions(epoch)
        for start in range(0, max(1, len(questions) - BLOCK + 1), BLOCK):
            yield partial(draw, questions, start, random.Random(f"{seed}/{epoch}/{start}"))
        epoch += 1


def unpack_blocks(paths: Sequence[Path]) -> Iterator[Callable[[], list[Features]]]:
    """As :func:`draw_blocks`, from files of packed examples, one file after the other, repeated without end.

    :raises RagError: if the files hold no example.
    """
    found = True
    while found:
        found, examples = False, chain.from_iterable(map(unpack, paths))
        while block := list(islice(examples, BLOCK)):
            found = True
            yield partial(list, block)
    raise RagError(f"No example in {', '.join(map(str, paths))}: pack some with --pack.")


def iterate_batches(
    blocks: Iterator[Callable[[], list[Features]]], tokens: int, seed: int, block: int = 0, batch: int = 0
) -> Iterator[Batch]:
    """(block, batch, micro-batch), from batch ``batch`` of block ``block`` on; the same wherever it starts.

    :param tokens: padded source tokens of a micro-batch.
    """
    for number, make in enumerate(blocks):
        if number < block:
            continue
        for place, micro in enumerate(cut_batches(make(), tokens, random.Random(f"{seed}/{number}"))):
            if number > block or place >= batch:
                yield number, place, micro


def load_ahead(batches: Iterator[Batch], device: torch.device) -> Iterator[tuple[Batch, dict[str, Tensor]]]:
    """Each batch and the model's inputs on ``device``; for a GPU, they are prepared while it computes."""
    if device.type == "cpu":
        for batch in batches:
            yield batch, collate(batch[2])
        return
    queue: Queue[tuple[Batch, dict[str, Tensor]] | Exception] = Queue(AHEAD)

    def fill() -> None:
        try:
            for batch in batches:
                inputs = collate(batch[2]).items()
                queue.put((batch, {name: rows.pin_memory().to(device, non_blocking=True) for name, rows in inputs}))
        except Exception as error:
            queue.put(error)

    Thread(target=fill, daemon=True).start()
    while not isinstance(made := queue.get(), Exception):
        yield made
    raise made
