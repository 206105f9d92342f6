"""Finds the articles in a folder and reads each as a Document."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

from rag.articles.cleaning import clean_text
from rag.articles.columns import USUAL, Columns
from rag.articles.confined import ignore
from rag.articles.formats import EXAMPLES, FORMATS, convert_file
from rag.articles.origins import describe_origin, find_date
from rag.articles.pages import map_pages
from rag.articles.raw import FormatError
from rag.errors import CorpusError
from rag.types import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rag.articles.confined import Check
    from rag.articles.raw import RawArticle

MAX_BYTES = 20_000_000
"""Maximum size of one file. Chosen by hand; a novel is about 1 MB."""
MOST_TITLE = 300
"""Characters of a title. Chosen by hand: each passage is read after it, so a long one takes longer than the text."""
_OTHER = "name another folder with --corpus"
_FIX = f"put {EXAMPLES} there, or {_OTHER}"
_NAMED = 3
"""Files named of a kind that is not read. A folder may hold thousands of pictures."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was not read, or all files of a kind that is not read.

    :param document_id: its path relative to the corpus, with forward slashes. Files of a kind are ``*.jpg``.
    :param reason: one sentence with the cause and the fix.
    """

    document_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """What a user should know about a file that was read.

    :param file: its path relative to the corpus, with forward slashes.
    :param text: such as "read as Windows-1252".
    """

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The articles of a file, in its order; at least one."""

    documents: tuple[Document, ...]
    notes: tuple[Note, ...] = ()


def find_articles(corpus: Path) -> list[Path]:
    """Find the articles in a folder and its subfolders, sorted by ``document_id``.

    Articles are files with a suffix of :data:`rag.articles.formats.FORMATS`, in any case. Hidden files, hidden folders,
    files named README and the folders that browsers save with a page are ignored. :func:`find_skipped` lists all
    others. Symbolic links out of the folder are not followed.

    :param corpus: the folder.
    :return: paths that begin with ``corpus``.
    :raises CorpusError: if ``corpus`` is not a readable folder or holds no article.
    """
    check_folder(corpus)
    found, skipped = _walk(corpus)
    if not found and skipped:
        raise CorpusError(f"No article in {corpus} can be read; {skipped[0].document_id}: {skipped[0].reason}")
    if not found:
        raise CorpusError(f"No articles in {corpus}: {_FIX}.")
    return found


def find_skipped(corpus: Path) -> list[Skipped]:
    """Find articles that are broken links or links out of the folder, unreadable folders, and files of other kinds.

    :return: sorted by ``document_id``; one for each kind of file.
    """
    return _walk(corpus)[1]


def stamp_folder(corpus: Path) -> str:
    """A digest of the names, sizes and times of a folder's articles, which changes when one of them does.

    It also changes when the first file of a kind that is not read is added, or the last one removed, because that is
    reported. No file is read, so it can be made every few seconds. A folder that cannot be read has a stamp too.
    """
    lines = []
    for path in _list_files(corpus):
        if not _is_article(path):
            lines.append(_name_kind(path))
            continue
        try:
            found = os.stat(path)  # noqa: PTH116 (thousands)
            lines.append(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}")
        except OSError:
            lines.append(path)
    return hashlib.sha256("\n".join(sorted(set(lines))).encode("utf-8", "surrogateescape")).hexdigest()


def resolve_folder(corpus: Path) -> Path:
    """The folder's absolute path with links resolved.

    :raises CorpusError: if the links form a cycle or the path cannot be resolved.
    """
    try:
        return corpus.resolve()
    except (OSError, RuntimeError) as error:
        raise CorpusError(f"{corpus} cannot be found ({_explain(error)}): {_OTHER}.") from error


def name_document(path: Path, corpus: Path) -> str:
    """The ``document_id`` of a file with one article: its path relative to the corpus, with forward slashes."""
    return path.relative_to(corpus).as_posix()


def name_file(document_id: str) -> str:
    """The path, relative to the corpus, of the file that holds an article: "feed.txt#2" → "feed.txt".

    It is unambiguous, because the name of a file that is read ends with a suffix of a format.
    """
    return re.sub(r"#\d+\Z", "", document_id)


def names_kind(document_id: str) -> bool:
    """Whether this stands for all files of a kind that is not read: ``*.jpg``, or ``*`` for those without a suffix."""
    return document_id.startswith("*") and not _is_article(document_id)


def read_file(path: Path, corpus: Path, columns: Columns = USUAL, check: Check = ignore) -> Contents | Skipped:
    """Read a file and clean its articles.

    :param path: a path from :func:`find_articles`.
    :param corpus: the folder that was searched.
    :param columns: of tables.
    :param check: as in :func:`rag.articles.formats.convert_file`.
    :return: its articles, or the reason why it was skipped.
    """
    name = name_document(path, corpus)
    try:
        found = path.stat()
        if found.st_size > MAX_BYTES:
            return Skipped(name, f"It is larger than {MAX_BYTES // 1_000_000} MB: split it into articles.")
        data = path.read_bytes()
    except OSError as error:
        return Skipped(name, f"It cannot be read ({_explain(error)}): change its permissions.")
    try:
        converted = convert_file(path.suffix, data, columns, check)
    except FormatError as error:
        return Skipped(name, str(error))
    saved = _find_day(found.st_mtime)
    documents = [_clean(article, name, saved) for article in converted.articles]
    documents = [document for document in documents if document.text]
    if sum(len(document.text) for document in documents) > MAX_BYTES:
        # Each row of a table repeats the names of its columns.
        return Skipped(name, f"It makes more than {MAX_BYTES // 1_000_000} MB of text: split it into articles.")
    if not documents:
        return Skipped(name, "It has no text: add some or remove the file.")
    if len(documents) > 1:
        documents = [replace(one, document_id=f"{name}#{n}") for n, one in enumerate(documents, 1)]
    return Contents(tuple(documents), (Note(name, converted.note),) if converted.note else ())


