"""Fetches one web address with limits on size, time and redirects, if the site allows it.

Each request connects to an address that was checked, and its redirects are checked like any other address.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from rag import __version__
from rag.fetch.addresses import FetchError, Gate, parse_address
from rag.fetch.robots import AGENT, ALL, NOTHING, Robots, parse_robots
from rag.fetch.robots import MOST_BYTES as MOST_RULES

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 20_000_000
"""Of one file, as in a folder."""
_REDIRECTS = 5
_ENCODINGS = {"", "identity", "gzip", "deflate"}
_HEADERS = {"User-Agent": f"{AGENT}/{__version__}", "Accept-Encoding": "gzip, identity", "Accept": "*/*"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave.

    :param url: the last one, after redirects.
    :param kind: its media type, in lower case; empty if it names none.
    :param charset: as its header names it; empty if it does not.
    """

    url: str
    kind: str
    charset: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches web addresses.

    :param gate: which addresses may be asked.
    :param seconds: time for one address, with all redirects.
    """

    gate: Gate = field(default_factory=Gate)
    seconds: float = 30.0
    _robots: dict[str, Robots] = field(default_factory=dict)

    def fetch(self, address: str) -> Fetched:
        """Fetch an address.

        :raises FetchError: if it cannot or must not be fetched.
        """
        import httpx

        url = parse_address(address)
        try:
            return asyncio.run(asyncio.wait_for(self._follow(url), self.seconds))
        except (asyncio.TimeoutError, httpx.TimeoutException) as error:
            raise FetchError(
                f"{url.host} takes longer than {self.seconds:.0f} seconds: try again later.", lasting=False
            ) from error
        except httpx.HTTPError as error:
            raise FetchError(f"{url.host} cannot be read ({error}): try again later.", lasting=False) from error

    async def _follow(self, url: httpx.URL) -> Fetched:
        for _ in range(_REDIRECTS + 1):
            if not (await self._read_robots(url)).allows(url.raw_path.decode("ascii")):
                raise FetchError(f"{url.host} does not want programs to fetch this page: save it in a browser.")
            found = await self._request(url, MOST_BYTES)
            if not isinstance(found, str):
                return found
            url = parse_address(found)
        raise FetchError(f"{url.host} redirects more than {_REDIRECTS} times: open the page in a browser and save it.")

    async def _read_robots(self, url: httpx.URL) -> Robots:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if origin not in self._robots:
            self._robots[origin] = await self._fetch_robots(url.join("/robots.txt"))
        return self._robots[origin]

    async def _fetch_robots(self, url: httpx.URL) -> Robots:
        """A site without the file allows all; one that fails to give it, nothing."""
        try:
            for _ in range(_REDIRECTS + 1):
                found = await self._request(url, MOST_RULES, cut=True)
                if not isinstance(found, str):
                    return parse_robots(found.data.decode("utf-8-sig", "replace"))
                url = parse_address(found)
        except _StatusError as error:
            return ALL if 400 <= error.status < 500 and error.status != 429 else NOTHING
        return ALL

    async def _request(self, url: httpx.URL, most: int, *, cut: bool = False) -> Fetched | str:
        """What an address gives, or the address to which it redirects.

        :param most: bytes.
        :param cut: whether more than that is left out instead of refused.
        """
        import httpx

        address = await self.gate.resolve(url)
        headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
        # No proxy of the environment, which would look up the name again, and no cookies or passwords.
        async with (
            httpx.AsyncClient(trust_env=False, timeout=self.seconds) as client,
            client.stream(
                "GET",
                url.copy_with(host=address),
                headers=headers,
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            ) as response,
        ):
            if response.has_redirect_location:
                return _join(url, response.headers["location"])
            if response.status_code != 200:
                raise _StatusError(url.host, response.status_code)
            return await _read_body(response, url, most, cut=cut)


def _join(url: httpx.URL, location: str) -> str:
    """The address to which a redirect leads."""
    try:
        return urljoin(str(url), location)
    except ValueError as error:
        raise FetchError(f"{url.host} redirects to what is no address: open the page in a browser.") from error


class _StatusError(FetchError):
    """A site answered with another status than 200."""

    def __init__(self, host: str, status: int) -> None:
        later = status >= 500 or status == 429
        fix = "try again later" if later else "check the address, or save the page in a browser"
        super().__init__(f"{host} does not give this page (status {status}): {fix}.", lasting=not later)
        self.status = status


async def _read_body(response: httpx.Response, url: httpx.URL, most: int, *, cut: bool) -> Fetched:
    """:raises FetchError: if it is too large, or compressed in a way that could hide its size."""
    if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
        raise FetchError(f"{url.host} sends this page in a form that was not asked for: save it in a browser.")
    data = bytearray()
    async for part in response.aiter_bytes():
        data += part
        if len(data) > most:
            if not cut:
                raise FetchError(f"It is larger than {most // 1_000_000} MB: save its articles as text.")
            break
    return Fetched(
        str(url),
        response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        response.charset_encoding or "",
        bytes(data[:most]),
    )
