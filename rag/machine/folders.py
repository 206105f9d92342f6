"""Folders that a user names."""

from __future__ import annotations

from pathlib import Path


def find_folder(name: str) -> Path | None:
    """The folder of that name, ``~`` expanded; None where there is none, or where the name cannot be one."""
    try:
        folder = Path(name).expanduser()
        return folder if name and folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, forbidden, no such user's home, a null byte
        return None
