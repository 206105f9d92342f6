"""A file with another name and the same content is said to be renamed, and nothing else is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder, take_snapshot, write_article

from rag.index.update import update_index

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, subject in (("a.txt", "otter"), ("b.txt", "heron")):
        write_article(folder, name, subject)
    items = "".join(f"<item><title>{n}</title><description>A report on {n}.</description></item>\n" for n in "xy")
    (folder / "feed.xml").write_text(f"<rss><channel>\n{items}</channel></rss>", encoding="utf-8")
    return folder


def test_a_renamed_file_is_neither_added_nor_removed(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    update_index(corpus, folder, HashEncoder(), CONFIG)
    (corpus / "more").mkdir()
    (corpus / "a.txt").rename(corpus / "more" / "z.txt")
    (corpus / "feed.xml").rename(corpus / "news.xml")
    (corpus / "b.txt").unlink()
    write_article(corpus, "c.txt", "stoat")
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert changes.renamed == (("a.txt", "more/z.txt"), ("feed.xml#1", "news.xml#1"), ("feed.xml#2", "news.xml#2"))
    assert (changes.added, changes.changed, changes.removed) == (("c.txt",), (), ("b.txt",))
    assert changes.summary() == "1 article added, 3 renamed, 1 removed"
    update_index(corpus, tmp_path / "fresh", HashEncoder(), CONFIG)
    assert take_snapshot(folder) == take_snapshot(tmp_path / "fresh")


def test_a_copy_is_added_and_its_original_can_then_be_removed(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    update_index(corpus, folder, HashEncoder(), CONFIG)
    (corpus / "copy.txt").write_bytes((corpus / "a.txt").read_bytes())
    assert update_index(corpus, folder, HashEncoder(), CONFIG).added == ("copy.txt",)
    (corpus / "a.txt").unlink()
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert (changes.renamed, changes.removed) == ((), ("a.txt",))


def change_folder(corpus: Path, source: random.Random) -> None:
    """Add, edit, rename or remove a file."""
    files = sorted(corpus.glob("*.txt"))
    kind = source.choice(["add", "edit", "rename", "remove"] if len(files) > 2 else ["add"])
    if kind == "add":
        write_article(corpus, f"n{source.randrange(10**6)}.txt", source.choice(["lynx", "mole", "shrew"]), 3)
    elif kind == "edit":
        write_article(corpus, source.choice(files).name, source.choice(["vole", "newt", "toad"]), 4)
    elif kind == "rename":
        source.choice(files).rename(corpus / f"r{source.randrange(10**6)}.txt")
    else:
        source.choice(files).unlink()


def test_any_changes_end_in_the_index_of_a_new_build(corpus: Path, tmp_path: Path) -> None:
    source = random.Random(5)
    for _ in range(25):
        for _ in range(source.randint(1, 4)):
            change_folder(corpus, source)
        update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    update_index(corpus, tmp_path / "fresh", HashEncoder(), CONFIG)
    assert take_snapshot(tmp_path / "index") == take_snapshot(tmp_path / "fresh")
