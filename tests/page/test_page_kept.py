"""Nothing is lost: uploads on a full disk, after kill -9 and in two pages at once, and lists that follow the folder."""

from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from rag.articles.folder import stamp_folder
from rag.machine.temporary import open_temporary, remove_stale
from rag.page.articles import describe_adding
from rag.page.conversation import write_change
from rag.page.exchange import Exchange, read_records
from rag.page.priority import Priority
from rag.page.shelf import Shelf
from rag.page.stages import Stopped
from rag.page.transcript import render_transcript
from rag.page.uploads import MOST_BYTES, MOST_FILES, Adding, place_file, split_upload, take_file
from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

ELGIN = "The burning of Elgin\n\nElgin was founded in 1190. Its cathedral was burnt by the Wolf of Badenoch.\n"
NAIRN = "Bathers return to Nairn\n\nThe baths of Nairn were opened again in May by the mayor, Ishbel Rose.\n"
STORY = "A long story\n\n" + "".join(
    f"In chapter {n} the ferryman carries {n} barrels of salt across the firth, and the toll keeper counts them.\n\n"
    for n in range(400)
)
OpenShelf = Callable[..., Shelf]


@pytest.fixture
def open_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenShelf]:
    """Opens shelves over one folder with one article, with the real index and encoder, and no starter questions."""
    monkeypatch.setattr("rag.page.shelf.choose_suggestions", lambda *_: ())
    corpus, opened = tmp_path / "corpus", []
    corpus.mkdir()
    (corpus / "nairn.txt").write_text(NAIRN, "utf-8")

    def run(seconds: float = 60.0) -> Shelf:
        config = Config(corpus, tmp_path / "index")
        opened.append(Shelf(lambda tell: Pipeline.open(config, tell=tell), corpus, seconds))
        return opened[-1]

    yield run
    for shelf in opened:
        shelf.close()


