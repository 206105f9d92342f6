"""`ask` with `ask serve` beside it: the same answers, and never in the way."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, SEEDS

from rag import client
from rag.answers.memory import Memory
from rag.index.local import LocalStore
from rag.machine import sockets
from rag.machine.sockets import MOST_ASKED, check_peer, encode_message, receive_messages, stamp_code
from rag.options import find_command
from rag.pipeline import Config, Pipeline
from rag.review.items import Place, Provenance, make_item
from rag.review.store import Review, ReviewStore
from rag.server import ServeError, Server, listen, open_folder, serve_questions

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="ask serve needs Unix sockets")
STAKE = "what stake did Meta buy?"
INSTALLED = Path(client.__file__).parents[1]
"""Where these tests import the product from: its checkout, or where it was installed."""
ALONE = 99
"""Exit status of an ``ask`` that no server answered."""

Ask = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True)
class Warm:
    """A running server: its corpus, its options, its pipeline at the start, and its socket."""

    corpus: Path
    options: list[str]
    pipeline: Pipeline
    path: Path


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's runtime folder. Its path is short, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="ask-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def warm(runtime: Path, tmp_path: Path, pipeline: Pipeline, seed_index: Path) -> Iterator[Warm]:
    """A server over a copy of the seeds, in threads of this process."""
    corpus, index = tmp_path / "news", tmp_path / "index"
    shutil.copytree(SEEDS, corpus)
    shutil.copytree(seed_index, index)
    opened = replace(pipeline, corpus=corpus, store=LocalStore(index), memory=Memory()).renewed()
    path = open_folder() / f"{stamp_code()}-1.sock"
    assert path.is_relative_to(runtime)
    server = Server(opened, Config(corpus, index), tmp_path)
    with listen(path) as listening:
        running = Thread(target=server.run, args=(listening, 3600.0))
        running.start()
        yield Warm(corpus, ["--corpus", str(corpus), "--index", str(index)], opened, path)
        server.close()
        running.join()


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs ask: (exit status, stdout, stderr). The status is ``ALONE`` if it has to answer by itself."""
    monkeypatch.setattr("rag.cli.main", lambda _: ALONE)

    def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = client.main(words)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def drop_times(out: str) -> Any:
    """An answer without its times, if it is JSON."""
    if not out.startswith("{"):
        return out
    return {name: value for name, value in json.loads(out).items() if name not in ("seconds", "timing")}


@pytest.mark.parametrize(
    "words",
    [
        (STAKE,),
        ("--json", STAKE),
        ("--json", "-k", "3", "--since", "2026-06", "what", "stake", "did", "Meta", "buy?"),
        ("--json", "--source", "*nowhere*", STAKE),
        ("How do I bake sourdough bread?",),
        ("-",),
        ("--json", "?!"),
    ],
)
def test_the_server_answers_as_ask_does_without_it(
    words: tuple[str, ...], warm: Warm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [0, 0]
    monkeypatch.setattr(Pipeline, "open", classmethod(lambda _, config, **__: replace(warm.pipeline, k=config.k)))
    for way, run in enumerate((client.ask_servers, None)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"who is the interim ceo of scale?\n")))
        monkeypatch.setenv("COLUMNS", "60")
        status = run([str(warm.path)], [*warm.options, *words]) if run else None
        if status is None:  # what is an error is left to ask
            from rag.cli import main

            status = main([*warm.options, *words])
            assert run is None or status == 1
        captured = capsys.readouterr()
        told[way] = (status, drop_times(captured.out), captured.err)  # type: ignore[call-overload]
    assert told[0] == told[1]


