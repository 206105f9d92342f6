"""Starts the page: closed to the rest of the world, over the articles that a user names, until Ctrl-C."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from rag.articles.folder import find_articles
from rag.errors import RagError
from rag.machine.folders import find_folder
from rag.page.userdata import UserData, default_folder
from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer

LOOPBACK = ("127.0.0.1", "localhost", "::1")
FIRST_PORT = 7860
"""Gradio's own."""
MOST_PORTS = 100
"""Ports tried one after the other, as many as Gradio tries."""
UPLOADS = "uploads"


class StartError(RagError):
    """The page cannot be started as it was asked for."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the page is served.

    :param host: address to listen on.
    :param port: port to listen on; None for the first that is free from 7860 on.
    :param auth: USER:FILE of who may come in, the password being the file's first line; None for everybody.
    :param mcp: whether the endpoints are offered to MCP clients.
    :param data: folder of what is kept; None for the user's data folder.
    """

    host: str = LOOPBACK[0]
    port: int | None = None
    auth: str | None = None
    mcp: bool = False
    data: Path | None = None


def serve(config: Config, serving: Serving) -> None:
    """Runs the page until Ctrl-C; prints its address once it answers.

    :raises RagError: for what a user can mend.
    """
    auth = read_auth(serving.auth) if serving.auth else None
    if serving.host not in LOOPBACK and auth is None:
        raise StartError(f"Whoever reaches {serving.host} could read the articles: add --auth USER:PASSWORD-FILE.")
    if serving.mcp and auth is not None:
        # Gradio's tools are listed to anybody then, and work for nobody.
        raise StartError("MCP clients cannot log in: leave out --mcp, or --auth.")
    port = find_port(serving.host, serving.port)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ask-articles-", ignore_cleanup_errors=True) as folder:
        close_environment(Path(folder))
        try:
            from rag.page.page import build_page, launch_options
        except ImportError as error:
            raise StartError(f"The page needs gradio ({error}): pip install 'gradio>=6.31,<7'.") from error
        shelf, feedback, signer = open_parts(config, UserData(serving.data or default_folder()))
        page = build_page(shelf, feedback, signer)
        try:
            _, address, _ = page.launch(
                server_name=serving.host,
                server_port=port,
                auth=auth,
                mcp_server=serving.mcp,
                prevent_thread_lock=True,
                **launch_options(),
            )
        except OSError as error:
            raise StartError(f"The page cannot listen on port {port} ({error}): name another --port.") from error
        except ImportError as error:
            raise StartError(f"--mcp needs one more package ({error}): pip install 'gradio[mcp]'.") from error
        print(f"The page is at {address} – Ctrl-C ends it.", flush=True)  # noqa: T201
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            Event().wait()
        finally:
            shelf.close()
            page.close(verbose=False)


def find_port(host: str, port: int | None) -> int:
    """The port that is named, or the first that is free; so that nothing is loaded where none is.

    :raises StartError: where there is none, or no such host on this machine.
    """
    reason = ""
    for tried in range(FIRST_PORT, FIRST_PORT + MOST_PORTS) if port is None else (port,):
        try:
            with socket.create_server((host, tried), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
                return tried
        except OSError as error:
            reason = (error.strerror or str(error)).partition(" (while")[0]
    ports = f"port {port}" if port is not None else f"a port from {FIRST_PORT} to {FIRST_PORT + MOST_PORTS - 1}"
    raise StartError(f"The page cannot listen on {host}, {ports} ({reason}): name another --port or --host.")


def close_environment(temporary: Path) -> None:
    """Whatever the environment says to Gradio, it says nothing to anybody else; before Gradio is imported.

    GRADIO_VIBE_MODE would let visitors run code, GRADIO_ALLOWED_PATHS let them read files, GRADIO_SHARE open a tunnel.
    """
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # It computes statistics over the last 10,000 events after each one; a page that nobody monitors needs none.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def open_parts(config: Config, data: UserData) -> tuple[Shelf, FeedbackStore, Signer]:
    """:raises RagError: for what a user can mend."""
    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer, load_key

    if config.corpus is None:
        config = replace(config, corpus=data.copy_examples(), index=config.index or data.index)
    elif find_folder(str(config.corpus)) is None:
        find_articles(config.corpus)  # says what is wrong with it
    corpus = find_folder(str(config.corpus)) or Path(str(config.corpus))
    signer, feedback = Signer(load_key(data.key)), FeedbackStore(data.feedback)

    def open_pipeline() -> Pipeline:
        return Pipeline.open(config, progress=sys.stderr is not None and sys.stderr.isatty())

    return Shelf(open_pipeline, corpus / UPLOADS, UPLOADS), feedback, signer


def read_auth(text: str) -> Callable[[str, str], bool]:
    """Whether a name and a password are the right ones.

    :raises StartError: for a file that cannot be read, or holds no password.
    """
    user, colon, name = text.partition(":")
    if not (user and colon and name):
        raise StartError("--auth wants a name and a file with the password, such as --auth anna:password.txt.")
    try:
        password = (Path(name).expanduser().read_text(encoding="utf-8").splitlines() or [""])[0]
    except (OSError, ValueError) as error:
        raise StartError(f"The password in {name} cannot be read ({error}): name another file.") from None
    if not password:
        raise StartError(f"{name} is empty: write the password into its first line.")

    def is_right(given_user: str, given_password: str) -> bool:
        named = secrets.compare_digest(given_user.encode(), user.encode())
        return secrets.compare_digest(given_password.encode(), password.encode()) and named

    return is_right
