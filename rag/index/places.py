"""Finds where an index is kept from what a user writes: a folder, or the address of a Qdrant server."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.errors import StoreError
from rag.index.local import LocalStore

if TYPE_CHECKING:
    from rag.index.base import Store

KEY = "ASK_STORE_KEY"
"""The environment variable with the key of a server."""
PORT = 6333
USUAL_NAME = "articles"
HOME = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is.

    :param shown: as it is named in messages.
    :param url: of the server, which begins with ``http://`` or ``https://``.
    :param name: of the index, of which a server may have several.
    """

    shown: str
    url: str
    name: str


def parse_address(text: str) -> Address:
    """The address ``qdrant://HOST[:PORT][/NAME]``, or ``https://`` for an encrypted connection.

    :raises StoreError: if the text is not such an address.
    """
    usage = "write it as qdrant://HOST:PORT/NAME, or https://HOST:PORT/NAME for an encrypted connection"
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
    except ValueError:
        raise StoreError(f"The store's address is not valid: {usage}.") from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise StoreError(f"A store's address must not hold a key: put it into the environment as {KEY}.")
    name = parts.path.strip("/") or USUAL_NAME
    if parts.scheme not in ("qdrant", "http", "https") or not parts.hostname:
        raise StoreError(f"{text} is not the address of a store: {usage}.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
        raise StoreError(f"{name} is not a name for an index: use letters, digits, - and _.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    scheme = "https" if parts.scheme == "https" else "http"
    return Address(text, f"{scheme}://{host}:{port}", name)


def open_server(text: str) -> Store:
    """The index at an address. Nothing is asked of the server yet.

    :raises StoreError: if the address is not valid, the key would be sent unencrypted, or qdrant-client is missing.
    """
    address, key = parse_address(text), os.environ.get(KEY, "")
    if key and address.url.startswith("http:") and urlsplit(address.url).hostname not in HOME:
        raise StoreError(f"{KEY} would be sent to {address.shown} unencrypted: use https://, or unset it.")
    if find_spec("qdrant_client") is None:
        raise StoreError("A store needs one more package: pip install 'ask-articles[qdrant]'.")
    from rag.index.qdrant import connect

    return connect(address.url, address.name, address.shown, key)


def open_place(text: str) -> Store:
    """The index at the address of a server, or in a folder.

    :raises StoreError: as :func:`open_server` does.
    """
    return open_server(text) if "://" in text else LocalStore(Path(text).expanduser())
