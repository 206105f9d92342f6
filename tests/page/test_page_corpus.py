"""The articles behind the page: starters, uploads, the shelf."""

from __future__ import annotations

import asyncio
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from page_answers import (
    check,
    make_passage,
    make_simple,
)

from rag.articles import confined
from rag.articles.folder import Skipped
from rag.errors import CorpusError, RagError
from rag.index.base import DocumentSummary
from rag.index.changes import Changes
from rag.page.corpus import CorpusHandlers
from rag.page.shelf import MOST_ADDED, MOST_SAMPLED, Shelf
from rag.page.stages import Stopped, Watch
from rag.page.uploads import (
    MOST_ARTICLES,
    MOST_BYTES,
    Added,
    Adding,
    find_fault,
    make_name,
    place_file,
    remove_file,
    take_file,
)
from rag.types import Answer, Document, Passage, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rag.types import Stage


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.txt", "a.txt"), ("../../etc/passwd.txt", "passwd.txt"), ("C:\\x\\y.MD", "y.md"),
        (".hidden.txt", "hidden.txt"),
        ("README.md", "article_README.md"), ("<img src=x>.txt", "img src_x.txt"),
        ("日本語.txt", "日本語.txt"),
        ("x" * 300 + ".txt", "x" * 80 + ".txt"), ("con.txt", "article_con.txt"),
    ],
)  # fmt: skip
def test_names_of_uploads_are_safe(name: str, made: str) -> None:
    assert make_name(name) == made


