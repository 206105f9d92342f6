"""Archives, books and tables hold many articles; hostile ones are skipped in one sentence and leave no file."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from rag.articles.folder import Contents, Note, Skipped, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from rag.types import Document

STORY = "The tram depot at Ollen burned down on Sunday night. Nobody was hurt, the fire service said."
OTHER = "Ollen’s council will buy eleven new trams for 30 million euros from a maker in Graz."
PAGE = f"<html><head><title>Trams</title></head><body><p>{OTHER}</p></body></html>"


def make_zip(members: dict[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def make_tar(members: dict[str, str], mode: str = "w") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))
        link = tarfile.TarInfo("link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return data.getvalue()


def read(folder: Path, data: bytes | str, name: str) -> Contents | Skipped:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_file(folder / name, folder)


def read_all(folder: Path, data: bytes | str, name: str) -> tuple[Document, ...]:
    found = read(folder, data, name)
    assert isinstance(found, Contents), found
    return found.documents


MEMBERS = {
    "../../depot_fire.txt": STORY,
    "news/trams.html": PAGE,
    ".hidden.txt": STORY,
    "__MACOSX/a.txt": STORY,
    "README.md": "x",
}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (make_zip(MEMBERS), "a.zip"), (make_tar(MEMBERS), "a.tar"),
        (make_tar(MEMBERS, "w:gz"), "a.tar.gz"), (make_tar(MEMBERS, "w:gz"), "a.tgz"),
    ],
)  # fmt: skip
def test_an_archive_holds_the_articles_of_its_files(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / "in" / "in").mkdir(parents=True)
    fire, trams = read_all(tmp_path / "in" / "in", data, name)
    assert (fire.document_id, fire.title, fire.text) == (f"{name}#1", "depot fire", STORY)
    assert (trams.document_id, trams.title) == (f"{name}#2", "Trams")
    assert OTHER in trams.text
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [name]


def test_files_of_an_archive_that_are_not_read_are_named(tmp_path: Path) -> None:
    inner = make_zip({"b.txt": STORY})
    found = read(tmp_path, make_zip({"a.txt": STORY, "map.jpg": "x", "in.zip": inner, "x.html": inner}), "a.zip")
    assert isinstance(found, Contents)
    assert len(found.documents) == 1
    assert found.notes == (Note("a.zip", "read without 3 of its files (map.jpg, in.zip, x.html)"),)


def test_links_in_an_archive_are_named_and_not_followed(tmp_path: Path) -> None:
    found = read(tmp_path, make_tar({"a.txt": STORY}), "a.tar")
    assert isinstance(found, Contents)
    assert [document.text for document in found.documents] == [STORY]
    assert found.notes == (Note("a.tar", "read without 1 of its files (link.txt)"),)


def make_bomb() -> bytes:
    """A ZIP file whose header says that its member is small."""
    data = bytearray(make_zip({"a.txt": " " * 5_000_000}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(data)


HOSTILE = {
    "large.zip": (make_zip({f"{n}.txt": " " * 19_000_000 for n in range(11)}), "unpacks to more than 200 MB"),
    "liar.zip": (make_bomb(), "."),
    "large.tgz": (gzip.compress(b"\0" * 201_000_000, 1), "unpacks to more than 200 MB"),
    "cut.zip": (make_zip(MEMBERS)[:150], "save it again"),
    "cut.tgz": (make_tar(MEMBERS, "w:gz")[:150], "damaged"),
    "story.txt.gz": (gzip.compress(STORY.encode()), "not a TAR archive"),
    "none.zip": (make_zip({"a.jpg": "x"}), "without a file that can be read"),
    "empty.zip": (b"", "save it again"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_or_damaged_archive_is_skipped_in_one_sentence(tmp_path: Path, name: str) -> None:
    data, said = HOSTILE[name]
    found = read(tmp_path, data, name)
    assert isinstance(found, Skipped)
    assert said in found.reason
    assert found.reason.endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == [name]


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="O/b.opf"/></rootfiles></container>'
)
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>Trams of Ollen</dc:title><dc:creator>Ilse Brandt</dc:creator><dc:date>2021-05-01</dc:date></metadata>
<manifest>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="c" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="1" href="text/one%201.xhtml" media-type="application/xhtml+xml"/>
<item id="2" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="p" href="p.jpg" media-type="image/jpeg"/></manifest>
<spine><itemref idref="c"/><itemref idref="n"/><itemref idref="2"/><itemref idref="1"/>
<itemref idref="gone"/></spine></package>"""
BOOK: dict[str, str | bytes] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "O/b.opf": PACKAGE,
    "O/nav.xhtml": "<html><body><nav>Contents</nav></body></html>",
    "O/cover.xhtml": "<html><body><img src='p.jpg'/></body></html>",
    "O/text/one 1.xhtml": (
        f"<html><body><h2>The fire</h2><p>{STORY}</p><ul><li><p>One tram was saved.</p></li></ul></body></html>"
    ),
    "O/two.xhtml": f"<html><body><script>x()</script><h1>New trams</h1><p>{OTHER}</p></body></html>",
}


