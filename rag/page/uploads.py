"""Copies files from a browser to the uploads folder, and nowhere else, after checking their content."""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.confined import ignore
from rag.articles.folder import Skipped
from rag.articles.formats import EXAMPLES, FORMATS, convert_file
from rag.articles.raw import FormatError
from rag.index.manifest import sync_folder, write_durably

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.articles.confined import Check
    from rag.index.changes import Changes

MOST_FILES = 20
"""Files added at a time. For more, repeat the upload or use --corpus."""
MOST_BYTES = 5_000_000
"""Size of one file. It holds several books, and takes about ten minutes to index on two cores."""
MOST_TOGETHER = 20_000_000
"""Size of the files added at a time. Other uploads wait until they are indexed."""
MOST_ARTICLES = 2000
"""Articles in one file, such as a table or a mailbox."""
MOST_KEPT = 2000
"""Files in the uploads folder."""
LONGEST_NAME = 80
"""Characters, so that a name stays within 255 bytes in any script."""
PART = ".part"
"""End of the name of a file that is not yet, or no longer, one of the articles. It begins with a dot."""


@dataclass(frozen=True, slots=True)
class Adding:
    """How far an upload is.

    :param number: the number of the file now being added, from 1.
    :param files: number of files.
    :param done: its passages that are encoded.
    :param passages: its passages; 0 while it is still being read.
    :param seconds: how long the others will take; 0 if that is not known.
    """

    name: str
    number: int
    files: int
    done: int = 0
    passages: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Added:
    """The result of an upload.

    :param changes: what it changed in the index.
    :param refused: the files that were not added, with the reasons.
    """

    changes: Changes
    refused: tuple[Skipped, ...]


def split_upload(paths: Sequence[Path]) -> tuple[list[Path], list[Skipped]]:
    """The files of an upload that are added, and those that are too many or too much, with the reason."""
    taken: list[Path] = []
    left: list[Skipped] = []
    size = 0
    for path in paths:
        with suppress(OSError):  # it is refused later, with the reason
            size += path.stat().st_size
        if len(taken) == MOST_FILES:
            left.append(Skipped(path.name, f"At most {MOST_FILES} files at a time: add it next."))
        elif size > MOST_TOGETHER:
            left.append(Skipped(path.name, f"At most {MOST_TOGETHER // 1_000_000} MB at a time: add it next."))
        else:
            taken.append(path)
    return taken, left


def take_file(path: Path, uploads: Path, columns: Columns = USUAL, check: Check = ignore) -> str | Skipped:
    """Copies a file that may be an article to the folder. Returns its name there, or why it was refused.

    If an error is raised, nothing is left in the folder.

    :param check: as in :func:`rag.articles.formats.convert_file`.
    :raises OSError: if the folder cannot be written.
    """
    if reason := find_fault(path, columns, check):
        return Skipped(path.name, reason)
    made = not uploads.exists()
    try:
        uploads.mkdir(parents=True, exist_ok=True)
        if sum(1 for _ in uploads.iterdir()) >= MOST_KEPT:
            return Skipped(path.name, f"There are {MOST_KEPT:,} uploaded articles: remove some.")
        name = place_file(path.read_bytes(), make_name(path.name), uploads)
    except OSError:
        if made:
            with suppress(OSError):
                uploads.rmdir()
        raise
    return name or Skipped(path.name, "The same file has already been added.")


def find_fault(path: Path, columns: Columns = USUAL, check: Check = ignore) -> str:
    """Why a file cannot be an article; empty if it can. Whether it is one is known when it has been indexed."""
    if path.suffix.lower() not in FORMATS:
        return f"It is of a kind that is not read: articles are {EXAMPLES}."
    try:
        if not os.path.lexists(path):
            return "It was also being added by another upload: add it again if the list does not show it."
        if path.is_symlink() or not path.is_file():
            return "It is not a regular file: choose one."
        if path.stat().st_size > MOST_BYTES:
            return f"It is larger than {MOST_BYTES // 1_000_000} MB: split it into articles."
        articles = convert_file(path.suffix, path.read_bytes(), columns, check).articles
    except OSError as error:
        return f"It cannot be read ({error.strerror}): choose another one."
    except FormatError as error:
        return str(error)
    if len(articles) > MOST_ARTICLES:
        return f"It holds more than {MOST_ARTICLES:,} articles: split it."
    if sum(len(article.text) for article in articles) > MOST_BYTES:
        return f"It unpacks to more than {MOST_BYTES // 1_000_000} MB of text: split it."
    return "" if any(article.text.strip() for article in articles) else "It has no text: choose another one."


