"""A folder of articles: which files are read, and each as a Document."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from rag.articles.cleaning import clean_text
from rag.articles.formats import FORMATS, FormatError
from rag.errors import CorpusError
from rag.types import Document

MAX_BYTES = 20_000_000
"""Of one file. Set: a novel has one megabyte."""
_OTHER = "name another folder with --corpus"
_FIX = "put .txt or .md files there, or " + _OTHER


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a folder, that was not read.

    :param document_id: its path relative to the corpus, with forward slashes.
    :param reason: one sentence that says why and what to do.
    """

    document_id: str
    reason: str


def find_articles(corpus: Path) -> list[Path]:
    """Find the articles of a folder and the folders in it, sorted by ``document_id``.

    Articles are .txt and .md files (in any case). Hidden files and folders are none, nor is a README, which
    speaks about the folder; nor what a symbolic link reaches outside of the folder (:func:`find_skipped`
    names those).

    :param corpus: the folder.
    :return: paths that begin with ``corpus``.
    :raises CorpusError: unless ``corpus`` is a folder that can be read and holds an article.
    """
    _check_folder(corpus)
    found, skipped = _walk(corpus)
    if not found and skipped:
        raise CorpusError(f"No article in {corpus} can be read; {skipped[0].document_id}: {skipped[0].reason}")
    if not found:
        raise CorpusError(f"No articles in {corpus}: {_FIX}.")
    return found


def find_skipped(corpus: Path) -> list[Skipped]:
    """Name what is not read, sorted by ``document_id``.

    That is articles that a symbolic link leads to, out of the folder or nowhere, and folders that cannot be read.
    """
    return _walk(corpus)[1]


def resolve_folder(corpus: Path) -> Path:
    """The folder's absolute path, without links.

    :raises CorpusError: if its links lead in a circle, or it cannot be looked up.
    """
    try:
        return corpus.resolve()
    except (OSError, RuntimeError) as error:
        raise CorpusError(f"{corpus} cannot be found ({_explain(error)}): {_OTHER}.") from error


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
        return Skipped(document_id, f"It cannot be read ({_explain(error)}): change its permissions.")
    try:
        raw = FORMATS[path.suffix.lower()](data)
    except FormatError as error:
        return Skipped(document_id, str(error))
    cleaned = clean_text(raw)
    if not cleaned.text:
        return Skipped(document_id, "It holds no text: fill or remove it.")
    title = cleaned.title or path.stem.replace("_", " ").strip() or path.stem
    return Document(document_id, title, cleaned.date, cleaned.text, cleaned.sections)


def _check_folder(corpus: Path) -> None:
    """:raises CorpusError: unless `corpus` is a folder whose names can be read."""
    try:
        is_folder = stat.S_ISDIR(corpus.stat().st_mode)
        if is_folder:
            next(corpus.iterdir(), None)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CorpusError(f"There is no folder {corpus}: make it and {_FIX}.") from error
    except PermissionError as error:
        raise CorpusError(
            f"{corpus} cannot be read ({_explain(error)}): change its permissions, or {_OTHER}."
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise CorpusError(f"{corpus} cannot be read ({_explain(error)}): {_OTHER}.") from error
    if not is_folder:
        raise CorpusError(f"{corpus} is a file: name the folder it lies in with --corpus {corpus.parent}.")


def _walk(corpus: Path) -> tuple[list[Path], list[Skipped]]:
    """Files named like articles, and those of them and the folders that cannot be read.

    Linked folders are not entered, so there are no cycles.
    """
    failures: list[OSError] = []
    paths: list[Path] = []
    for folder, folders, files in os.walk(corpus, onerror=failures.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(folder, name) for name in files if _is_article(name)]
    reasons = {path: _find_obstacle(path, corpus) for path in paths}
    found = [path for path, reason in reasons.items() if not reason]
    for error in failures:
        path = Path(os.fsdecode(error.filename)) if error.filename else corpus
        reasons[path] = f"It is a folder that cannot be read ({_explain(error)}): change its permissions."
    skipped = [Skipped(name_document(path, corpus), reason) for path, reason in reasons.items() if reason]
    return (
        sorted(found, key=lambda path: name_document(path, corpus)),
        sorted(skipped, key=lambda item: item.document_id),
    )


def _is_article(name: str) -> bool:
    path = Path(name)
    return not name.startswith(".") and path.suffix.lower() in FORMATS and path.stem.upper() != "README"


def _find_obstacle(path: Path, corpus: Path) -> str:
    """Why an article is not to be read, for all that its name tells; empty where it is."""
    try:
        if path.is_file() and path.resolve().is_relative_to(corpus.resolve()):
            return ""
    except PermissionError as error:
        return f"It cannot be read ({_explain(error)}): change its permissions."
    except (OSError, RuntimeError):
        pass
    return "It is a link that leads out of the folder: copy the file itself there."


def _explain(error: Exception) -> str:
    """The system's words for an error, such as "Permission denied"."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
