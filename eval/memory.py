"""Memory by part: what each step of one ``ask`` over the seeds adds to the memory of its process. Linux only."""

from __future__ import annotations

import argparse
from pathlib import Path

QUESTION = "Who is the interim CEO of Scale AI?"


def main() -> None:
    argparse.ArgumentParser(prog="python -m eval.memory", description=__doc__).parse_args()
    tell("Python")
    import numpy as np  # noqa: F401 (its memory is measured)
    import onnxruntime  # noqa: F401

    tell("Python, numpy and onnxruntime")
    from rag.pipeline import Config, Pipeline
    from rag.reader.choosing import ChoosingReader

    # The index must be up to date: building it uses more memory than asking.
    pipeline = Pipeline.open(Config())
    tell("the product's modules and the index")
    found = pipeline.retriever.retrieve([QUESTION], pipeline.k, [None])[0]
    tell("the encoder, and a search")
    reader = pipeline.models.reader
    assert isinstance(reader, ChoosingReader)  # noqa: S101 (the built-in one)
    _ = reader.small.graphs
    tell("the small reader")
    _ = reader.large.graphs
    tell("the large reader")
    for times in ("once", "twice"):
        reader.read([QUESTION], [[scored.passage for scored in found]])
        tell(f"reading, {times}")


def tell(part: str) -> None:
    """Prints the memory of this process in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    held, mapped, peak = (int(told[name].split()[0]) // 1024 for name in ("VmRSS", "RssFile", "VmHWM"))
    print(f"{part:40} {held:5} MiB, {mapped:4} of them from files; at most {peak:5} so far", flush=True)


if __name__ == "__main__":
    main()
