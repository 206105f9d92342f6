"""Passages: what is retrieved, read and cited. Their offsets carry every citation."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from conftest import SEEDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.articles.folder import Contents, find_articles, read_file
from rag.articles.sentences import split_sentences
from rag.index.chunking import MOST_HEADING, ChunkingConfig, chunk_document
from rag.types import Document, Passage, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def cut(document: Document, maximum: int = 128, overlap: int = 32, least: int = 48) -> list[Passage]:
    return chunk_document(document, count_tokens=count_words, config=ChunkingConfig(maximum, overlap, least))


def make_document(*paragraphs: str, title: str = "A title", headings: Sequence[str] = ()) -> Document:
    text = "\n\n".join(paragraphs)
    sections = tuple(Section(text.index(heading), heading) for heading in headings)
    return Document("news/a.txt", title, "2025-06-13", text, sections)


def read_seeds() -> list[Document]:
    read = [read_file(path, SEEDS) for path in find_articles(SEEDS)]
    return [document for item in read if isinstance(item, Contents) for document in item.documents]


PARAGRAPHS = st.lists(
    st.lists(
        st.sampled_from(["Meta", "paid.", "It", "14.3,", "日本", "”", "a;", "—", "x" * 40]),
        min_size=1,
        max_size=40,
    )
    .map(" ".join)
    .filter(bool),
    max_size=8,
)
COUNTERS = st.sampled_from(
    [lambda text: len(text.split()), len, lambda text: len(text) // 4, lambda text: -(-len(text) // 4)]
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(PARAGRAPHS, COUNTERS, st.integers(2, 40), st.integers(0, 10), st.sets(st.integers(0, 7)))
def test_passages_have_exact_offsets_fit_and_leave_out_nothing(
    paragraphs: list[str], count: Callable[[str], int], maximum: int, overlap: int, headed: set[int]
) -> None:
    text = "\n\n".join(paragraphs)
    starts = [len("\n\n".join([*paragraphs[:n], ""])) for n in range(len(paragraphs))]
    sections = tuple(Section(starts[n], paragraphs[n]) for n in sorted(headed) if n < len(paragraphs))
    document = Document("a.txt", "a", None, text, sections)
    config = ChunkingConfig(maximum, min(overlap, maximum - 1), maximum // 3)
    passages = chunk_document(document, count_tokens=lambda texts: [count(t) for t in texts], config=config)
    covered: set[int] = set()
    last = -1
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert count(passage.text) <= maximum
        assert passage.end > last
        last = passage.end
        covered.update(range(passage.start, passage.end))
        inside = [section for section in sections if section.start <= passage.start]
        if len(sections) < len(paragraphs):
            assert not any(passage.start < section.start < passage.end for section in sections)
            assert passage.heading == (inside[-1].heading[:MOST_HEADING].rstrip() if inside else "")
    body = {n for n, character in enumerate(text) if not character.isspace()}
    if len(sections) < len(paragraphs):
        for section in sections:
            body -= set(range(section.start, section.start + len(section.heading)))
    assert body <= covered


def test_the_seeds_passages_are_whole_sentences_of_one_section() -> None:
    for document in read_seeds():
        passages = cut(document)
        assert len(passages) >= 8
        spans = split_sentences(document.text)
        starts, ends = {start for start, _ in spans}, {end for _, end in spans}
        headings = {section.heading for section in document.sections} | {""}
        for passage in passages:
            assert document.text[passage.start : passage.end] == passage.text
            assert passage.start in starts
            assert passage.end in ends
            assert passage.heading in headings
            assert passage.text not in headings
            assert passage.passage_id == f"{document.document_id}#{passage.start}-{passage.end}"
            assert (passage.title, passage.date) == (document.title, document.date)
        assert len({passage.passage_id for passage in passages}) == len(passages)


def test_every_sentence_of_the_seeds_below_a_heading_is_in_a_passage() -> None:
    for document in read_seeds():
        passages = cut(document)
        headings = {section.heading for section in document.sections} | {document.title}
        for start, end in split_sentences(document.text):
            if document.text[start:end] not in headings:
                assert any(p.start <= start and end <= p.end for p in passages), document.text[start:end]


def test_a_passage_carries_the_heading_it_stands_under() -> None:
    document = next(d for d in read_seeds() if d.document_id.startswith("001"))
    passage = next(p for p in cut(document) if "Jason Droege steps in" in p.text)
    assert passage.heading == "The Deal: Anatomy of a $14.3 Billion Bet"
    assert passage.context.startswith("Meta Takes 49% Stake in Scale AI for $14.3 Billion—CEO")


def test_short_paragraphs_go_together_and_long_ones_stay_apart() -> None:
    long = " ".join(["This sentence holds six words."] * 10)
    document = make_document("One item.", "Two items.", "Three items.", long, long)
    assert [p.text for p in cut(document, 60, 0, 20)] == [
        f"One item.\n\nTwo items.\n\nThree items.\n\n{long}",
        long,
    ]
    assert [p.text for p in cut(document, 50, 0, 20)] == [
        "One item.\n\nTwo items.\n\nThree items.",
        long,
        long,
    ]


def test_a_long_paragraph_is_cut_evenly_and_repeats_a_sentence() -> None:
    sentences = [f"Sentence number {n} is here." for n in range(10)]
    document = make_document(" ".join(sentences))
    assert [p.text.split(". ") for p in cut(document, 40, 0, 10)] == [
        " ".join(sentences[:5]).split(". "),
        " ".join(sentences[5:]).split(". "),
    ]
    first, second = cut(document, 40, 5, 10)
    assert first.text == " ".join(sentences[:5])
    assert second.text == " ".join(sentences[4:])


def test_a_sentence_too_long_is_cut_at_its_clauses() -> None:
    sentence = "He came to the town, he saw the old house, and he bought it at once for little money."
    texts = [p.text for p in cut(make_document(sentence), 10, 0, 0)]
    assert texts == [
        "He came to the town, he saw the old house,",
        "and he bought it at once for little money.",
    ]


def test_a_giant_word_is_cut_into_passages_that_fit_a_screen() -> None:
    passages = cut(make_document("x" * 20_000), 128, 0)
    assert "".join(p.text for p in passages) == "x" * 20_000
    assert max(len(p.text) for p in passages) < 2_000


def test_a_leading_title_is_in_the_first_passage() -> None:
    document = make_document("A title", "By Ann Lee", "Body text.", "More text. " * 20)
    first, *others = cut(document, 40, 0, 20)
    assert (first.start, first.text) == (0, "A title\n\nBy Ann Lee\n\nBody text.")
    assert all("A title" not in p.text for p in others)


def test_headings_are_no_passages_unless_there_is_nothing_else() -> None:
    document = make_document("A title", "First head", "Body text.", "Last head", headings=["First head", "Last head"])
    assert [(p.heading, p.text) for p in cut(document)] == [("", "A title"), ("First head", "Body text.")]
    assert [p.text for p in cut(make_document("A title"))] == ["A title"]
    assert cut(make_document("")) == []


def test_tokens_are_counted_in_batches() -> None:
    calls = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count_words(texts)

    document = make_document(*(f"Paragraph {n} has one. And two sentences." for n in range(200)))
    chunk_document(document, count_tokens=count)
    assert calls[0] == 201  # distinct sentences


def test_cutting_twice_gives_the_same_and_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for document in read_seeds():
            assert cut(document, 20, 5, 8) == cut(document, 20, 5, 8)
    assert caplog.records == []


@pytest.mark.parametrize("config", [(0, 0, 0), (10, 10, 0), (10, -1, 0), (10, 0, 11)])
def test_impossible_lengths_are_refused(config: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="between 0 and max_tokens"):
        ChunkingConfig(*config)


def test_a_question_is_in_the_passage_of_its_answer() -> None:
    turns = [f"Q: What is number {n} {'of them ' * 6}?\n\nA: It is {n} {'and so on ' * 6}." for n in range(9)]
    passages = cut(make_document(*turns), maximum=50, overlap=10, least=20)
    assert len(passages) > 3
    for n in range(9):
        (found,) = [p.text for p in passages if f"A: It is {n} " in p.text]
        assert f"Q: What is number {n} " in found
    assert not any(passage.text.endswith("?") for passage in passages)


def test_headings_that_ask_are_read_with_short_answers_only() -> None:
    long = "The mill was old. " * 20
    document = make_document(
        "Rask winds the clock.", "Who built it?", "A smith.", "Why?", long, headings=["Who built it?", "Why?"]
    )
    first, *others = cut(document, maximum=50)
    assert first.text == "Rask winds the clock.\n\nWho built it?\n\nA smith."
    assert {passage.heading for passage in others} == {"Why?"}


def test_all_paragraphs_below_a_question_are_read_with_it() -> None:
    answers = ["The council pays half of it and the bank the rest.", "Nobody knows yet what a ticket will cost then."]
    headings = ["How much is it?", "Why?"]
    document = make_document("Rask sold it.", headings[0], *answers, headings[1], "It stopped.", headings=headings)
    passages = cut(document, maximum=30, overlap=10, least=20)
    for answer in answers:
        assert all("How much is it?" in f"{p.heading} {p.text}" for p in passages if answer in p.text)
    (last,) = [p for p in passages if "It stopped." in p.text]
    assert "Why?" in last.text


def test_no_heading_is_longer_than_what_it_heads() -> None:
    heading = "Rain " * 10_000
    passages = cut(make_document("A title", heading.strip(), *["It rained all day."] * 50, headings=[heading.strip()]))
    assert max(len(passage.context) for passage in passages) < 400
