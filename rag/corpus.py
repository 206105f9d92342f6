"""A folder of articles: which files are read, and each as a Document."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rag.cleaning import clean_text
from rag.errors import CorpusError
from rag.types import Document

SUFFIXES = frozenset({".txt", ".md"})
MAX_BYTES = 20_000_000
_FIX = "put .txt or .md files there, or name another folder with --corpus"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read.

    :param document_id: its path relative to the corpus, with forward slashes.
    :param reason: one sentence that says why and what to do.
    """

    document_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder's articles in order of ``document_id``, and the files that hold none that can be read."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...]


def find_articles(corpus: Path) -> list[Path]:
    """Find the articles of a folder and the folders in it, sorted by ``document_id``.

    Articles are .txt and .md files (in any case). Hidden files and folders are none, nor is a README, which
    speaks about the folder; nor what a symbolic link reaches outside of the folder (:func:`find_skipped`
    names those).

    :param corpus: the folder.
    :return: paths that begin with ``corpus``.
    :raises CorpusError: unless ``corpus`` is a folder that can be read and holds an article.
    """
    if not corpus.exists():
        raise CorpusError(f"There is no folder {corpus}: make it and {_FIX}.")
    if not corpus.is_dir():
        raise CorpusError(f"{corpus} is a file: name the folder it lies in with --corpus {corpus.parent}.")
    try:
        next(corpus.iterdir(), None)
    except OSError as error:
        raise CorpusError(f"{corpus} cannot be read ({error.strerror}): change its permissions.") from error
    found = [path for path in _walk(corpus) if _lies_inside(path, corpus)]
    if not found:
        raise CorpusError(f"No articles in {corpus}: {_FIX}.")
    return found


def find_skipped(corpus: Path) -> list[Skipped]:
    """Name the articles that are not read because a symbolic link leads out of the folder or nowhere."""
    return [
        Skipped(
            name_document(path, corpus),
            "It is a link that leads out of the folder: copy the file itself there.",
        )
        for path in _walk(corpus)
        if not _lies_inside(path, corpus)
    ]


def name_document(path: Path, corpus: Path) -> str:
    """The ``document_id`` of a file: its path relative to the corpus, with forward slashes."""
    return path.relative_to(corpus).as_posix()


def read_document(path: Path, corpus: Path) -> Document | Skipped:
    """Read and clean one article.

    :param path: a file as :func:`find_articles` gives it.
    :param corpus: the folder it was found in.
    :return: the article, or why there is none to read in the file.
    """
    document_id = name_document(path, corpus)
    try:
        if path.stat().st_size > MAX_BYTES:
            return Skipped(document_id, f"It is larger than {MAX_BYTES // 1_000_000} MB: split it into articles.")
        data = path.read_bytes()
    except OSError as error:
        return Skipped(document_id, f"It cannot be read ({error.strerror}): change its permissions.")
    raw = _decode(data)
    if raw is None:
        return Skipped(document_id, "It is not UTF-8 text: save it as UTF-8 text.")
    cleaned = clean_text(raw)
    if not cleaned.text:
        return Skipped(document_id, "It holds no text: fill or remove it.")
    title = cleaned.title or path.stem.replace("_", " ").strip() or path.stem
    return Document(document_id, title, cleaned.date, cleaned.text, cleaned.sections)


def read_corpus(corpus: Path) -> Corpus:
    """Read all articles of a folder.

    :raises CorpusError: unless at least one article can be read.
    """
    read = [read_document(path, corpus) for path in find_articles(corpus)]
    documents = tuple(item for item in read if isinstance(item, Document))
    skipped = sorted(
        [*find_skipped(corpus), *(item for item in read if isinstance(item, Skipped))],
        key=lambda item: item.document_id,
    )
    if not documents:
        first = skipped[0]
        raise CorpusError(f"No article in {corpus} can be read; {first.document_id}: {first.reason}")
    return Corpus(documents, tuple(skipped))


def _walk(corpus: Path) -> list[Path]:
    """Files named like articles. Linked folders are not entered, so there are no cycles."""
    found = []
    for folder, folders, files in os.walk(corpus):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in files if _is_article(name)]
    return sorted(found, key=lambda path: name_document(path, corpus))


def _is_article(name: str) -> bool:
    path = Path(name)
    return not name.startswith(".") and path.suffix.lower() in SUFFIXES and path.stem.upper() != "README"


def _lies_inside(path: Path, corpus: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(corpus.resolve())
    except (OSError, RuntimeError):
        return False


def _decode(data: bytes) -> str | None:
    """UTF-8, or UTF-16 where a byte order mark says so; None where it is neither.

    A few null bytes are damage, which cleaning mends; many are another kind of file.
    """
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    controls = sum(text.count(chr(code)) for code in (*range(9), *range(14, 27)))
    return None if controls > 0.05 * len(text) else text
