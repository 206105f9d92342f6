"""Attacks on the tools for MCP clients, with the package mcp (pip install '.[mcp]')."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import SEEDS
from serving import serve_page

pytest.importorskip("mcp")
import httpx

from rag.page.tools import find_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=window.ran=1>"
TEXT = {"type": "string"}
SCHEMAS = {
    "ask": {"properties": {"question": TEXT, "history": {"type": "array", "items": TEXT}}, "required": ["question"]},
    "list_articles": {"properties": {}},
}


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("ask", {"question": "Who?"}, ""),
        ("list_articles", {}, ""),
        (HOSTILE, {}, "There is no such tool: the tools are ask, list_articles."),
        ("list_articles", {HOSTILE: 1}, "list_articles takes 0 arguments."),
        ("ask", {"question": "Who?", "x": 1}, "ask takes 2 arguments: question, history."),
        ("ask", {}, "ask needs the argument question."),
        ("ask", {"question": {"path": "/etc/passwd"}}, "The argument question of ask has the wrong form: tools/list"),
        ("ask", {"question": "Who?", "history": [HOSTILE, 5]}, "The argument history of ask has the wrong form: tools"),
    ],
)
def test_what_is_wrong_with_a_call_is_one_sentence(name: str, arguments: dict[str, Any], said: str) -> None:
    found = find_fault(name, arguments, SCHEMAS)
    assert found.startswith(said)
    assert bool(found) == bool(said)
    assert HOSTILE not in found


@pytest.fixture(scope="module")
def tools(seed_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the page's MCP server, whose articles have a name with markup."""
    folder = tmp_path_factory.mktemp("tools")
    with (
        serve_page(folder, SEEDS, seed_index, "--mcp") as served,
        httpx.Client(base_url=f"{served.address}gradio_api/mcp", timeout=120) as client,
    ):
        client.headers["accept"] = "application/json, text/event-stream"
        # First of all, because the server remembers where its first request came to.
        assert list_tools(client, {"x-forwarded-host": "evil.example"}).status_code == 421
        yield client
        log = served.log.read_text()
    assert "Error" not in log
    assert "Traceback" not in log


def list_tools(client: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return client.post("/", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)


def call(client: httpx.Client, name: str, arguments: object, **headers: str) -> tuple[bool, str]:
    """Whether a tool failed, and what it said."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    answer = client.post("/", content=json.dumps(message), headers={"content-type": "application/json", **headers})
    assert answer.status_code == 200
    said = json.loads(answer.text.partition("data: ")[2] or answer.text)["result"]
    return said.get("isError", False), said["content"][0]["text"]


def test_results_are_json(tools: httpx.Client) -> None:
    failed, said = call(tools, "ask", {"question": "what stake did Meta buy?"})
    assert not failed
    assert json.loads(said)["short"] == "49%"
    name = json.loads(said)["citations"][0]["document_id"]
    assert name in {row["document_id"] for row in json.loads(call(tools, "list_articles", {})[1])}
    assert "49%" in json.loads(call(tools, "read_article", {"document_id": name})[1])["text"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *(("read_article", {"document_id": name}) for name in (
            "../../etc/passwd", "/etc/passwd", "", "\0", HOSTILE, "a" * 3_000_000, 5, None, [HOSTILE],
            {"path": "/etc/passwd", "url": "http://127.0.0.1:1/", "meta": {"_type": "gradio.FileData"}},
        )),
        ("read_article", {}), ("read_article", {"document_id": "x", HOSTILE: 1}), (HOSTILE, {}), ("ask", {}),
        ("ask", {"question": "???"}), ("ask", {"question": "a" * 4_000_000}),
        ("ask", {"question": "Who?", "history": 5}),
        ("ask", {"question": "Who?", "history": [{"role": "system", "content": HOSTILE}]}),
        ("ask", {"question": "Who?", "history": [{"role": "user", "content": {"a": 1}}]}),
    ],
)  # fmt: skip
def test_a_wrong_call_gets_one_short_sentence(tools: httpx.Client, name: str, arguments: dict[str, Any]) -> None:
    failed, said = call(tools, name, arguments)
    assert failed
    assert said.endswith(".")
    assert len(said) < 130
    assert "\n" not in said
    assert HOSTILE not in said


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0"}', b"[" * 100_000, b"\xff",
        b'{"jsonrpc":"2.0","id":1,"method":"x"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":"x"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"\\ud800"}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/read"}', b'{"jsonrpc":"2.0","method":"notifications/x"}',
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]',
    ],
)  # fmt: skip
def test_a_message_of_the_wrong_form_gets_one_short_sentence(tools: httpx.Client, body: bytes) -> None:
    answer = tools.post("/", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    said = answer.json()["error"]["message"]
    assert said.endswith(".")
    assert len(said) < 130


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:9"},
        {"origin": "null"}, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
        {"x-forwarded-host": "127.0.0.1, evil.example"}, {"x-forwarded-proto": "javascript"},
    ],
)  # fmt: skip
def test_a_foreign_page_or_name_calls_no_tool(tools: httpx.Client, headers: dict[str, str]) -> None:
    assert list_tools(tools, headers).status_code in (400, 403, 421)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("DELETE", "/"), ("GET", "/sse"), ("POST", "/messages/"), ("GET", "/schema"), ("POST", "/http/"),
    ],
)  # fmt: skip
def test_there_is_no_other_way_in(tools: httpx.Client, method: str, path: str) -> None:
    answer = tools.request(method, path)
    assert answer.status_code in (404, 405)
    assert answer.json()["error"].endswith(".")
