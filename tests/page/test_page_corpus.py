"""The articles behind the page: starters, uploads, the shelf."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from page_answers import (
    make_passage,
    make_simple,
)

from rag.articles.folder import Skipped
from rag.errors import CorpusError
from rag.index.changes import Changes
from rag.index.opened import DocumentSummary
from rag.page.shelf import MOST_SAMPLED, Shelf
from rag.page.uploads import make_name, place_file, remove_file, take_file
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
        with pytest.raises(CorpusError, match="Only articles"):
            shelf.remove(name)
    assert shelf.remove("uploads/new.txt").removed == ("uploads/new.txt",)
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
    shelf.list_starters(60)  # waits until they are chosen
    assert len(read) == MOST_SAMPLED
    assert read[:2] == ["0000.txt", "0005.txt"]
