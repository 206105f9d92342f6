"""How the page is started, for whom, and with what it keeps."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from conftest import ROOT, SEEDS
from page_answers import KEY, SOURCE, make_declined, make_simple
from serving import serve_page

from rag.cli import main
from rag.errors import CorpusError
from rag.page.exchange import Exchange
from rag.page.feedback import FeedbackStore
from rag.page.start import StartError, close_environment, listen, read_auth
from rag.page.userdata import UserData

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize("text", ["", "anna", "anna:", ":x", "anna:/nowhere/at/all"])
def test_who_may_come_in_has_a_name_and_a_password(text: str) -> None:
    with pytest.raises(StartError, match=r"--auth needs|cannot be read"):
        read_auth(text)


def test_only_the_right_password_opens(tmp_path: Path) -> None:
    file = tmp_path / "password.txt"
    file.write_text("", encoding="utf-8")
    with pytest.raises(StartError, match="is empty"):
        read_auth(f"anna:{file}")
    file.write_text("geheim ü\n", encoding="utf-8")
    is_right = read_auth(f"anna:{file}")
    assert is_right("anna", "geheim ü")
    assert not is_right("anna", "geheim")
    assert not is_right("bert", "geheim ü")


def test_a_page_for_others_needs_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--web", "--host", "0.0.0.0"]) == 1  # noqa: S104
    assert "add --auth USER:PASSWORD-FILE" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--web", "--port", str(port)]) == 1
        with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
            assert len({port, first.getsockname()[1], second.getsockname()[1]}) == 3
    assert f"cannot listen on 127.0.0.1, port {port} (" in capsys.readouterr().err


def test_mcp_and_a_password_do_not_go_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "password.txt").write_text("x")
    assert main(["--web", "--mcp", "--auth", f"anna:{tmp_path / 'password.txt'}"]) == 1
    assert capsys.readouterr().err == "ask: MCP clients cannot log in: leave out --mcp or --auth.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--web", "who?"], ["--web", "--json"], ["--web", "--batch", "-"], ["--port", "7"], ["--host", "::1"],
        ["--mcp", "who?"], ["--web", "--port", "99999"], ["--feedback", "import"], ["--feedback", "export", "a", "b"],
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("ask: error: ")


def test_the_environment_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    around = {"GRADIO_SHARE": "True", "GRADIO_VIBE_MODE": "1", "GRADIO_ALLOWED_PATHS": "/", "PATH": "/bin"}
    monkeypatch.setattr("rag.page.start.os.environ", around)
    close_environment(tmp_path)
    assert around["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert not {"GRADIO_SHARE", "GRADIO_VIBE_MODE", "GRADIO_ALLOWED_PATHS"} & set(around)
    assert around["PATH"] == "/bin"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout with two articles and an index, which is the current folder."""
    folder = tmp_path / "checkout"
    for name in ("rag", "seeds", "index"):
        (folder / name).mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    for name in ("seeds/a.txt", "seeds/b.txt", "seeds/README.md", "index/manifest.json", "index/passages.db"):
        (folder / name).write_text(name, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def test_the_examples_and_their_index_are_copied_once(checkout: Path, tmp_path: Path) -> None:
    data = UserData(tmp_path / "data")
    corpus = data.copy_examples()
    assert sorted(path.name for path in corpus.iterdir()) == ["a.txt", "b.txt"]
    assert (data.index / "passages.db").read_text() == "index/passages.db"
    (corpus / "uploads").mkdir()
    (corpus / "uploads" / "mine.txt").touch()
    (checkout / "seeds" / "a.txt").write_text("changed")
    (checkout / "index" / "passages.db").write_text("changed")
    data.copy_examples()
    assert (corpus / "a.txt").read_text() == "changed"
    assert (corpus / "uploads" / "mine.txt").exists()
    assert (data.index / "passages.db").read_text() == "index/passages.db"


def test_without_a_checkout_there_are_no_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.page.userdata.find_checkout", lambda _: None)
    with pytest.raises(CorpusError, match="--corpus"):
        UserData(tmp_path / "data").copy_examples()
    (tmp_path / "data" / "corpus").mkdir(parents=True)
    assert UserData(tmp_path / "data").copy_examples() == tmp_path / "data" / "corpus"


def test_a_data_folder_that_cannot_be_written_is_said(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "file").touch()
    assert main(["--feedback", "export", "--data", str(checkout / "file")]) == 1
    assert capsys.readouterr().err.endswith("name another file.\n")


def test_feedback_is_exported_for_eval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, folder = tmp_path / "data", tmp_path / "gold"
    arguments = ["feedback", "export", str(folder), "--data", str(data)]
    assert main(arguments) == 0
    assert "No feedback yet" in capsys.readouterr().err
    assert not folder.exists()
    store = FeedbackStore(UserData(data).feedback)
    store.save(Exchange(KEY, "x", replace(make_simple(), standalone="one?"), rating="up"), (), SOURCE)
    store.save(Exchange("b" * 8, "x", replace(make_declined(), standalone="two?"), rating="up"), (), SOURCE)
    assert main(arguments) == 0
    assert "facts.jsonl: 1 to review" in capsys.readouterr().err
    assert json.loads((folder / "facts.jsonl").read_text(encoding="utf-8"))["answers"] == ["49%"]
    from eval.gold import load_gold

    assert {q.question for q in load_gold(folder)} == {"one?", "two?"}
    assert main(arguments) == 1
    assert "facts.jsonl already exists: move it away" in capsys.readouterr().err


def test_app_py_is_the_same_page() -> None:
    text = (ROOT / "app.py").read_text(encoding="utf-8")
    assert 'main(["--web", *sys.argv[1:]])' in text


def test_a_page_that_is_stopped_while_a_browser_has_it_open_logs_no_error(tmp_path: Path, seed_index: Path) -> None:
    with serve_page(tmp_path / "page", SEEDS, seed_index) as served:
        stream = urlopen(f"{served.address}gradio_api/heartbeat/open", timeout=60)  # noqa: S310 (the page's own address)
        assert stream.readline()
    stream.close()
    assert "ERROR" not in served.log.read_text()
