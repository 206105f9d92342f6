"""The file formats of articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.confined import convert_confined, ignore
from rag.articles.converters import CONVERTERS, TEXT, convert

if TYPE_CHECKING:
    from rag.articles.confined import Check
    from rag.articles.raw import Converted

FORMATS = frozenset(CONVERTERS)
"""Lower-case suffixes of the files that are read."""
EXAMPLES = "text, HTML, PDF, Word (.docx), EPUB, e-mail or feed files"
"""What a user may put in a folder, for messages."""


def convert_file(suffix: str, data: bytes, columns: Columns = USUAL, check: Check = ignore) -> Converted:
    """Convert a file.

    :param suffix: of its name, one of `FORMATS` in any case.
    :param columns: of tables.
    :param check: called about ten times a second while another process converts the file. An exception from it ends
        that process.
    :raises FormatError: if it cannot be converted.
    """
    suffix = suffix.lower()
    return convert(suffix, data) if suffix in TEXT else convert_confined(suffix, data, columns, check)
