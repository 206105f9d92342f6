"""An index that a Qdrant server keeps, so that several machines share it.

An update writes its points as generation n + 1 while readers see generation n, marks the points of n that end, and then
names n + 1 in the manifest, which is one point. The next update removes what an update that died left behind
(docs/decisions/0044).
"""

from __future__ import annotations

import json
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from qdrant_client import QdrantClient, models

from rag.errors import StoreError
from rag.index.manifest import SCHEMA_VERSION, State
from rag.index.qdrant_calls import Calls
from rag.index.qdrant_index import QdrantIndex
from rag.index.qdrant_points import (
    DENSE,
    INDEXED,
    NEVER,
    WORDS,
    document_point,
    is_seen,
    make_point,
    match,
    match_any,
    match_range,
    passage_point,
    read_document,
)
from rag.index.terms import find_average, weigh_passages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rag.index.ingest import Batch
    from rag.types import Document

SECONDS = 60
"""Timeout of a call."""
LEASE_SECONDS = 20.0
"""An updater that has not renewed its lease for so many seconds is dead. A living one renews it four times as often."""
LOCK_SECONDS = 900
"""Seconds to wait for another updater at most."""
MANIFEST, LEASE = 0, 1
"""The ids of two points that are in no generation."""
PASSAGES = "-passages"
"""The end of the name of a collection of passages. The rest is the index's."""
KINDS = ["document", "lease", "manifest", "part"]
"""Of the points beside the passages."""
POINTS_AT_ONCE, CHARACTERS_AT_ONCE = 128, 2_000_000
"""Written in one call. Servers refuse more than 32 MB."""
DOCUMENTS_AT_ONCE = 64
"""Read in one call."""
NAMES_AT_ONCE = 500
PART = 1_000_000
"""Characters of a point that holds a part of what a generation knows of files."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What the manifest point names.

    :param average: the number of terms of a usual passage, for BM25. It stays until the index is rebuilt, because all
        weights depend on it.
    """

    generation: int
    state: State
    duplicates: dict[str, str]
    average: float


def connect(url: str, name: str, shown: str, key: str) -> QdrantStore:
    """An index on a server, from the fields of :class:`rag.index.places.Address`. Nothing is asked of it yet.

    :raises StoreError: if the name is that of another index's passages.
    """
    if name.endswith(PASSAGES):
        raise StoreError(f"{name} cannot name an index: {name.removesuffix(PASSAGES)} may keep its passages there.")
    with warnings.catch_warnings():
        # An unencrypted connection with a key is one to this machine (places.py).
        warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
        client = QdrantClient(url=url, api_key=key or None, timeout=SECONDS, check_compatibility=False)
    return QdrantStore(client, name, shown)