def make_name(name: str) -> str:
    """A file name that is safe on any system and not skipped in a corpus. Letters of all scripts stay."""
    base = Path(unicodedata.normalize("NFC", name.replace("\\", "/")).rpartition("/")[2] or "article")
    stem, suffix = base.stem, base.suffix
    kept = "".join(c if c.isalnum() or c in " -_.,()" or unicodedata.category(c)[0] == "M" else "_" for c in stem)
    kept = re.sub(r"[_\s]{2,}", "_", kept).strip(" ._")[:LONGEST_NAME].strip(" ._")
    if not kept or kept.upper() == "README" or re.match(r"(?i)(?:con|prn|aux|nul|(?:com|lpt)[\d¹²³])(?:\.|$)", kept):
        kept = f"article_{kept}".rstrip("_")
    return kept + suffix.lower()


def place_file(data: bytes, name: str, uploads: Path) -> str:
    """Writes a file under a free name and returns that; empty if a file with the same name has the same content.

    It is written beside and renamed, so that a crash or a full disk never leaves a part of it under that name.

    :raises OSError: if it cannot be written. Nothing is then left of it.
    """
    part = uploads / f".{secrets.token_hex(8)}{PART}"
    stem, suffix = Path(name).stem, Path(name).suffix
    try:
        for number in range(1, MOST_KEPT + 2):
            path = uploads / (name if number == 1 else f"{stem}-{number}{suffix}")
            if not os.path.lexists(path):
                write_durably(part, data)
                if claim_name(part, path):
                    sync_folder(uploads)
                    return path.name
            if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
                return ""
    finally:
        part.unlink(missing_ok=True)
    raise FileExistsError(name)


def claim_name(part: Path, path: Path) -> bool:
    """Gives a file its name, unless another file has it by now: two pages may add to one folder."""
    try:
        os.link(part, path)  # fails if the name is taken, unlike a rename
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            return False
        part.rename(path)
    return True


def is_gone(name: str, uploads: Path) -> bool:
    """Whether a file could have this name, and there is none."""
    return Path(name).suffix.lower() in FORMATS and name == make_name(name) and not os.path.lexists(uploads / name)


def hide_file(name: str, uploads: Path) -> Path | None:
    """Takes an uploaded file out of the articles. Returns where it is now; None if the name is not that of one.

    Delete it there, or bring it back with :func:`restore_file`.
    """
    if Path(name).name != name or name in ("", ".", ".."):
        return None
    path, hidden = uploads / name, uploads / f".{secrets.token_hex(8)}{PART}"
    with suppress(OSError, ValueError):
        if path.suffix.lower() in FORMATS and path.is_file() and not path.is_symlink():
            path.rename(hidden)
            return hidden
    return None


def restore_file(hidden: Path, name: str) -> None:
    """Brings back a hidden file, unless there is another one with its name by now."""
    with suppress(OSError):
        if not os.path.lexists(hidden.parent / name):
            hidden.rename(hidden.parent / name)


def remove_file(name: str, uploads: Path) -> bool:
    """Removes an uploaded file. False if the name is not the name of one."""
    hidden = hide_file(name, uploads)
    if hidden is not None:
        hidden.unlink(missing_ok=True)
        with suppress(OSError):  # it holds other files
            uploads.rmdir()
    return hidden is not None


def remove_leftovers(uploads: Path) -> None:
    """Removes what a process left that was killed while it wrote. Call it before the first upload."""
    with suppress(OSError):
        for path in uploads.glob(f".*{PART}"):
            path.unlink(missing_ok=True)