@pytest.fixture
def data(pipeline: Pipeline, tmp_path: Path) -> Path:
    """A data folder in which an expert has corrected the answer."""
    shown = pipeline.ask(STAKE)
    document = pipeline.index.document(shown.citations[0].document_id)
    assert document is not None
    start = document.text.index("Scale AI", shown.citations[0].start)
    place = Place(document.document_id, document.title, start, start + 8, "Scale AI", document.text_sha256)
    store = ReviewStore(tmp_path / "data" / "feedback.sqlite")
    store.keep([make_item("1", shown, Provenance("", "", ""), created="2026-11-02T10:00:00+00:00", origin="asked")])
    store.join("eva")
    store.record(Review("1", "eva", "gain", "wrong", (place,)))
    return tmp_path / "data"


def test_a_correction_counts_at_once_in_the_folder_of_whoever_asks(data: Path, warm: Warm, ask: Ask) -> None:
    words = (*warm.options, "--data", str(data), STAKE)
    status, out, err = ask(*words)
    assert (status, err) == (0, "")
    assert out.startswith("Scale AI\n")
    assert "corrected by eva on " in out
    status, out, _ = ask(*words, "--no-corrections")
    assert (status, out.startswith("49%")) == (0, True)
    (data / "feedback.sqlite").write_bytes(b"SQLite format 3" * 400)
    status, out, err = ask(*words)
    assert (status, out.startswith("49%")) == (0, True)
    assert err.startswith("ask: Corrections are ignored")


def test_an_answer_knows_the_folder_as_it_is_now(warm: Warm, ask: Ask) -> None:
    (warm.corpus / "acme.txt").write_text("Acme's new chief\n\nAcme is led by Petra Novak since May.\n", "utf-8")
    status, out, err = ask(*warm.options, "who leads Acme?")
    assert (status, err) == (0, "index: 1 article added\n")
    assert out.startswith("Petra Novak")
    (warm.corpus / "acme.txt").unlink()
    status, out, err = ask(*warm.options, "who leads Acme?")
    assert (status, err) == (0, "index: 1 article removed\n")
    assert "Petra Novak" not in out


def test_what_is_not_a_question_of_these_folders_and_models_is_not_answered(
    warm: Warm, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    corpus, index = warm.options[1], warm.options[3]
    for words in (
        ["--corpus", corpus, STAKE],
        ["--corpus", str(SEEDS), "--index", index, STAKE],
        [*warm.options, "--encoder", str(tmp_path), STAKE],
        [*warm.options, "--reader", "google/flan-t5-base", STAKE],
        [*warm.options, "--columns", "text=body", STAKE],
        [*warm.options, "--batch", "-"],
        [*warm.options, "--nonsense", STAKE],
        ["list", *warm.options],
        ["--help"],
        [*warm.options, "a" * MOST_ASKED],
    ):
        assert ask(*words) == (ALONE, "", "")
    monkeypatch.chdir(corpus)
    assert ask("--corpus", ".", "--index", "../index", STAKE)[0] == 0
    assert ask("--corpus", "..", "--index", "../index", STAKE)[0] == ALONE
    monkeypatch.setattr(client, "stamp_code", lambda: "another")
    assert ask(*warm.options, STAKE) == (ALONE, "", "")


@pytest.mark.usefixtures("runtime")
def test_another_version_or_setting_has_another_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stamps = {stamp_code()}
    monkeypatch.setattr(sockets, "__version__", "0.0.1")
    stamps.add(stamp_code())
    for name in ("HF_HOME", "XDG_DATA_HOME", "ASK_STORE_KEY"):
        monkeypatch.setenv(name, str(tmp_path))
        stamps.add(stamp_code())
    before = sockets.stamp_files(str(tmp_path))
    (tmp_path / "module.py").touch()
    after = sockets.stamp_files(str(tmp_path))
    monkeypatch.setattr(sockets, "stamp_files", lambda _: after)
    stamps.add(stamp_code())
    assert before != after
    assert len(stamps) == 6


def test_no_other_user_is_asked_or_answered(
    warm: Warm, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    warm.path.parent.chmod(0o755)
    assert ask(*warm.options, STAKE) == (ALONE, "", "")
    with pytest.raises(ServeError, match="open to other users"):
        open_folder()
    warm.path.parent.chmod(0o700)
    link = tmp_path / "link"
    link.symlink_to(warm.path.parent)
    assert not sockets.is_private(str(link))
    mine, other = socket.socketpair()
    with mine, other:
        check_peer(mine)
        monkeypatch.setattr(os, "getuid", lambda: 54321)
        if hasattr(socket, "SO_PEERCRED"):
            with pytest.raises(PermissionError):
                check_peer(mine)
    assert ask(*warm.options, STAKE) == (ALONE, "", "")


@contextmanager
def speak(said: bytes) -> Iterator[None]:
    """A server of this version that says one thing and dies."""

    def answer() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(MOST_ASKED)
            connection.sendall(said)

    with listen(open_folder() / f"{stamp_code()}-2.sock") as listening:
        speaking = Thread(target=answer)
        speaking.start()
        yield
        speaking.join()


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b'{"beat": true}\n{"do',
        b'{"said": "index: 1 article added\\n"}\n',
        b"\x80\xff\n",
        b"[1]\n",
        b"[" * 100_000 + b"\n",
        b'{"done": 3}\n',
        b'{"refused": true}\n{"done": "no"}\n',
    ],
)
def test_a_server_that_dies_or_speaks_nonsense_is_not_needed(said: bytes, ask: Ask) -> None:
    with speak(said):
        status, out, err = ask(STAKE)
    assert (status, out) == (ALONE, "")
    assert err == ("index: 1 article added\n" if b"said" in said else "")


