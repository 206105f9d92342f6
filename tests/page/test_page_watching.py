"""The folder is followed: once for changes that come together, and never for files that are no articles."""

from __future__ import annotations

import shutil
import time
from queue import Empty, Queue
from typing import TYPE_CHECKING

import pytest

from rag.page import watching
from rag.page.watching import FolderWatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60
"""Seconds, for a busy machine."""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.txt").write_text("The ferry sails.\n")
    return folder


@pytest.fixture
def told(corpus: Path) -> Iterator[Queue[float]]:
    said: Queue[float] = Queue()
    watch = FolderWatch(corpus, lambda: said.put(time.monotonic()), 0.3)
    time.sleep(0.5)  # the system watches by then, as it does in use
    yield said
    watch.close()


def test_changes_of_any_kind_are_told(corpus: Path, told: Queue[float]) -> None:
    for change in (
        lambda: (corpus / "b.txt").write_text("The lock is shut.\n"),
        lambda: (corpus / "b.txt").write_text("The lock is open.\n"),
        lambda: (corpus / "b.txt").rename(corpus / "c.txt"),
        lambda: (corpus / "more").mkdir() or (corpus / "more" / "d.html").write_text("<p>The mill burns.</p>"),
        lambda: (corpus / "more" / "d.html").write_text("<p>The mill burnt.</p>"),
        lambda: shutil.rmtree(corpus / "more"),
        lambda: (corpus / "picture.jpg").write_text("x"),  # the first of its kind, which is said to be unread
        lambda: (corpus / "c.txt").unlink(),
    ):
        change()
        told.get(timeout=PATIENCE)
        while not told.empty():
            told.get()


def test_what_comes_together_is_told_when_it_lies_still(corpus: Path, told: Queue[float]) -> None:
    for number in range(30):
        (corpus / f"{number}.txt").write_text(f"The ferry carried {number}.\n")
        last = time.monotonic()
    assert told.get(timeout=PATIENCE) >= last
    with pytest.raises(Empty):
        told.get(timeout=2)


def test_hidden_files_and_further_files_of_another_kind_are_not(corpus: Path, told: Queue[float]) -> None:
    (corpus / "a.jpg").write_text("x")
    told.get(timeout=PATIENCE)
    (corpus / ".log").write_text("x")
    (corpus / "b.jpg").write_text("x")
    (corpus / "a.jpg").write_text("xx")
    with pytest.raises(Empty):
        told.get(timeout=2)


def test_a_folder_may_have_a_dot_in_its_name(corpus: Path, told: Queue[float], tmp_path: Path) -> None:
    for name in ("v1.2", "www.echo.example"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "b.txt").write_text("The lock is shut.\n")
        for source, target in ((tmp_path / name, corpus / name), (corpus / name, tmp_path / name)):
            began = time.monotonic()
            source.rename(target)
            assert told.get(timeout=PATIENCE) - began < watching.LOOK, "it was seen only by the scan from time to time"
            while not told.empty():
                told.get()


def test_a_folder_that_reports_nothing_is_looked_at(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(watching, "LOOK", 1)
    said: Queue[float] = Queue()
    watch = FolderWatch(corpus, lambda: said.put(0.0), 0.2)
    corpus.rename(tmp_path / "old")  # the system goes on watching this one
    corpus.mkdir()
    (corpus / "b.txt").write_text("The lock is shut.\n")
    said.get(timeout=PATIENCE)
    time.sleep(1.5)
    (corpus / "c.txt").write_text("The mill burns.\n")
    said.get(timeout=PATIENCE)
    watch.close()


def test_a_change_that_cannot_be_indexed_is_tried_again(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK", 1)
    monkeypatch.setattr(watching, "RETRY", 0.5)
    said: Queue[float] = Queue()

    def fail_once() -> None:
        said.put(0.0)
        if said.qsize() == 1:
            raise OSError("the disk is full")

    watch = FolderWatch(corpus, fail_once, 0.2)
    (corpus / "b.txt").write_text("The lock is shut.\n")
    deadline = time.monotonic() + PATIENCE
    while said.qsize() < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    watch.close()
    assert said.qsize() == 2
