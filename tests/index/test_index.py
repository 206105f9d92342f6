"""The index follows the corpus, does no more than it must, and survives whatever happens to its files."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from updating import CONFIG, DIMENSION, HashEncoder, take_snapshot, write_article

from rag.errors import CorpusError, IndexFolderError
from rag.index import manifest, store
from rag.index.chunking import ChunkingConfig
from rag.index.update import Changes, Index, default_index_folder, open_index, update_index

if TYPE_CHECKING:
    import sqlite3

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

FILES = [".lock", "manifest.json", "passages.db", "vectors.faiss"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, subject in (("a.txt", "otter"), ("b.txt", "heron"), ("c.txt", "badger")):
        write_article(folder, name, subject)
    return folder


@pytest.fixture
def folder(tmp_path: Path, corpus: Path) -> Path:
    update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)
    return tmp_path / "index"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("searched")
    for name, subject in (("a.txt", "otter"), ("b.txt", "heron"), ("c.txt", "Café")):
        write_article(root, name, subject)
    update_index(root, root / "index", HashEncoder(), CONFIG)
    with open_index(root / "index") as opened:
        yield opened


def list_folder(folder: Path) -> list[tuple[str, int, bytes]]:
    return [(path.name, path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.iterdir())]


def test_the_first_update_builds(corpus: Path, tmp_path: Path) -> None:
    encoder = HashEncoder()
    changes = update_index(corpus, tmp_path / "new" / "index", encoder, CONFIG)
    assert changes.added == ("a.txt", "b.txt", "c.txt")
    assert changes.built
    assert changes.summary() == f"indexed 3 articles, {changes.passages} passages"
    assert sorted(path.name for path in (tmp_path / "new" / "index").iterdir()) == FILES
    with open_index(tmp_path / "new" / "index") as opened:
        assert len(opened.documents()) == 3
        assert opened.passage_count == changes.passages == len(encoder.encoded)
        document = opened.document("a.txt")
        assert document is not None
        rows = [row for row, _ in opened.search_bm25("otter", 50)]
        for passage in opened.passages(rows):
            assert passage.document_id == "a.txt"
            assert document.text[passage.start : passage.end] == passage.text
            assert passage.text in encoder.encoded


def test_nothing_is_done_twice(corpus: Path, folder: Path) -> None:
    before = list_folder(folder)
    encoder = HashEncoder()
    changes = update_index(corpus, folder, encoder, CONFIG)
    assert changes == Changes(unchanged=3)
    assert changes.summary() == ""
    assert encoder.encoded == []
    assert list_folder(folder) == before


def test_only_what_changed_is_encoded(corpus: Path, folder: Path, tmp_path: Path) -> None:
    write_article(corpus, "a.txt", "stoat")
    write_article(corpus, "d.txt", "lynx")
    (corpus / "b.txt").unlink()
    encoder = HashEncoder()
    changes = update_index(corpus, folder, encoder, CONFIG)
    assert (changes.added, changes.changed, changes.removed) == (("d.txt",), ("a.txt",), ("b.txt",))
    assert changes.summary() == "1 article added, 1 changed, 1 removed"
    assert changes.unchanged == 1
    assert all("stoat" in text or "lynx" in text for text in encoder.encoded)
    update_index(corpus, tmp_path / "fresh", HashEncoder(), CONFIG)
    assert take_snapshot(folder) == take_snapshot(tmp_path / "fresh")
    content = (folder / "passages.db").read_bytes()
    assert b"heron" not in content
    assert b"otter" not in content


def test_removing_needs_no_encoder(corpus: Path, folder: Path) -> None:
    (corpus / "b.txt").unlink()
    encoder = HashEncoder()
    assert update_index(corpus, folder, encoder, CONFIG).summary() == "1 article removed"
    assert encoder.encoded == []


def test_near_duplicates_are_named_and_kept(corpus: Path, folder: Path) -> None:
    (corpus / "copy.txt").write_bytes((corpus / "a.txt").read_bytes() + b"\n")
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert changes.duplicates == {"copy.txt": "a.txt"}
    with open_index(folder) as opened:
        assert {item.document_id: item.duplicate_of for item in opened.documents()}["copy.txt"] == "a.txt"
        assert min(item.passages for item in opened.documents()) > 0
    (corpus / "a.txt").unlink()
    assert update_index(corpus, folder, HashEncoder(), CONFIG).duplicates == {}
    with open_index(folder) as opened:
        assert [item.duplicate_of for item in opened.documents()] == [None, None, None]


def test_a_file_that_cannot_be_read_is_skipped_once(corpus: Path, folder: Path) -> None:
    (corpus / "bad.txt").write_bytes(b"\x00\xff" * 99)
    (corpus / "link.txt").symlink_to("/etc/hostname")
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert [item.document_id for item in changes.skipped] == ["bad.txt", "link.txt"]
    assert (changes.added, changes.summary()) == ((), "2 files skipped")
    assert update_index(corpus, folder, HashEncoder(), CONFIG) == Changes(unchanged=5)


def test_files_of_a_kind_that_is_not_read_are_named_once_and_leave_quietly(corpus: Path, folder: Path) -> None:
    (corpus / "a.jpg").touch()
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert [item.document_id for item in changes.skipped] == ["*.jpg"]
    (corpus / "b.jpg").touch()
    assert update_index(corpus, folder, HashEncoder(), CONFIG).skipped == ()
    for name in ("a.jpg", "b.jpg"):
        (corpus / name).unlink()
    assert update_index(corpus, folder, HashEncoder(), CONFIG).summary() == ""


def test_a_subfolder_that_cannot_be_read_is_skipped_by_name(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus / "more").mkdir()
    write_article(corpus / "more", "d.txt", "lynx")
    assert update_index(corpus, folder, HashEncoder(), CONFIG).added == ("more/d.txt",)
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "more":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        changes = update_index(corpus, folder, HashEncoder(), CONFIG)
        assert (changes.removed, [item.document_id for item in changes.skipped]) == (("more/d.txt",), ["more"])
        assert "change its permissions" in changes.skipped[0].reason
    assert update_index(corpus, folder, HashEncoder(), CONFIG).added == ("more/d.txt",)


def test_a_name_that_is_not_utf8_is_skipped(corpus: Path, folder: Path) -> None:
    (corpus / os.fsdecode(b"caf\xe9.txt")).write_text("An article of a few words.")
    assert update_index(corpus, folder, HashEncoder(), CONFIG).summary() == "1 file skipped"
    assert update_index(corpus, folder, HashEncoder(), CONFIG).summary() == ""


def test_no_article_left_keeps_the_index(corpus: Path, folder: Path) -> None:
    before = list_folder(folder)
    for path in corpus.iterdir():
        path.write_bytes(b"\x00\xff" * 99)
    with pytest.raises(CorpusError, match=r"a\.txt"):
        update_index(corpus, folder, HashEncoder(), CONFIG)
    assert list_folder(folder) == before


@pytest.mark.parametrize("name", ["manifest.json", "passages.db"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove"])
def test_damage_is_mended_from_the_corpus(corpus: Path, folder: Path, name: str, damage: str) -> None:
    whole, path = take_snapshot(folder), folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    damaged = {
        "flip": bytes(content),
        "cut": bytes(content[: len(content) // 2]),
        "empty": b"",
        "remove": b"",
    }
    path.write_bytes(damaged[damage])
    if damage == "remove":
        path.unlink()
    with pytest.raises(IndexFolderError, match="no valid index"):
        open_index(folder)
    changes = update_index(corpus, folder, HashEncoder(), CONFIG)
    assert changes.built
    assert changes.rebuilt_because.startswith(name)
    assert name in changes.summary()
    assert take_snapshot(folder) == whole


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "null",
        '{"states": 3}',
        '{"states": [{}]}',
        '{"states": [3]}',
        "[" * 99999,
        "\x00",
        '"\ud800"',
    ],
)
def test_a_manifest_of_another_kind_is_damage(corpus: Path, folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert update_index(corpus, folder, HashEncoder(), CONFIG).rebuilt_because == "manifest.json was damaged"


def test_a_manifest_with_wrong_types_is_damage(corpus: Path, folder: Path) -> None:
    good = json.loads((folder / "manifest.json").read_bytes())["states"][0]
    for field in good:
        bad = {"states": [{**good, field: ["x"]}]}
        (folder / "manifest.json").write_text(json.dumps(bad), encoding="ascii")
        assert manifest.find_state(folder)[1] == "manifest.json was damaged", field
    assert update_index(corpus, folder, HashEncoder(), CONFIG).built


@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 99])
def test_damaged_vectors_are_made_again_without_encoding(corpus: Path, folder: Path, content: bytes | None) -> None:
    whole, good = take_snapshot(folder), (folder / "vectors.faiss").read_bytes()
    (folder / "vectors.faiss").unlink()
    if content is not None:
        (folder / "vectors.faiss").write_bytes(content)
    assert take_snapshot(folder) == whole
    encoder = HashEncoder()
    assert update_index(corpus, folder, encoder, CONFIG) == Changes(unchanged=3)
    assert encoder.encoded == []
    assert (folder / "vectors.faiss").read_bytes() == good
    assert take_snapshot(folder) == whole


def test_another_encoder_chunking_or_schema_rebuilds(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = HashEncoder("0" * 64)
    assert update_index(corpus, folder, other, CONFIG).rebuilt_because == "the weights of hash changed"
    other = HashEncoder("1" * 64)
    other.name = "other"
    assert update_index(corpus, folder, other, CONFIG).rebuilt_because == "the encoder was hash"
    assert update_index(corpus, folder, HashEncoder(), CONFIG).rebuilt_because == "the encoder was other"
    wider = ChunkingConfig(max_tokens=80, overlap_tokens=8, min_tokens=10)
    assert update_index(corpus, folder, HashEncoder(), wider).rebuilt_because == "the chunking settings changed"
    monkeypatch.setattr("rag.index.update.SCHEMA_VERSION", 99)
    assert "version" in update_index(corpus, folder, HashEncoder(), wider).rebuilt_because


def test_a_folder_of_something_else_is_refused(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "photos"
    other.mkdir()
    (other / "README.md").write_text("fine")
    (other / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(IndexFolderError, match=r"cat\.jpg.*--index"):
        update_index(corpus, other, HashEncoder(), CONFIG)
    assert sorted(path.name for path in other.iterdir()) == ["README.md", "cat.jpg"]
    (other / "cat.jpg").unlink()
    assert update_index(corpus, other, HashEncoder(), CONFIG).built
    with pytest.raises(IndexFolderError, match="is a file"):
        update_index(corpus, other / "README.md", HashEncoder(), CONFIG)
    with pytest.raises(IndexFolderError, match="build it first"):
        open_index(tmp_path / "nowhere")


@pytest.mark.parametrize("manifest", ['{"name": "tabs", "manifest_version": 3}', '{"states": {"idle": {}}}', "[]", "?"])
@pytest.mark.parametrize("others", [["background.js"], ["passages.db", "index.html"], []])
def test_a_manifest_of_something_else_is_not_overwritten(
    corpus: Path, tmp_path: Path, manifest: str, others: list[str]
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for name in others:
        (app / name).write_text("theirs")
    (app / "manifest.json").write_text(manifest)
    before = list_folder(app)
    named = next((name for name in others if name != "passages.db"), "manifest.json")
    with pytest.raises(IndexFolderError, match=rf"not an index \({named}\): name an empty folder with --index"):
        update_index(corpus, app, HashEncoder(), CONFIG)
    assert list_folder(app) == before


def test_notes_beside_a_sound_manifest_are_let_be(corpus: Path, folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    write_article(corpus, "d.txt", "lynx")
    assert update_index(corpus, folder, HashEncoder(), CONFIG).added == ("d.txt",)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(IndexFolderError, match=r"notes\.txt"):
        update_index(corpus, folder, HashEncoder(), CONFIG)


def test_a_folder_that_cannot_be_written(corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    # The tests may run as root, whom no permission stops.
    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    monkeypatch.setattr("rag.index.manifest.write_durably", refuse)
    whole = take_snapshot(folder)
    assert update_index(corpus, folder, HashEncoder(), CONFIG) == Changes(unchanged=3)
    (folder / "vectors.faiss").unlink()
    assert update_index(corpus, folder, HashEncoder(), CONFIG) == Changes(unchanged=3)
    assert take_snapshot(folder) == whole
    (corpus / "a.txt").unlink()
    with pytest.raises(IndexFolderError, match=r"cannot be written \(Read-only file system\).*--index"):
        update_index(corpus, folder, HashEncoder(), CONFIG)
    assert take_snapshot(folder) == whole


def test_a_full_disk_leaves_the_old_index(corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [entry for entry in list_folder(folder) if entry[0] != ".lock"]
    for number in range(200):
        write_article(corpus, f"more{number}.txt", f"species{number}")

    def open_small(path: Path) -> sqlite3.Connection:
        connection = open_for_writing(path)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    open_for_writing = store.open_for_writing
    monkeypatch.setattr(store, "open_for_writing", open_small)
    with pytest.raises(IndexFolderError, match=r"disk with .* is full.*--index"):
        update_index(corpus, folder, HashEncoder(), CONFIG)
    assert [entry for entry in list_folder(folder) if entry[0] != ".lock"] == before


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_disk_that_fills_up_at_the_end(
    corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    before, fsync, calls = take_snapshot(folder), os.fsync, []
    write_article(corpus, "d.txt", "lynx")

    def fill(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fill)
        with pytest.raises(IndexFolderError, match="is full"):
            update_index(corpus, folder, HashEncoder(), CONFIG)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert take_snapshot(folder) == before
    assert update_index(corpus, folder, HashEncoder(), CONFIG).added == ("d.txt",)


def test_an_open_index_does_not_see_an_update(corpus: Path, folder: Path) -> None:
    with open_index(folder) as opened:
        write_article(corpus, "a.txt", "stoat")
        update_index(corpus, folder, HashEncoder(), CONFIG)
        assert opened.search_bm25("otter", 5)
        assert not opened.search_bm25("stoat", 5)


def run_updating(*arguments: object) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("updating.py")
    path = os.pathsep.join([str(ROOT), *sys.path])
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_two_updates_at_once(corpus: Path, tmp_path: Path) -> None:
    runs = [run_updating("update", corpus, tmp_path / "index") for _ in range(2)]
    ends = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ends
    results = [json.loads(output) for output, _ in ends]
    assert sorted(result["built"] for result in results) == [False, True]
    update_index(corpus, tmp_path / "alone", HashEncoder(), CONFIG)
    assert take_snapshot(tmp_path / "index") == take_snapshot(tmp_path / "alone")


@pytest.mark.slow
@pytest.mark.parametrize("start", ["none", "index"])
def test_a_killed_update_leaves_the_old_index_or_the_new(
    corpus: Path, folder: Path, tmp_path: Path, start: str
) -> None:
    write_article(corpus, "a.txt", "stoat")
    write_article(corpus, "d.txt", "lynx")
    (corpus / "b.txt").unlink()
    (tmp_path / "work").mkdir()
    run = run_updating("kill", corpus, tmp_path / start if start == "none" else folder, tmp_path / "work")
    output, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    counts = json.loads(output)
    assert counts["at_time"] == (5 if start == "none" else 15)
    assert counts["at_event"] >= 15
    assert counts["before"] >= 10
    assert counts["after"] >= 1


HOSTILE = [
    *('"', "'", '"" OR zebra', "otter AND NOT heron", "NEAR(otter heron, 2)", "text : otter", "otter*", "^otter"),
    *("-otter", "'; DROP TABLE passages; --", "otter\x00heron", "\ud800otter\udfff", "(((", "", " \n\t", "?!…"),
    *("x" * 20_000, "word " * 4_000, " ".join(f"w{number}" for number in range(5_000))),
    *("\u0301otter", "otter_heron", "ﬁ ß İ"),
]


@pytest.mark.parametrize("question", HOSTILE)
def test_a_question_is_never_syntax(index: Index, question: str) -> None:
    found = index.search_bm25(question, 5)
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert bool(found) == any(word in question for word in ("otter", "heron"))
    assert index.passage_count > 0


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_can_be_searched(index: Index, question: str) -> None:
    assert len(index.search_bm25(question, 3)) <= 3
    assert index.document(question) is None


def test_words_are_stemmed_and_stripped_of_accents(index: Index) -> None:
    plain, marked = index.search_bm25("cafe", 50), index.search_bm25("CAFÉS", 50)
    assert plain == marked != []


def test_dense_search_finds_the_nearest(index: Index) -> None:
    rows = [row for row, _ in index.search_bm25("otter heron cafe", 99)]
    passage = index.passages(rows[:1])[0]
    vector = HashEncoder().encode([passage.text])
    found = index.search_dense(vector, 3)[0]
    assert found[0][0] == rows[0]
    assert found[0][1] == pytest.approx(1, abs=1e-5)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    assert len(index.search_dense(vector, 10_000)[0]) == index.passage_count
    assert index.search_dense(np.zeros((0, DIMENSION), dtype=np.float32), 3) == []
    with pytest.raises(ValueError, match="dimension 16"):
        index.search_dense(np.zeros((1, 3), dtype=np.float32), 3)


def test_an_index_serves_several_threads(index: Index) -> None:
    from concurrent.futures import ThreadPoolExecutor

    expected = index.search_bm25("otter mark 3", 5)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(lambda _: index.search_bm25("otter mark 3", 5), range(64)))


def test_unknown_rows_and_documents(index: Index) -> None:
    with pytest.raises(KeyError):
        index.passages([10_000])
    assert index.document("nothing.txt") is None
    assert index.document("\ud800") is None


def test_the_default_folder_is_the_corpus_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "news").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "news")
    folder = default_index_folder(tmp_path / "news")
    assert folder == default_index_folder(tmp_path / "alias")
    assert folder != default_index_folder(tmp_path / "other" / "news")
    assert folder.name.startswith("news-")

    def fail(path: Path) -> Path:
        raise RuntimeError(f"Symlink loop from {str(path)!r}")

    monkeypatch.setattr(Path, "resolve", fail)
    with pytest.raises(CorpusError, match=r"cannot be found \(Symlink loop .*\): name another folder with --corpus"):
        default_index_folder(tmp_path / "news")


def test_an_index_path_may_hold_what_a_uri_escapes(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "100% #1? ü&mode=rwc"
    update_index(corpus, folder, HashEncoder(), CONFIG)
    assert take_snapshot(folder) is not None


def test_an_update_ends_while_articles_are_cut(corpus: Path, tmp_path: Path) -> None:
    folder, encoder, told = tmp_path / "index", HashEncoder(), []

    def tell(done: int, passages: int) -> None:
        told.append((done, passages))
        if len(told) == 5:  # three files are read, and the first of them is cut
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(corpus, folder, encoder, CONFIG, tell=tell)
    assert told == [(0, 0)] * 5
    assert encoder.encoded == []
    assert take_snapshot(folder) is None