def test_a_book_is_its_chapters_in_their_order(tmp_path: Path) -> None:
    trams, fire = read_all(tmp_path, make_zip(BOOK), "book.epub")
    assert (trams.document_id, trams.title, trams.date) == ("book.epub#1", "Trams of Ollen: New trams", "2021-05-01")
    assert (fire.document_id, fire.title, fire.author) == ("book.epub#2", "Trams of Ollen: The fire", "Ilse Brandt")
    assert fire.text == f"{fire.title}\n\n{STORY}\n\nOne tram was saved.\n\nBy Ilse Brandt"
    assert "x()" not in trams.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"META-INF/container.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, "XML entities"),
        ({"META-INF/container.xml": CONTAINER.replace("O/b.opf", "../../../etc/passwd")}, "save it again"),
        ({"O/b.opf": PACKAGE[:300]}, "save it again"),
        ({"O/b.opf": PACKAGE.replace("two.xhtml", "../../../../etc/passwd").replace("text/one", "gone")}, "no text"),
        ({"META-INF/encryption.xml": "<x/>", "O/text/one 1.xhtml": "", "O/two.xhtml": ""}, "protected against copying"),
    ],
)
def test_a_hostile_or_damaged_book_is_skipped_in_one_sentence(
    tmp_path: Path, changes: dict[str, str | bytes], said: str
) -> None:
    found = read(tmp_path, make_zip(BOOK | changes), "book.epub")
    assert isinstance(found, Skipped)
    assert said in found.reason


CSV = f"""id,Headline,Body,Published At,Author
1,Fire,"{STORY}
It was ""total"".",2024-02-03T10:00:00Z,Ed Oak
2,Trams,{OTHER},,
3,Empty,,,
"""
LINES = "\n".join(
    json.dumps(row)
    for row in (
        {
            "headline": "Fire",
            "body": STORY,
            "published_at": "2024-02-03",
            "authors": ["Ed Oak", "Di Ash"],
            "tags": {"a": 1},
        },
        {"headline": "Trams", "body": OTHER, "published_at": None},
    )
)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (CSV, "a.csv"), (CSV.replace("\n", "\r\n"), "a.CSV"), (LINES + "\n\n", "a.jsonl"),
        ("headline\tbody\tpubdate\tbyline\n" + f"Fire\t{STORY}\t3 Feb 2024\tEd Oak\nTrams\t{OTHER}\t\t\n", "a.tsv"),
        ("headline;body;date;author\n" + f"Fire;{STORY};2024-02-03;Ed Oak\nTrams;{OTHER};;\n", "semicolons.csv"),
    ],
)  # fmt: skip
def test_each_row_of_a_table_is_an_article(tmp_path: Path, data: str, name: str) -> None:
    fire, trams = read_all(tmp_path, data, name)
    assert (fire.document_id, fire.title, fire.date) == (f"{name}#1", "Fire", "2024-02-03")
    assert fire.author.startswith("Ed Oak")
    assert STORY.split(". ")[0] in fire.text
    assert (trams.title, trams.date, trams.author) == ("Trams", None, "")
    assert OTHER in trams.text


def test_broken_lines_are_counted_and_the_others_read(tmp_path: Path) -> None:
    found = read(tmp_path, f"{LINES}\n{LINES[:50]}\n7\n", "a.jsonl")
    assert isinstance(found, Contents)
    assert len(found.documents) == 2
    assert [note.text for note in found.notes] == [
        "read without 2 of its lines, from line 3, which are no JSON objects"
    ]


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        ("year,tonnes\n2022,44\n", "a.csv", "no column with the text"),
        ('{"year": 2022}\n', "a.jsonl", "no column with the text"),
        ("[1]\n", "a.jsonl", "None of its lines is a JSON object"),
        ("[" * 100_000, "a.jsonl", "None of its lines is a JSON object"),
        ("text\n" + "a\n" * 20_001, "a.csv", "more than 20,000 rows"),
        ("", "a.csv", "no text"),
        (bytes(range(256)) * 30, "a.csv", "not text"),
    ],
)
def test_a_table_without_articles_says_why(tmp_path: Path, data: str | bytes, name: str, said: str) -> None:
    found = read(tmp_path, data, name)
    assert isinstance(found, Skipped)
    assert said in found.reason