@pytest.mark.usefixtures("runtime")
def test_a_question_that_was_read_is_not_lost_with_the_server(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr("rag.cli.main", lambda _: read.append(sys.stdin.read()))
    with speak(b'{"stdin": true}\n'):
        ask("-", stdin="who runs Scale?")
    assert read == ["who runs Scale?"]


@pytest.mark.usefixtures("runtime")
def test_what_a_killed_server_left_is_not_in_the_way(ask: Ask) -> None:
    path = open_folder() / f"{stamp_code()}-3.sock"
    listen(path).close()
    assert path.exists()
    assert ask(STAKE) == (ALONE, "", "")
    listen(path).close()


def test_hostile_clients_do_not_end_the_server(warm: Warm, ask: Ask) -> None:
    request = {"words": [STAKE], "here": "/", "stdin": None, "typed": False, "columns": 80, "colour": False}
    request["progress"] = False
    for line in (
        b"",
        b"\x00\xff\n",
        b"[" * 60_000 + b"\n",
        b'{"words": ' + b"9" * 60_000 + b"}\n",
        b"x" * (2 * MOST_ASKED),
        encode_message({**request, "words": STAKE}),
        encode_message({**request, "words": [3]}),
        encode_message({**request, "here": "not absolute"}),
        encode_message({**request, "here": "/\0"}),
        encode_message({**request, "words": ["--corpus", "\0", "who?"]}),
        encode_message({**request, "words": ["--corpus", "~nobody-of-this-name", "who?"]}),
        encode_message({**request, "columns": "80"}),
        encode_message({**request, "more": 1}),
    ):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(warm.path))
            try:
                connection.sendall(line)
                connection.shutdown(socket.SHUT_WR)
                assert [m for m in receive_messages(connection) if m != {"refused": True} and "beat" not in m] == []
            except OSError:  # it hung up
                pass
    # One that leaves before it gets its answer.
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(warm.path))
        connection.sendall(encode_message({**request, "words": [*warm.options, STAKE]}))
    assert ask(*warm.options, STAKE)[1].startswith("49%")


def test_the_same_question_is_answered_from_memory_unless_it_is_to_be_read(warm: Warm, ask: Ask) -> None:
    first, again, fresh = (json.loads(ask(*warm.options, "--json", *how, STAKE)[1]) for how in ((), (), ("--fresh",)))
    assert first["timing"]["read"] > 0 < fresh["timing"]["read"]
    assert again["timing"]["read"] == 0
    assert again["seconds"] == pytest.approx(sum(again["timing"].values()), abs=0.001)
    assert drop_times(json.dumps(first)) == drop_times(json.dumps(again)) == drop_times(json.dumps(fresh))


