"""Load test: starts the page over the seeds, and measures it with many users at once.

Each user asks one question after another. Every answer is compared with the one that the same question got when nobody
else was asking: none may be wrong, belong to another question, or be missing. With ``--browser``, one browser asks
alone, and the time to the first visible part of the answer is measured.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from eval.browsing import explain_missing, open_browser, time_first_answer
from eval.gold import load_gold

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = [
    "what stake did Meta buy?",
    "Who is the interim CEO of Scale AI?",
    "how many weekly active users does openai serve",
    "What is the name of AMD's full server rack?",
    "How much did Meta pay for its stake?",
    "Why did Meta invest in Scale AI?",
    "How do I bake sourdough bread?",
    "Who founded Scale AI?",
]
ASKED = 20
"""Number of gold questions that are asked in a browser."""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.load", description=__doc__)
    parser.add_argument("--users", type=int, default=20, help="users at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="duration of the test (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=0, help="seconds between answer and next question (default: 0)")
    parser.add_argument(
        "--browser", action="store_true", help="instead time the first visible answer in a browser, with one user"
    )
    return parser


def main() -> None:
    arguments = build_parser().parse_args()
    missing = explain_missing() if arguments.browser else ""
    if missing:
        sys.exit(f"--browser cannot run. {missing}")
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, str(ROOT / "app.py"), "--data", data, "--fresh"]
        with subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        ) as served:
            try:
                assert served.stdout is not None  # noqa: S101
                address = served.stdout.readline().split()[4]
                if arguments.browser:
                    compare_browser(address)
                else:
                    measure(address, served.pid, arguments)
            finally:
                served.terminate()


def measure(address: str, process: int, arguments: argparse.Namespace) -> None:
    """Prints the numbers of answers and faults, the times, and the memory of the page's process."""
    from gradio_client import Client

    client = Client(address, verbose=False)
    alone = {question: summarise(client.predict(question, api_name="/ask")) for question in QUESTIONS}
    before, end = read_memory(process), time.monotonic() + arguments.seconds
    with ThreadPoolExecutor(arguments.users) as pool:
        people = [pool.submit(ask_on, address, alone, end, arguments.pause, seed) for seed in range(arguments.users)]
        time.sleep(arguments.seconds / 2)
        halfway = read_memory(process)
        found = [person.result() for person in people]
    times = sorted(seconds for taken, _ in found for seconds in taken)
    faults = [fault for _, faulty in found for fault in faulty]
    print(f"{arguments.users} users, {arguments.seconds:g} s: {len(times)} answers, {len(faults)} wrong, mixed or lost")
    for fault in faults[:5]:
        print(f"  {fault}")
    print(f"seconds to an answer: {describe_times(times)}, most {times[-1]:.2f}")
    print(f"memory of the page: {before} MB before, {halfway} halfway, {read_memory(process)} after")


def ask_on(address: str, alone: dict[str, Any], end: float, pause: float, seed: int) -> tuple[list[float], list[str]]:
    """(seconds of each answer, description of each fault) of one user."""
    from gradio_client import Client

    client, chosen = Client(address, verbose=False), random.Random(seed)
    times, faults = [], []
    while time.monotonic() < end:
        question = chosen.choice(QUESTIONS)
        began = time.monotonic()
        try:
            got = summarise(client.predict(question, api_name="/ask"))
        except Exception as error:  # any error means a lost answer
            faults.append(f"{question}: {error}")
            continue
        times.append(time.monotonic() - began)
        if got != alone[question]:
            faults.append(f"{question}: {got}")
        time.sleep(pause)
    return times, faults


def compare_browser(address: str) -> None:
    """Prints the times to the first visible answer and to the answer through the API, with models loaded."""
    from gradio_client import Client

    facts = [gold.question for gold in load_gold(ROOT / "eval" / "gold") if gold.kind == "facts"]
    client = Client(address, verbose=False)
    seen, told = [], []
    with open_browser() as browser:
        time_first_answer(browser, address, facts[0])
        # Alternate, so that other load on the machine affects both equally.
        for question in facts[:ASKED]:
            began = time.perf_counter()
            client.predict(question, api_name="/ask")
            told.append(time.perf_counter() - began)
            seen.append(time_first_answer(browser, address, question))
    print(f"{len(seen)} questions; seconds from Enter to the short answer in a browser: {describe_times(seen)}")
    print(f"seconds to the answer through the API: {describe_times(told)}")
    print(f"browser : API, of the medians: {statistics.median(seen) / statistics.median(told):.2f}")


def describe_times(times: list[float]) -> str:
    ranks = statistics.quantiles(times, n=20, method="inclusive")
    return f"median {statistics.median(times):.2f}, p95 {ranks[-1]:.2f}"


def summarise(answer: dict[str, Any]) -> tuple[Any, ...]:
    """The parts of an answer that must be the same each time."""
    return answer["question"], answer["answer"], [citation["quote"] for citation in answer["citations"]]


def read_memory(process: int) -> int:
    """Resident memory of a process in MiB. Linux only."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS"))) // 1024


if __name__ == "__main__":
    main()
