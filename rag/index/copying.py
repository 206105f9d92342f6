"""Copies an index from one place to another, such as from a folder to a server. Nothing is read or encoded again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.articles.folder import name_file
from rag.errors import CorpusError, StoreError
from rag.index.changes import Changes, make_plan
from rag.index.ingest import Batch
from rag.index.update import apply_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.index.base import DocumentSummary, Index, Store
    from rag.index.changes import Plan
    from rag.index.ingest import Tell
    from rag.types import Document


def copy_index(source: Store, target: Store) -> Changes:
    """Make an index the same as another. What both have is not written again.

    It is written in parts, like an update, so an interrupted copy goes on after its last part.

    :return: what changed in the target.
    :raises RagError: if the source has no index, or the target cannot be written.
    """
    index = source.open()
    target.find_state()  # before it is locked: it might be a folder of something else
    try:
        with target.lock():
            plan = _plan_copy(index, target)
            if plan.is_empty:
                return Changes(unchanged=len(plan.wanted.sources))
            return apply_plan(target, plan, _Reader(index).read)
    finally:
        index.close()


def _plan_copy(index: Index, target: Store) -> Plan:
    base, reason = target.find_state()
    plan = make_plan(base, replace(index.state, database="", vectors=""), reason)
    if plan.base is None:
        return plan
    copied = target.open()
    try:
        here, there = _list_files(index), _list_files(copied)
    finally:
        copied.close()
    # Of one file, two versions of an extractor can have made two texts.
    shared = plan.base.sources.keys() & plan.wanted.sources.keys()
    return replace(plan, stale=tuple(sorted(name for name in shared if here[name] != there[name])))


def _list_files(index: Index) -> defaultdict[str, list[DocumentSummary]]:
    """The articles of each file."""
    files: defaultdict[str, list[DocumentSummary]] = defaultdict(list)
    for summary in index.documents():
        files[name_file(summary.document_id)].append(replace(summary, duplicate_of=None))
    return files


class _Reader:
    """Reads files of an index as an update reads them from a corpus."""

    def __init__(self, index: Index) -> None:
        self._index = index
        summaries = index.documents()
        self._duplicates = {item.document_id: item.duplicate_of for item in summaries if item.duplicate_of}
        self._files: defaultdict[str, list[str]] = defaultdict(list)
        for summary in summaries:
            self._files[name_file(summary.document_id)].append(summary.document_id)
        self._passages = {item.document_id: item.passages for item in summaries}

    def read(self, files: Sequence[str], kept: Sequence[Document], tell: Tell | None) -> Batch:
        """:raises CorpusError: if the index would have no article.

        :raises StoreError: if what is read is being deleted from the source.
        """
        import numpy as np

        del tell
        found = [self._index.document(name) for file in sorted(files) for name in self._files[file]]
        documents = tuple(document for document in found if document)
        if not found and not kept:
            raise CorpusError("None of these files contains an article.")
        parts = [self._index.encoded_passages(document.document_id) for document in documents]
        passages = tuple(passage for some, _ in parts for passage in some)
        if len(documents) < len(found) or len(passages) < sum(self._passages[one.document_id] for one in documents):
            raise StoreError("The index changed while it was copied: copy it again.")
        vectors = np.concatenate([rows for _, rows in parts]) if passages else None
        held = {document.document_id for document in (*documents, *kept)}
        duplicates = {one: other for one, other in self._duplicates.items() if {one, other} <= held}
        return Batch(documents, passages, vectors, (), (), duplicates)