def test_several_ask_at_once(warm: Warm) -> None:
    questions = [STAKE, "who is the interim ceo of scale?"] * 3
    requests = [client.describe_request([*warm.options, "--json", question]) for question in questions]
    with ThreadPoolExecutor(len(requests)) as pool:
        told = list(pool.map(lambda request: client.exchange(str(warm.path), request), requests))
    assert [json.loads(message["done"])["answer"] for message in told] == ["49%", "Jason Droege"] * 3


@pytest.mark.usefixtures("runtime")
def test_the_server_ends_by_itself_when_nobody_asks(
    pipeline: Pipeline, seed_index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = replace(pipeline, corpus=SEEDS, store=LocalStore(seed_index)).renewed()
    monkeypatch.setattr(Pipeline, "open", classmethod(lambda *_, **__: opened))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert serve_questions(Namespace(SEEDS, seed_index, idle=0.001)) == 0  # type: ignore[arg-type]
    assert "Ended after 0.001 minutes without a question." in capsys.readouterr().err
    assert list(open_folder().iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("runtime")
def test_the_command_serves_once_until_it_is_interrupted(tmp_path: Path, seed_index: Path) -> None:
    shutil.copytree(seed_index, tmp_path / "index")
    options = ["--corpus", str(SEEDS), "--index", str(tmp_path / "index")]
    command = [sys.executable, "-m", "rag.client", "serve", *options]
    with subprocess.Popen(
        command, cwd=INSTALLED, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background ignores it
    ) as served:  # fmt: skip
        try:
            assert served.stderr is not None
            assert served.stderr.readline().startswith("Ready: ask uses this process.")
            asked = [sys.executable, "-m", "rag.client", "--json", *options, STAKE]
            # Without a module on its path, it could not answer by itself.
            code = (
                "import sys; sys.modules['rag.cli'] = None; from rag.client import main; sys.exit(main(sys.argv[1:]))"
            )
            asked[1:3] = ["-c", code]
            done = subprocess.run(asked, cwd=INSTALLED, capture_output=True, text=True, check=True)
            assert (json.loads(done.stdout)["short"], done.stderr) == ("49%", "")
            given = Namespace(SEEDS, tmp_path / "index")
            with pytest.raises(ServeError, match="already runs"):
                serve_questions(given)  # type: ignore[arg-type]
        finally:
            served.send_signal(signal.SIGINT)
        left = served.stderr.read()
    assert served.returncode == 130
    assert left.strip() == ""
    assert list(open_folder().iterdir()) == []


@dataclass(frozen=True)
class Namespace:
    """The arguments of ``ask serve``."""

    corpus: Path
    index: Path
    encoder: str | None = None
    reader: str | None = None
    store: str | None = None
    columns: Any = Config().columns
    idle: float = 1.0


def test_ask_imports_little_before_it_knows_that_there_is_no_server(runtime: Path) -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom rag import client\nclient.find_servers()\n"
        "client.describe_request(['who?'])\nprint(*(set(sys.modules) - before))"
    )
    open_folder().joinpath(f"{stamp_code()}-4.sock").touch()
    command, environment = [sys.executable, "-c", code], {**os.environ}
    environment.pop("COLUMNS", None)
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    loaded = set(done.stdout.split())
    own = {name for name in loaded if name.startswith("rag")}
    assert own == {"rag", "rag.client", "rag.machine", "rag.machine.sockets", "rag.machine.streams"}
    assert not loaded & {"argparse", "dataclasses", "numpy", "typing", "sqlite3", "shutil"}
    assert runtime.exists()


def test_serve_is_a_command_only_alone_or_before_an_option() -> None:
    assert find_command(["serve"]) == find_command(["serve", "--idle", "5"]) == "serve"
    assert find_command(["serve", "the", "dinner"]) is None
