"""A Word document becomes its text, with headings and tables; a hostile one is skipped in one sentence."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from rag.articles import zips
from rag.articles.folder import Contents, Skipped, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = {"Title": "Title", "Heading1": "heading 1", "Heading2": "heading 2"}


def make_paragraph(text: str, style: str = "", more: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r>{more}</w:p>'


def make_table(rows: list[list[str]]) -> str:
    cells = ("".join(f"<w:tc>{make_paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def make_zip(**parts: str | bytes) -> bytes:
    """:param parts: by path, with ``__`` for a slash and ``_dot_`` for a dot."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return data.getvalue()


def make_docx(body: str, notes: str = "", prolog: str = "") -> bytes:
    names = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in STYLES.items()
    )
    kinds = {"word/document.xml": "officeDocument"}, {"styles.xml": "styles", "footnotes.xml": "footnotes"}
    package, document = (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(f'<Relationship Id="r{k}" Type="{R}/{k}" Target="{path}"/>' for path, k in links.items())
        + "</Relationships>"
        for links in kinds
    )
    return make_zip(
        _rels___dot_rels=package,
        word___rels__document_dot_xml_dot_rels=document,
        word__styles_dot_xml=f'<w:styles xmlns:w="{W}">{names}</w:styles>',
        word__footnotes_dot_xml=f'<w:footnotes xmlns:w="{W}">{notes}</w:footnotes>',
        word__document_dot_xml=f'{prolog}<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}</w:body></w:document>',
    )


def read(folder: Path, data: bytes, name: str = "minutes.docx") -> Contents | Skipped:
    (folder / name).write_bytes(data)
    return read_file(folder / name, folder)


def read_one(folder: Path, data: bytes) -> Document:
    found = read(folder, data)
    assert isinstance(found, Contents), found
    (document,) = found.documents
    return document


MARK = '<w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:t> and the fire service.</w:t></w:r>'
NOTE = f'<w:footnote w:id="1">{make_paragraph("It owns the quay since 1902.")}</w:footnote>'
DELETED = "<w:del><w:r><w:delText> It never met.</w:delText></w:r></w:del>"
BODY = (
    make_paragraph("Minutes of the harbour board", "Title")
    + make_paragraph("The board met on 3 May 2024 with the port authority", "", MARK)
    + make_paragraph("Dredging", "Heading1")
    + make_paragraph("The channel will be 9 metres deep &lt;at low water&gt; by June.", "", DELETED)
    + make_table([["Berth", "Depth"], ["North", "7.5 m"], ["South", "9.0 m"]])
)


def test_a_word_document_reads_with_headings_tables_and_notes(tmp_path: Path) -> None:
    document = read_one(tmp_path, make_docx(BODY, NOTE))
    assert document.title == "Minutes of the harbour board"
    assert [section.heading for section in document.sections] == ["Dredging"]
    assert document.text.split("\n\n") == [
        "Minutes of the harbour board",
        "The board met on 3 May 2024 with the port authority and the fire service.",
        "Dredging",
        "The channel will be 9 metres deep <at low water> by June.",
        "Berth | Depth",
        "Berth: North | Depth: 7.5 m",
        "Berth: South | Depth: 9.0 m",
        "It owns the quay since 1902.",
    ]


def test_the_first_heading_of_a_document_without_a_title_is_not_mistaken_for_one(tmp_path: Path) -> None:
    body = make_paragraph("Letter to the members") + make_paragraph("The club has moved.")
    document = read_one(tmp_path, make_docx(body + make_paragraph("Fees", "Heading1") + make_paragraph("They rise.")))
    assert document.title == "Letter to the members"


def test_a_document_that_was_given_another_suffix_is_still_one(tmp_path: Path) -> None:
    found = read(tmp_path, make_docx(BODY, NOTE), "minutes.pdf")
    assert isinstance(found, Contents)
    assert "9 metres deep" in found.documents[0].text


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
HOSTILE = {
    "bomb": (make_docx(make_paragraph("&b;"), prolog=BOMB), "XML entities"),
    "file": (make_docx(make_paragraph("&f;"), prolog=FILE), "XML entities"),
    "utf16": (
        make_zip(_rels___dot_rels="<x/>", word__document_dot_xml=f"{BOMB}<x>&b;</x>".encode("utf-16")),
        "XML entities",
    ),
    "huge": (make_docx(" " * (zips.MOST_XML + 1)), "unpacks to more than"),
    "many": (make_zip(**{f"word__{n}": "" for n in range(zips.MOST_MEMBERS + 1)}), "more than 5,000 files"),
    "cut": (make_docx(BODY)[:900], "save it again"),
    "deep": (make_docx("<w:p>" * 50_000 + "</w:p>" * 50_000), "save it again"),
    "empty": (b"", "save it again"),
    "old": (b"\xd0\xcf\x11\xe0" * 50, "save it again"),
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_a_hostile_or_damaged_document_is_skipped_in_one_sentence(tmp_path: Path, kind: str) -> None:
    data, said = HOSTILE[kind]
    found = read(tmp_path, data)
    assert isinstance(found, Skipped)
    assert said in found.reason
    assert found.reason.endswith(".")