def send(folder: Path, **files: str) -> list[Path]:
    """Files as a browser sends them."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.txt" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, "utf-8")
    return paths


def list_ids(shelf: Shelf) -> list[str]:
    return [row.document_id for row in shelf.list_rows()]


def wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def find_remains(folder: Path) -> list[str]:
    """Files that an index or the uploads should not hold."""
    return [path.name for path in folder.rglob("*") if ".part" in path.name or ".new" in path.name]


def test_a_full_disk_leaves_nothing_of_an_upload_wherever_it_strikes(
    tmp_path: Path, open_shelf: OpenShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, sync, calls = open_shelf(), os.fsync, 0
    for strike in range(1, 50):
        calls = 0

        def fill(descriptor: int, strike: int = strike) -> None:
            nonlocal calls
            calls += 1
            if calls == strike:
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(descriptor)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fill)
            added = shelf.add(send(tmp_path / "sent", elgin=ELGIN))
        if calls < strike:
            break
        if not added.refused:  # the disk was full where it does no harm
            shelf.remove(["uploads/elgin.txt"])
            continue
        assert "full" in added.refused[0].reason or "make room" in added.refused[0].reason
        assert list_ids(shelf) == ["nairn.txt"]
        assert list((tmp_path / "corpus").glob("uploads/*")) == []
        assert find_remains(tmp_path) == []
    assert strike > 6
    assert list_ids(shelf) == ["nairn.txt", "uploads/elgin.txt"]
    assert list_ids(open_shelf()) == ["nairn.txt", "uploads/elgin.txt"]


def test_a_database_that_cannot_grow_leaves_nothing_and_a_removal_that_fails_takes_nothing(
    tmp_path: Path, open_shelf: OpenShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = open_shelf()
    shelf.add(send(tmp_path / "sent", elgin=ELGIN))

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("rag.index.store.set_duplicates", fail)
        added = shelf.add(send(tmp_path / "sent", a="Dunbar lies by the sea.", b="So does Wick."))
        assert ["disk" in item.reason for item in added.refused] == [True, True]
        changes, kept = shelf.remove(["uploads/elgin.txt"])
        assert changes.removed == ()
        assert [(item.document_id, "full" in item.reason) for item in kept] == [("uploads/elgin.txt", True)]
    assert list_names(tmp_path / "corpus" / "uploads") == ["elgin.txt"]
    assert list_ids(shelf) == ["nairn.txt", "uploads/elgin.txt"]
    assert shelf.remove(["uploads/elgin.txt"])[0].removed == ("uploads/elgin.txt",)
    assert list_names(tmp_path / "corpus" / "uploads") == []


def test_files_are_added_one_after_the_other_and_a_cancelled_upload_keeps_the_first(
    tmp_path: Path, open_shelf: OpenShelf
) -> None:
    shelf, told = open_shelf(), []

    def stop(now: Adding) -> None:
        told.append(now)
        if now.name == "story.txt" and now.done:
            assert list_ids(shelf) == ["nairn.txt", "uploads/elgin.txt"]
            raise Stopped

    paths = send(tmp_path / "sent", elgin=ELGIN, story=STORY, wick="Wick lies by the sea.")
    added = shelf.submit_files(paths, stop).result()
    assert added.changes.added == ("uploads/elgin.txt",)
    assert [(item.document_id, item.reason) for item in added.refused] == [
        ("story.txt", "The upload was cancelled."),
        ("wick.txt", "The upload was cancelled."),
    ]
    assert list_names(tmp_path / "corpus" / "uploads") == ["elgin.txt"]
    assert find_remains(tmp_path) == []
    wait_until(lambda: not any(path.exists() for path in paths))
    assert told[0] == Adding("elgin.txt", 1, 3)
    assert describe_adding(told[-1]).startswith("Adding file 2 of 3, story.txt: 16 of ")


def test_adding_gives_way_to_questions_but_goes_on() -> None:
    priority, told = Priority(), []

    def add() -> None:
        priority.give_way(60)
        told.append("added")

    with ThreadPoolExecutor(1) as pool:
        with priority.first(), priority.first():
            future = pool.submit(add)
            priority.give_way(0.05)
            told.append("answered")
        future.result()
    assert told == ["answered", "added"]


def test_the_time_that_is_left_is_told() -> None:
    now = Adding("book.txt", 1, 1, 500, 1000, 290.0)
    assert describe_adding(now) == "Adding book.txt: 500 of 1,000 passages, about 5 minutes left …"


def test_what_turns_out_to_be_no_article_is_not_kept(tmp_path: Path, open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    paths = send(tmp_path / "sent", rule="<!-- nothing -->\n", big="word " * (MOST_BYTES // 4), elgin=ELGIN)
    added = shelf.add(paths)
    assert added.changes.added == ("uploads/elgin.txt",)
    assert {item.document_id for item in added.refused} == {"rule.txt", "big.txt"}
    assert list_names(tmp_path / "corpus" / "uploads") == ["elgin.txt"]
    big = paths[1:2] * 5
    assert [item.reason for item in split_upload(big)[1]] == ["At most 20 MB at a time: add it next."] * 2
    many = shelf.add(paths[2:] * (MOST_FILES + 1))
    assert many.refused[-1].reason == f"At most {MOST_FILES} files at a time: add it next."


def test_a_feed_is_added_with_all_its_articles_and_goes_with_them(tmp_path: Path, open_shelf: OpenShelf) -> None:
    items = "".join(
        f"<item><title>{t}</title><description>A report on {t}.</description></item>" for t in ("Wick", "Ayr")
    )
    (path,) = send(tmp_path / "sent", feed=f"<rss><channel>{items}</channel></rss>")
    path.write_bytes(path.read_bytes().replace(b"A report", b"A \xa35 report"))
    shelf, both = open_shelf(), ("uploads/feed.txt#1", "uploads/feed.txt#2")
    added = shelf.add([path])
    assert (added.changes.added, added.refused) == (both, ())
    assert [note.text for note in added.changes.notes] == ["read as Windows-1252"]
    assert list_ids(shelf) == ["nairn.txt", *both]
    assert shelf.remove([both[1]])[0].removed == both
    assert list_ids(shelf) == ["nairn.txt"]
    assert list_names(tmp_path / "corpus" / "uploads") == []


def test_two_pages_on_one_folder_see_what_the_other_adds(tmp_path: Path, open_shelf: OpenShelf) -> None:
    one, two = open_shelf(0.05), open_shelf(0.05)
    sent = [send(tmp_path / f"sent{n}", same=f"{text} It lies by the sea.") for n, text in enumerate(("Wick.", "Ayr."))]
    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(lambda pair: pair[0].add(pair[1]), zip((one, two), sent, strict=True)))
    assert [item.refused for item in added] == [(), ()]
    both = ["nairn.txt", "uploads/same-2.txt", "uploads/same.txt"]
    wait_until(lambda: list_ids(one) == list_ids(two) == both)
    assert {path.read_text("utf-8")[:3] for path in (tmp_path / "corpus" / "uploads").iterdir()} == {"Wic", "Ayr"}


def test_files_of_one_name_that_come_at_once_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda n: place_file(b"%d" % n, "a.txt", tmp_path), range(40)))
    assert len(set(names)) == 40
    assert sorted(int(path.read_bytes()) for path in tmp_path.iterdir()) == list(range(40))


def test_a_file_system_without_links_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    (path,) = send(tmp_path / "sent", elgin=ELGIN)
    assert take_file(path, tmp_path / "uploads") == "elgin.txt"
    assert (tmp_path / "uploads" / "elgin.txt").read_text("utf-8") == ELGIN
    assert len(list_names(tmp_path / "uploads")) == 1


def test_the_list_follows_a_folder_that_is_changed_by_hand(tmp_path: Path, open_shelf: OpenShelf) -> None:
    shelf, corpus = open_shelf(0.05), tmp_path / "corpus"
    (corpus / "elgin.txt").write_text(ELGIN, "utf-8")
    wait_until(lambda: list_ids(shelf) == ["elgin.txt", "nairn.txt"])
    version = shelf.version
    (corpus / "README.md").write_text("Not an article.", "utf-8")
    (corpus / "nairn.txt").unlink()
    wait_until(lambda: list_ids(shelf) == ["elgin.txt"])
    assert shelf.version == version + 1
    (corpus / "elgin.txt").unlink()
    wait_until(lambda: list_ids(shelf) == [])
    (corpus / "nairn.txt").write_text(NAIRN, "utf-8")
    wait_until(lambda: list_ids(shelf) == ["nairn.txt"])


def test_a_stamp_changes_with_the_articles_and_with_a_new_kind_of_file_only(tmp_path: Path) -> None:
    before = stamp_folder(tmp_path)
    (tmp_path / ".hidden.txt").touch()
    assert stamp_folder(tmp_path) == before
    (tmp_path / "picture.png").touch()
    pictured = stamp_folder(tmp_path)
    assert pictured != before
    (tmp_path / "other.png").touch()
    assert stamp_folder(tmp_path) == pictured
    (tmp_path / "picture.png").unlink()
    (tmp_path / "other.png").unlink()
    (tmp_path / "a.txt").touch()
    assert stamp_folder(tmp_path) != before
    (tmp_path / "broken.txt").symlink_to("nowhere")
    assert len({before, stamp_folder(tmp_path), stamp_folder(tmp_path / "missing")}) == 2


HOLD = "import sys, time; from rag.machine.temporary import open_temporary\nwith open_temporary(sys.argv[1]) as f: print(f, flush=True); time.sleep(60)"  # noqa: E501


def test_a_temporary_folder_goes_with_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with open_temporary("kept-") as folder:
        (folder / "file").touch()
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, "kept-"], stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            other = Path(process.stdout.readline().strip())
            remove_stale("kept-")
            assert (folder / "file").exists()
            assert other.is_dir()
            process.kill()
        foreign = tmp_path / "kept-unlocked"
        foreign.mkdir()
        remove_stale("kept-")
        assert sorted(tmp_path.iterdir()) == sorted([folder, foreign])
    assert not folder.exists()


ADD = """
import os, signal, sys
from pathlib import Path
from rag.page import shelf as shelves, uploads
from rag.pipeline import Config, Pipeline
how, folder = sys.argv[1], Path(sys.argv[2])
shelves.choose_suggestions = lambda *_: ()
config = Config(folder / "corpus", folder / "index")
shelf = shelves.Shelf(lambda tell: Pipeline.open(config, tell=tell), folder / "corpus")
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def write_half(path, data):
    path.write_bytes(data[: len(data) // 2])
    if "ferryman" in data.decode():
        die()
if how == "writing":
    uploads.write_durably = lambda path, data: write_half(path, data) or path.write_bytes(data)
shelf.add(sorted((folder / "sent").iterdir()), lambda now: die() if now.name == "story.txt" and now.done else None)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("how", "stored"), [("writing", False), ("encoding", True)])
def test_what_was_stored_is_there_after_kill_9_and_no_part_of_a_file(
    tmp_path: Path, open_shelf: OpenShelf, how: str, stored: bool
) -> None:
    send(tmp_path / "sent", elgin=ELGIN, story=STORY)
    ended = subprocess.run([sys.executable, "-c", ADD, how, str(tmp_path)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    shelf = open_shelf()
    assert list_ids(shelf) == ["nairn.txt", "uploads/elgin.txt", *(["uploads/story.txt"] if stored else [])]
    assert find_remains(tmp_path) == []
    if stored:
        assert (tmp_path / "corpus" / "uploads" / "story.txt").read_text("utf-8") == STORY


def test_a_question_without_an_answer_can_be_asked_again() -> None:
    first, second = (Exchange(key * 8, f"Question {key}?") for key in "ab")
    html = render_transcript([first, second], progress="Reading …")
    assert html.count("Ask again") == 1
    assert "Reading …" in html
    assert render_transcript([first, second]).count("Ask again") == 2


def test_a_change_is_inert_in_markup_and_read_back() -> None:
    exchange = Exchange("a" * 8, "</script><b>&amp;")
    change = write_change("c" * 16, [exchange], put=[exchange], drop=["b" * 8])
    assert not set("<>&") & set(change)
    assert read_records(json.loads(change)["put"]) == [exchange]


def test_a_change_tells_whether_each_question_shown_was_answered_and_rated() -> None:
    asked = Exchange("a" * 8, "Who sails to Coll?")
    states = [asked, replace(asked, signature="b" * 64), replace(asked, rating="up"), replace(asked, correction="Ann")]
    shown = [str(json.loads(write_change("c" * 16, [state]))["shown"]) for state in states]
    assert len(set(shown)) == len(states)
