"""A large update is written in parts: an interrupted one leaves a valid index, and the next goes on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder, take_snapshot, write_article

from rag.index import update
from rag.index.meter import Pace
from rag.index.update import open_index, update_index

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS = ["otter", "heron", "stoat", "lynx", "mole", "shrew", "vole"]


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven articles and a file that is none, indexed two at a time."""
    monkeypatch.setattr(update, "AT_ONCE", 2)
    folder = tmp_path / "articles"
    folder.mkdir()
    for number, subject in enumerate(SUBJECTS):
        write_article(folder, f"{number}.txt", subject)
    (folder / "photo.jpg").write_bytes(b"x")
    return folder


class FailingEncoder(HashEncoder):
    """Fails when it is asked a number of times."""

    def __init__(self, works: int) -> None:
        super().__init__()
        self.works = works

    def encode(self, *texts: object, **options: object) -> object:  # type: ignore[override]
        if not self.works:
            raise KeyboardInterrupt
        self.works -= 1
        return super().encode(*texts, **options)  # type: ignore[arg-type]


def build_whole(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """What an index looks like that was built at once."""
    with monkeypatch.context() as patched:
        patched.setattr(update, "AT_ONCE", 100)
        update_index(corpus, tmp_path / "whole", HashEncoder(), CONFIG)
    return take_snapshot(tmp_path / "whole")


def test_the_parts_end_in_the_index_and_the_account_of_a_whole(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    folder = tmp_path / "index"
    encoder = HashEncoder()
    changes = update_index(corpus, folder, encoder, CONFIG, tell=lambda done, of: told.append((done, of)))
    assert changes.built
    assert changes.added == tuple(f"{number}.txt" for number in range(7))
    assert changes.summary() == f"indexed 7 articles, {changes.passages} passages, 1 file skipped"
    assert changes.passages == len(encoder.encoded)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (changes.passages, changes.passages)
    assert take_snapshot(folder) == build_whole(corpus, tmp_path, monkeypatch)
    assert update_index(corpus, folder, encoder, CONFIG).unchanged == 8


@pytest.mark.parametrize("works", [1, 2, 3])
def test_an_interrupted_update_loses_only_its_last_part(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: int
) -> None:
    folder, whole = tmp_path / "index", 2 * works - 1  # the picture is in the first part
    with pytest.raises(KeyboardInterrupt):
        update_index(corpus, folder, FailingEncoder(works), CONFIG)
    with open_index(folder) as index:
        assert [summary.document_id for summary in index.documents()] == [f"{n}.txt" for n in range(whole)]
    encoder = HashEncoder()
    changes = update_index(corpus, folder, encoder, CONFIG)
    assert changes.added == tuple(f"{number}.txt" for number in range(whole, 7))
    assert not any(subject in text for text in encoder.encoded for subject in SUBJECTS[:whole])
    assert take_snapshot(folder) == build_whole(corpus, tmp_path, monkeypatch)


def test_edits_renames_and_losses_in_parts_are_told_once(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    update_index(corpus, folder, HashEncoder(), CONFIG)
    for number in range(3):
        write_article(corpus, f"{number}.txt", "newt", 9 + number)
    write_article(corpus, "a.txt", "toad")
    (corpus / "5.txt").rename(corpus / "z.txt")
    (corpus / "6.txt").unlink()
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert (changes.added, changes.changed, changes.removed) == (("a.txt",), ("0.txt", "1.txt", "2.txt"), ("6.txt",))
    assert changes.renamed == (("5.txt", "z.txt"),)
    assert (changes.unchanged, changes.built) == (3, False)
    assert take_snapshot(folder) == build_whole(corpus, tmp_path, monkeypatch)


def test_files_without_an_article_are_passed_over_until_one_is_found(tmp_path: Path, corpus: Path) -> None:
    for path in corpus.glob("*.txt"):
        if path.name != "6.txt":
            path.write_bytes(b"")
    changes = update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    assert changes.added == ("6.txt",)
    assert len(changes.skipped) == 7


def test_the_passages_of_parts_to_come_are_estimated_from_their_files() -> None:
    told: list[tuple[int, int]] = []
    pace = Pace(lambda done, of: told.append((done, of)), 6)
    for passages in (10, 20):
        part = pace.tell_part(3)
        assert part is not None
        part(passages, passages)
        pace.end_part(3)
    assert told == [(10, 20), (30, 30)]
