"""Reads archives (.zip, .tar, .tar.gz) of articles, in memory.

Nothing is unpacked to disk, so no name of a member can lead out of a folder.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rag.articles.raw import Converted, FormatError
from rag.articles.zips import MOST_MEMBERS, MOST_UNPACKED, open_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rag.articles.raw import RawArticle

    Convert = Callable[[str, bytes], Converted]
    Member = tuple[str, int, Callable[[], bytes]]  # name, size in bytes, reader

MOST_MEMBER = 20_000_000
"""Bytes of one member, as of a file in a folder."""
ARCHIVES = {".zip", ".tar", ".gz", ".tgz"}
"""Suffixes of archives. An archive in an archive is not opened."""


def convert_zip(data: bytes, suffixes: Iterable[str], convert: Convert) -> Converted:
    """The articles of the members of a ZIP file.

    :param suffixes: of the members that are read.
    :param convert: converts a member, given its suffix.
    :raises FormatError: if it is damaged, protected or too large, or no member can be read.
    """
    with open_zip(data) as archive:
        files = (one for one in archive.infolist() if not one.is_dir())
        members = ((one.filename, one.file_size, partial(archive.read, one)) for one in files)
        return _convert_members(members, suffixes, convert)


def convert_tar(data: bytes, suffixes: Iterable[str], convert: Convert) -> Converted:
    """The articles of the members of a TAR file, compressed or not. Links are named as unread.

    :raises FormatError: if it is damaged or too large, or no member can be read.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _decompress(data)
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return _convert_members(_list_members(archive), suffixes, convert)
    except (tarfile.TarError, OSError, ValueError) as error:
        raise FormatError("It is not a TAR archive, or it is damaged: unpack it, or make it again.") from error


def _list_members(archive: tarfile.TarFile) -> Iterator[Member]:
    for number, member in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise FormatError(f"It holds more than {MOST_MEMBERS:,} files: split it.")
        if not member.isdir():
            yield member.name, member.size, partial(_extract, archive, member)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """:raises FormatError: if it is a link, a device or the like."""
    if not member.isreg() or member.issparse():
        raise FormatError
    file = archive.extractfile(member)
    return file.read() if file else b""


def _decompress(data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            unpacked = file.read(MOST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError("It is a damaged archive: make it again.") from error
    if len(unpacked) > MOST_UNPACKED:
        raise FormatError(f"It unpacks to more than {MOST_UNPACKED // 1_000_000} MB: split it.")
    return unpacked


def _convert_members(members: Iterable[Member], suffixes: Iterable[str], convert: Convert) -> Converted:
    """The articles of the members in the archive's order."""
    wanted = set(suffixes)
    articles: list[RawArticle] = []
    unread: list[str] = []
    for name, size, read in members:
        path = PurePosixPath(name.replace("\\", "/"))
        if any(re.match(r"\.[^.]|__MACOSX\Z", part) for part in path.parts) or path.stem.upper() == "README":
            continue
        try:
            if path.suffix.lower() not in wanted or size > MOST_MEMBER:
                raise FormatError
            found = convert(path.suffix.lower(), read()).articles
        except Exception:  # the libraries raise anything on a damaged member
            unread.append(path.name)
            continue
        articles += [replace(article, name=article.name or path.stem.replace("_", " ")) for article in found]
    if not articles:
        raise FormatError("It is an archive without a file that can be read: add some.")
    named = ", ".join(unread[:3]) + (", …" if len(unread) > 3 else "")
    return Converted(tuple(articles), f"read without {len(unread):,} of its files ({named})" if unread else "")
