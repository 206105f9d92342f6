"""Damages files of all formats in many ways, and reads them: each must be an article or be skipped with a sentence."""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
from typing import TYPE_CHECKING, Any

from rag.articles.folder import Contents, read_file

if TYPE_CHECKING:
    import random
    from pathlib import Path

LONGEST = 30.0
"""Seconds that one file may take."""
LINES = "".join(f"The ferry carried {n} hundred passengers across the sound on its day {n}.\n\n" for n in range(3, 40))
PAGE = (
    "<!DOCTYPE html><html lang='en'><head><title>Ferry</title><script type='application/ld+json'>"
    '{"@type":"NewsArticle","headline":"Ferry","datePublished":"2025-03-04"}</script></head>'
    f"<body><article><h1>Ferry</h1><p>{LINES}</p><table><tr><th>Day</th><td>3</td></tr></table></article></body></html>"
)
MAIL = f"From: Ana <ana@x.example>\nSubject: Ferry\nDate: Tue, 4 Mar 2025 08:00:00 +0000\n\n{LINES}"


def damage_files(work: Path, count: int, rng: random.Random) -> dict[str, Any]:
    """Reads damaged files. Counts those that are articles and those that are skipped, and finds the slowest."""
    corpus, intact = work / "in" / "corpus", make_files()
    corpus.mkdir(parents=True)
    names = sorted(intact)
    outcomes: dict[str, int] = {"read": 0, "skipped": 0}
    slowest, failures = (0.0, ""), []
    for number in range(count):
        name = names[number % len(names)]
        path = corpus / f"{number}{name}"
        path.write_bytes(damage(intact[name], rng, intact))
        began = time.monotonic()
        try:
            found = read_file(path, corpus)
            outcomes["read" if isinstance(found, Contents) else "skipped"] += 1
        except Exception as error:
            failures.append(f"{path.name}: {error!r}")
        slowest = max(slowest, (round(time.monotonic() - began, 2), path.name))
        path.unlink()
    outside = [str(path.relative_to(work)) for path in work.rglob("*") if path not in (corpus, corpus.parent)]
    passed = not failures and not outside and slowest[0] < LONGEST
    return {
        "passed": passed,
        "files": count,
        "formats": " ".join(names),
        **outcomes,
        "slowest": slowest,
        "failed": failures,
        "outside": outside,
    }


def damage(data: bytes, rng: random.Random, others: dict[str, bytes]) -> bytes:
    """One to three of the things that happen to files."""
    for _ in range(rng.randint(1, 3)):
        data = _damage_once(data, rng, others)
    return data


def _damage_once(data: bytes, rng: random.Random, others: dict[str, bytes]) -> bytes:
    at, length = rng.randrange(len(data) + 1), rng.choice([1, 4, 64, 1024])
    before, hit, behind = data[:at], data[at : at + length], data[at + length :]
    foreign = rng.choice(sorted(others.values()))[:4096]
    flipped = bytes(byte ^ (1 << rng.randrange(8)) if rng.random() < 0.01 else byte for byte in data)
    random_bytes = rng.randbytes(length)
    ways = (
        before,
        hit + behind,
        before + random_bytes + behind,
        before + bytes(length) + behind,
        before + behind,
        before + hit * 50 + behind,
        before + foreign + hit + behind,
        flipped,
    )
    return rng.choice(ways)


def make_files() -> dict[str, bytes]:
    """A good file of each format, by suffix, and archives whose names lead out of the folder."""
    item = (
        "<item><title>Ferry</title><pubDate>Tue, 4 Mar 2025 08:00:00 GMT</pubDate>"
        f"<description>{LINES}</description></item>"
    )
    feed = f"<rss version='2.0'><channel><title>Echo</title>{item * 3}</channel></rss>"
    atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>E</title><entry><title>F</title>"
        f"<content>{LINES}</content></entry></feed>"
    )
    line = LINES.replace("\n", " ")
    mhtml = (
        "MIME-Version: 1.0\nSubject: Ferry\nContent-Type: multipart/related; boundary=b\n\n--b\n"
        f"Content-Type: text/html\n\n{PAGE}\n--b--\n"
    )
    texts = {
        ".txt": f"Ferry\nMarch 4, 2025\n\n{LINES}",
        ".md": f"---\ntitle: Ferry\ndate: 2025-03-04\n---\n# Ferry\n\n{LINES}\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        ".markdown": f"# Ferry\n\n{LINES}",
        ".rst": f"Ferry\n=====\n\n{LINES}",
        ".html": PAGE,
        ".htm": PAGE,
        ".xhtml": f"<?xml version='1.0'?>{PAGE}",
        ".mhtml": mhtml,
        ".mht": mhtml,
        ".xml": feed,
        ".rss": feed,
        ".atom": atom,
        ".eml": MAIL,
        ".mbox": f"From ana\n{MAIL}\nFrom bo\n{MAIL}",
        ".csv": f'title,date,text\nFerry,04/03/2025,"{line}"\nLock,14/03/2025,"{line}"\n',
        ".tsv": f"title\ttext\nFerry\t{line}\n",
        ".jsonl": f'{{"title": "Ferry", "text": "{line}"}}\n' * 3,
    }
    made = {suffix: text.encode() for suffix, text in texts.items()}
    made |= {".pdf": make_pdf(), ".docx": make_docx(), ".epub": make_epub()}
    archived = {
        "a.txt": made[".txt"],
        "b.html": made[".html"],
        "../../out.txt": made[".txt"],
        "/tmp/out.txt": b"x" * 99,  # noqa: S108 (it must not be written)
    }
    made[".zip"] = make_zip(archived)
    for suffix, mode in ((".tar", "w"), (".tgz", "w:gz"), (".tar.gz", "w:gz")):
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode=mode) as tar:  # type: ignore[call-overload]
            for name, data in archived.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        made[suffix] = held.getvalue()
    return made


def make_zip(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def make_docx() -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in LINES.split("\n") if line)
    kinds = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    office = "http://schemas.openxmlformats.org"
    return make_zip(
        {
            "[Content_Types].xml": (
                f"<Types xmlns='{office}/package/2006/content-types'>"
                "<Default Extension='rels' ContentType='application/vnd.openxmlformats-package.relationships+xml'/>"
                f"<Override PartName='/word/document.xml' ContentType='{kinds}'/></Types>"
            ).encode(),
            "_rels/.rels": (
                f"<Relationships xmlns='{office}/package/2006/relationships'><Relationship Id='r1' "
                f"Type='{office}/officeDocument/2006/relationships/officeDocument' "
                "Target='word/document.xml'/></Relationships>"
            ).encode(),
            "word/document.xml": f"<w:document xmlns:w='{word}'><w:body>{body}</w:body></w:document>".encode(),
        }
    )


def make_epub() -> bytes:
    package = (
        "<package xmlns='http://www.idpf.org/2007/opf'><metadata xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<dc:title>Ferries</dc:title><dc:date>2025-03-04</dc:date></metadata><manifest>"
        "<item id='a' href='a.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='a'/></spine></package>"
    )
    container = (
        "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>"
        "<rootfile full-path='c.opf'/></rootfiles></container>"
    )
    return make_zip(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": container.encode(),
            "c.opf": package.encode(),
            "a.xhtml": PAGE.encode(),
        }
    )


def make_pdf() -> bytes:
    """A page of text, written by hand."""
    lines = [line for line in LINES.split("\n") if line]
    shown = " ".join(f"({line}) Tj 0 -16 Td" for line in lines)
    stream = f"BT /F1 12 Tf 60 780 Td {shown} ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(data),
    )
