"""Times ``ask`` with ``ask serve`` beside it and without, in turn, so that other load on the machine affects both.

The ratios say more than the times on a machine that does other work. Unix only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASK = [sys.executable, "-m", "rag.client"]
QUESTION = "what stake did Meta buy?"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.warm", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="questions each (default: %(default)s)")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="ask-") as folder:
        served = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": folder}
        alone = {**served, "XDG_RUNTIME_DIR": str(Path(folder) / "none")}
        with subprocess.Popen([*ASK, "serve"], cwd=ROOT, env=served, stderr=subprocess.PIPE, text=True) as server:
            try:
                assert server.stderr is not None  # noqa: S101
                for line in server.stderr:
                    if line.startswith("Ready"):
                        break
                else:
                    sys.exit("ask serve did not start.")
                print(compare(times, alone, served))
            finally:
                server.terminate()


def compare(times: int, alone: dict[str, str], served: dict[str, str]) -> str:
    """The medians of ``ask`` by itself, with a server that reads, and with one that repeats its earlier answer."""
    ways = {"by itself": (alone, "--fresh"), "served": (served, "--fresh"), "remembered": (served, "--json")}
    found: dict[str, list[float]] = {way: [] for way in ways}
    beside: list[float] = []
    for number in range(times + 1):
        for way, (environment, option) in ways.items():
            began = time.perf_counter()
            asked = [*ASK, "--json", option, QUESTION]
            done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
            took = time.perf_counter() - began
            if number:  # the first one fills the system's cache, and the server's memory
                found[way].append(took)
                if way == "served":
                    beside.append(took - json.loads(done.stdout)["seconds"])
    medians = {way: statistics.median(each) for way, each in found.items()}
    lines = [f"{way:12} {median:.2f} s" for way, median in medians.items()]
    lines.append(f"{'besides reading':12} {statistics.median(beside):.2f} s, of the served answers")
    shares = (f"{way} {medians[way] / medians['by itself']:.2f}" for way in ("served", "remembered"))
    return "\n".join([*lines, f"of the time by itself: {', '.join(shares)}"])


if __name__ == "__main__":
    main()
