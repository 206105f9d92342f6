"""Articles that share a file are added, changed and removed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder

from rag.index.update import open_index, update_index

if TYPE_CHECKING:
    from pathlib import Path


def write_feed(corpus: Path, *titles: str) -> None:
    items = "".join(f"<item><title>{t}</title><description>A report on {t}.</description></item>\n" for t in titles)
    (corpus / "feed.txt").write_text(f"<rss><channel>\n{items}</channel></rss>", encoding="utf-8")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "other.txt").write_text("A toad\n\nThe toad crossed the road at night.", encoding="utf-8")
    write_feed(folder, "herons", "newts")
    return folder


def list_titles(folder: Path) -> dict[str, str]:
    with open_index(folder) as opened:
        return {summary.document_id: summary.title for summary in opened.documents()}


def test_a_feed_follows_its_file(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert changes.added == ("feed.txt#1", "feed.txt#2", "other.txt")
    assert list_titles(folder) == {"feed.txt#1": "herons", "feed.txt#2": "newts", "other.txt": "A toad"}

    write_feed(corpus, "moles")
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert (changes.added, changes.changed, changes.unchanged) == ((), ("feed.txt",), 1)
    assert list_titles(folder) == {"feed.txt": "moles", "other.txt": "A toad"}

    write_feed(corpus, "moles", "shrews", "voles")
    update_index(corpus, folder, HashEncoder(), CONFIG)
    assert update_index(corpus, folder, HashEncoder(), CONFIG).unchanged == 2
    (corpus / "feed.txt").unlink()
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert changes.removed == ("feed.txt#1", "feed.txt#2", "feed.txt#3")
    assert list_titles(folder) == {"other.txt": "A toad"}


def test_an_updated_index_equals_a_new_one(corpus: Path, tmp_path: Path) -> None:
    update_index(corpus, tmp_path / "old", HashEncoder(), CONFIG)
    write_feed(corpus, "newts", "herons", "stoats")
    update_index(corpus, tmp_path / "old", HashEncoder(), CONFIG)
    update_index(corpus, tmp_path / "new", HashEncoder(), CONFIG)
    with open_index(tmp_path / "old") as old, open_index(tmp_path / "new") as new:
        assert old.documents() == new.documents()
        for summary in new.documents():
            found = [(p.passage_id, p.text) for p in old.document_passages(summary.document_id)]
            assert found == [(p.passage_id, p.text) for p in new.document_passages(summary.document_id)]
