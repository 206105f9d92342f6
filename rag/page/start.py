"""Starts the page for the articles a user names, and serves it to this machine alone until Ctrl-C."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rag.articles.folder import find_articles
from rag.errors import RagError
from rag.machine.folders import find_folder
from rag.machine.temporary import open_temporary
from rag.page.hosts import LOOPBACK, WILDCARDS
from rag.page.userdata import UserData, default_folder
from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import gradio as gr
    import uvicorn
    from starlette.types import ASGIApp

    from rag.page.feedback import FeedbackStore
    from rag.page.reviewing import ReviewHandlers
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer

FIRST_PORT = 7860
"""Gradio's default."""
MOST_PORTS = 100
"""Ports to try in turn, as many as Gradio tries."""


class StartError(RagError):
    """The page cannot be started with these options."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the page is served.

    :param host: the address to listen on.
    :param names: further names under which the page may be called, such as that of a proxy in front of it.
    :param port: the port to listen on; None for the first free one from 7860.
    :param auth: USER:FILE for each user who may log in, with the file whose first line is the password; none for no
        login.
    :param mcp: whether to offer the endpoints to MCP clients.
    :param data: the folder for feedback, key and examples; None for the user's data folder.
    :param keeps: whether every answer is kept for review, not only those that are rated.
    :param corrects: whether answers that people corrected are given.
    """

    host: str = LOOPBACK[0]
    names: tuple[str, ...] = ()
    port: int | None = None
    auth: tuple[str, ...] = ()
    mcp: bool = False
    data: Path | None = None
    keeps: bool = False
    corrects: bool = True


def serve(config: Config, serving: Serving) -> None:
    """Runs the page until Ctrl-C, and prints its address once it is up.

    :raises RagError: for anything the user can fix.
    """
    check_access(serving)
    auth = read_auth(*serving.auth) if serving.auth else None
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(serving.host, serving.port))
        serving = replace(serving, port=listening.getsockname()[1])
        try:
            close_environment(stack.enter_context(open_temporary("ask-articles-")))
        except OSError as error:
            raise StartError(f"No temporary folder can be made ({error.strerror}): free some space.") from None
        try:
            from rag.page.page import build_page, launch_options
        except ImportError as error:
            raise StartError(f"The page needs gradio ({error}): pip install 'gradio>=6.31,<7'.") from error
        data = UserData(serving.data or default_folder())
        shelf, feedback, signer = open_parts(config, data, corrects=serving.corrects)
        page = build_page(shelf, feedback, signer, open_reviews(shelf, data, serving), keeps=serving.keeps)
        app = protect(page, shelf, launch_options(), auth, serving)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            run_server(app, serving, listening)
        finally:
            shelf.close()


def protect(
    page: gr.Blocks, shelf: Shelf, options: dict[str, Any], auth: Callable[[str, str], bool] | None, serving: Serving
) -> ASGIApp:
    """The page as an application that only its own visitors reach. :raises StartError: if MCP cannot be offered."""
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.exceptions import RequestValidationError
    from gradio.route_utils import FnIndexInferError
    from gradio.utils import get_upload_folder

    from rag.page.guard import Guard
    from rag.page.receiving import Receiving, refuse_write
    from rag.page.refusals import check_inputs, refuse_arguments, refuse_event, refuse_form

    whole, started = FastAPI(openapi_url=None), secrets.token_hex(8)

    @whole.get("/state")
    async def tell_state() -> dict[str, str | int]:
        """What an open page asks every few seconds: whether this is still the same server with the same articles."""
        return {"started": started, "version": shelf.version}

    refusals: dict[type[Exception], Any] = {KeyError: refuse_event, FnIndexInferError: refuse_event}
    refusals |= {TypeError: refuse_arguments, RequestValidationError: refuse_form, OSError: refuse_write}
    inner = {"exception_handlers": refusals}
    page.validate_inputs = check_inputs
    gr.mount_gradio_app(whole, page, "/", serving.host, app_kwargs=inner, auth=auth, mcp_server=serving.mcp, **options)
    confine_files(page)
    if page.mcp_error:
        raise StartError(f"{page.mcp_error}: pip install 'ask-articles[mcp]', or leave out --mcp.")
    inside: ASGIApp = whole
    if serving.mcp:
        from rag.page.tools import guard_tools

        inside = guard_tools(whole, page, write_address(serving.host, serving.port))
    return Guard(inside, (serving.host, *serving.names), receiving=Receiving(Path(get_upload_folder())))


def confine_files(page: gr.Blocks) -> None:
    """Gradio copies files and addresses named in a request to where a visitor can read them: only uploads may be named.

    It checks paths only in a page that it launched itself, and fetches any public address.
    """
    import gradio as gr
    from gradio import processing_utils

    check = processing_utils._check_allowed

    def check_quietly(path: str | Path, check_in_upload_folder: bool) -> None:
        try:
            check(path, check_in_upload_folder)
        except processing_utils.InvalidPathError:
            raise gr.Error("Only an uploaded file can be named.", print_exception=False) from None

    async def refuse_fetch(url: str, cache_dir: str) -> str:  # noqa: ARG001 (Gradio's parameters)
        raise gr.Error("This page fetches nothing: upload the file.", print_exception=False)

    page.has_launched = True
    processing_utils._check_allowed = check_quietly
    processing_utils.async_ssrf_protected_download = refuse_fetch


