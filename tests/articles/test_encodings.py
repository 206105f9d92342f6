"""Files that are not UTF-8 are read, and the user is told how; a file that is no text is refused with the fix."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from rag.articles.folder import Contents, Note, Skipped, read_file
from rag.cli import main

if TYPE_CHECKING:
    from pathlib import Path

STORY = (
    "Ferry fares to rise\n\nThe fare from Ødby to Hale rises by £3 to £17.50 in May, the line’s owner, Zoë Brandt,"
    " said. “Fuel is dear”, she said – and the piers are old.\n"
)


def read(folder: Path, data: bytes) -> Contents | Skipped:
    path = folder / "ferry.txt"
    path.write_bytes(data)
    return read_file(path, folder)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("cp1252", "read as Windows-1252"),
        ("utf-16-le", "read as UTF-16"),
        ("utf-16-be", "read as UTF-16"),
    ],
)
def test_a_story_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str, note: str) -> None:
    found = read(tmp_path, STORY.encode(encoding))
    assert isinstance(found, Contents)
    assert found.documents[0].text == STORY.strip()
    assert found.documents[0].title == "Ferry fares to rise"
    assert found.notes == ((Note("ferry.txt", note),) if note else ())


@pytest.mark.parametrize("word", ["Genève", "Tübingen", "A £5 toll", "Nuñez", "It’s open", "naïveté", "São João"])
def test_a_few_words_in_latin_1_or_windows_1252_are_enough(tmp_path: Path, word: str) -> None:
    found = read(tmp_path, f"{word}\r\n".encode("cp1252"))
    assert isinstance(found, Contents)
    assert found.documents[0].text == word


def make_binary(name: str) -> bytes:
    noise = random.Random(5).randbytes(4000)
    return {
        "noise": noise,
        "picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + noise,
        "counter": bytes(range(256)) * 20,
        "nulls": b"\x00" * 500,
        "archive": b"PK\x03\x04\x14\x00\x00\x00" + noise,
        "odd length": b"\xff" + b"a\x00" * 30,
    }[name]


@pytest.mark.parametrize("name", ["noise", "picture", "counter", "nulls", "archive", "odd length"])
def test_a_binary_file_is_refused_with_one_sentence(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, make_binary(name))
    assert isinstance(found, Skipped)
    assert found.reason == "It is not text in UTF-8, UTF-16 or Windows-1252: save it as UTF-8 text."


def test_letters_that_are_not_western_are_not_read_as_gibberish(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, "Цены на билеты вырастут в мае.".encode("cp1251")), Skipped)


def test_the_command_says_how_a_file_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "ferry.txt").write_bytes(STORY.encode("cp1252"))
    (articles / "photo.txt").write_bytes(make_binary("picture"))
    monkeypatch.setenv("NO_COLOR", "1")
    question = "How much will the fare from Ødby to Hale be?"
    main(["--corpus", str(articles), "--index", str(tmp_path / "index"), question])
    out, err = capsys.readouterr()
    assert "£17.50" in out
    assert "ferry.txt: read as Windows-1252" in err
    assert "skipped photo.txt: It is not text" in err
