"""Attacks on the network edge: foreign names, foreign pages, guessed passwords; and what a browser may do."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.page.attempts import FREE, LONGEST, Attempts
from rag.page.guard import MOST_BODY, Guard
from rag.page.hosts import strip_port

if TYPE_CHECKING:
    from pathlib import Path

    from serving import Served
    from starlette.requests import Request

SCRIPT = "<html><script>start()</script><script src='a.js'></script></html>"


def make_client(*hosts: str, attempts: Attempts | None = None, client: str = "10.0.0.7") -> TestClient:
    """A browser before a page with a login, an article and a file; the right password is "x"."""

    async def login(request: Request) -> JSONResponse:
        right = (await request.body()) == b"x"
        response = JSONResponse({"success": right}, 200 if right else 400)
        if right:
            response.set_cookie("access-token", "t", httponly=True, samesite="none", secure=True)
        return response

    async def read(request: Request) -> JSONResponse:
        return JSONResponse({"sent": len(await request.body())}, headers={"access-control-allow-origin": "*"})

    inner = Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(SCRIPT)),
            Route("/login", login, methods=["POST"]),
            Route("/gradio_api/call/ask", read, methods=["GET", "POST", "OPTIONS"]),
            Route("/assets/index-DphvyggB.js", lambda _: PlainTextResponse("1")),
        ]
    )
    guarded = Guard(inner, hosts, attempts or Attempts())
    return TestClient(guarded, base_url="http://127.0.0.1:7860", client=(client, 5000))


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost", "LOCALHOST.:7860", "[::1]:7860", "news.example"])
def test_the_page_is_served_under_its_own_names(host: str) -> None:
    assert make_client("news.example").get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7860", "10.1.2.3", "", "[::1", "a:b:c"])
@pytest.mark.parametrize("path", ["/", "/gradio_api/call/ask", "/login", "/assets/index-DphvyggB.js"])
def test_a_foreign_name_gets_nothing(host: str, path: str) -> None:
    answer = make_client("news.example").get(path, headers={"host": host})
    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["error"]


def test_a_page_for_all_addresses_is_served_under_the_address_called_alone() -> None:
    client = make_client("0.0.0.0")  # noqa: S104
    scoped = TestClient(client.app, base_url="http://192.168.1.5:7860")
    # The test client connects to the host of its address.
    assert scoped.get("/").status_code == 200
    assert scoped.get("/", headers={"host": "192.168.1.6:7860"}).status_code == 421
    assert scoped.get("/", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:9000"}, {"origin": "http://localhost:7860"}, {"origin": "null"},
        {"origin": "http://evil.example"}, {"origin": ""},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_page_can_call_nothing(headers: dict[str, str], method: str) -> None:
    answer = make_client().request(method, "/gradio_api/call/ask", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)  # fmt: skip
def test_the_page_itself_programs_and_links_get_in(headers: dict[str, str]) -> None:
    answer = make_client().get("/gradio_api/call/ask", headers=headers)
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_what_a_proxy_says_of_the_name_must_be_a_name_of_the_page() -> None:
    """Gradio builds addresses from it, also of the server that its MCP tools ask."""
    client = make_client("news.example")
    for said, status in (("news.example", 200), ("evil.example", 421), ("news.example, evil.example", 421), ("", 421)):
        assert client.get("/", headers={"x-forwarded-host": said}).status_code == status
    for said, status in (("https", 200), ("https, http", 200), ("javascript", 400)):
        assert client.get("/", headers={"x-forwarded-proto": said}).status_code == status


def test_behind_tls_the_origin_is_the_allowed_name() -> None:
    client = make_client("news.example")
    headers = {"host": "news.example", "origin": "https://news.example"}
    assert client.get("/", headers=headers).status_code == 200


def test_a_long_request_is_not_read() -> None:
    assert make_client().post("/gradio_api/call/ask", content=b"x" * (MOST_BODY + 1)).status_code == 413


def test_a_request_that_does_not_say_how_long_it_is_ends_at_the_limit() -> None:
    pieces = (b"x" * 1_000_000 for _ in range(MOST_BODY // 1_000_000 + 1))
    with pytest.raises(ClientDisconnect):
        make_client().post("/gradio_api/call/ask", content=pieces)


def test_responses_tell_the_browser_what_is_allowed() -> None:
    client = make_client()
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert page.text == SCRIPT
    assert len(re.findall("'sha256-", policy)) == 1
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "frame-ancestors 'none'" in policy
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "immutable" in client.get("/assets/index-DphvyggB.js").headers["cache-control"]
    assert "immutable" not in client.get("/assets/index-DphvyggC.js").headers["cache-control"]


@pytest.mark.parametrize(("address", "secure"), [("http://127.0.0.1:7860", False), ("https://127.0.0.1:7860", True)])
def test_the_cookie_is_for_this_page_alone(address: str, secure: bool) -> None:
    client = TestClient(make_client().app, base_url=address)
    (cookie,) = client.post("/login", content=b"x").headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "none" not in cookie.lower()
    assert ("Secure" in cookie) == secure


def test_password_guessing_is_slowed_for_each_address() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    client, other = make_client(attempts=attempts), make_client(attempts=attempts, client="10.0.0.8")
    for _ in range(FREE):
        assert client.post("/login", content=b"?").status_code == 400
    refused = client.post("/login", content=b"x")
    assert refused.status_code == 429
    assert refused.json()["detail"] == "Too many wrong passwords: wait 1 second."
    assert other.post("/login", content=b"x").status_code == 200
    now[0] += 1
    assert client.post("/login", content=b"?").status_code == 400
    now[0] += 1.5
    assert client.post("/login", content=b"x").status_code == 429
    now[0] += 0.5
    assert client.post("/login", content=b"x").status_code == 200
    assert client.post("/login", content=b"?").status_code == 400


def test_passwords_that_arrive_together_are_counted_together() -> None:
    now, login = [0.0], {"tries": 0}

    async def run(scope: Any, receive: Any, send: Any) -> None:
        login["tries"] += 1
        await asyncio.sleep(0.05)  # all the others arrive meanwhile
        await JSONResponse({}, 400)(scope, receive, send)

    guarded = Guard(run, attempts=Attempts(clock=lambda: now[0]))

    async def burst() -> list[int]:
        transport = httpx.ASGITransport(app=guarded, client=("10.0.0.7", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return [r.status_code for r in await asyncio.gather(*(client.post("/login") for _ in range(50)))]

    assert sorted(asyncio.run(burst())) == [400] * FREE + [429] * (50 - FREE)
    for tries in (1, 2, 3):
        now[0] += LONGEST
        assert asyncio.run(burst()).count(400) == 1
        assert login["tries"] == FREE + tries


def test_the_addresses_of_one_network_are_counted_together() -> None:
    attempts = Attempts(clock=lambda: 0.0)
    guessing = [make_client(attempts=attempts, client=f"2001:db8:1:2::{number}") for number in range(FREE + 1)]
    seen = [client.post("/login", content=b"?").status_code for client in guessing]
    assert seen == [400] * FREE + [429]
    for other in ("2001:db8:1:3::1", "::ffff:10.0.0.7", "fe80::1%eth0", "::1"):
        assert make_client(attempts=attempts, client=other).post("/login", content=b"?").status_code == 400


def test_no_wait_is_longer_than_the_longest() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for _ in range(40):
        assert attempts.begin("a") == 0
        now[0] += LONGEST
    now[0] -= LONGEST
    assert attempts.begin("a") == LONGEST
    assert attempts.begin("b") == 0


@pytest.mark.parametrize(
    ("host", "name"),
    [("A.b:80", "a.b"), ("[::1]:80", "::1"), ("::1", ""), ("a b", "a b"), ("x:y", ""), (":80", ""), ("a.", "a")],
)
def test_a_name_is_parsed_without_its_port(host: str, name: str) -> None:
    assert strip_port(host) == name


def send(page: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str]:
    """One request to a served page with exactly these headers."""
    with closing(http.client.HTTPConnection(urlsplit(page).netloc, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")


@pytest.mark.slow
def test_a_rebound_name_reads_nothing_of_the_real_page(served: Served) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/mcp/", "/theme.css"):
        assert send(served.address, "GET", path, {"Host": "evil.example:7860"})[0] == 421


@pytest.mark.slow
def test_a_foreign_upload_leaves_nothing_behind(served: Served) -> None:
    def count() -> int:
        return sum(1 for _ in served.corpus.rglob("*"))

    before = count()
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="evil.txt"\r\n\r\nEvil news.\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Origin": "http://evil.example"}
    status, _ = send(served.address, "POST", "/gradio_api/upload", headers, body)
    assert status == 403
    assert count() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        {"fn_index": 99999, "data": [], "session_hash": "x"}, {"fn_index": -1, "data": [], "session_hash": "x"},
        {"fn_index": "a", "data": [], "session_hash": "x"}, {"data": "x", "session_hash": "x"}, {"fn_index": None},
    ],
)  # fmt: skip
def test_a_wrong_event_is_refused_without_an_error_of_the_server(served: Served, data: dict[str, Any]) -> None:
    status, _ = send(
        served.address,
        "POST",
        "/gradio_api/queue/join",
        {"Content-Type": "application/json"},
        json.dumps(data).encode(),
    )
    assert 400 <= status < 500


@pytest.mark.slow
def test_a_request_can_name_no_file_of_the_machine_and_no_address(served: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The vault of Oban opens at nine.", encoding="utf-8")
    _, told = send(served.address, "GET", "/config", {})
    events = json.loads(told)["dependencies"]
    (upload,) = [event["id"] for event in events if any(kind == "upload" for _, kind in event["targets"])]
    for path, refusal in ((str(secret), "Only an uploaded file"), ("http://example.invalid/x.txt", "fetches nothing")):
        named = {"path": path, "meta": {"_type": "gradio.FileData"}}
        body = json.dumps({"fn_index": upload, "data": [[named], "", ""], "session_hash": "thief"}).encode()
        send(served.address, "POST", "/gradio_api/queue/join", {"Content-Type": "application/json"}, body)
        _, said = send(served.address, "GET", "/gradio_api/queue/data?session_hash=thief", {})
        assert refusal in str(said)
    assert not list(served.corpus.rglob("secret*"))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}),
        ("/logout", {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}),
    ],
)
def test_a_foreign_page_can_neither_frame_the_page_nor_log_its_user_out(path: str, headers: dict[str, str]) -> None:
    assert make_client().get(path, headers=headers).status_code == 403
