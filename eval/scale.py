"""Checks that take minutes, run by hand: a large folder whose indexing is killed, hundreds of changes under
``ask watch``, and a thousand damaged files.

usage: python -m eval.scale killed FOLDER | watched | damaged [--count N] [--seed N]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.damage import damage_files
from rag.errors import IndexFolderError
from rag.index.chunking import ChunkingConfig
from rag.index.update import open_index, update_index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

DIMENSION = 16
KILLS = 10
QUIET = 12.0
"""Seconds without a line from ``ask watch`` after which it has caught up, on a busy machine too."""
WORDS = "ferry lock harbour bridge council quarry otter heron station market mill library tunnel orchard choir".split()  # noqa: SIM905


class HashEncoder:
    """Makes a text's vector of its hash: the checks are about files, and encoding takes longest."""

    name, fingerprint, max_tokens = "hash", "f" * 64, 254

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(
        self, texts: Sequence[str], *, contexts: Sequence[str] = (), query: bool = False, progress: bool = False
    ) -> NDArray[np.float32]:
        del contexts, query, progress
        digests = [hashlib.sha512(text.encode("utf-8", "replace")).digest() for text in texts]
        rows = np.frombuffer(b"".join(digests), dtype="<u4").reshape(len(texts), DIMENSION).astype(np.float64)
        rows = rows / 2**31 - 1
        made: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["killed", "watched", "damaged", "index"])
    parser.add_argument("folder", type=Path, nargs="?", help="articles for killed")
    parser.add_argument("index", type=Path, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help="changes (500) or files (1,000)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.check == "index":  # the process that is killed
        update_index(given.folder, given.index, HashEncoder(), ChunkingConfig())
        return 0
    if given.check == "killed" and given.folder is None:
        parser.error("killed needs a folder of articles")
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        result = {
            "killed": lambda: check_killed(given.folder, work, rng),
            "watched": lambda: check_watched(work, given.count or 500, rng),
            "damaged": lambda: damage_files(work, given.count or 1000, rng),
        }[given.check]()
    print(json.dumps(result, indent=1))
    return 0 if result["passed"] else 1


def describe_index(folder: Path) -> dict[str, list[Any]] | None:
    """Each document's facts and passages; None if there is no index."""
    try:
        index = open_index(folder)
    except IndexFolderError:
        return None
    with index:
        found: dict[str, list[Any]] = {}
        for one in index.documents():
            passages = [(p.passage_id, p.start, p.end, p.text) for p in index.document_passages(one.document_id)]
            found[one.document_id] = [one.title, one.date, one.duplicate_of, one.text_sha256, passages]
        if index.passage_count != sum(len(facts[-1]) for facts in found.values()):
            raise RuntimeError("the index has passages without an article")
        return found


def check_killed(corpus: Path, work: Path, rng: random.Random) -> dict[str, Any]:
    """Kills a process that indexes a folder at ten random moments, lets it finish, and compares with a fresh build."""
    whole, cut = work / "whole", work / "cut"
    began = time.monotonic()
    start_indexing(corpus, whole).wait()
    seconds = time.monotonic() - began
    expected = describe_index(whole) or {}
    held = []
    for _ in range(KILLS):
        process = start_indexing(corpus, cut)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0.02, 0.3) * seconds)
        process.kill()
        process.wait()
        found = describe_index(cut) or {}
        # Which article is the original of a near-duplicate depends on what is there.
        wrong = [key for key, facts in found.items() if facts[3:] != expected[key][3:]]
        held.append({"articles": len(found), "wrong": len(wrong)})
    start_indexing(corpus, cut).wait()
    same = describe_index(cut) == expected
    left = sorted(path.name for path in cut.iterdir() if ".new" in path.name)
    passed = same and not left and not any(each["wrong"] for each in held)
    files = len(list(corpus.iterdir()))
    return {"passed": passed, "files": files, "articles": len(expected), "seconds": round(seconds, 1), "after": held}


def start_indexing(corpus: Path, index: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "eval.scale", "index", str(corpus), str(index)])


def check_watched(work: Path, count: int, rng: random.Random) -> dict[str, Any]:
    """Changes a folder at random under ``ask watch``, and compares its index with a fresh build."""
    corpus, index, log = work / "news", work / "index", work / "log"
    corpus.mkdir()
    for number in range(20):
        write_article(corpus / f"{number}.txt", rng)
    command = [sys.executable, "-m", "rag.cli", "watch", "--corpus", str(corpus), "--index", str(index)]
    with log.open("w") as said, subprocess.Popen(command, stderr=said) as watching:
        try:
            wait_until(lambda: "Watching" in log.read_text())
            done = [change_folder(corpus, number, rng) for number in range(count)]
            size = -1
            while size != log.stat().st_size:
                size = log.stat().st_size
                time.sleep(QUIET)
        finally:
            watching.kill()
    from rag.pipeline import Config, Pipeline

    Pipeline.open(Config(corpus, work / "fresh")).close()
    same = describe_index(index) == describe_index(work / "fresh")
    text = log.read_text()
    kinds = {kind: done.count(kind) for kind in sorted(set(done))}
    updates = text.count("index: ")
    passed = same and "Traceback" not in text
    return {"passed": passed, "changes": kinds, "updates": updates, "articles": len(describe_index(index) or ())}


def change_folder(corpus: Path, number: int, rng: random.Random) -> str:
    """One change, and a pause that is often too short for an update."""
    files = sorted(path for path in corpus.rglob("*.txt"))
    kind = rng.choice(["add", "add", "edit", "edit", "rename", "remove", "touch", "write over"])
    path = rng.choice(files)
    if kind == "add" or len(files) < 8:
        kind, path = "add", corpus / rng.choice(["", "more", "more/deep"]) / f"n{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_article(path, rng)
    elif kind == "edit":
        path.write_text(path.read_text() + f"\nThe {rng.choice(WORDS)} was closed on day {number}.\n")
    elif kind == "rename":
        path.rename(path.with_name(f"r{number}.txt"))
    elif kind == "remove":
        path.unlink()
    elif kind == "touch":
        path.touch()
    else:
        write_article(path.with_suffix(".part"), rng)
        os.replace(path.with_suffix(".part"), path)  # noqa: PTH105 (as editors save)
    time.sleep(rng.choice([0, 0, 0, 0.01, 0.05, 0.3, 1.0]))
    return kind


def write_article(path: Path, rng: random.Random) -> None:
    chosen = rng.sample(WORDS, 3)
    lines = [f"The {word} was opened by {rng.choice(WORDS)} number {rng.randrange(10**6)}." for word in chosen]
    path.write_text(f"News of the {chosen[0]} {rng.randrange(10**6)}\n\n" + "\n\n".join(lines) + "\n")


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
