"""Reads a Word document (.docx). mammoth writes it as HTML, which is then cleaned like any other."""

from __future__ import annotations

import io
import re

from rag.articles.html_pages import unwrap_items
from rag.articles.raw import Converted, FormatError, RawArticle
from rag.articles.zips import check_entities, open_zip, read_part

_STYLES = "\n".join(
    ["p[style-name='Title'] => h1:fresh", *(f"p[style-name='Heading {n}'] => h{n + 1}:fresh" for n in range(1, 6))]
)
"""Only a document's title is a heading of level 1, because cleaning takes the first one for the title."""
_NOTE_MARK = re.compile(r'<sup><a href="#[^"]*" id="[^"]*">\[\d+\]</a></sup>| ?<a href="#[^"]*">↑</a>')


def convert_docx(data: bytes) -> Converted:
    """The text of a Word document, as one article. Pictures, comments and deleted text are left out.

    :raises FormatError: if it is damaged, protected or too large.
    """
    import mammoth

    with open_zip(data) as archive:
        if "word/document.xml" not in archive.namelist() and "_rels/.rels" not in archive.namelist():
            raise FormatError("It is no Word document: save it as .docx.")
        for name in archive.namelist():
            if name.lower().endswith((".xml", ".rels")):
                check_entities(read_part(archive, name))
    found = mammoth.convert_to_html(
        io.BytesIO(data),
        style_map=_STYLES,
        include_embedded_style_map=False,
        convert_image=lambda _: [],
        external_file_access=False,
    )
    return Converted((RawArticle(unwrap_items(_NOTE_MARK.sub("", found.value)), extractor="mammoth"),))
