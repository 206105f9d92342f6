"""Trains the small reader on the large one's scores: ``python -m rag.training.distil --help``.

Both use the same tokens, so each score of one corresponds to a score of the other (knowledge distillation: Hinton et
al. 2015).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.training.feeding import iterate_batches, load_ahead, unpack_blocks
from rag.training.settings import Settings
from rag.training.train import save_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.training.model import CopyingReaderModel

TAUGHT = 0.7
"""Weight of the loss on the teacher's scores; the rest is that of the loss on annotated answers."""


def distil(student: CopyingReaderModel, teacher: CopyingReaderModel, a: argparse.Namespace) -> dict[str, float]:
    """Trains ``student`` for ``a.minutes``, with the rate falling to zero, and leaves the averaged weights in it.

    :returns: steps, examples seen, and the mean loss of the last hundred steps.
    """
    import torch
    from tqdm import tqdm

    from rag.training.losses import compute_distillation
    from rag.training.optimizing import Optimizer

    settings = Settings(encoder_rate=a.encoder_rate, new_rate=a.new_rate, warm_up=50, tokens=a.tokens)
    optimizer = Optimizer(student, settings)
    teacher.eval().requires_grad_(requires_grad=False)
    batches = iterate_batches(unpack_blocks(a.packed), a.tokens, settings.seed)
    began, kind = time.monotonic(), student.device.type
    losses: list[torch.Tensor] = []
    with tqdm(unit="step", disable=None) as bar:
        for (_, _, micro), inputs in load_ahead(batches, student.device):
            with torch.autocast(kind, torch.bfloat16, enabled=kind != "cpu"):
                with torch.no_grad():
                    told = teacher(**inputs)
                said = student(**inputs)
                taught = compute_distillation((said.memory, said.logits), (told.memory, told.logits), inputs["labels"])
            (TAUGHT * taught + (1 - TAUGHT) * said.loss).backward()
            losses.append(taught.detach())
            optimizer.state["seen"] += len(micro)
            spent = (time.monotonic() - began) / 60
            optimizer.step(max(0.0, 1 - spent / a.minutes))
            bar.update()
            if optimizer.state["steps"] % 100 == 0:
                print(optimizer.state["seen"], float(sum(losses[-100:])) / 100, file=sys.stderr)
            if spent >= a.minutes:
                break
    optimizer.keep_average()
    recent = losses[-100:]
    return {
        "steps": optimizer.state["steps"],
        "seen": optimizer.state["seen"],
        "loss": round(float(sum(recent)) / len(recent), 4),
    }


def run(arguments: argparse.Namespace) -> None:
    from rag.training.model import CopyingReaderModel

    teacher, student = (
        CopyingReaderModel.from_pretrained(folder, local_files_only=True, dtype="float32")
        for folder in (arguments.teacher, arguments.student)
    )
    record = distil(student.to(arguments.device).train(), teacher.to(arguments.device), arguments)
    save_weights(student, arguments.out, None, {**record, "minutes": arguments.minutes, "taught": TAUGHT})
    print(json.dumps(record))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.training.distil", description=__doc__)
    add = parser.add_argument
    add("--teacher", type=Path, required=True, metavar="DIR", help="weights of the large reader")
    add("--student", type=Path, required=True, metavar="DIR", help="weights of the small reader to start from")
    add("--packed", type=Path, nargs="+", required=True, metavar="FILE", help="from rag.training.train --pack")
    add("--minutes", type=float, required=True, help="training time")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the trained weights")
    add("--tokens", type=int, default=2560, help="padded source tokens per step; default: %(default)s")
    add("--encoder-rate", type=float, default=1e-4, help="the encoder's peak rate; default: %(default)s")
    add("--new-rate", type=float, default=2e-4, help="peak rate of the rest; default: %(default)s")
    add("--device", default="cpu", help="cpu or cuda; default: %(default)s")
    try:
        run(parser.parse_args(argv))
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
