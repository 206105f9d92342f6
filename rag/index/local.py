"""The index in a folder of this machine, with atomic updates.

An update writes new files beside the old ones and renames them into place (`_commit`). rag.index.manifest explains why
it can be interrupted at any point.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.articles.folder import name_file
from rag.errors import IndexFolderError
from rag.index import store
from rag.index.manifest import (
    DATABASE,
    LOCK,
    NEW,
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
from rag.index.opened import LocalIndex, open_index
from rag.index.vectors import build_vectors, pack_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rag.index.ingest import Batch
    from rag.types import Document

LOCK_SECONDS = 900
"""Timeout for the lock. Chosen by hand, longer than the update of a large folder should take."""


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A folder that holds an index, a :class:`rag.index.base.Store`.

    :raises IndexFolderError: from its methods, if the folder cannot be read or written.
    """

    folder: Path

    def find_state(self) -> tuple[State | None, str]:
        """What the index holds, or why it is not valid.

        :raises IndexFolderError: also if the folder holds something else.
        """
        with explain_failures(self.folder):
            check_folder(self.folder)
            return find_state(self.folder)

    def read_documents(self) -> list[Document]:
        """All documents, in order of their ids."""
        with explain_failures(self.folder), closing(store.open_for_reading(self.folder / DATABASE)) as connection:
            return store.select_documents(connection)

    def open(self) -> LocalIndex:
        """The index, open for reading."""
        return open_index(self.folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder against other updates. The lock of a process that dies is released.

        :raises IndexFolderError: if another process holds the lock for `LOCK_SECONDS`.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / LOCK, timeout=LOCK_SECONDS)
        with explain_failures(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout as error:
                raise IndexFolderError(
                    f"Another process has been updating {self.folder} for {LOCK_SECONDS // 60} minutes: "
                    "wait until it has finished, or name another folder with --index."
                ) from error
        try:
            yield
        finally:
            lock.release()

    def write(self, base: State | None, wanted: State, batch: Batch, gone: Sequence[str]) -> State:
        """Write the new files beside the old ones, rename them into place, and remove leftovers."""
        folder = self.folder
        with explain_failures(folder):
            remove_leftovers(folder)
            try:
                dimension = base.dimension if batch.vectors is None and base else 0
                if batch.vectors is not None:
                    dimension = batch.vectors.shape[1]
                state = replace(wanted, dimension=dimension)
                vectors = _write_database(folder, base, state, batch, gone)
                write_durably(folder / (VECTORS + NEW), vectors)
                database = hash_file(folder / (DATABASE + NEW))
                state = replace(state, database=database, vectors=hashlib.sha256(vectors).hexdigest())
                _commit(folder, base, state)
            finally:
                remove_leftovers(folder)
        return state

    def tidy(self) -> None:
        """Complete an interrupted update, and rebuild a damaged vectors.faiss."""
        folder = self.folder
        with explain_failures(folder):
            state, _ = find_state(folder)
            if state is None or (hash_file(folder / VECTORS) == state.vectors and not has_leftovers(folder)):
                return
        with self.lock(), explain_failures(folder):
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


def _write_database(folder: Path, base: State | None, state: State, batch: Batch, gone: Sequence[str]) -> bytes:
    """Write passages.db.new in one transaction.

    :return: the content of the matching vectors.faiss.
    """
    new = folder / (DATABASE + NEW)
    if base is not None:
        shutil.copyfile(folder / DATABASE, new)
    with closing(store.open_for_writing(new)) as connection:
        connection.execute("BEGIN")
        if base is None:
            store.create_tables(connection)
        store.delete_documents(connection, gone)
        for document in batch.documents:
            store.insert_document(connection, document, state.sources[name_file(document.document_id)])
        if batch.vectors is not None:
            store.insert_passages(connection, batch.passages, batch.vectors)
        store.set_duplicates(connection, batch.duplicates)
        connection.execute("COMMIT")
        store.compact(connection)
        content = pack_vectors(build_vectors(connection, state.dimension))
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
