"""Only public addresses are asked, within limits, and only what a site lets programs read."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from websites import Site, make_page, serve_site

from rag.fetch import fetching
from rag.fetch.addresses import FetchError, is_public
from rag.fetch.fetching import Fetcher

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_PUBLIC = [
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "fec0::1",
    "64:ff9b:1::7f00:1",
]
LOCAL_NAMES = ["localhost", "2130706433", "127.1", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"]
LOCAL_NAMES += ["[::127.0.0.1]", "localhost."]


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site() as served:
        yield served


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_of_this_machine_and_of_closed_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("name", LOCAL_NAMES)
def test_a_server_on_this_machine_is_never_asked_by_any_of_its_names(site: Site, name: str) -> None:
    with pytest.raises(FetchError, match=r"is not on the public web|has no address"):
        Fetcher().fetch(f"http://{name}:{site.port}/")
    assert site.asked == []


@pytest.mark.parametrize("name", [*LOCAL_NAMES, "169.254.169.254", "10.0.0.1"])
def test_nor_is_it_behind_a_redirect(site: Site, name: str) -> None:
    with serve_site() as other:
        address = site.redirect("/", f"http://{name}:{other.port}/secret")
        with pytest.raises(FetchError, match=r"is not on the public web|has no address"):
            Fetcher(site.gate).fetch(address)
        assert other.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://x/",
        "http://",
        "a.html",
        "http://u:p@example.org/",
        "http://0177.0.0.1/",
    ],
)
def test_only_plain_web_addresses_are_fetched(address: str) -> None:
    with pytest.raises(FetchError):
        Fetcher().fetch(address)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[", "http://1.2.3.4.5:x/", "//", "\\\\a"])
def test_a_redirect_cannot_lead_to_what_is_no_web_address(site: Site, location: str) -> None:
    with pytest.raises(FetchError):
        Fetcher(site.gate).fetch(site.redirect("/", location))


def test_a_name_is_looked_up_once_and_the_checked_address_is_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    async def look_up(_: object, host: str, port: int, **__: Any) -> list[Any]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    site.put("/a", make_page("Salt ends"))
    found = Fetcher(site.gate).fetch(f"http://news.example:{site.port}/a")
    assert found.url == f"http://news.example:{site.port}/a"
    assert site.asked == [("/robots.txt", f"news.example:{site.port}"), ("/a", f"news.example:{site.port}")]
    assert looked_up == ["news.example", "news.example"]


def test_a_name_with_one_address_that_is_not_public_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_up(_: object, __: str, port: int, **___: Any) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", port)), (2, 1, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    with pytest.raises(FetchError, match=r"not on the public web \(10\.0\.0\.1\)"):
        Fetcher(site.gate).fetch(f"http://news.example:{site.port}/a")
    assert site.asked == []


def test_redirects_are_followed_and_their_number_is_limited(site: Site) -> None:
    site.put("/end", make_page("Salt ends"))
    assert Fetcher(site.gate).fetch(site.redirect("/start", "/end")).url == site.name("/end")
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        Fetcher(site.gate).fetch(site.redirect("/loop", "/loop"))


def test_time_is_limited_even_if_bytes_keep_coming(site: Site) -> None:
    began = time.monotonic()
    with pytest.raises(FetchError, match="takes longer than 1 seconds"):
        Fetcher(site.gate, seconds=1).fetch(site.name("/slow"))
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_size_is_limited_also_if_it_is_compressed(site: Site, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 100_000)
    data = b"x" * 200_000
    headers = {"Content_Encoding": encoding} if encoding else {}
    address = site.put("/a", gzip.compress(data) if encoding else data, **headers)
    with pytest.raises(FetchError, match="larger than"):
        Fetcher(site.gate).fetch(address)
    assert Fetcher(site.gate).fetch(site.put("/b", gzip.compress(b"Salt"), Content_Encoding="gzip")).data == b"Salt"
    with pytest.raises(FetchError, match="was not asked for"):
        Fetcher(site.gate).fetch(site.put("/c", b"x", Content_Encoding="br"))


@pytest.mark.parametrize(("status", "lasting"), [(404, True), (403, True), (429, False), (500, False)])
def test_a_page_that_is_not_given_says_so(site: Site, status: int, lasting: bool) -> None:
    with pytest.raises(FetchError, match=f"status {status}") as failed:
        Fetcher(site.gate).fetch(site.fail("/a", status))
    assert failed.value.lasting == lasting


def test_a_page_that_programs_must_not_read_is_not_asked_for(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\n", "text/plain")
    site.put("/private/a", make_page("Salt ends"))
    fetcher = Fetcher(site.gate)
    with pytest.raises(FetchError, match="does not want programs"):
        fetcher.fetch(site.name("/private/a"))
    with pytest.raises(FetchError, match="does not want programs"):
        fetcher.fetch(site.redirect("/a", "/private/a"))
    assert [path for path, _ in site.asked] == ["/robots.txt", "/a"]


def test_a_site_that_cannot_say_what_it_allows_is_not_read(site: Site) -> None:
    site.fail("/robots.txt", 503)
    with pytest.raises(FetchError, match="does not want programs"):
        Fetcher(site.gate).fetch(site.put("/a", make_page("Salt ends")))
