"""What read the articles of a file. Another version may read another text, so the index keeps which one it was."""

from __future__ import annotations

from functools import cache
from importlib import metadata

OWN = "ask-articles"
"""Stands for the converters of this product, which need no library."""
OWN_VERSION = "1"
"""Increase it with any change to what they read from the same file."""


@cache
def find_version(extractor: str) -> str:
    """The version of an extractor that is installed; empty if it is not."""
    if extractor == OWN:
        return OWN_VERSION
    try:
        return metadata.version(extractor)
    except metadata.PackageNotFoundError:
        return ""