def _find_day(seconds: float) -> str:
    """The local date of a file's time, in ISO 8601; empty if the time is outside the calendar."""
    try:
        return date.fromtimestamp(seconds).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _clean(article: RawArticle, name: str, saved: str) -> Document:
    title = " ".join(article.title.split())
    cleaned = clean_text(f"# {title}\n\n{article.text}" if title else article.text, article.author)
    stem = article.name or PurePosixPath(name).stem
    return Document(
        name,
        (cleaned.title or title or stem.replace("_", " ").strip() or stem)[:MOST_TITLE].rstrip(),
        find_date(article, cleaned, name)[0],
        cleaned.text,
        cleaned.sections,
        cleaned.byline,
        describe_origin(article, cleaned, name, saved),
        map_pages(article.text, article.pages, cleaned.text),
    )


def check_folder(corpus: Path) -> None:
    """:raises CorpusError: if ``corpus`` is not a folder or cannot be listed."""
    try:
        is_folder = stat.S_ISDIR(corpus.stat().st_mode)
        if is_folder:
            next(corpus.iterdir(), None)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CorpusError(f"There is no folder {corpus}: create it and {_FIX}.") from error
    except PermissionError as error:
        raise CorpusError(
            f"{corpus} cannot be read ({_explain(error)}): change its permissions, or {_OTHER}."
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise CorpusError(f"{corpus} cannot be read ({_explain(error)}): {_OTHER}.") from error
    if not is_folder:
        raise CorpusError(f"{corpus} is a file: name its folder with --corpus {corpus.parent}.")


def _walk(corpus: Path) -> tuple[list[Path], list[Skipped]]:
    """Readable files with an article's name, and what cannot be read."""
    failures: list[OSError] = []
    files = list(_list_files(corpus, failures.append))
    reasons = {Path(path): _find_obstacle(Path(path), corpus) for path in files if _is_article(path)}
    found = [path for path, reason in reasons.items() if not reason]
    for error in failures:
        path = Path(os.fsdecode(error.filename)) if error.filename else corpus
        reasons[path] = f"It is a folder that cannot be read ({_explain(error)}): change its permissions."
    skipped = [Skipped(name_document(path, corpus), reason) for path, reason in reasons.items() if reason]
    skipped += _group_others(path for path in files if not _is_article(path))
    return (
        sorted(found, key=lambda path: name_document(path, corpus)),
        sorted(skipped, key=lambda item: item.document_id),
    )


def _list_files(corpus: Path, onerror: Callable[[OSError], None] | None = None) -> Iterator[str]:
    """The paths of all files but hidden ones, those named README, and those that a browser saved with a page.

    Linked folders are not entered, so there are no cycles.
    """
    for folder, folders, files in os.walk(corpus, onerror=onerror):
        pages = {f"{name.rpartition('.')[0]}_files" for name in files if name.lower().endswith((".html", ".htm"))}
        folders[:] = [name for name in folders if not name.startswith(".") and name not in pages]
        for name in files:
            # Not Path, because there may be thousands.
            if not name.startswith(".") and os.path.splitext(name)[0].upper() != "README":  # noqa: PTH122
                yield os.path.join(folder, name)  # noqa: PTH118


def _is_article(path: str) -> bool:
    return os.path.splitext(path)[1].lower() in FORMATS  # noqa: PTH122


def _name_kind(path: str) -> str:
    """Stands for all files of a kind: ``*.jpg``, or ``*`` for those without a suffix."""
    suffix = re.search(r"(?<=[^/\\])\.[A-Za-z0-9]{1,10}\Z", path)
    return f"*{suffix[0].lower()}" if suffix else "*"


def _group_others(paths: Iterable[str]) -> list[Skipped]:
    """Files of kinds that are not read, one item for each kind, however many there are."""
    kinds: dict[str, list[str]] = {}
    for path in sorted(paths):
        name = PurePath(path).name.encode("utf-8", "replace").decode()
        kinds.setdefault(_name_kind(path), []).append(name)
    reasons = {}
    for kind, names in kinds.items():
        files = "1 file" if len(names) == 1 else f"{len(names):,} files"
        named = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        what = "of a kind that is not read" if kind != "*" else "without the suffix of a kind that is read"
        reasons[kind] = f"{files} ({named}) {what}: articles are {EXAMPLES}."
    return [Skipped(kind, reason) for kind, reason in reasons.items()]


def _find_obstacle(path: Path, corpus: Path) -> str:
    """Why a file with an article's name must not be read; empty if it may be."""
    try:
        if path.is_file() and path.resolve().is_relative_to(corpus.resolve()):
            return ""
    except PermissionError as error:
        return f"It cannot be read ({_explain(error)}): change its permissions."
    except (OSError, RuntimeError):
        pass
    return "It is a broken link or a link out of the folder: replace it with a copy of the file."


def _explain(error: Exception) -> str:
    """The system's message for an error, such as "Permission denied"."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
