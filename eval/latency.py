"""Latency of answers: by stage with models loaded, and from a cold start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.judging import Record


def summarize_latency(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """p50 and p95 of each stage and in total, in milliseconds, with models loaded."""
    timings = [r.answer.timing for r in records if r.answer is not None]
    stages = {
        "rewrite": [t.rewrite for t in timings],
        "retrieve": [t.retrieve for t in timings],
        "read": [t.read for t in timings],
        "compose": [t.compose for t in timings],
        "total": [t.total for t in timings],
    }
    return {
        stage: {f"p{q}": round(1000 * float(np.percentile(values, q)), 1) for q in (50, 95)}
        for stage, values in stages.items()
        if values
    }


CHILD = """
import sys
from rag.cli import main
status = main(sys.argv[1:])
from eval.latency import find_peak
print("peak", find_peak(), status, file=sys.stderr)
"""


def measure_cold_start(question: str, arguments: Sequence[str]) -> dict[str, float] | None:
    """Seconds and peak memory in MiB of one ``ask`` in a new process, with files in the system's cache.

    The index must be up to date, so that the time does not include an update. None if the process failed.
    """
    # Use the checkout's code, whatever the current folder.
    paths = [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-c", CHILD, *arguments, "--", question]
    began = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    )
    seconds = time.perf_counter() - began
    told = done.stderr.split()[-3:]
    if done.returncode or len(told) < 3 or told[2] != "0":
        return None
    return {"seconds": round(seconds, 2), "peak_MiB": round(float(told[1]))}


def find_peak() -> float:
    """Peak memory of this process in MiB; 0 if unknown."""
    try:
        # Unlike getrusage, this does not inherit the peak of the parent process.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
