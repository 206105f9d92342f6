"""Requests that the page does not understand get one sentence, and never an error of the server."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rag.page.refusals import MISSHAPEN, UNKNOWN
from rag.page.start import Serving, configure_server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def post(path: str, body: str) -> httpx.Response:
    """Sends a request to a page with the real endpoints alone, behind the real guard."""

    async def run() -> httpx.Response:
        import gradio as gr

        from rag.page.endpoints import add_endpoints
        from rag.page.start import protect

        shelf: Any = SimpleNamespace(version=0)
        with gr.Blocks(analytics_enabled=False) as page:
            add_endpoints(shelf, 1)
        app: Any = protect(page, shelf, {"show_error": False}, None, Serving())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            headers = {"content-type": "application/json"}
            return await client.post(f"/gradio_api/{path}", content=body, headers=headers)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("call/nope", '{"data": []}', 400, UNKNOWN),
        ("call/v2/nope", "{}", 400, UNKNOWN),
        ("run/nope", '{"data": []}', 400, UNKNOWN),
        ("run/predict", '{"data": []}', 400, UNKNOWN),
        ("call/v2/ask", "{}", 422, MISSHAPEN),
        ("call/v2/ask", '{"question": "Who?", "nope": 1}', 422, MISSHAPEN),
        ("call/ask", "{}", 422, MISSHAPEN),
        ("call/ask", '{"data": 5}', 422, MISSHAPEN),
        ("call/ask", "[", 422, MISSHAPEN),
        ("queue/join", '{"data": [], "fn_index": NaN, "session_hash": "x"}', 422, MISSHAPEN),
        ("reset", '{"event_id": NaN}', 422, MISSHAPEN),
        ("cancel", '{"session_hash": "x", "fn_index": NaN, "event_id": "y"}', 422, MISSHAPEN),
    ],
)
def test_a_request_that_is_not_understood_gets_one_sentence(
    path: str, body: str, status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    response = post(path, body)
    assert (response.status_code, response.json()) == (status, {"error": said})


@pytest.mark.parametrize(("names", "client"), [((), "127.0.0.1"), (("news.example",), "10.0.0.9")])
def test_only_behind_a_proxy_is_an_address_taken_from_a_header(names: Sequence[str], client: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["client"][0])

    config = configure_server(app, Serving(names=tuple(names)))
    config.load()
    headers = [(b"x-forwarded-for", b"10.0.0.9")]
    scope: Any = {"type": "http", "scheme": "http", "client": ("127.0.0.1", 5000), "headers": headers}
    asyncio.run(config.loaded_app(scope, None, None))  # type: ignore[arg-type]
    assert seen == [client]
