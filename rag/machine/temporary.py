"""Temporary folders that do not stay when their process is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = ".lock"
"""A file in each folder, locked as long as its process lives."""


@contextmanager
def open_temporary(prefix: str) -> Iterator[Path]:
    """A temporary folder, deleted at the end. Folders with this prefix of killed processes are deleted before.

    :raises OSError: if it cannot be created.
    """
    from filelock import FileLock

    remove_stale(prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        with FileLock(folder / LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale(prefix: str) -> None:
    """Deletes this user's temporary folders with this prefix whose process is gone."""
    from filelock import FileLock, Timeout

    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError, Timeout):
            mine = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
            if mine and not folder.is_symlink() and (folder / LOCK).is_file():
                with FileLock(folder / LOCK, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
