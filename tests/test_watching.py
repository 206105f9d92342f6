"""`ask watch` follows a folder and says what changed."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 120
"""Until a line must be there. A busy machine may take long for what is done in two seconds."""


@pytest.mark.slow
def test_what_happens_in_the_folder_is_said_and_indexed(tmp_path: Path) -> None:
    corpus = tmp_path / "news"
    corpus.mkdir()
    (corpus / "a.txt").write_text("The ferry\n\nThe ferry to Hollin sails again on Monday.\n", encoding="utf-8")
    command = [sys.executable, "-m", "rag.cli", "watch", "--corpus", str(corpus), "--index", str(tmp_path / "index")]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    ) as watching:
        said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: [said.put(line) for line in watching.stderr or ()], daemon=True).start()

        def wait_for(text: str) -> None:
            while text not in said.get(timeout=SECONDS):
                pass

        try:
            wait_for("Watching")
            (corpus / "b.txt").write_text("The lock\n\nThe lock at Corran is shut until June.\n", encoding="utf-8")
            wait_for("added b.txt")
            (corpus / "b.txt").rename(corpus / "c.txt")
            wait_for("renamed b.txt to c.txt")
            (corpus / "c.txt").unlink()
            wait_for("removed c.txt")
            (corpus / "d.pdf").write_bytes(b"%PDF-1.4 cut")
            wait_for("skipped d.pdf: It is a damaged PDF")
            watching.send_signal(signal.SIGINT)
            status = watching.wait(SECONDS)
        finally:
            watching.kill()
    assert status == 130
