"""What every result says of how it was made."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = ("torch", "transformers", "sentence-transformers", "faiss-cpu", "numpy")


def write_result(result: dict[str, Any], out: Path | None) -> None:
    """Prints the figures, and writes them with commit, versions and processor where ``out`` is given."""
    print(json.dumps(result, indent=1))
    if out is None:
        return
    made = {
        "commit": _run_git("rev-parse", "--short", "HEAD"),
        "changed_since": bool(_run_git("status", "--porcelain", "--untracked-files=no")),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "processor": _name_processor(),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({**result, "made": made}, indent=1) + "\n", encoding="utf-8")


def bootstrap_interval(values: Sequence[float], draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of the mean (Efron 1979)."""
    import numpy as np

    data = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(data), (draws, len(data)))
    low, high = np.percentile(data[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def _run_git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip()


def _name_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
