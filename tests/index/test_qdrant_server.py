"""Several processes share an index over HTTP. A stand-in answers as a Qdrant server does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from updating import CONFIG, HashEncoder, write_article

from rag.errors import StoreError
from rag.index.places import open_server
from rag.index.update import update_index

if TYPE_CHECKING:
    from collections.abc import Iterator

UPDATE = """
import sys
from pathlib import Path
from rag.index import qdrant
from rag.index.places import open_server
from rag.index.update import update_index
from updating import CONFIG, HashEncoder
qdrant.LEASE_SECONDS = 1.0
def tell(done, passages):
    if passages: print("encoding", flush=True)
update_index(Path(sys.argv[1]), open_server(sys.argv[2]), HashEncoder(seconds=float(sys.argv[3])), CONFIG, tell=tell)
"""


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    file = tmp_path / "port"
    monkeypatch.setenv("ASK_STORE_KEY", "secret")
    monkeypatch.setattr("rag.index.qdrant.LEASE_SECONDS", 1.0)
    process = subprocess.Popen([sys.executable, str(Path(__file__).parent / "standin.py"), str(file), "secret"])
    while not file.exists():
        assert process.poll() is None
        time.sleep(0.05)
    yield f"qdrant://127.0.0.1:{file.read_text()}/news"
    process.kill()
    process.wait()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for subject in ("otter", "heron", "badger"):
        write_article(folder, f"{subject}.md", subject, 4)
    return folder


def start_update(corpus: Path, address: str, seconds: float) -> subprocess.Popen[str]:
    """An update in another process, which says so when it begins to encode."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    words = [sys.executable, "-c", UPDATE, str(corpus), address, str(seconds)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)


def list_texts(address: str) -> list[str]:
    index = open_server(address).open()
    found = [index.document(item.document_id) for item in index.documents()]
    return [document.text for document in found if document]


def test_processes_share_an_index_and_one_that_is_killed_loses_nothing(corpus: Path, address: str) -> None:
    store = open_server(address)
    update_index(corpus, store, HashEncoder(), CONFIG)
    opened = store.open()
    hits = opened.search_bm25("badger rivals", 3)
    assert {passage.document_id for passage in opened.passages([row for row, _ in hits])} == {"badger.md"}
    before = list_texts(address)
    write_article(corpus, "new.md", "pelican", 4)
    killed = start_update(corpus, address, 600)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "encoding\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert list_texts(address) == before
    both = [start_update(corpus, address, 0.1) for _ in range(2)]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(bool(text) for text in told) == [False, True], "only one of them had something to do"
    after = list_texts(address)
    assert len(after) == 4
    assert set(before) < set(after)
    assert open_server(address).open().passage_count == opened.passage_count + len(
        open_server(address).open().document_passages("new.md")
    )


def test_a_wrong_key_is_one_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASK_STORE_KEY", "wrong")
    with pytest.raises(StoreError, match="refuses access: set ASK_STORE_KEY") as caught:
        open_server(address).open()
    assert "wrong" not in str(caught.value)
