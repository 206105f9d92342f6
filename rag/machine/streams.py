"""The process's own streams."""

from __future__ import annotations

import io
import sys


def replace_unprintable() -> None:
    """Writes "?" for characters that a stream's encoding lacks, instead of failing."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