def test_uploads_are_checked_by_content_and_stay_in_their_folder(tmp_path: Path) -> None:
    sent, uploads = tmp_path / "sent", tmp_path / "corpus" / "uploads"
    sent.mkdir()
    (sent / "good.txt").write_text("Elgin was founded in 1190. It lies in Scotland.", encoding="utf-8")
    (sent / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\x00\x00")
    (sent / "page.jpg").write_text("<p>x", encoding="utf-8")
    (sent / "story.html").write_text("<html><body><p>Elgin has a cathedral.</p></body></html>", encoding="utf-8")
    (sent / "scan.pdf").write_bytes(b"%PDF-1.4\n")
    (sent / "empty.md").write_text("", encoding="utf-8")
    (sent / "link.txt").symlink_to("/etc/passwd")
    taken = {path.name: take_file(path, uploads) for path in sorted(sent.iterdir())}
    assert taken.pop("good.txt") == "good.txt"
    assert taken.pop("story.html") == "story.html"
    assert set(taken) == {"image.txt", "page.jpg", "scan.pdf", "empty.md", "link.txt"}
    assert all(isinstance(item, Skipped) and item.reason.endswith(".") for item in taken.values())
    assert isinstance(take_file(sent / "good.txt", uploads), Skipped)
    assert place_file(b"other", "good.txt", uploads) == "good-2.txt"


@pytest.mark.parametrize("name", ["", ".", "..", "../secret.txt", "/etc/passwd", "nothing.txt", "link.txt", "x\0.txt"])
def test_nothing_else_is_removed(tmp_path: Path, name: str) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    secret = tmp_path / "secret.txt"
    secret.write_text("x", encoding="utf-8")
    (uploads / "link.txt").symlink_to(secret)
    assert not remove_file(name, uploads)
    assert secret.exists()


class Fake:
    """A pipeline over the files of a folder, whose answer to anything is the first word of the first one."""

    def __init__(self, corpus: Path) -> None:
        self.changes = Changes()
        self._corpus = corpus
        self._texts = {p.relative_to(corpus).as_posix(): p.read_text("utf-8") for p in sorted(corpus.rglob("*.txt"))}

    @property
    def index(self) -> Fake:
        return self

    @property
    def state(self) -> dict[str, str]:
        return self._texts

    def close(self) -> None:
        pass

    def documents(self) -> list[DocumentSummary]:
        return [DocumentSummary(name, name, None, None, 1, len(text.split())) for name, text in self._texts.items()]

    def document(self, document_id: str) -> Document | None:
        text = self._texts.get(document_id)
        return None if text is None else Document(document_id, document_id, None, text)

    def document_passages(self, document_id: str) -> list[Passage]:
        return [make_passage(self._texts[document_id], name=document_id)]

    k = 10
    models: Any = SimpleNamespace(reader=SimpleNamespace(name="fake"), encoder=SimpleNamespace(fingerprint="abc"))

    def list_skipped(self) -> list[Skipped]:
        return [Skipped("empty.txt", "It has no text: add some or remove the file.")]

    def renewed(self, tell: object = None) -> Fake:  # noqa: ARG002
        return open_fake(self._corpus)

    def ask(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Answer:
        assert isinstance(history, tuple)
        if on_stage:
            on_stage("read")
        return replace(make_simple(), question=question, text=next(iter(self._texts.values())).split()[0])


def open_fake(corpus: Path) -> Fake:
    fake = Fake(corpus)
    if not fake.documents():
        raise CorpusError("No articles there: put some there.")
    return fake


def test_a_shelf_is_asked_added_to_and_taken_from(tmp_path: Path) -> None:
    corpus, sent = tmp_path / "corpus", tmp_path / "new.txt"
    corpus.mkdir()
    sent.write_text("Elgin was founded in 1190. It lies in Scotland.", encoding="utf-8")
    shelf = Shelf(lambda _: open_fake(corpus), corpus)
    assert shelf.list_rows() == ()
    with pytest.raises(CorpusError, match="No articles there"):
        shelf.ask("Where?")
    shelf.add([sent])
    assert [(r.document_id, r.words, r.removable) for r in shelf.list_rows()] == [("uploads/new.txt", 9, True)]
    assert [item.document_id for item in shelf.list_skipped()] == ["empty.txt"]
    assert shelf.submit("Where?").result().text == "Elgin"
    assert shelf.read("uploads/new.txt") is not None
    assert shelf.read("../new.txt") is None
    for name in ("new.txt", "uploads/../new.txt", "/etc/passwd", "uploads/sub/new.txt"):
        assert [item.reason[:13] for item in shelf.remove([name])[1]] == ["Only articles"]
    assert shelf.remove(["uploads/new.txt"])[0].removed == ("uploads/new.txt",)
    with pytest.raises(CorpusError, match="No articles there"):
        shelf.ask("Where?")


def test_starters_of_many_articles_come_from_some_that_lie_apart(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for n in range(1000):
        (corpus / f"{n:04}.txt").write_text(f"Elgin has {n} houses.", encoding="utf-8")
    read: list[str] = []

    class Counting(Fake):
        def document(self, document_id: str) -> Document | None:
            raise AssertionError(document_id)

        def document_passages(self, document_id: str) -> list[Passage]:
            read.append(document_id)
            return super().document_passages(document_id)

    shelf = Shelf(lambda _: Counting(corpus), corpus)
    assert len(shelf.list_rows()) == 1000
    asyncio.run(shelf.wait_for_starters())
    assert len(read) == MOST_SAMPLED
    assert read[:2] == ["0000.txt", "0005.txt"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with one article."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "nairn.txt").write_text("Nairn lies by the sea.", encoding="utf-8")
    return folder


def send(folder: Path, *names: str) -> list[Path]:
    """Files as a browser sends them."""
    paths = [folder / f"{name}.txt" for name in names]
    for path in paths:
        path.write_text(f"{path.stem} was founded in 1190.", encoding="utf-8")
    return paths


def open_telling(corpus: Path, *told: tuple[int, int]) -> Shelf:
    """A shelf whose updates report this progress for files that are named "long"."""

    class Telling(Fake):
        def renewed(self, tell: Any = None) -> Fake:
            renewed = Telling(corpus)
            for done, passages in (
                told if tell and "uploads/long.txt" in renewed.state.keys() - self.state.keys() else ()
            ):
                tell(done, passages)
            return renewed

    return Shelf(lambda _: Telling(corpus), corpus)


def test_an_upload_is_cancelled_while_it_is_cut(tmp_path: Path, corpus: Path) -> None:
    told: list[Adding] = []

    def tell(now: Adding) -> None:
        told.append(now)
        if len(told) == 4:
            raise Stopped

    shelf = open_telling(corpus, (0, 0), (0, 0), (0, 0), (0, 500))
    added = shelf.add(send(tmp_path, "elgin", "long", "wick"), tell)
    cancelled = "The upload was cancelled."
    assert added.refused == (Skipped("long.txt", cancelled), Skipped("wick.txt", cancelled))
    assert [now.passages for now in told] == [0, 0, 0, 0]
    assert [row.document_id for row in shelf.list_rows()] == ["nairn.txt", "uploads/elgin.txt"]
    assert [path.name for path in (corpus / "uploads").iterdir()] == ["elgin.txt"]


def test_cancelling_an_upload_ends_the_conversion_of_its_file(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confined._WORKER.stop()
    monkeypatch.setattr(confined, "_START", "import time; time.sleep(600)")
    shelf = Shelf(lambda _: open_fake(corpus), corpus)
    page = tmp_path / "page.html"
    page.write_text("<html><p>Elgin was founded in 1190.")

    async def upload() -> Added:
        watch: Watch[Adding, Added] = Watch(lambda tell: shelf.submit_files([page], tell))
        while confined._WORKER._process is None:
            await asyncio.sleep(0.01)
        process = confined._WORKER._process
        watch.cancel()
        async for _ in watch.stages():
            pass
        assert process.poll() is not None
        return watch.result()

    assert asyncio.run(upload()).refused == (Skipped("page.html", "The upload was cancelled."),)
    assert confined._WORKER._process is None
    assert not page.exists()
    assert [path.name for path in corpus.iterdir()] == ["nairn.txt"]


def test_a_file_of_too_many_passages_is_refused_alone(tmp_path: Path, corpus: Path) -> None:
    shelf = open_telling(corpus, (0, 0), (0, MOST_ADDED + 1))
    added = shelf.add(send(tmp_path, "long", "wick"), lambda _: None)
    assert added.refused == (Skipped("long.txt", "It makes more than 20,000 passages: split it."),)
    assert [row.document_id for row in shelf.list_rows()] == ["nairn.txt", "uploads/wick.txt"]


def test_two_uploads_of_one_file_at_once_say_what_happened(tmp_path: Path, corpus: Path) -> None:
    shelf, go = Shelf(lambda _: open_fake(corpus), corpus), Event()
    (sent,) = send(tmp_path, "elgin")  # Gradio gives files of the same name and content the same path
    first = shelf.submit_files([sent], lambda _: go.wait(60) and None)
    second = shelf.submit_files([sent, sent], lambda _: None)
    go.set()
    assert first.result(60).refused == ()
    assert {item.reason for item in second.result(60).refused} == {"The same file has already been added."}
    end = time.monotonic() + 60
    while sent.exists():  # the last one that needs it deletes it; a third upload may have been about to begin
        assert time.monotonic() < end
        time.sleep(0.02)
    late = shelf.submit_files([sent], lambda _: None).result(60)
    assert [item.reason[:46] for item in late.refused] == ["It was also being added by another upload: add"]


def test_an_article_that_another_tab_removed_is_said_to_be_gone(tmp_path: Path, corpus: Path) -> None:
    shelf = Shelf(lambda _: open_fake(corpus), corpus)
    shelf.add(send(tmp_path, "elgin"))
    with ThreadPoolExecutor(2) as pool:
        removals = [pool.submit(shelf.remove, [name]) for name in ("uploads/elgin.txt#1", "uploads/elgin.txt#2")]
    (kept,) = filter(None, (removal.result()[1] for removal in removals))
    gone = "It has already been removed, with its file: the list shows what is left."
    assert kept == (Skipped("uploads/elgin.txt", gone),)


def test_several_articles_are_removed_at_once_and_those_that_stay_are_named(tmp_path: Path, corpus: Path) -> None:
    shelf = Shelf(lambda _: open_fake(corpus), corpus)
    shelf.add(send(tmp_path, "elgin", "wick", "ayr"))
    (corpus / "uploads" / "by_hand").mkdir()
    (corpus / "uploads" / "by_hand" / "oban.txt").write_text("Oban lies by the sea.", encoding="utf-8")
    shelf.refresh()
    assert [row.document_id for row in shelf.list_rows() if row.removable] == [
        f"uploads/{name}.txt" for name in ("ayr", "elgin", "wick")
    ]
    (corpus / "uploads" / "ayr.txt").unlink()
    version = shelf.version
    names = ("uploads/ayr.txt", "uploads/elgin.txt", "nairn.txt", "uploads/by_hand/oban.txt", "uploads/wick.txt")
    changes, kept = shelf.remove([*names, "uploads/elgin.txt"])
    assert changes.removed == ("uploads/elgin.txt", "uploads/wick.txt")
    assert {(item.document_id, item.reason[:11]) for item in kept} == {
        ("uploads/ayr.txt", "It has alre"), ("nairn.txt", "Only articl"), ("uploads/by_hand/oban.txt", "Only articl"),
    }  # fmt: skip
    assert [row.document_id for row in shelf.list_rows()] == ["nairn.txt", "uploads/by_hand/oban.txt"]
    assert sorted(path.name for path in corpus.rglob("*") if path.is_file()) == ["nairn.txt", "oban.txt"]
    assert shelf.version == version + 1


def test_if_the_index_cannot_be_written_none_of_several_articles_is_removed(tmp_path: Path, corpus: Path) -> None:
    class Full(Fake):
        def renewed(self, tell: object = None) -> Fake:  # noqa: ARG002
            renewed = Full(corpus)
            if len(renewed.state) < len(self.state):
                raise RagError("The disk is full: make room.")
            return renewed

    shelf = Shelf(lambda _: Full(corpus), corpus)
    shelf.add(send(tmp_path, "elgin", "wick"))
    names = ["uploads/elgin.txt", "uploads/wick.txt"]
    changes, kept = shelf.remove(names)
    assert changes.removed == ()
    assert kept == tuple(Skipped(name, "The disk is full: make room.") for name in names)
    assert [row.document_id for row in shelf.list_rows()] == ["nairn.txt", *names]
    assert sorted(path.name for path in (corpus / "uploads").iterdir()) == ["elgin.txt", "wick.txt"]


@pytest.mark.parametrize("data", [None, [], {}, {"documents": "uploads/elgin.txt"}, {"documents": [1, None, {}]}])
def test_a_removal_that_names_nothing_removes_nothing(tmp_path: Path, corpus: Path, data: object) -> None:
    shelf = Shelf(lambda _: open_fake(corpus), corpus)
    shelf.add(send(tmp_path, "elgin"))
    event: Any = SimpleNamespace(_data=data)
    *_, (listed, said) = CorpusHandlers(shelf).remove_articles("", "", event)
    assert "not removed" in check(said).words
    assert "uploads/elgin.txt" in listed
    assert (corpus / "uploads" / "elgin.txt").exists()


def test_an_upload_that_holds_more_than_its_size_says_is_refused(tmp_path: Path) -> None:
    bombs = {
        "rows.csv": "text\n" + "It rained.\n" * (MOST_ARTICLES + 1),
        "lines.jsonl": '{"text": "It rained."}\n' * (MOST_ARTICLES + 1),
        "mail.mbox": "From a\nFrom: Ann\nSubject: Rain\n\nIt rained.\n\n" * (MOST_ARTICLES + 1),
    }
    for name, text in bombs.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert find_fault(tmp_path / name) == "It holds more than 2,000 articles: split it."
    with zipfile.ZipFile(tmp_path / "rain.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rain.txt", "It rained. " * (MOST_BYTES // 10))
    assert find_fault(tmp_path / "rain.zip") == "It unpacks to more than 5 MB of text: split it."
