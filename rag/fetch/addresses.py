"""Decides which web addresses may be asked: only public ones, whatever their names say."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from rag.errors import RagError

if TYPE_CHECKING:
    import httpx

LONGEST = 2_000
"""Characters of an address."""
_UNICAST = ip_network("2000::/3")
"""All IPv6 addresses of the public internet are in it (RFC 4291), but not all that are in it are public."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for the IPv4 address in their last 32 bits."""


class FetchError(RagError):
    """A web address could not be fetched. The message is one sentence that names the fix.

    :param lasting: whether it will not help to try again later.
    """

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets requests through to public addresses.

    :param allowed: (address, port) that may be asked although it is not public, such as that of a test's own server.
    """

    allowed: frozenset[tuple[str, int]] = frozenset()

    async def resolve(self, url: httpx.URL) -> str:
        """The checked address to connect to. The name must not be looked up again, since it may then give another one.

        :raises FetchError: if the name has no address, or any of its addresses is not public.
        """
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise FetchError(
                f"{url.host} has no address: check its spelling and the network connection.", lasting=False
            ) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses:
            raise FetchError(f"{url.host} has no address: check its spelling.")
        for address in addresses:
            if (address, port) not in self.allowed and not is_public(address):
                raise FetchError(
                    f"{url.host} is not on the public web ({address}): save the page in a browser, in the folder."
                )
        return addresses[0]


def parse_address(text: str) -> httpx.URL:
    """A web address without its fragment.

    :raises FetchError: if it is none, or has a scheme other than http and https, or holds a user name.
    """
    import httpx

    if len(text) > LONGEST:
        raise FetchError(f"An address of more than {LONGEST:,} characters is not fetched: save the page in a browser.")
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(f"{text[:80]!r} is no web address: write https://…") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError(f"{text[:80]!r} is no web address: only http:// and https:// are fetched.")
    if url.userinfo:
        raise FetchError("An address with a user name or password is not fetched: save the page in a browser.")
    return url.copy_with(fragment=None)


def is_public(address: str) -> bool:
    """Whether an IP address, and any that it stands for, is one of the public internet."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and not ip.ipv4_mapped and ip not in _UNICAST and ip not in _TRANSLATED:
        return False  # such as ::127.0.0.1 or fec0::1, which Python takes for global
    return all(one.is_global and not one.is_multicast for one in (ip, *_list_embedded(ip)))


def _list_embedded(ip: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses to which an IPv6 address may lead."""
    if isinstance(ip, IPv4Address):
        return []
    last = IPv4Address(int(ip) & 0xFFFF_FFFF)
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ()), last if ip in _TRANSLATED else None]
    return [one for one in found if one is not None]
