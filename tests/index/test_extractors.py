"""An index says which version of a library read an article, and reads it again when another one is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder

from rag.articles import origins
from rag.articles.columns import parse_columns
from rag.index import update
from rag.index.update import Changes, open_index, update_index

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (
    "<!DOCTYPE html><html lang='en'><head><title>Otters</title></head><body><article><h1>Otters</h1>{}</article></body>"
)
BODY = "<p>Nine otters were seen at the weir on Monday, the club said, more than in any year before.</p>" * 4


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "otters.html").write_text(PAGE.format(BODY), encoding="utf-8")
    (folder / "toad.txt").write_text("A toad\n\nThe toad crossed the road at night.", encoding="utf-8")
    return folder


@pytest.fixture
def renew(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Updates the index as if a version of every library were installed."""

    def run(version: str) -> Changes:
        for module in (origins, update):
            monkeypatch.setattr(module, "find_version", lambda name: "1" if name == "ask-articles" else version)
        return update_index(corpus, tmp_path / "index", HashEncoder(), CONFIG)

    return run


def test_another_version_is_a_change_and_says_whether_the_text_is_the_same(renew: object, tmp_path: Path) -> None:
    assert callable(renew)
    assert renew("2.1").added == ("otters.html", "toad.txt")
    changes = renew("2.1")
    assert (changes.changed, changes.unchanged) == ((), 2)

    changes = renew("3.0")
    assert (changes.added, changes.changed, changes.removed, changes.unchanged) == ((), ("otters.html",), (), 1)
    assert [f"{note.file}: {note.text}" for note in changes.notes] == [
        "otters.html: read by trafilatura 3.0 instead of 2.1; its text is the same"
    ]
    assert changes.summary() == "1 article changed"
    with open_index(tmp_path / "index") as index:
        assert [one.extractor for one in index.documents()] == ["trafilatura 3.0", "ask-articles 1"]
        assert index.state.extractors == {"trafilatura": "3.0", "ask-articles": "1"}
    assert renew("3.0").unchanged == 2


def test_the_diff_says_when_the_text_is_another_one(renew: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(renew)
    renew("2.1")
    from rag.articles import folder

    clean = folder.clean_text
    monkeypatch.setattr(folder, "clean_text", lambda text, author="": clean(f"{text}\n\nEdited by nobody.", author))
    (note,) = renew("3.0").notes
    assert note.text == "read by trafilatura 3.0 instead of 2.1; its text is another one"


def test_an_index_keeps_what_is_known_of_an_article_and_the_hash_of_its_text(renew: object, tmp_path: Path) -> None:
    import hashlib

    assert callable(renew)
    renew("2.1")
    with open_index(tmp_path / "index") as index:
        document, summary = index.document("otters.html"), index.documents()[0]
    assert document is not None
    assert summary.text_sha256 == hashlib.sha256(document.text.encode()).hexdigest()
    assert (document.origin.language, summary.language, summary.source) == ("en", "en", "otters.html")


def test_an_index_of_the_version_before_is_rebuilt_with_the_line_that_users_know(renew: object, tmp_path: Path) -> None:
    assert callable(renew)
    renew("2.1")
    manifest = tmp_path / "index" / "manifest.json"
    values = json.loads(manifest.read_text())
    for state in values["states"]:
        state["schema"] -= 1
        del state["extractors"]
    manifest.write_text(json.dumps(values))
    changes = renew("2.1")
    assert changes.summary() == "indexed 2 articles, 2 passages (another version of this product wrote the index)"


def test_tables_are_read_again_if_their_columns_are_named_and_nothing_else_is(corpus: Path, tmp_path: Path) -> None:
    (corpus / "rows.csv").write_text("headline,body,inhalt\nHerons,Nine herons.,Seven herons.\n", encoding="utf-8")
    folder = tmp_path / "index"
    update_index(corpus, folder, HashEncoder(), CONFIG)
    columns = parse_columns("text=inhalt")
    assert update_index(corpus, folder, HashEncoder(), CONFIG, columns=columns).changed == ("rows.csv",)
    assert update_index(corpus, folder, HashEncoder(), CONFIG, columns=columns).unchanged == 3
    with open_index(folder) as index:
        document = index.document("rows.csv")
        assert document is not None
        assert document.text == "Herons\n\nSeven herons."
    assert update_index(corpus, folder, HashEncoder(), CONFIG).changed == ("rows.csv",)