def run_server(app: ASGIApp, serving: Serving, listening: socket.socket) -> None:
    """Serves until Ctrl-C, and prints the address once the page is up."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"The page is at {write_address(serving.host, serving.port)} – press Ctrl-C to stop it.", flush=True)  # noqa: T201

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Streams to open pages are cut off now, and uvicorn would log a traceback for each.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await super().shutdown(sockets)

    Server(configure_server(app, serving)).run([listening])


def write_address(host: str, port: int | None) -> str:
    shown = "localhost" if host in WILDCARDS else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/"


def configure_server(app: ASGIApp, serving: Serving) -> uvicorn.Config:
    import uvicorn

    return uvicorn.Config(
        app,
        log_level="warning",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=2,  # streams to open pages never end by themselves
        # Only a proxy, which needs a further name, may say which address it speaks for. Any other program of this
        # machine could make up one for each password that it tries.
        proxy_headers=bool(serving.names),
    )


def check_access(serving: Serving) -> None:
    """:raises StartError: if strangers could read the articles, or users who should get in could not."""
    if serving.host not in LOOPBACK and not serving.auth:
        raise StartError(f"Anyone who can reach {serving.host} could read the articles: add --auth USER:PASSWORD-FILE.")
    if serving.mcp and serving.auth:
        # Gradio would list the tools to everyone, but they would work for nobody.
        raise StartError("MCP clients cannot log in: leave out --mcp or --auth.")
    if serving.mcp and find_spec("mcp") is None:
        raise StartError("--mcp needs one more package: pip install 'ask-articles[mcp]', or leave out --mcp.")


def listen(host: str, port: int | None) -> socket.socket:
    """Listens on the given port, or the first free one. It is taken before anything is loaded, so that it stays free.

    :raises StartError: if no port is free, or the host is not an address of this machine.
    """
    reason = ""
    for tried in range(FIRST_PORT, FIRST_PORT + MOST_PORTS) if port is None else (port,):
        try:
            return open_socket(host, tried)
        except OSError as error:
            reason = (error.strerror or str(error)).partition(" (while")[0]
    ports = f"port {port}" if port is not None else f"a port from {FIRST_PORT} to {FIRST_PORT + MOST_PORTS - 1}"
    raise StartError(f"The page cannot listen on {host}, {ports} ({reason}): name another --port or --host.")


def open_socket(host: str, port: int) -> socket.socket:
    """:raises OSError: if the port is taken, or the host is not an address of this machine."""
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048)


def close_environment(temporary: Path) -> None:
    """Removes Gradio's settings from the environment and switches off its reports. Must run before Gradio is imported.

    GRADIO_VIBE_MODE would let visitors run code, GRADIO_ALLOWED_PATHS read files, and GRADIO_SHARE would open a tunnel.
    """
    for name in [name for name in os.environ if name.startswith("GRADIO_")]:
        del os.environ[name]
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    # After each event, Gradio computes statistics over the last 10,000. Nobody looks at them here.
    os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "1000000000"
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "100"
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


def open_parts(config: Config, data: UserData, *, corrects: bool = True) -> tuple[Shelf, FeedbackStore, Signer]:
    """:raises RagError: for anything the user can fix."""
    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer, load_key
    from rag.review.corrections import StoredCorrections

    if config.corpus is None and config.store is not None:
        raise StartError("The page adds and removes articles: name their folder with --corpus as well as --store.")
    if config.corpus is None:
        config = replace(config, corpus=data.copy_examples(), index=config.index or data.index)
    elif find_folder(str(config.corpus)) is None:
        find_articles(config.corpus)  # raises an error that explains the problem
    corpus = find_folder(str(config.corpus)) or Path(str(config.corpus))
    signer, feedback = Signer(load_key(data.key)), FeedbackStore(data.feedback)
    corrections = StoredCorrections(data.feedback) if corrects else None

    def open_pipeline(tell: Callable[[int, int], None] | None) -> Pipeline:
        return Pipeline.open(config, progress=True, tell=tell, corrections=corrections)

    return Shelf(open_pipeline, corpus, columns=config.columns), feedback, signer


def open_reviews(shelf: Shelf, data: UserData, serving: Serving) -> ReviewHandlers:
    from rag.page.reviewing import ReviewHandlers
    from rag.review.judging import Judging, name_reviewer
    from rag.review.store import ReviewStore

    judging = Judging(ReviewStore(data.feedback), shelf.read)
    return ReviewHandlers(judging, None if serving.auth else name_reviewer(), serving.keeps)


def read_auth(*texts: str) -> Callable[[str, str], bool]:
    """A function that checks a user name and a password.

    :raises StartError: if a text is not USER:FILE, names a user twice, or its file cannot be read or is empty.
    """
    passwords: dict[str, str] = {}
    for text in texts:
        user, password = read_password(text)
        if user in passwords:
            raise StartError(f"--auth names {user} twice: leave one out.")
        passwords[user] = password

    def is_right(given_user: str, given_password: str) -> bool:
        # All are compared, so that the time says nothing about who may log in.
        right = False
        for user, password in passwords.items():
            named = secrets.compare_digest(given_user.encode(), user.encode())
            right |= secrets.compare_digest(given_password.encode(), password.encode()) and named
        return right

    return is_right


def read_password(text: str) -> tuple[str, str]:
    """The user and the password of USER:FILE. :raises StartError: as :func:`read_auth`."""
    user, colon, name = text.partition(":")
    if not (user and colon and name):
        raise StartError("--auth needs a user name and a file with the password, such as --auth anna:password.txt.")
    try:
        password = (Path(name).expanduser().read_text(encoding="utf-8").splitlines() or [""])[0]
    except (OSError, ValueError) as error:
        raise StartError(f"The password in {name} cannot be read ({error}): name another file.") from None
    if not password:
        raise StartError(f"{name} is empty: write the password on its first line.")
    return user, password
