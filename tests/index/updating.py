"""Updates an index in processes of its own, so that tests can kill them: `updating.py SCENARIO FOLDER...`."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import IndexFolderError
from rag.index.chunking import ChunkingConfig, chunk_document
from rag.index.update import open_index, update_index
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

CONFIG = ChunkingConfig(max_tokens=40, overlap_tokens=8, min_tokens=10)
DIMENSION = 16
# What an update does to files: Python's own audit events, which a hook hears before each of them happens.
FILE_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "shutil.copyfile", "sqlite3.connect"}


class HashEncoder:
    """Counts what it is asked; a text's vector is made of its hash."""

    name = "hash"
    max_tokens = 254

    def __init__(self, fingerprint: str = "f" * 64, seconds: float = 0.0) -> None:
        self.fingerprint = fingerprint
        self.seconds = seconds
        self.encoded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(
        self, texts: Sequence[str], *, contexts: Sequence[str] = (), query: bool = False, progress: bool = False
    ) -> NDArray[np.float32]:
        del contexts, query, progress
        time.sleep(self.seconds)
        self.encoded += texts
        rows = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            digest = hashlib.sha512(text.encode("utf-8", "replace")).digest()
            row[:] = np.frombuffer(digest[: 4 * DIMENSION], dtype="<u4").astype(np.float64) / 2**31 - 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def write_article(corpus: Path, name: str, subject: str, sentences: int = 12) -> None:
    """An article whose every sentence names its subject."""
    lines = [f"# {subject} in the news", ""]
    for number in range(sentences):
        lines += [f"The {subject} reached mark {number} after {subject} rivals said little about it.", ""]
    (corpus / name).write_text("\n".join(lines), encoding="utf-8")


def take_snapshot(folder: Path) -> Any:
    """All that a reader can see of an index, None where there is none."""
    try:
        index = open_index(folder)
    except IndexFolderError:
        return None
    with index:
        documents = index.documents()
        vectors = HashEncoder().encode(["otter", "heron"])
        dense = [[index.passages([row])[0].passage_id for row, _ in found] for found in index.search_dense(vectors, 5)]
        lexical = [index.passages([row])[0].passage_id for row, _ in index.search_bm25("otter heron mark 3", 9)]
        texts = {item.document_id: index.document(item.document_id) for item in documents}
        return [repr(documents), sorted(dense[0]), sorted(dense[1]), sorted(lexical), repr(texts)]


def in_child(work: Callable[[], object], kill_after: float | None = None) -> int:
    """Run in a forked process, killed after some seconds; minus the signal, or the exit status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at_event(number: int, folder: Path) -> None:
    """Make this process kill itself just before its n-th operation on the folder's files, from 1; 0 for never."""
    seen = [0]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in FILE_EVENTS and str(folder) in str(arguments[0]):
            seen[0] += 1
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def check_after_kill(corpus: Path, folder: Path, before: Any, after: Any) -> str:
    """Which of the two the index is; the next update must make it as after, and leave nothing else."""
    seen = take_snapshot(folder)
    assert seen in (before, after), f"neither before nor after: {seen}"
    update_index(corpus, folder, HashEncoder(), CONFIG)
    assert take_snapshot(folder) == after
    names = sorted(path.name for path in folder.iterdir())
    assert names == [".lock", "manifest.json", "passages.db", "vectors.faiss"], names
    assert len(json.loads((folder / "manifest.json").read_bytes())["states"]) == 1
    return "before" if seen == before else "after"


def kill_updates(corpus: Path, start: Path, work: Path, rounds: int) -> dict[str, int]:
    """Kill updates of copies of the index `start` at every file operation, then at random times.

    :param start: a folder that is not there for updates that build.
    :return: how many were killed at an operation and at a time; how many indexes were as before and after.
    """
    # What every child would import by itself; none of it starts a thread, which a fork would lose.
    import faiss  # noqa: F401
    import filelock  # noqa: F401

    chunk_document(Document("a", "A", None, "One two."), count_tokens=HashEncoder().count_tokens, config=CONFIG)
    folder, result = work / "index", work / "result.json"
    counts = {"at_event": 0, "at_time": 0, "before": 0, "after": 0}

    def reset() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if start.is_dir():
            shutil.copytree(start, folder)

    def update(number: int = 0) -> None:
        kill_at_event(number, folder)
        update_index(corpus, folder, HashEncoder(), CONFIG)

    def ask_child(question: Callable[[], Any]) -> Any:
        assert in_child(lambda: result.write_text(json.dumps(question()))) == 0
        return json.loads(result.read_text())

    reset()
    before = ask_child(lambda: take_snapshot(folder))
    began = time.monotonic()
    assert in_child(update) == 0
    duration = time.monotonic() - began
    after = ask_child(lambda: take_snapshot(folder))
    while True:
        reset()
        number = counts["at_event"] + 1
        if in_child(partial(update, number)) == 0:
            break
        counts["at_event"] += 1
        counts[ask_child(lambda: check_after_kill(corpus, folder, before, after))] += 1
    source = random.Random(7)
    while counts["at_time"] < rounds:
        reset()
        counts["at_time"] += in_child(update, kill_after=source.uniform(0, duration)) == -signal.SIGKILL
        counts[ask_child(lambda: check_after_kill(corpus, folder, before, after))] += 1
    return counts


def main(scenario: str, *folders: str) -> None:
    paths = [Path(folder) for folder in folders]
    if scenario == "kill":
        result: dict[str, Any] = dict(kill_updates(paths[0], paths[1], paths[2], rounds=15 if paths[1].is_dir() else 5))
    else:
        changes = update_index(paths[0], paths[1], HashEncoder(seconds=0.5), CONFIG)
        result = {"built": changes.built, "unchanged": changes.unchanged}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
