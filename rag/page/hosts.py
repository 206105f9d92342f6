"""The names under which a page is called."""

from __future__ import annotations

import re

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (compared with, not bound)
"""Addresses to listen on that mean all of this machine's."""


def strip_port(host: str) -> str:
    """The name or address in a Host header, in lower case, without port and brackets; empty if it is malformed."""
    match = re.fullmatch(r"\[([^\[\]]*)\](?::\d*)?|([^:\[\]]*)(?::\d*)?", host.strip().lower())
    return (match[1] or match[2] or "").rstrip(".") if match else ""
