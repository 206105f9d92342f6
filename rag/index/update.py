"""Builds the index of a corpus and keeps it up to date with it, wherever the index is kept.

An update reads, splits and encodes the changed articles; the store replaces the index by the new one (local.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rag.articles.columns import USUAL, Columns
from rag.articles.converters import TABLES
from rag.articles.extractors import find_version
from rag.articles.folder import Note, find_articles, find_skipped, name_document, name_file, names_kind, resolve_folder
from rag.errors import CorpusError, IndexFolderError, StoreError
from rag.index.base import DocumentSummary, Index, Store
from rag.index.changes import Changes, Plan, join_changes, make_plan
from rag.index.ingest import Batch, Cutter, make_batch
from rag.index.local import LocalStore
from rag.index.manifest import SCHEMA_VERSION, State, hash_file
from rag.index.meter import Pace
from rag.index.opened import open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rag.index.chunking import ChunkingConfig
    from rag.index.ingest import Tell
    from rag.types import Document, Encoder

    MakeBatch = Callable[[Sequence[str], Sequence[Document], Tell | None], Batch]

__all__ = ["Changes", "DocumentSummary", "Index", "default_index_folder", "open_index", "update_index"]

AT_ONCE = 300
"""Files of an update that are written together: a few minutes' work on two cores. Large indexes take more at once,
because each part copies the index."""


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
    place: Path | Store,
    encoder: Encoder,
    config: ChunkingConfig,
    *,
    tell: Tell | None = None,
    columns: Columns = USUAL,
) -> Changes:
    """Build the index of `corpus` or update it. Only changed articles are read and encoded.

    If nothing changed, nothing is written, and only the fingerprint of the encoder is used. Large updates are written
    in parts of some hundred files, each of which leaves a valid index. If an error is raised, the index is as the last
    part left it, and the next update goes on from there.

    :param place: the folder or the store of the index.
    :param tell: as :class:`rag.index.ingest.Cutter` has it, but the number to be encoded is estimated if there are
        several parts. An exception from it ends the update.
    :param columns: of tables. If they change, tables are read again.
    :raises CorpusError: if there are no readable articles.
    :raises IndexFolderError: if the folder cannot be read or written.
    :raises StoreError: if the store cannot be read or written.
    """
    store = LocalStore(place) if isinstance(place, Path) else place
    cutter = Cutter(encoder, config, tell, columns)
    plan = _plan_update(corpus, store, cutter)
    if plan.base is not None and plan.is_empty:
        # A read-only folder is fine here: `open_index` can read an index that is not tidied.
        with suppress(IndexFolderError):
            store.tidy()
        return Changes(unchanged=len(plan.wanted.sources))
    _check_articles(store, plan)
    with store.lock():
        # Another process may have updated the index while this one waited for the lock.
        plan = _plan_update(corpus, store, cutter)
        if plan.is_empty:
            return Changes(unchanged=len(plan.wanted.sources))

        def make(files: Sequence[str], kept: Sequence[Document], tell: Tell | None) -> Batch:
            return make_batch(corpus, files, kept, replace(cutter, tell=tell))

        return apply_plan(store, plan, make, tell)


def _check_articles(store: Store, plan: Plan) -> None:
    """:raises StoreError: if others could lose the index of wholly other articles."""
    if isinstance(store, LocalStore) or plan.base is None:
        return
    held, wanted = plan.base.sources, plan.wanted.sources
    if held and held.keys().isdisjoint(wanted) and set(held.values()).isdisjoint(wanted.values()):
        raise StoreError(
            "The store holds an index of other articles: give yours another name, as in qdrant://HOST:PORT/NAME."
        )


def apply_plan(store: Store, plan: Plan, make: MakeBatch, tell: Tell | None = None) -> Changes:
    """Carry out a plan in parts. The caller must hold the lock of the store.

    :param make: what some files hold, from their names and the documents that stay.
    :raises CorpusError: if the index would have no article.
    """
    most = AT_ONCE
    renamed, unchanged = plan.renamed, len(plan.wanted.sources) - len(plan.added) - len(plan.changed)
    done: list[Changes] = []
    pace = Pace(tell, len(plan.added) + len(plan.changed))
    while True:
        part = plan.first(max(most, len(plan.base.sources) // 3 if plan.base else 0))
        files = (*part.added, *part.changed)
        kept, gone = _read_indexed(store, part)
        try:
            batch = make(files, kept, pace.tell_part(len(files)))
        except CorpusError:
            if part is plan:
                raise
            most *= 2  # none of these files is an article; an index must have one
            continue
        # An outdated version of an extractor must stay known until the last of its articles has been read again.
        wanted = replace(part.wanted, extractors=_list_extractors((*batch.documents, *kept)))
        state = store.write(part.base, wanted, batch, [document.document_id for document in gone])
        done.append(_describe(part, batch, gone, renamed))
        if part is plan:
            return replace(join_changes(done), unchanged=unchanged)
        pace.end_part(len(files))
        plan = replace(plan, base=state, reason="", stale=tuple(key for key in plan.stale if key not in part.stale))


def _list_extractors(documents: Iterable[Document]) -> dict[str, str]:
    return {document.origin.extractor: document.origin.version for document in documents}


def _plan_update(corpus: Path, store: Store, cutter: Cutter) -> Plan:
    sources = _hash_sources(corpus)
    # Round-trip through JSON, so that the settings compare equal to those from a manifest.
    chunking = json.loads(json.dumps(asdict(cutter.config)))
    name, fingerprint = cutter.encoder.name, cutter.encoder.fingerprint
    wanted = State(SCHEMA_VERSION, name, fingerprint, 0, chunking, sources, "", "", columns=cutter.columns.named())
    base, reason = store.find_state()
    plan = make_plan(base, wanted, reason)
    return replace(plan, stale=_find_stale(store, plan.base, wanted)) if plan.base else plan


def _find_stale(store: Store, base: State, wanted: State) -> tuple[str, ...]:
    """The files that are to be read in another way than they were."""
    tables = (name for name in wanted.sources if PurePosixPath(name).suffix.lower() in TABLES)
    return tuple(dict.fromkeys([*_find_outdated(store, base), *(tables if base.columns != wanted.columns else ())]))


def _find_outdated(store: Store, base: State) -> tuple[str, ...]:
    """The files that another version of their extractor read than the one that is installed."""
    if all(find_version(name) == version for name, version in base.extractors.items()):
        return ()
    outdated = (one for one in store.read_documents() if find_version(one.origin.extractor) != one.origin.version)
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


def _read_indexed(store: Store, plan: Plan) -> tuple[list[Document], list[Document]]:
    """The documents of the index that an update does not change, and those whose file it does."""
    if plan.base is None:
        return [], []
    touched = {*plan.changed, *plan.removed}
    documents = store.read_documents()
    kept = [document for document in documents if name_file(document.document_id) not in touched]
    return kept, [document for document in documents if name_file(document.document_id) in touched]


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
