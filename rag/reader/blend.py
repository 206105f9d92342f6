"""The mean of two runs' weights, one of which went on from the other: ``python -m rag.reader.blend --help``.

Weights that share a start can be averaged, and read better than either (Wortsman et al. 2022, model soups).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Sequence

WEIGHTS_FILE = "model.safetensors"


def blend_weights(one: Path, other: Path, share: float, out: Path) -> None:
    """Writes ``1 - share`` of the weights in ``one`` and ``share`` of those in ``other``, fp16, with other's files.

    The record of the run, training.json, says what was blended, by the SHA-256 of both.

    :raises RagError: where a folder holds no weights, or the two have different shapes.
    """
    import torch
    from safetensors.torch import load_file, save_file

    try:
        first, second = (load_file(folder / WEIGHTS_FILE) for folder in (one, other))
        record = json.loads((other / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RagError(f"No weights of this project's training in {one} or {other} ({error}): name others.") from None
    if {name: t.shape for name, t in first.items()} != {name: t.shape for name, t in second.items()}:
        raise RagError(f"The weights in {one} and {other} have different shapes: name two runs of one model.")
    blended = {name: torch.lerp(first[name].float(), second[name].float(), share).half() for name in first}
    digests = [hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest() for folder in (one, other)]
    shutil.copytree(other, out, dirs_exist_ok=True)
    save_file(blended, out / WEIGHTS_FILE, metadata={"format": "pt"})
    record["blend"] = {"of": digests, "share": share}
    (out / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.reader.blend", description=__doc__)
    parser.add_argument("one", type=Path, help="folder of the weights that the other run went on from")
    parser.add_argument("other", type=Path, help="folder of the other run's weights")
    parser.add_argument("--share", type=float, default=0.5, help="of the other's weights, 0 to 1; default: %(default)s")
    parser.add_argument("--out", type=Path, required=True, help="folder for the mean; calibrate it afterwards")
    arguments = parser.parse_args(argv)
    try:
        if not 0 <= arguments.share <= 1:
            raise RagError(f"A share lies between 0 and 1, not at {arguments.share}: give another --share.")
        blend_weights(arguments.one, arguments.other, arguments.share, arguments.out)
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
