"""Of articles that nearly repeat each other, the newest counts as the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from updating import CONFIG, HashEncoder

from rag.index.update import update_index

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (
    "The lift at Corran lock failed again on Friday, and nine boats waited until the evening. Engineers found a broken "
    "gear, which was cast in 1931 and has no spare part. The trust will order a new gear from a foundry in Ulm.\n"
)


def write(corpus: Path, name: str, date: str) -> None:
    corpus.mkdir(exist_ok=True)
    (corpus / name).write_text(f"---\ntitle: Lock fails again\ndate: {date}\n---\n{TEXT}", encoding="utf-8")


def test_earlier_versions_and_undated_copies_stand_under_the_newest(tmp_path: Path) -> None:
    corpus = tmp_path / "news"
    write(corpus, "a.txt", "2024-03-04")
    write(corpus, "b.txt", "2024-06-01")
    write(corpus, "c.txt", "unknown")
    changes = update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    assert changes.duplicates == {"a.txt": "b.txt", "c.txt": "b.txt"}
    write(corpus, "d.txt", "2024-07-01")
    changes = update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    assert changes.duplicates == {"a.txt": "d.txt", "b.txt": "d.txt", "c.txt": "d.txt"}
