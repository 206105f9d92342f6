"""An index that Qdrant keeps answers as one in a folder does. Its client's local mode stands in for a server."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models
from updating import CONFIG, HashEncoder, write_article

from rag.errors import CorpusError, StoreError
from rag.index import qdrant
from rag.index.copying import copy_index
from rag.index.local import LocalStore
from rag.index.places import open_place, open_server, parse_address
from rag.index.qdrant import QdrantStore
from rag.index.retrieval import HybridRetriever
from rag.index.scope import Scope
from rag.index.update import update_index
from rag.types import Period

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.index.base import Index, Store
    from rag.index.qdrant_index import QdrantIndex

QUESTIONS = (
    "otter",
    "What did the heron reach after its rivals?",
    "the the of mark 7 rivals' otter's café",
    'runs running ran; badger NEAR(otter heron) "',
    "?!",
    "wombat",
)
SUBJECTS = ("otter", "heron", "badger", "Café owners’ running club", "marsh harrier", "runner", "sturgeon", "rivals")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Articles with and without dates, of several lengths, with a near-duplicate and a file without an article."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number, subject in enumerate(SUBJECTS):
        write_article(folder, f"a{number}.md", subject, 5 + 7 * (number % 3))
        if number % 2:
            path = folder / f"a{number}.md"
            head, _, rest = path.read_text(encoding="utf-8").partition("\n")
            path.write_text(f"{head}\n\n{3 + number // 2} March 2025\n{rest}", encoding="utf-8")
    (folder / "again.md").write_bytes((folder / "a2.md").read_bytes())
    (folder / "empty.txt").write_text("", encoding="utf-8")
    return folder


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    made = QdrantClient(":memory:")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdrant, "LEASE_SECONDS", 0.5)


def make_store(client: QdrantClient) -> QdrantStore:
    return QdrantStore(client, "articles", "qdrant://test")


@pytest.fixture
def store(client: QdrantClient) -> QdrantStore:
    return make_store(client)


def describe(index: Index) -> dict[str, Any]:
    """All that can be asked of an index, with scores rounded and rows replaced by the names of passages."""

    def name(found: list[tuple[int, float]]) -> list[tuple[str, float]]:
        passages = index.passages([row for row, _ in found])
        named = [(p.passage_id, round(score, 4)) for p, (_, score) in zip(passages, found, strict=True)]
        return sorted(named, key=lambda pair: (-pair[1], pair[0]))

    documents = index.documents()
    vectors = HashEncoder().encode(QUESTIONS)
    encoded = [index.encoded_passages(item.document_id) for item in documents]
    return {
        "documents": documents,
        "texts": [index.document(item.document_id) for item in documents],
        "passages": [index.document_passages(item.document_id) for item in documents],
        "vectors": [np.round(rows, 5).tolist() for _, rows in encoded],
        "count": index.passage_count,
        "undated": index.undated,
        "dense": [name(found) for found in index.search_dense(vectors, 1000)],
        "bm25": {question: name(index.search_bm25(question, 1000)) for question in QUESTIONS},
        "leading": [index.leading_passages(n, 2) for n in (1, 3, 100)],
        "newest": [index.find_newest_day(day) for day in ("2025-03-04", "2025-12-31", "2024-01-01")],
        "ranked": HybridRetriever(index, HashEncoder()).retrieve(
            QUESTIONS, 5, [Period("2025-03-03", "2025-03-05"), *[None] * (len(QUESTIONS) - 1)]
        ),
    }


def describe_store(store: Store) -> dict[str, Any]:
    index = store.open()
    try:
        return describe(index)
    finally:
        index.close()


def assert_alike(here: dict[str, Any], there: dict[str, Any]) -> None:
    """As :func:`describe` describes them; the scores of ranked passages may differ in their last bits."""
    for key in here.keys() - {"ranked"}:
        assert here[key] == there[key], key
    for some, others in zip(here["ranked"], there["ranked"], strict=True):
        assert [found.passage for found in some] == [found.passage for found in others]
        assert [found.score for found in some] == pytest.approx([found.score for found in others], abs=1e-5)


def test_both_answer_alike(corpus: Path, tmp_path: Path, store: QdrantStore) -> None:
    local = LocalStore(tmp_path / "index")
    made = [update_index(corpus, place, HashEncoder(), CONFIG) for place in (local, store)]
    assert replace(made[0], duplicates={}) == replace(made[1], duplicates={})
    assert made[0].duplicates == made[1].duplicates == {"again.md": "a2.md"}
    assert_alike(describe_store(local), describe_store(store))
    here, there = local.open(), store.open()
    for scope in (Scope(since="2025-03-04"), Scope(until="2025-03"), Scope(source="*A[135]*"), Scope("2025", "2025")):
        assert_alike(describe(here.within(scope)), describe(there.within(scope)))
    period = Period("2025-03-04", "2025-03-05")
    some, others = describe(here.during(period)), describe(there.during(period))
    assert some["dense"] == others["dense"]
    assert some["bm25"] == others["bm25"]
    for index in (here, there):
        with pytest.raises(CorpusError, match=r"No article is in that scope \(since 2030\)"):
            index.within(Scope(since="2030"))
        assert index.document("wombat") is None
        assert index.document("\ud800") is None
        assert index.document_passages("wombat") == []
        with pytest.raises(KeyError):
            index.passages([12345])
        with pytest.raises(ValueError, match="dimension"):
            index.search_dense(np.ones((1, 3), np.float32), 5)
        index.close()


def test_undated_articles_that_a_period_leaves_out_are_counted(
    corpus: Path, tmp_path: Path, store: QdrantStore
) -> None:
    local = LocalStore(tmp_path / "index")
    for place in (local, store):
        update_index(corpus, place, HashEncoder(), CONFIG)
    counts = {
        Scope(): 0,
        Scope(source="a[0-9]*"): 0,
        Scope(since="2025-03-04"): 5,
        Scope(until="2025", source="a[0-9]*"): 4,
    }
    for place in (local, store):
        index = place.open()
        assert {scope: index.within(scope).undated for scope in counts} == counts
        assert index.undated == 0
        with pytest.raises(CorpusError, match="5 articles without a date are left out"):
            index.within(Scope(since="2030"))
        index.close()


def change(corpus: Path) -> None:
    """Edit, add, rename and remove articles."""
    write_article(corpus, "a0.md", "wombat", 9)
    write_article(corpus, "new.md", "pelican", 6)
    (corpus / "a1.md").rename(corpus / "renamed.md")
    (corpus / "again.md").unlink()


def test_an_update_writes_what_changed(corpus: Path, tmp_path: Path, store: QdrantStore) -> None:
    places = (LocalStore(tmp_path / "index"), store)
    for place in places:
        update_index(corpus, place, HashEncoder(), CONFIG)
    change(corpus)
    encoders = [HashEncoder(), HashEncoder()]
    made = [update_index(corpus, place, one, CONFIG) for place, one in zip(places, encoders, strict=True)]
    assert made[0] == made[1]
    assert encoders[0].encoded == encoders[1].encoded
    here, there = describe_store(places[0]), describe_store(store)
    # Weights of terms depend on the usual length of a passage when the index was built.
    assert {q: [n for n, _ in found] for q, found in here.pop("bm25").items()}.keys() == there.pop("bm25").keys()
    for key in ("documents", "texts", "passages", "vectors", "count", "dense", "leading", "newest"):
        assert here[key] == there[key], key
    assert update_index(corpus, store, HashEncoder(), CONFIG).summary() == ""


WRITES = ("upsert", "set_payload", "delete", "create_collection")


def die_at_write(store: QdrantStore, number: int) -> None:
    """Make an update by this store end just before its n-th write, from 1, as if its process were killed."""
    left = [number]
    call = store._calls._call

    def count(method: Any, *given: Any, **named: Any) -> Any:
        left[0] -= method.__name__ in WRITES
        if left[0] < 0 or (left[0] == 0 and method.__name__ in WRITES):
            raise KeyboardInterrupt
        return call(method, *given, **named)

    store._calls._call = count
    store._beat = lambda *_: None


def take_snapshot(store: QdrantStore) -> Any:
    """What a reader sees, in short."""
    index = store.open()
    names = [item.document_id for item in index.documents()]
    return [index.document(name) for name in names], [index.document_passages(name) for name in names]


def test_an_update_that_dies_leaves_the_index_as_before_or_after(tmp_path: Path, client: QdrantClient) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for subject in ("otter", "heron", "badger"):
        write_article(corpus, f"{subject}.md", subject, 3)
    store = make_store(client)
    update_index(corpus, store, HashEncoder(), CONFIG)
    before = take_snapshot(store)
    write_article(corpus, "otter.md", "wombat", 4)
    write_article(corpus, "new.md", "pelican", 3)
    (corpus / "heron.md").unlink()
    outcomes, number = [], 0
    while not outcomes or outcomes[-1] == "before":
        number += 1
        dying = make_store(client)
        die_at_write(dying, number)
        with pytest.raises(KeyboardInterrupt):
            update_index(corpus, dying, HashEncoder(), CONFIG)
        outcomes.append("before" if take_snapshot(store) == before else "after")
    after = take_snapshot(store)
    assert outcomes == ["before"] * (number - 1) + ["after"]
    assert number > 5
    fresh = make_store(QdrantClient(":memory:"))
    update_index(corpus, fresh, HashEncoder(), CONFIG)
    assert after == take_snapshot(fresh)
    # Two more updates leave nothing of what the dead ones wrote.
    replaced = 0  # which readers of the generation before still find
    for subject in ("osprey", "puffin"):
        replaced = len(store.open().document_passages("otter.md"))
        write_article(corpus, "otter.md", subject, 4)
        update_index(corpus, store, HashEncoder(), CONFIG)
    assert client.count("articles-passages").count == store.open().passage_count + replaced


def test_an_open_index_does_not_see_the_next_update(corpus: Path, store: QdrantStore) -> None:
    update_index(corpus, store, HashEncoder(), CONFIG)
    opened = store.open()
    before = describe(opened)
    change(corpus)
    update_index(corpus, store, HashEncoder(), CONFIG)
    assert_alike(describe(opened), before)
    assert store.open().state != opened.state
    assert store.open().document("new.md")


def test_two_updates_at_once(corpus: Path, client: QdrantClient, store: QdrantStore) -> None:
    made: list[bool] = []

    def update() -> None:
        other = make_store(client)
        # The local mode's client has one lock for each store.
        other._calls._lock = store._calls._lock
        made.append(update_index(corpus, other, HashEncoder(seconds=0.1), CONFIG).built)

    threads = [threading.Thread(target=update) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False, True]
    assert store.open().document("a0.md")


def test_a_copy_is_the_same_there_and_back(
    corpus: Path, tmp_path: Path, store: QdrantStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.index.update.AT_ONCE", 3)
    local, back = LocalStore(tmp_path / "index"), LocalStore(tmp_path / "back")
    update_index(corpus, local, HashEncoder(), CONFIG)
    assert copy_index(local, store).summary().startswith("indexed 9 articles")
    assert copy_index(store, back).built
    assert_alike(describe_store(local), describe_store(back))
    assert copy_index(local, store).summary() == copy_index(store, back).summary() == ""
    assert update_index(corpus, store, HashEncoder(), CONFIG).summary() == ""
    change(corpus)
    update_index(corpus, local, HashEncoder(), CONFIG)
    assert copy_index(local, store).summary() == "1 article added, 1 changed, 1 renamed, 1 removed"
    assert copy_index(store, back).built is False
    assert_alike(describe_store(local), describe_store(back))


def test_a_copy_of_an_index_that_is_updated_twice_meanwhile_is_not_taken_for_whole(
    corpus: Path, tmp_path: Path, client: QdrantClient, store: QdrantStore
) -> None:
    update_index(corpus, store, HashEncoder(), CONFIG)
    target = LocalStore(tmp_path / "copy")

    class Source(QdrantStore):
        def open(self) -> QdrantIndex:
            index = super().open()
            index.document = lose  # type: ignore[method-assign, assignment]
            return index

    def lose(_: str) -> None:
        return None

    with pytest.raises(StoreError, match="The index changed while it was copied: copy it again"):
        copy_index(Source(client, "articles", "qdrant://test"), target)
    assert target.find_state() == (None, "")
    copy_index(store, target)
    assert_alike(describe_store(store), describe_store(target))


def test_an_index_of_another_encoder_is_not_replaced(corpus: Path, store: QdrantStore) -> None:
    update_index(corpus, store, HashEncoder(), CONFIG)
    before = describe_store(store)

    class Longer(HashEncoder):
        def encode(self, *given: Any, **named: Any) -> Any:
            return np.concatenate([super().encode(*given, **named)] * 2, axis=1) / np.float32(2**0.5)

    with pytest.raises(StoreError, match="was built with another encoder"):
        update_index(corpus, store, Longer("e" * 64), CONFIG)
    assert_alike(describe_store(store), before)


def test_a_store_without_an_index_says_so(store: QdrantStore) -> None:
    with pytest.raises(StoreError, match="There is no index of this version at qdrant://test: build it with --corpus"):
        store.open()


def test_an_index_that_is_built_again_is_another_one(corpus: Path, client: QdrantClient, store: QdrantStore) -> None:
    """Answers in memory are kept by the database that they came from."""
    update_index(corpus, store, HashEncoder(), CONFIG)
    before = store.open().state
    for name in ("articles", "articles-passages"):
        client.delete_collection(name)
    (corpus / "a0.md").write_text(
        "Otters\n\nThe otter has moved to another river and is not seen here any more.", "utf-8"
    )
    update_index(corpus, store, HashEncoder(), CONFIG)
    assert store.open().state.database != before.database


@pytest.mark.parametrize("number", [0, 1, 7])
def test_what_another_program_keeps_is_left_alone(
    corpus: Path, client: QdrantClient, store: QdrantStore, number: int
) -> None:
    client.create_collection("articles", vectors_config={})
    client.upsert("articles", [models.PointStruct(id=number, vector={}, payload={"text": "mine"})])
    for work in (store.open, store.find_state, lambda: update_index(corpus, store, HashEncoder(), CONFIG)):
        with pytest.raises(StoreError, match="qdrant://test holds something else: give the index a name of its own"):
            work()
    assert [point.payload for point in client.scroll("articles")[0]] == [{"text": "mine"}]


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("qdrant://host", "http://host:6333", "articles"),
        ("qdrant://host:7000/news_2", "http://host:7000", "news_2"),
        ("https://host/news/", "https://host:6333", "news"),
        ("http://[::1]:1234", "http://[::1]:1234", "articles"),
    ],
)
def test_addresses(text: str, url: str, name: str) -> None:
    address = parse_address(text)
    assert (address.url, address.name) == (url, name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ftp://host", "is not the address of a store: write it as qdrant://HOST:PORT/NAME"),
        ("qdrant://", "is not the address of a store"),
        ("qdrant://host:port", "address is not valid"),
        ("qdrant://host:99999", "address is not valid"),
        ("https://key@host", "must not hold a key"),
        ("https://host?key=1", "must not hold a key"),
        ("https://host/news#key", "must not hold a key"),
        ("qdrant://host/../x", "is not a name for an index"),
    ],
)
def test_what_is_no_address(text: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        parse_address(text)


def test_an_index_is_not_named_like_the_passages_of_another() -> None:
    with pytest.raises(StoreError, match="cannot name an index: articles may keep its passages there"):
        open_server("qdrant://host/articles-passages")


def test_a_key_is_not_sent_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASK_STORE_KEY", "secret")
    with pytest.raises(StoreError, match=r"ASK_STORE_KEY would be sent to qdrant://far\.example unencrypted") as caught:
        open_server("qdrant://far.example")
    assert "secret" not in str(caught.value)
    monkeypatch.setattr("rag.index.places.find_spec", lambda _: None)
    with pytest.raises(StoreError, match="pip install"):
        open_server("https://far.example")


def test_a_server_that_is_not_there(corpus: Path, unused_port: int) -> None:
    place = open_place(f"qdrant://127.0.0.1:{unused_port}")
    for work in (place.open, lambda: update_index(corpus, place, HashEncoder(), CONFIG)):
        with pytest.raises(StoreError, match=rf"at qdrant://127.0.0.1:{unused_port} does not answer \(.+\): start it"):
            work()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_any_words_weigh_as_in_sqlite(tmp_path: Path, store: QdrantStore) -> None:
    """Also words in most passages, in all of them, and in titles only."""
    source, corpus = random.Random(5), tmp_path / "words"
    corpus.mkdir()
    words = [
        "the",
        "of",
        "naïve",
        "Naive",
        "running",
        "runner",
        "state-of-the-art",
        "x2",
        "12.5",
        "Ⅷ",
        "日本",
        "o'clock",
    ]
    for number in range(12):
        lines = [" ".join(source.choices(words, range(12, 0, -1), k=12)) + "." for _ in range(source.randint(3, 9))]
        text = "\n\n".join(line[0].upper() + line[1:] for line in lines)
        (corpus / f"{number}.md").write_text(f"# Title {source.choice(words)} {number}\n\n{text}\n", encoding="utf-8")
    local = LocalStore(tmp_path / "index")
    for place in (local, store):
        update_index(corpus, place, HashEncoder(), CONFIG)
    here, there = local.open(), store.open()
    for word in [*words, "title", "title running the of", "runs naive 日本 8 clock"]:
        found = [
            {p.passage_id: score for p, (_, score) in zip(index.passages([r for r, _ in hits]), hits, strict=True)}
            for index in (here, there)
            for hits in [index.search_bm25(word, 1000)]
        ]
        assert found[0].keys() == found[1].keys(), word
        assert found[0] == pytest.approx(found[1], abs=1e-4), word
    here.close()
