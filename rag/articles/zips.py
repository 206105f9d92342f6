"""Opens ZIP files of strangers, in memory and with limits, and reads XML of them that may not define entities."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.articles.raw import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

MOST_MEMBERS = 5_000
MOST_UNPACKED = 200_000_000
"""Bytes of all members. A member never gives more than its header says."""
MOST_XML = 50_000_000
"""Bytes of a part that is parsed as a whole. Chosen by hand, like the other limits here; a novel is about 5 MB."""
_DAMAGED = "It is damaged: open it with the program that made it and save it again."


@contextmanager
def open_zip(data: bytes) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file.

    :raises FormatError: if it is damaged, protected with a password or too large; also for errors while it is open.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise FormatError(f"It holds more than {MOST_MEMBERS:,} files: split it.")
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                raise FormatError(f"It unpacks to more than {MOST_UNPACKED // 1_000_000} MB: split it.")
            if any(member.flag_bits & 1 for member in members):
                raise FormatError("It is protected with a password: save a copy without one.")
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError, ValueError) as error:
        raise FormatError(_DAMAGED) from error


_KINDS = {"word/document.xml": ".docx", "META-INF/container.xml": ".epub"}


def recognise_zip(data: bytes) -> str:
    """The suffix of the format whose files hold such members; empty if there is none.

    :raises FormatError: as :func:`open_zip`.
    """
    with open_zip(data) as archive:
        names = set(archive.namelist())
    return next((suffix for name, suffix in _KINDS.items() if name in names), "")


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part of an office document or book.

    :raises FormatError: if it is too large.
    :raises KeyError: if there is none; :func:`open_zip` takes it for damage.
    """
    if archive.getinfo(name).file_size > MOST_XML:
        raise FormatError(f"A part of it unpacks to more than {MOST_XML // 1_000_000} MB: split it.")
    return archive.read(name)


def check_entities(xml: bytes) -> None:
    """Refuse XML that defines entities, which can grow without end or name other files. No office program writes any.

    :raises FormatError: if it does.
    """
    # Without null bytes, because XML may be in UTF-16.
    if re.search(rb"<!ENTITY", xml.replace(b"\0", b""), re.IGNORECASE):
        raise FormatError("It defines XML entities, which may be an attack: save it again with another program.")


def parse_xml(xml: bytes) -> Element:
    """:raises FormatError: if it is no XML or defines entities."""
    from xml.etree.ElementTree import ParseError, fromstring

    check_entities(xml)
    try:
        return fromstring(xml)  # noqa: S314 (it has no entities)
    except (ParseError, LookupError, ValueError) as error:
        raise FormatError(_DAMAGED) from error
