"""The real page in a process of its own, over a copy of some articles, with the real index and reader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Served:
    """A page that answers at ``address``; what it keeps lies in ``data``, what it says in ``log``."""

    address: str
    corpus: Path
    data: Path
    log: Path


@contextmanager
def serve_page(folder: Path, articles: Path, index: Path | None = None, *options: str) -> Iterator[Served]:
    """Starts the page as users do, and ends it; it may have logged no traceback.

    :param folder: for all that it writes.
    :param articles: folder of the articles, which is copied.
    :param index: an index of them, which is copied too; made at the start where there is none.
    :param options: of the command line.
    """
    corpus, data, log = folder / "corpus", folder / "data", folder / "log"
    shutil.copytree(articles, corpus)
    if index is not None:
        shutil.copytree(index, folder / "index")
    places = ["--corpus", str(corpus), "--index", str(folder / "index"), "--data", str(data)]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            # Tests that share a page ask the same questions, and must not find them answered.
            [sys.executable, str(ROOT / "app.py"), *places, "--fresh", *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        ) as served,
    ):
        try:
            assert served.stdout is not None
            line = served.stdout.readline()
            assert line.startswith("The page is at http://127.0.0.1:"), log.read_text()
            yield Served(line.split()[4], corpus, data, log)
        finally:
            served.terminate()
    assert "Traceback" not in log.read_text()
