"""Copies files from a browser to the uploads folder, and nowhere else, after checking their content."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.articles.folder import Skipped, read_file
from rag.articles.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FILES = 20
"""Files added at a time. For more, repeat the upload or use --corpus."""
MOST_BYTES = 5_000_000
"""Size of one file, far more than any article has."""
MOST_KEPT = 2000
"""Files in the uploads folder."""
LONGEST_NAME = 80
"""Characters, so that a name stays within 255 bytes in any script."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of an upload.

    :param names: names of the files added to the folder.
    :param refused: the other files, with the reasons.
    """

    names: tuple[str, ...]
    refused: tuple[Skipped, ...]


def take_files(paths: Sequence[Path], uploads: Path) -> Taken:
    """Copies the files that are articles to the folder.

    :raises OSError: if the folder cannot be written.
    """
    uploads.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    refused = [Skipped(path.name, f"At most {MOST_FILES} files at a time: add it next.") for path in paths[MOST_FILES:]]
    room = MOST_KEPT - sum(1 for _ in uploads.iterdir())
    for path in paths[:MOST_FILES]:
        reason = find_fault(path) if room > len(names) else f"There are {MOST_KEPT:,} uploaded articles: remove some."
        if reason:
            refused.append(Skipped(path.name, reason))
        elif name := place_file(path.read_bytes(), make_name(path.name), uploads):
            names.append(name)
        else:
            refused.append(Skipped(path.name, "The same file has already been added."))
    return Taken(tuple(names), tuple(refused))


def find_fault(path: Path) -> str:
    """Why the content of a file is not an article; empty if it is one."""
    if path.suffix.lower() not in FORMATS:
        return "It is not a .txt or .md file: save it as one."
    try:
        if path.is_symlink() or not path.is_file():
            return "It is not a regular file: choose a .txt or .md file."
        if path.stat().st_size > MOST_BYTES:
            return f"It is larger than {MOST_BYTES // 1_000_000} MB: split it into articles."
    except OSError as error:
        return f"It cannot be read ({error.strerror}): choose another one."
    found = read_file(path, path.parent)
    return found.reason if isinstance(found, Skipped) else ""


def make_name(name: str) -> str:
    """A file name that is safe on any system and not skipped in a corpus. Letters of all scripts stay."""
    base = Path(unicodedata.normalize("NFC", name.replace("\\", "/")).rpartition("/")[2] or "article")
    stem, suffix = base.stem, base.suffix
    kept = "".join(c if c.isalnum() or c in " -_.,()" or unicodedata.category(c)[0] == "M" else "_" for c in stem)
    kept = re.sub(r"[_\s]{2,}", "_", kept).strip(" ._")[:LONGEST_NAME].strip(" ._")
    if not kept or kept.upper() == "README" or re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", kept):
        kept = f"article_{kept}".rstrip("_")
    return kept + suffix.lower()


def place_file(data: bytes, name: str, uploads: Path) -> str:
    """Writes a file under a free name and returns that; empty if a file with the same name has the same content."""
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, MOST_KEPT + 2):
        path = uploads / (name if number == 1 else f"{stem}-{number}{suffix}")
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
                return ""
            continue
        return path.name
    raise FileExistsError(name)


def remove_file(name: str, uploads: Path) -> bool:
    """Removes an uploaded file. False if the name is not the name of one."""
    if Path(name).name != name or name in ("", ".", ".."):
        return False
    path = uploads / name
    with suppress(OSError, ValueError):
        if path.suffix.lower() in FORMATS and path.is_file() and not path.is_symlink():
            path.unlink()
            return True
    return False
