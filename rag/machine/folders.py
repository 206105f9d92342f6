"""Folders that a user names."""

from __future__ import annotations

from pathlib import Path


def find_folder(name: str) -> Path | None:
    """The folder with that name, with ``~`` expanded; None if there is none or the name is not a valid path."""
    try:
        folder = Path(name).expanduser()
        return folder if name and folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, forbidden, no such user's home, a null byte
        return None
