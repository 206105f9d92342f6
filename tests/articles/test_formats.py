"""Files of every format become articles, and those of other kinds are named with their reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.articles.columns import USUAL
from rag.articles.folder import (
    Contents,
    Skipped,
    find_articles,
    find_skipped,
    name_document,
    read_file,
    stamp_folder,
)
from rag.articles.formats import FORMATS
from rag.articles.raw import Converted, RawArticle
from rag.articles.worker import MOST_TEXT, _convert
from rag.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

STORY = "Lighthouse reopens after storm\n\nThe lighthouse at Skerry Point reopened on Monday, keeper Ida Holm said.\n"


def read_one(path: Path) -> Document:
    found = read_file(path, path.parent)
    assert isinstance(found, Contents), found
    (document,) = found.documents
    return document


@pytest.mark.parametrize("suffix", [".markdown", ".rst", ".MARKDOWN"])
def test_text_of_other_suffixes_reads_like_txt(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "light.txt").write_text(STORY)
    (tmp_path / f"light{suffix}").write_text(STORY)
    assert [path.name for path in find_articles(tmp_path)] == sorted(["light.txt", f"light{suffix}"])
    assert read_one(tmp_path / f"light{suffix}").text == read_one(tmp_path / "light.txt").text


def test_files_of_other_kinds_are_named_once_for_each_kind(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "photos").mkdir()
    for number in range(2_500):
        (tmp_path / "photos" / f"{number:04}.jpg").touch()
    for name in ("film.MP4", "Makefile", "odd.name with spaces", ".hidden", "README", "README.pdf", "readme.md"):
        (tmp_path / name).touch()
    found = {item.document_id: item.reason for item in find_skipped(tmp_path)}
    assert list(found) == ["*", "*.jpg", "*.mp4"]
    assert found["*.jpg"].startswith("2,500 files (0000.jpg, 0001.jpg, 0002.jpg, …) of a kind that is not read")
    assert found["*.mp4"].startswith("1 file (film.MP4) of a kind")
    assert "(Makefile, odd.name with spaces)" in found["*"]


def test_a_folder_of_other_kinds_only_says_which(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    with pytest.raises(CorpusError, match=r"No article in .* can be read; \*\.mp4: 1 file \(film\.mp4\)"):
        find_articles(tmp_path)


def test_what_a_browser_saves_with_a_page_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "story.html").write_text(STORY)
    for folder in ("story_files", "other_files"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "frame.txt").write_text(STORY)
        (tmp_path / folder / "look.css").touch()
    names = [name_document(path, tmp_path) for path in find_articles(tmp_path)]
    assert [name for name in names if name.endswith(".txt")] == ["other_files/frame.txt"]
    stamp = stamp_folder(tmp_path)
    (tmp_path / "story_files" / "frame.txt").write_text("Another text.")
    assert stamp_folder(tmp_path) == stamp


def test_no_suffix_could_end_a_name_like_the_number_of_an_article() -> None:
    assert [suffix for suffix in FORMATS if "#" in suffix or suffix != suffix.lower()] == []


def test_text_that_grows_beyond_the_largest_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"| {n} | {n} |\n" for n in range(300))
    table = f"# Rain\n\n| millimetres of rain that fell in the town | days without any rain |\n|---|---|\n{rows}"
    (tmp_path / "rain.md").write_text(table, encoding="utf-8")
    monkeypatch.setattr("rag.articles.folder.MAX_BYTES", 2 * len(table))
    found = read_file(tmp_path / "rain.md", tmp_path)
    assert isinstance(found, Skipped)
    assert found.reason.startswith("It makes more than")


def test_a_file_that_needs_too_much_memory_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("rag.articles.worker.convert", fill)
    assert _convert(".csv", b"", USUAL) == {"error": "It needs too much memory to read: split it."}
    long = Converted((RawArticle("It rained.", "Rain" * MOST_TEXT),))
    monkeypatch.setattr("rag.articles.worker.convert", lambda *_: long)
    assert _convert(".csv", b"", USUAL) == {"error": "It holds more than 20 MB of text: split it."}