class QdrantStore:
    """An index on a server, with the methods of :class:`rag.index.base.Store`.

    :param name: of the index; the server has a collection of this name, and one of its passages.
    :param shown: the store's address, for messages.
    :raises StoreError: from its methods, if the server does not answer, refuses or fails.
    """

    def __init__(self, client: QdrantClient, name: str, shown: str) -> None:
        self._calls = Calls(client, shown)
        self._shown = shown
        self._documents, self._passages = name, f"{name}{PASSAGES}"
        self._token = ""  # while the lock is held

    def find_state(self) -> tuple[State | None, str]:
        """What the index holds; None if there is none."""
        manifest = self._read_manifest()
        return (manifest.state if manifest else None), ""

    def open(self) -> QdrantIndex:
        """The newest generation of the index.

        :raises StoreError: also if there is no index, or one of another version of this product.
        """
        manifest = self._read_manifest()
        if manifest is None or manifest.state.schema != SCHEMA_VERSION:
            raise StoreError(
                f"There is no index of this version at {self._shown}: build it with --corpus, "
                "or copy one there with ask index copy."
            )
        names = (self._documents, self._passages)
        return QdrantIndex(self._calls, names, manifest.generation, manifest.state, manifest.duplicates)

    def read_documents(self) -> list[Document]:
        """All documents, in order of their ids."""
        manifest = self._read_manifest()
        if manifest is None:
            return []
        wanted = [*is_seen(manifest.generation), match("kind", "document")]
        records = self._calls.scroll_all(self._documents, wanted, at_once=DOCUMENTS_AT_ONCE)
        return sorted((read_document(item.payload or {}) for item in records), key=lambda one: one.document_id)

    def tidy(self) -> None:
        """Nothing needs it: readers do not see what an interrupted update left, and the next update removes it."""

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other updaters out, until one that died has not been heard of for `LEASE_SECONDS`."""
        if not self._calls.collection_exists(self._documents):
            self._create(self._documents, {}, {})
        token, ended = uuid4().hex, Event()
        self._take_lease(token)
        beating = Thread(target=self._beat, args=(token, ended), daemon=True, name="lease")
        beating.start()
        self._token = token
        try:
            yield
        finally:
            self._token = ""
            ended.set()
            beating.join()
            with suppress(StoreError):  # it is given up by itself
                self._write_lease(token, "", 0)

    def write(self, base: State | None, wanted: State, batch: Batch, gone: Sequence[str]) -> State:
        """Write a generation and name it in the manifest. The one before stays until the next update."""
        held = self._read_manifest()
        now = held.generation if held else 0
        dimension = batch.vectors.shape[1] if batch.vectors is not None else base.dimension if base else 0
        if dimension:
            self._prepare_passages(dimension)
        self._undo(now)
        new = now + 1
        average = held.average if held and base else find_average(batch.passages)
        # An index that was removed and built again has the same numbers, but no answer in memory may be taken for its.
        state = replace(wanted, dimension=dimension, database=f"generation {new} of {self._token}", vectors="")
        self._upload(self._documents, self._make_documents(batch, new))
        self._upload(self._passages, self._make_passages(batch, average, new))
        self._upload(self._documents, self._make_parts(state, batch.duplicates, new))
        self._end(base, gone, now)
        self._name_generation(_Manifest(new, state, batch.duplicates, average))
        # What ended before the last generation; readers of that one still find everything.
        for collection in self._list_collections():
            self._calls.delete(collection, models.FilterSelector(filter=_all(match_range("until", lte=now))))
        return state

    def _make_documents(self, batch: Batch, generation: int) -> Iterator[models.PointStruct]:
        numbers: dict[str, int] = {}
        for passage in batch.passages:
            numbers[passage.document_id] = numbers.get(passage.document_id, 0) + 1
        for document in batch.documents:
            yield document_point(document, numbers.get(document.document_id, 0), generation)

    def _make_passages(self, batch: Batch, average: float, generation: int) -> Iterator[models.PointStruct]:
        if batch.vectors is None:
            return
        documents = {document.document_id: document for document in batch.documents}
        weights = weigh_passages(batch.passages, average)
        for passage, vector, weighed in zip(batch.passages, batch.vectors, weights, strict=True):
            yield passage_point(passage, documents[passage.document_id], vector, weighed, generation)

    def _make_parts(self, state: State, duplicates: dict[str, str], generation: int) -> Iterator[models.PointStruct]:
        """What a generation knows of all files is too much for one point."""
        text = json.dumps({"sources": state.sources, "duplicates": duplicates})
        for number, at in enumerate(range(0, len(text), PART)):
            yield make_point("part", str(number), generation, {"number": number, "text": text[at : at + PART]})

    def _end(self, base: State | None, gone: Sequence[str], now: int) -> None:
        """Mark the points of a generation that the next one no longer has. Readers of this one still see them."""
        self._check_lease()
        end = {"until": now + 1}
        seen = is_seen(now)
        self._calls.set_payload(self._documents, end, _all(*seen, match("kind", "part")))
        if base is None:
            for collection in self._list_collections():
                self._calls.set_payload(collection, end, _all(*seen))
        for at in range(0, len(gone), NAMES_AT_ONCE):
            names = match_any("document_id", list(gone[at : at + NAMES_AT_ONCE]))
            for collection in self._list_collections():
                self._calls.set_payload(collection, end, _all(*seen, names))

    def _undo(self, now: int) -> None:
        """Remove what an update left that did not end."""
        for collection in self._list_collections():
            self._calls.delete(collection, models.FilterSelector(filter=_all(match_range("since", gt=now))))
            marked = match_range("until", gt=now, lt=NEVER)
            self._calls.set_payload(collection, {"until": NEVER}, _all(marked))

    def _read_manifest(self) -> _Manifest | None:
        """None if there is no index."""
        if not self._calls.collection_exists(self._documents):
            return None
        records = self._calls.retrieve(self._documents, [MANIFEST], with_payload=True)
        if not records or (records[0].payload or {}).get("kind") != "manifest":
            self._check_contents()
            return None
        try:
            held = records[0].payload
            generation, wanted = held["generation"], match("kind", "part")
            parts = list(self._calls.scroll_all(self._documents, [*is_seen(generation), wanted], at_once=10))
            texts = {(part.payload or {})["number"]: (part.payload or {})["text"] for part in parts}
            known = json.loads("".join(texts[number] for number in range(len(texts))))
            state = State(**held["state"], sources=known["sources"])
            duplicates, average = known["duplicates"], held["average"]
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"The index at {self._shown} has just changed or is damaged: try again.") from error
        return _Manifest(generation, state, duplicates, average)

    def _check_contents(self) -> None:
        """:raises StoreError: if another program keeps something of its own in the collection."""
        ours = models.Filter(must_not=[match_any("kind", KINDS)])
        if self._calls.scroll(self._documents, ours, limit=1, with_payload=False)[0]:
            raise StoreError(
                f"{self._shown} holds something else: give the index a name of its own, as in qdrant://HOST:PORT/NAME."
            )

    def _name_generation(self, manifest: _Manifest) -> None:
        """Replace the manifest.

        :raises StoreError: if another process has taken over.
        """
        state = asdict(manifest.state)
        del state["sources"]
        payload = {"kind": "manifest", "generation": manifest.generation, "average": manifest.average, "state": state}
        self._check_lease()
        before = _all(match_range("generation", lt=manifest.generation))
        point = models.PointStruct(id=MANIFEST, vector={}, payload={**payload, "writer": self._token})
        self._calls.upsert(self._documents, [point], update_filter=before)
        (now,) = self._calls.retrieve(self._documents, [MANIFEST], with_payload=True)
        if now.payload["writer"] != self._token:
            raise StoreError(f"Another process has taken over the update of {self._shown}: try again.")

    def _list_collections(self) -> list[str]:
        """Those that are there. An index whose articles have no passage lacks the second."""
        return [name for name in (self._documents, self._passages) if self._calls.collection_exists(name)]

    def _prepare_passages(self, dimension: int) -> None:
        """Create the collection of passages, if it is not there.

        :raises StoreError: if its vectors have another length.
        """
        if not self._calls.collection_exists(self._passages):
            dense = {DENSE: models.VectorParams(size=dimension, distance=models.Distance.DOT)}
            words = {WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)}
            self._create(self._passages, dense, words)
        found = self._calls.get_collection(self._passages).config.params.vectors[DENSE].size
        if found != dimension:
            raise StoreError(
                f"The index at {self._shown} was built with another encoder: give yours another name, "
                "as in qdrant://HOST:PORT/NAME."
            )

    def _create(self, name: str, dense: dict[str, Any], sparse: dict[str, Any]) -> None:
        try:
            self._calls.create_collection(name, vectors_config=dense, sparse_vectors_config=sparse)
        except StoreError:
            if not self._calls.collection_exists(name):  # another process was faster
                raise
        if not self._calls.is_local:
            for field, kind in INDEXED.items():
                self._calls.create_payload_index(name, field, kind)

    def _upload(self, collection: str, points: Iterable[models.PointStruct]) -> None:
        waiting: list[models.PointStruct] = []
        size = 0
        for point in points:
            waiting.append(point)
            size += len((point.payload or {})["text"])
            if len(waiting) >= POINTS_AT_ONCE or size > CHARACTERS_AT_ONCE:
                self._send(collection, waiting)
                waiting, size = [], 0
        if waiting:
            self._send(collection, waiting)

    def _send(self, collection: str, points: list[models.PointStruct]) -> None:
        self._check_lease()  # a process that slept might write into the generation of another
        self._calls.upsert(collection, points)

    def _take_lease(self, token: str) -> None:
        """Wait until nobody else updates the index.

        :raises StoreError: if somebody else does for `LOCK_SECONDS`.
        """
        began = heard = time.monotonic()
        last: tuple[str, int] | None = None
        while True:
            held = self._read_lease()
            if held != last:
                heard, last = time.monotonic(), held
            dead = time.monotonic() - heard > LEASE_SECONDS
            if not held[0] or dead:
                self._write_lease(held[0], token, 0)
                if self._read_lease()[0] == token:
                    return
            elif time.monotonic() - began > LOCK_SECONDS:
                raise StoreError(
                    f"Another process has been updating {self._shown} for {LOCK_SECONDS // 60} minutes: "
                    "wait until it has finished."
                )
            time.sleep(min(1.0, LEASE_SECONDS / 10))

    def _beat(self, token: str, ended: Event) -> None:
        """Be heard of, until the lock is released."""
        number = 0
        while not ended.wait(LEASE_SECONDS / 4):
            number += 1
            with suppress(StoreError):  # the next one may get through
                self._write_lease(token, token, number)

    def _check_lease(self) -> None:
        if not self._token or self._read_lease()[0] != self._token:
            raise StoreError(f"Another process has taken over the update of {self._shown}: try again.")

    def _read_lease(self) -> tuple[str, int]:
        """Who updates the index, empty if nobody does, and how often it was heard of."""
        records = self._calls.retrieve(self._documents, [LEASE], with_payload=True)
        return (records[0].payload["writer"], records[0].payload["beat"]) if records else ("", 0)

    def _write_lease(self, before: str, after: str, beat: int) -> None:
        """Pass the lease on, if it still is where it was."""
        payload = {"kind": "lease", "writer": after, "beat": beat}
        point = models.PointStruct(id=LEASE, vector={}, payload=payload)
        self._calls.upsert(self._documents, [point], update_filter=_all(match("writer", before)))


def _all(*conditions: models.Condition) -> models.Filter:
    return models.Filter(must=list(conditions))
