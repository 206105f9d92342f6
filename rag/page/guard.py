"""The network edge: an ASGI middleware that decides who may talk to the page, before anything else runs.

Gradio checks neither the name under which it is called nor where a request comes from. Another site in the user's
browser could therefore point its own name at this machine (DNS rebinding), or call the page, and read the articles.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from rag.page.attempts import Attempts
from rag.page.hosts import LOOPBACK, WILDCARDS, strip_port
from rag.page.rendering import count

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rag.page.receiving import Receiving

MOST_BODY = 8_000_000
"""Bytes of a request that is not an upload. A browser keeps at most five megabytes of conversation."""
UPLOAD, LOGIN, LOGOUT = "/gradio_api/upload", "/login", "/logout"
HASHED = re.compile(r"/assets/[^/]+-[\w-]{8}\.\w+")
"""Files whose names change with their content."""
INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self' blob:; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Gradio's HTML element compiles its templates with ``Function``, so it cannot start without 'unsafe-eval'."""
FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Answers 421 to requests under a foreign name and 403 to requests from a foreign page, and completes responses.

    :param hosts: names and addresses under which the page may be called, besides those of this machine alone.
    :param receiving: cleans up after uploads.
    """

    app: ASGIApp
    hosts: tuple[str, ...] = ()
    attempts: Attempts = field(default_factory=Attempts)
    receiving: Receiving | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif refusal := self._refuse(scope):
            await refusal(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    def _refuse(self, scope: Scope) -> JSONResponse | None:
        """The response to a request that must not get in; None if it may."""
        headers = Headers(scope=scope)
        if scope["type"] != "http":
            return JSONResponse({"error": "This page has no web sockets."}, 403)
        # Gradio builds its own addresses from the host name that a proxy reports.
        forwarded = list_values(headers, "x-forwarded-host")
        if not all(self._is_host(names, scope) for names in (headers.getlist("host"), *([name] for name in forwarded))):
            return JSONResponse({"error": "This page is not served under that name: start it with --allow-host."}, 421)
        if not {"http", "https"} >= {value.lower() for value in list_values(headers, "x-forwarded-proto")}:
            return JSONResponse(
                {"error": "This page is served only over http or https: correct X-Forwarded-Proto in the proxy."}, 400
            )
        if is_foreign(headers) or leads_astray(scope, headers):
            return JSONResponse({"error": "Only this page itself may call it from a browser."}, 403)
        if is_too_long(headers) and not scope["path"].startswith(UPLOAD):
            return JSONResponse({"error": f"A request has at most {MOST_BODY // 1_000_000} MB: send less."}, 413)
        if is_login(scope) and (wait := self.attempts.begin(name_client(scope))):
            said = f"Too many wrong passwords: wait {count(wait, 'second')}."
            return JSONResponse({"detail": said}, 429, {"retry-after": str(wait)})
        return None

    def _is_host(self, given: list[str], scope: Scope) -> bool:
        name = strip_port(given[0]) if len(given) == 1 else ""
        if any(host in WILDCARDS for host in self.hosts):
            # The page listens on all addresses of this machine; the connection says which one was called.
            server = scope.get("server")
            if server and name == server[0].lower():
                return True
        return bool(name) and name in (*LOOPBACK, *(host.lower() for host in self.hosts if host not in WILDCARDS))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(scope, send)
        if not scope["path"].startswith(("/gradio_api", "/assets", "/static")):
            # The scripts in a page are hashed, so it must not be compressed before that.
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
        uploads = self.receiving.receive() if self.receiving and scope["path"].startswith(UPLOAD) else nullcontext()
        with uploads:
            await self.app(scope, limit_body(scope, receive), reply.send)
        if is_login(scope) and reply.status == 200:
            self.attempts.forgive(name_client(scope))


@dataclass(slots=True)
class Reply:
    """Completes one response. A page is held back until all of it is there, since its policy names its scripts."""

    scope: Scope
    forward: Send
    status: int = 0
    start: Message | None = None
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=list(message["headers"]))
            self._complete(headers)
            message = {**message, "headers": headers.raw}
            if headers.get("content-type", "").startswith("text/html"):
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if message.get("more_body"):
                return
            headers = MutableHeaders(raw=self.start["headers"])
            headers["content-security-policy"] = write_policy(self.body)
            if self.body and "gzip" in Headers(scope=self.scope).get("accept-encoding", ""):
                self.body = gzip.compress(self.body, 6)
                headers["content-encoding"], headers["content-length"] = "gzip", str(len(self.body))
                headers.add_vary_header("Accept-Encoding")
            await self.forward(self.start)
            self.start, message = None, {"type": "http.response.body", "body": self.body}
        await self.forward(message)

    def _complete(self, headers: MutableHeaders) -> None:
        for name in [name for name in headers if name.startswith("access-control-")]:
            del headers[name]
        for name, value in FIXED.items():
            headers[name] = value
        headers["content-security-policy"] = write_policy(b"")
        hashed = HASHED.fullmatch(self.scope["path"]) and self.status == 200
        if hashed:
            headers["cache-control"] = "public, max-age=31536000, immutable"
        else:
            headers.setdefault("cache-control", "no-store")
        cookies = headers.getlist("set-cookie")
        if cookies:
            del headers["set-cookie"]
            for cookie in cookies:
                headers.append("set-cookie", harden_cookie(cookie, secure=self.scope["scheme"] == "https"))


def write_policy(page: bytes) -> str:
    """The Content-Security-Policy of a page: it may run this server's files and the scripts in it, and no others."""
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in INLINE.findall(page) if script]
    return POLICY.format(scripts=" ".join(f"'sha256-{digest}'" for digest in digests)).replace(" ;", ";")


def harden_cookie(cookie: str, *, secure: bool) -> str:
    """A Set-Cookie header that scripts and other sites cannot use. Without TLS, "Secure" would lose the cookie."""
    pair, *attributes = (part.strip() for part in cookie.split(";"))
    kept = [a for a in attributes if a.partition("=")[0].lower() not in ("httponly", "samesite", "secure")]
    return "; ".join([pair, *kept, "HttpOnly", "SameSite=Lax", *(["Secure"] if secure else [])])


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another origin made the request. Programs send neither of these headers."""
    if (origin := headers.get("origin")) is not None:
        return origin.partition("://")[2].lower() != headers["host"].lower()
    site = headers.get("sec-fetch-site", "none")
    return site not in ("none", "same-origin") and headers.get("sec-fetch-mode") != "navigate"


def leads_astray(scope: Scope, headers: Headers) -> bool:
    """Whether another site's page opens this one in a frame, or opens an address that does something: it logs out."""
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return False
    return headers.get("sec-fetch-dest", "document") != "document" or scope["path"].rstrip("/") == LOGOUT


def list_values(headers: Headers, name: str) -> list[str]:
    """The values of a header that each proxy may add to. The header may occur several times."""
    return [value.strip() for line in headers.getlist(name) for value in line.split(",")]


def is_too_long(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    return not length.isdecimal() or int(length) > MOST_BODY


def is_login(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and scope["path"].rstrip("/") == LOGIN)


def name_client(scope: Scope) -> str:
    """The address of a client; in IPv6 its /64 network, because one person may have all its addresses."""
    client = scope.get("client")
    name = client[0] if client else ""
    try:
        address = IPv6Address(name)
    except ValueError:
        return name
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))


def limit_body(scope: Scope, receive: Receive) -> Receive:
    """Ends a request whose body grows past the limit without having announced it."""
    if scope["path"].startswith(UPLOAD):
        return receive
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        return message if seen <= MOST_BODY else {"type": "http.disconnect"}

    return receive_some
