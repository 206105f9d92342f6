"""Fusion by its literal values, repeats collapsed, and an order that depends on nothing but the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from updating import CONFIG, HashEncoder, write_article

from rag.errors import IndexFolderError
from rag.index.chunking import ChunkingConfig
from rag.index.encoder import load_encoder
from rag.index.likeness import collapse, is_covered
from rag.index.retrieval import HybridRetriever, RetrievalConfig, fuse_scores
from rag.index.update import Index, open_index, update_index
from rag.types import Passage, ScoredPassage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = (
    "The company said on Tuesday that it would buy the maker of sensors for 40 million dollars in cash, and that "
    "the deal would close before the end of the year once the regulators in both countries had agreed to it. "
    "Analysts had expected the purchase since the spring, when the two firms began to share a laboratory and "
    "to sell each other's products, which by then had found their way into most of the cars on the roads."
)


def make_passage(text: str, document_id: str = "a.txt", start: int = 0) -> Passage:
    end = start + len(text)
    return Passage(f"{document_id}#{start}-{end}", document_id, "Title", "", None, start, end, text)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("retrieved")
    for name, subject in (("a.txt", "otter"), ("b.txt", "heron"), ("c.txt", "badger")):
        write_article(root, name, subject)
    (root / "copy.txt").write_bytes((root / "a.txt").read_bytes())
    update_index(root, root / "index", HashEncoder(), CONFIG)
    with open_index(root / "index") as opened:
        yield opened


def test_fusion_has_the_literal_values() -> None:
    fused = fuse_scores({"a": 0.6, "b": 0.4}, {"c": 20.0, "a": 5.0}, 0.7)
    assert fused == pytest.approx({"a": 0.42 + 0.3 * 0.25, "b": 0.28, "c": 0.28 + 0.3})
    assert fuse_scores({}, {"a": 3.0, "b": 1.5}, 0.5) == {"a": 0.5, "b": 0.25}
    assert fuse_scores({"a": -0.5}, {}, 0.5) == {"a": -0.25}
    assert fuse_scores({}, {}) == {}


@given(*[st.dictionaries(st.integers(0, 9), st.floats(0, 0.9), max_size=5)] * 2)
def test_an_item_that_leads_everywhere_wins(dense: dict[int, float], lexical: dict[int, float]) -> None:
    fused = fuse_scores({**dense, 99: 1.0}, {**lexical, 99: 1.0})
    assert max(fused, key=lambda item: fused[item]) == 99


def test_one_word_that_many_passages_share_does_not_outweigh_the_meaning() -> None:
    """By ranks alone the second in both would win over what one search is sure of."""
    dense, lexical = {"sure": 0.8, "b": 0.3, "c": 0.29}, {"c": 1.0, "b": 0.99, "d": 0.98, "e": 0.97}
    fused = fuse_scores(dense, lexical)
    assert max(fused, key=lambda item: fused[item]) == "sure"


def test_a_repeat_of_another_article_is_covered() -> None:
    passage = make_passage(LONG)
    assert is_covered(make_passage(LONG.upper(), "b.txt"), passage)
    assert is_covered(make_passage(LONG.replace(", and", " — and"), "b.txt"), passage)
    assert is_covered(make_passage(LONG.replace("once the", "when the"), "b.txt"), passage)
    assert is_covered(make_passage(LONG.split(". ")[0], "b.txt"), passage)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("40 million", "41 million"),
        ("40 million", "40 billion"),
        ("Tuesday", "Friday"),
        ("would close", "would not close"),
        ("Analysts", "Investors"),
        ("before the end", "after the end"),
        ("it would buy", "they would perhaps not even want to buy any part at all of"),
    ],
)
def test_what_may_be_asked_for_is_kept(old: str, new: str) -> None:
    changed = LONG.replace(old, new)
    assert changed != LONG
    assert not is_covered(make_passage(changed, "b.txt"), make_passage(LONG))
    assert not is_covered(make_passage(LONG), make_passage(changed, "b.txt"))


def test_figures_in_another_order_are_others() -> None:
    text = LONG + " It rose from 5 to 7 percent."
    other = LONG + " It rose from 7 to 5 percent."
    assert not is_covered(make_passage(other, "b.txt"), make_passage(text))


def test_a_passage_that_says_more_is_not_covered() -> None:
    first, _ = LONG.split(" Analysts")
    assert not is_covered(make_passage(LONG, "b.txt"), make_passage(first))


def test_within_a_document_only_containment_counts() -> None:
    passage = make_passage(LONG)
    assert is_covered(make_passage(LONG[10:50], start=10), passage)
    assert not is_covered(make_passage(LONG, start=20), passage)


@pytest.mark.parametrize("text", ["", "…", "Yes", "Yes no"])
def test_short_texts_compare(text: str) -> None:
    assert is_covered(make_passage(text, "b.txt"), make_passage(text))


def test_collapse_keeps_the_best_and_fills_up() -> None:
    texts = [("a.txt", LONG), ("b.txt", LONG), ("c.txt", "Something else."), ("d.txt", "And a third thing.")]
    ranked = [ScoredPassage(make_passage(text, name), 1.0 - n / 9) for n, (name, text) in enumerate(texts)]
    assert [item.passage.document_id for item in collapse(ranked, 2)] == ["a.txt", "c.txt"]
    assert [item.passage.document_id for item in collapse(ranked, 9)] == ["a.txt", "c.txt", "d.txt"]


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_retrieval_is_batched_ordered_and_repeatable(index: Index, mode: str) -> None:
    encoder = HashEncoder()
    retriever = HybridRetriever(index, encoder, mode)  # type: ignore[arg-type]
    questions = ["Which mark did the heron reach?", "otter", "badger rivals"]
    found = retriever.retrieve(questions, 5)
    assert len(encoder.encoded) == (0 if mode == "bm25" else 3)
    assert found == retriever.retrieve(questions, 5)
    assert found == [retriever.retrieve([question], 5)[0] for question in questions]
    for passages in found:
        scores = [item.score for item in passages]
        assert len(passages) == 5
        assert scores == sorted(scores, reverse=True)
        assert len({item.passage.text for item in passages}) == 5
    if mode == "bm25":
        assert {item.passage.document_id for item in found[1]} == {"a.txt"}


def test_the_exact_text_leads_the_dense_ranking(index: Index) -> None:
    passage = index.passages([index.search_bm25("heron", 1)[0][0]])[0]
    retriever = HybridRetriever(index, HashEncoder(), "dense")
    best = retriever.retrieve([passage.text], 3)[0][0]
    assert best.passage == passage
    assert best.score == pytest.approx(1, abs=1e-5)


def test_an_indexs_history_leaves_no_trace(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, subject in (("b.txt", "heron"), ("c.txt", "badger")):
        write_article(corpus, name, subject)
    update_index(corpus, tmp_path / "grown", HashEncoder(), CONFIG)
    write_article(corpus, "a.txt", "otter")
    update_index(corpus, tmp_path / "grown", HashEncoder(), CONFIG)
    update_index(corpus, tmp_path / "fresh", HashEncoder(), CONFIG)
    results = []
    for name in ("grown", "fresh"):
        with open_index(tmp_path / name) as opened:
            found = HybridRetriever(opened, HashEncoder()).retrieve(["mark 3 rivals", "otter heron"], 20)
            results.append([[(item.passage.passage_id, round(item.score, 9)) for item in some] for some in found])
    assert results[0] == results[1]


def test_more_than_the_candidates_can_be_asked_for(index: Index) -> None:
    retriever = HybridRetriever(index, HashEncoder(), config=RetrievalConfig(candidates=1))
    assert len(retriever.retrieve(["otter heron badger"], 9)[0]) == 9
    assert retriever.retrieve([], 3) == []


@pytest.mark.parametrize("question", ["", "?!", "\ud800", '" OR *', "\x00", "x" * 20_000])
def test_any_question_can_be_asked(index: Index, question: str) -> None:
    assert len(HybridRetriever(index, HashEncoder()).retrieve([question], 3)[0]) == 3
    assert HybridRetriever(index, HashEncoder(), "bm25").retrieve([question], 3) == [[]]


def test_mistakes_are_named(index: Index) -> None:
    other = HashEncoder("0" * 64)
    with pytest.raises(IndexFolderError, match="built with the encoder hash"):
        HybridRetriever(index, other)
    assert HybridRetriever(index, other, "bm25").retrieve(["otter"], 1)
    with pytest.raises(ValueError, match="mode"):
        HybridRetriever(index, other, "fuzzy")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="positive"):
        HybridRetriever(index, HashEncoder()).retrieve(["otter"], 0)
    with pytest.raises(ValueError, match="candidates"):
        RetrievalConfig(candidates=0)


def test_an_article_whose_title_resembles_the_question_does_not_crowd_out_the_others(tmp_path: Path) -> None:
    corpus = tmp_path / "news"
    corpus.mkdir()
    title = "Acme Buys Large Stake in Bolt for Five Billion"
    subjects = ("ships", "bread", "chess", "trains", "moths", "rivers", "clocks", "fog")
    idle = "\n\n".join(
        f"This paragraph muses on {word} and the weather, as columns do, at length." for word in subjects
    )
    (corpus / "a.txt").write_text(f"{title}\n\n{idle}\n", encoding="utf-8")
    (corpus / "b.txt").write_text("Markets\n\nIn the deal Acme bought a stake of 12% in Bolt.\n", encoding="utf-8")
    encoder = load_encoder()
    update_index(corpus, tmp_path / "index", encoder, ChunkingConfig(max_tokens=40, overlap_tokens=0, min_tokens=1))
    with open_index(tmp_path / "index") as index:
        found = HybridRetriever(index, encoder).retrieve(["What stake in Bolt did Acme buy?"], 3)[0]
    # The headline itself may come first; it does not lift the other passages of its article.
    assert next(one.passage.document_id for one in found[:2] if one.passage.text != title) == "b.txt"
