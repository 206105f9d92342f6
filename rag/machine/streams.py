"""The process's own streams."""

from __future__ import annotations

import io
import sys


def replace_unprintable() -> None:
    """Makes the streams write "?" for characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
