"""The manifest of an index, and the file operations of an atomic update.

The manifest lists the states that the folder may be in. Usually that is one. While an update renames its files into
place, it lists the old and the new state, so that after a crash at any point one listed state describes the index.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import sqlite3
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rag.errors import IndexFolderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION = 8
"""Increase it with any change to cleaning, splitting or encoding. Older indexes are then rebuilt."""
MANIFEST = "manifest.json"
DATABASE = "passages.db"
VECTORS = "vectors.faiss"
LOCK = ".lock"
NEW = ".new"


@dataclass(frozen=True, slots=True)
class State:
    """One state of the index folder.

    :param schema: version of the tables in passages.db.
    :param encoder: the encoder's name, used only in messages.
    :param fingerprint: the encoder's fingerprint.
    :param dimension: length of a vector.
    :param chunking: the settings that the passages were made with.
    :param sources: SHA-256 of each file of the corpus, including skipped files, by document_id.
    :param database: SHA-256 of passages.db.
    :param vectors: SHA-256 of vectors.faiss.
    :param columns: what the columns of tables were said to hold.
    :param extractors: the version of each extractor that read an article of the index.
    """

    schema: int
    encoder: str
    fingerprint: str
    dimension: int
    chunking: dict[str, Any]
    sources: dict[str, str]
    database: str
    vectors: str
    extractors: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)


def read_states(folder: Path) -> list[State] | None:
    """The states listed in the manifest; None if there is no manifest.

    :raises ValueError: if the manifest is damaged.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError as error:
        raise ValueError(f"{MANIFEST} is a folder") from error
    try:
        values = json.loads(text)
        states = [_parse_state(value) for value in values["states"]]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{MANIFEST} is not a manifest") from error
    return states


def _parse_state(value: dict[str, Any]) -> State:
    """:raises TypeError: if a field is missing, unknown, or of the wrong type."""
    state = State(**value)
    kinds = {"schema": int, "dimension": int, "chunking": dict, "sources": dict, "extractors": dict, "columns": dict}
    for name, kind in kinds.items():
        if type(getattr(state, name)) is not kind:
            raise TypeError(name)
    texts = [state.encoder, state.fingerprint, state.database, state.vectors]
    texts += [text for table in (state.sources, state.extractors, state.columns) for text in table.values()]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("text")
    return state


def write_states(folder: Path, states: list[State]) -> None:
    """Replace the manifest atomically."""
    text = json.dumps({"states": [asdict(state) for state in states]}, indent=1, sort_keys=True)
    new = folder / (MANIFEST + NEW)
    write_durably(new, text.encode("ascii") + b"\n")
    new.replace(folder / MANIFEST)
    sync_folder(folder)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and flush it to disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Flush a file to disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's renames to disk. Systems that cannot open a folder do not need it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hex; empty if there is no such file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
    return digest.hexdigest()


def remove_leftovers(folder: Path) -> None:
    """Remove the files of an interrupted update. The caller must hold the lock."""
    for path in folder.glob(f"*{NEW}*"):
        if path.name.startswith((MANIFEST, DATABASE, VECTORS)):
            path.unlink(missing_ok=True)


def has_leftovers(folder: Path) -> bool:
    """Whether an update was interrupted."""
    with contextlib.suppress(ValueError):
        return len(read_states(folder) or ()) != 1 or any(folder.glob(f"*{NEW}*"))
    return True


def check_folder(folder: Path) -> None:
    """Make sure that an index in the folder would not overwrite other files.

    :raises IndexFolderError: if the path is not a folder, or holds files that do not belong to an index.
    """
    if folder.exists() and not folder.is_dir():
        raise IndexFolderError(f"{folder} is a file, not a folder: name an empty folder with --index.")
    if not folder.is_dir() or _is_index(folder):
        return
    names = sorted(path.name for path in folder.iterdir())
    foreign = [name for name in names if not _is_own(name)]
    if not foreign and MANIFEST in names and DATABASE not in names:
        # Web apps and browser extensions also have a manifest.json. A damaged index has a database beside it.
        foreign = [MANIFEST]
    if foreign:
        raise IndexFolderError(
            f"{folder} holds files that are not an index ({foreign[0]}): name an empty folder with --index."
        )


def _is_index(folder: Path) -> bool:
    """Whether the manifest in a folder is that of an index, of any version."""
    try:
        states = json.loads((folder / MANIFEST).read_bytes())["states"]
        return isinstance(states, list) and bool(states) and all("fingerprint" in state for state in states)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _is_own(name: str) -> bool:
    """Whether a file name belongs to an index or can be ignored, such as README.md or .DS_Store."""
    return name == "README.md" or name.startswith((".", MANIFEST, DATABASE, VECTORS))


@contextlib.contextmanager
def explain_failures(folder: Path) -> Iterator[None]:
    """Convert errors of the disk and SQLite to an error that names the fix.

    :raises IndexFolderError: for a full disk, a folder that is not writable, or a failing disk.
    """
    try:
        yield
    except sqlite3.Error as error:
        full = "full" in str(error)
        raise IndexFolderError(_explain(folder, str(error), full=full)) from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise IndexFolderError(_explain(folder, error.strerror or str(error), full=full)) from error


def _explain(folder: Path, reason: str, *, full: bool) -> str:
    """One sentence with the cause and the fix."""
    if full:
        return f"The disk with {folder} is full: free some space, or name another folder with --index."
    return f"The index in {folder} cannot be written ({reason}): name another folder with --index."


def find_state(folder: Path) -> tuple[State | None, str]:
    """(state, ""): the listed state that passages.db is in; or (None, reason), with an empty reason if there is no
    index yet.
    """
    try:
        states = read_states(folder)
    except ValueError:
        return None, f"{MANIFEST} was damaged"
    digest = hash_file(folder / DATABASE)
    if states is None:
        return None, f"{MANIFEST} was missing" if digest else ""
    for state in states:
        if state.database == digest:
            return state, ""
    return None, f"{DATABASE} was damaged" if digest else f"{DATABASE} was missing"
