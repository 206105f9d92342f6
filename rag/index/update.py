"""Builds the index folder and keeps it up to date with the corpus.

An update reads, splits and encodes the changed articles, writes new files beside the old ones, and renames them into
place (`_commit`). rag.index.manifest explains why it can be interrupted at any point.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.converters import TABLES
from rag.articles.extractors import find_version
from rag.articles.folder import Note, find_articles, find_skipped, name_document, name_file, names_kind, resolve_folder
from rag.errors import CorpusError, IndexFolderError
from rag.index import store
from rag.index.changes import Changes, Plan, join_changes, make_plan
from rag.index.ingest import Batch, Cutter, make_batch
from rag.index.manifest import (
    DATABASE,
    LOCK,
    NEW,
    SCHEMA_VERSION,
    VECTORS,
    State,
    check_folder,
    explain_failures,
    find_state,
    has_leftovers,
    hash_file,
    remove_leftovers,
    sync_file,
    sync_folder,
    write_durably,
    write_states,
)
from rag.index.meter import Pace
from rag.index.opened import DocumentSummary, Index, open_index
from rag.index.vectors import build_vectors, pack_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rag.index.chunking import ChunkingConfig
    from rag.index.ingest import Tell
    from rag.types import Document, Encoder

__all__ = ["Changes", "DocumentSummary", "Index", "default_index_folder", "open_index", "update_index"]

AT_ONCE = 300
"""Files of an update that are written together: a few minutes' work on two cores. Large indexes take more at once,
because each part copies the index."""
LOCK_SECONDS = 900
"""Timeout for the lock. Chosen by hand, longer than the update of a large folder should take."""


def default_index_folder(corpus: Path) -> Path:
    """The default folder for the index of a corpus, in the user's cache.

    :raises CorpusError: if the path of the corpus cannot be resolved.
    """
    from platformdirs import user_cache_path

    path = resolve_folder(corpus)
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.name)[:40].strip("-") or "corpus"
    return user_cache_path("ask-articles", appauthor=False) / "index" / f"{name}-{digest}"


def update_index(
    corpus: Path,
    folder: Path,
    encoder: Encoder,
    config: ChunkingConfig,
    *,
    tell: Tell | None = None,
    columns: Columns = USUAL,
) -> Changes:
    """Build the index of `corpus` in `folder` or update it. Only changed articles are read and encoded.

    If nothing changed, nothing is written, and only the fingerprint of the encoder is used. Large updates are written
    in parts of some hundred files, each of which leaves a valid index. If an error is raised, the index is as the last
    part left it, and the next update goes on from there.

    :param tell: as :class:`rag.index.ingest.Cutter` has it, but the number to be encoded is estimated if there are
        several parts. An exception from it ends the update.
    :param columns: of tables. If they change, tables are read again.
    :raises CorpusError: if there are no readable articles.
    :raises IndexFolderError: if the folder cannot be read or written.
    """
    cutter = Cutter(encoder, config, tell, columns)
    plan = _plan_update(corpus, folder, cutter)
    if plan.base is not None and plan.is_empty:
        # A read-only folder is fine here: `open_index` can read an index that is not tidied.
        with suppress(IndexFolderError):
            _tidy(folder)
        return Changes(unchanged=len(plan.wanted.sources))
    with _locked(folder):
        # Another process may have updated the index while this one waited for the lock.
        plan = _plan_update(corpus, folder, cutter)
        if plan.is_empty:
            return Changes(unchanged=len(plan.wanted.sources))
        return _apply(corpus, folder, plan, cutter)


def _apply(corpus: Path, folder: Path, plan: Plan, cutter: Cutter) -> Changes:
    """Carry out a plan in parts."""
    most = AT_ONCE
    renamed, unchanged = plan.renamed, len(plan.wanted.sources) - len(plan.added) - len(plan.changed)
    done: list[Changes] = []
    pace = Pace(cutter.tell, len(plan.added) + len(plan.changed))
    while True:
        part = plan.first(max(most, len(plan.base.sources) // 3 if plan.base else 0))
        files = (*part.added, *part.changed)
        with explain_failures(folder):
            kept, gone = _read_indexed(folder, part)
        try:
            batch = make_batch(corpus, files, kept, replace(cutter, tell=pace.tell_part(len(files))))
        except CorpusError:
            if part is plan:
                raise
            most *= 2  # none of these files is an article; an index must have one
            continue
        # An outdated version of an extractor must stay known until the last of its articles has been read again.
        extractors = _list_extractors((*batch.documents, *kept))
        with explain_failures(folder):
            written = replace(part, wanted=replace(part.wanted, extractors=extractors))
            state = _write(folder, written, batch, [document.document_id for document in gone])
        done.append(_describe(part, batch, gone, renamed))
        if part is plan:
            return replace(join_changes(done), unchanged=unchanged)
        pace.end_part(len(files))
        plan = replace(plan, base=state, reason="", stale=tuple(key for key in plan.stale if key not in part.stale))


def _list_extractors(documents: Iterable[Document]) -> dict[str, str]:
    return {document.origin.extractor: document.origin.version for document in documents}


def _plan_update(corpus: Path, folder: Path, cutter: Cutter) -> Plan:
    sources = _hash_sources(corpus)
    # Round-trip through JSON, so that the settings compare equal to those from a manifest.
    chunking = json.loads(json.dumps(asdict(cutter.config)))
    name, fingerprint = cutter.encoder.name, cutter.encoder.fingerprint
    wanted = State(SCHEMA_VERSION, name, fingerprint, 0, chunking, sources, "", "", columns=cutter.columns.named())
    with explain_failures(folder):
        check_folder(folder)
        base, reason = find_state(folder)
        plan = make_plan(base, wanted, reason)
        return replace(plan, stale=_find_stale(folder, plan.base, wanted)) if plan.base else plan


def _find_stale(folder: Path, base: State, wanted: State) -> tuple[str, ...]:
    """The files that are to be read in another way than they were."""
    tables = (name for name in wanted.sources if PurePosixPath(name).suffix.lower() in TABLES)
    return tuple(dict.fromkeys([*_find_outdated(folder, base), *(tables if base.columns != wanted.columns else ())]))


def _find_outdated(folder: Path, base: State) -> tuple[str, ...]:
    """The files that another version of their extractor read than the one that is installed."""
    if all(find_version(name) == version for name, version in base.extractors.items()):
        return ()
    with closing(store.open_for_reading(folder / DATABASE)) as connection:
        documents = store.select_documents(connection)
    outdated = (one for one in documents if find_version(one.origin.extractor) != one.origin.version)
    return tuple(dict.fromkeys(name_file(one.document_id) for one in outdated))


def _hash_sources(corpus: Path) -> dict[str, str]:
    """SHA-256 of each article by document_id, sorted by it; empty if the file cannot be read.

    Files are hashed before they are read, so that the next update detects an edit in between.
    """
    articles = find_articles(corpus)
    sources = {skipped.document_id: "" for skipped in find_skipped(corpus)}
    for path in articles:
        digest = ""
        with suppress(OSError):
            digest = hash_file(path)
        sources[name_document(path, corpus)] = digest
    return dict(sorted(sources.items()))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder against other updates. The lock of a process that dies is released.

    :raises IndexFolderError: if another process holds the lock for `LOCK_SECONDS`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=LOCK_SECONDS)
    with explain_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout as error:
            raise IndexFolderError(
                f"Another process has been updating {folder} for {LOCK_SECONDS // 60} minutes: "
                "wait until it has finished, or name another folder with --index."
            ) from error
    try:
        yield
    finally:
        lock.release()


def _read_indexed(folder: Path, plan: Plan) -> tuple[list[Document], list[Document]]:
    """The documents of the index that an update does not change, and those whose file it does."""
    if plan.base is None:
        return [], []
    touched = {*plan.changed, *plan.removed}
    with closing(store.open_for_reading(folder / DATABASE)) as connection:
        documents = store.select_documents(connection)
    kept = [document for document in documents if name_file(document.document_id) not in touched]
    return kept, [document for document in documents if name_file(document.document_id) in touched]


def _write(folder: Path, plan: Plan, batch: Batch, gone: Sequence[str]) -> State:
    """Write the new files beside the old ones, rename them into place, and remove leftovers.

    :param gone: ids of the documents to delete.
    :return: the state that was written.
    """
    remove_leftovers(folder)
    try:
        dimension = plan.base.dimension if batch.vectors is None and plan.base else 0
        if batch.vectors is not None:
            dimension = batch.vectors.shape[1]
        vectors = _write_database(folder, plan, batch, dimension, gone)
        write_durably(folder / (VECTORS + NEW), vectors)
        state = replace(
            plan.wanted,
            dimension=dimension,
            database=hash_file(folder / (DATABASE + NEW)),
            vectors=hashlib.sha256(vectors).hexdigest(),
        )
        _commit(folder, plan.base, state)
    finally:
        remove_leftovers(folder)
    return state


def _write_database(folder: Path, plan: Plan, batch: Batch, dimension: int, gone: Sequence[str]) -> bytes:
    """Write passages.db.new in one transaction.

    :return: the content of the matching vectors.faiss.
    """
    new = folder / (DATABASE + NEW)
    if plan.base is not None:
        shutil.copyfile(folder / DATABASE, new)
    with closing(store.open_for_writing(new)) as connection:
        connection.execute("BEGIN")
        if plan.base is None:
            store.create_tables(connection)
        store.delete_documents(connection, gone)
        for document in batch.documents:
            store.insert_document(connection, document, plan.wanted.sources[name_file(document.document_id)])
        if batch.vectors is not None:
            store.insert_passages(connection, batch.passages, batch.vectors)
        store.set_duplicates(connection, batch.duplicates)
        connection.execute("COMMIT")
        store.compact(connection)
        content = pack_vectors(build_vectors(connection, dimension))
    sync_file(new)
    return content


def _commit(folder: Path, old: State | None, new: State) -> None:
    """Rename the new files into place. Meanwhile the manifest lists both states."""
    write_states(folder, [new] if old is None else [old, new])
    for name in (DATABASE, VECTORS):
        (folder / (name + NEW)).replace(folder / name)
    sync_folder(folder)
    if old is not None:
        write_states(folder, [new])


def _tidy(folder: Path) -> None:
    """Complete an interrupted update, and rebuild a damaged vectors.faiss."""
    state, _ = find_state(folder)
    if state is None or (hash_file(folder / VECTORS) == state.vectors and not has_leftovers(folder)):
        return
    with _locked(folder), explain_failures(folder):
        state, _ = find_state(folder)
        if state is None:
            return
        remove_leftovers(folder)
        try:
            if hash_file(folder / VECTORS) != state.vectors:
                with closing(store.open_for_reading(folder / DATABASE)) as connection:
                    content = pack_vectors(build_vectors(connection, state.dimension))
                write_durably(folder / (VECTORS + NEW), content)
                (folder / (VECTORS + NEW)).replace(folder / VECTORS)
                state = replace(state, vectors=hashlib.sha256(content).hexdigest())
            write_states(folder, [state])
        finally:
            remove_leftovers(folder)


def _describe(plan: Plan, batch: Batch, gone: Sequence[Document], renamed: Mapping[str, str]) -> Changes:
    """The result of a part of an update, for the user.

    :param gone: the documents that were deleted or replaced.
    :param renamed: the old names of renamed files, by their new names.
    """
    old = [document.document_id for document in gone]
    files = [(document.document_id, name_file(document.document_id)) for document in batch.documents]
    moved = {key: renamed[file] + key.removeprefix(file) for key, file in files if file in renamed}
    added, changed = set(plan.added) - renamed.keys(), set(plan.changed)
    removed = {key for key in plan.removed if not names_kind(key)} - set(renamed.values())
    return Changes(
        added=tuple(key for key, file in files if file in added),
        changed=tuple(key for key, file in files if file in changed),
        # A file that had no article is named itself.
        removed=tuple(sorted({key for key in old if name_file(key) in removed} | removed - set(map(name_file, old)))),
        skipped=batch.skipped,
        notes=(*batch.notes, *_list_reread(plan, batch, gone)),
        duplicates=batch.duplicates,
        passages=len(batch.passages),
        built=plan.base is None,
        rebuilt_because=plan.reason,
        renamed=tuple((before, key) for key, before in moved.items()),
    )


def _list_reread(plan: Plan, batch: Batch, gone: Sequence[Document]) -> Iterator[Note]:
    """What became of the articles that another version of their extractor read."""
    old = {document.document_id: document for document in gone}
    edited = {key for key, digest in plan.wanted.sources.items() if plan.base and plan.base.sources.get(key) != digest}
    for document in batch.documents:
        before = old.get(document.document_id)
        if before is None or before.origin.version == document.origin.version:
            continue
        if name_file(document.document_id) not in edited:
            same = "the same" if before.text_sha256 == document.text_sha256 else "another one"
            versions = f"{document.origin.reader} instead of {before.origin.version}"
            yield Note(document.document_id, f"read by {versions}; its text is {same}")
