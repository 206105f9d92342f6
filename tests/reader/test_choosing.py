"""Two readers: the small one reads all passages, the large one those it puts first; what both find comes first."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import check_same

from rag.errors import ModelError
from rag.reader import copying
from rag.reader.choosing import LARGE, MOST_READ, ChoosingReader, choose_passages, open_reader
from rag.reader.copying import REMEMBERED, WEIGHTS, CopyingReader, Span, Spans
from rag.types import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.reader.tokens import Pair
    from rag.types import Reading

TEXTS = (
    ("rain", "It rained all day in the north. The rivers rose by a metre."),
    ("bread", "Bread is baked from flour, water and salt. The dough rests for two hours before it goes into the oven."),
    ("rain", "The fair in the market square was called off. Nobody was hurt."),
    ("meta", "Meta is close to finalizing an almost $15 billion investment in Scale AI, for a 49% stake."),
    ("bread", "The oven is heated to 250 degrees. The loaf stays in it for an hour."),
    ("chips", "AMD launched its MI350 chip line on Thursday. The chips are made by TSMC in Taiwan."),
    ("meta", "Scale AI was founded by Alexandr Wang in 2016."),
)
PASSAGES = tuple(Passage("", name, "", "", None, 0, len(text), text) for name, text in TEXTS)
QUESTION = "Who makes the chips?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small reader twice: what it puts first is then read as before."""
    both = tmp_path_factory.mktemp("readers") / "both"
    for place in (both, both / LARGE):
        shutil.copytree(WEIGHTS, place, ignore=shutil.ignore_patterns(LARGE), dirs_exist_ok=True)
    return both


@pytest.fixture(scope="module")
def reader(folder: Path) -> ChoosingReader:
    opened = open_reader(folder)
    assert isinstance(opened, ChoosingReader)
    return opened


@pytest.fixture(scope="module")
def small() -> CopyingReader:
    return CopyingReader()


def check_copied(readings: Sequence[Reading], passages: Sequence[Passage]) -> set[int]:
    """That every answer stands where it says; the passages that have one."""
    found = [r for r in readings if r.text]
    assert all(passages[r.passage].text[r.start : r.end] == r.text for r in found)
    return {r.passage for r in found}


@pytest.mark.slow
def test_the_large_reader_reads_few_passages_and_what_the_small_one_found_stands_beside(
    reader: ChoosingReader, small: CopyingReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    encode = reader.large.encode

    def watch(question: str, texts: Sequence[tuple[str, str]]) -> list[copying.EncodedPair]:
        shown.extend(text for _, text in texts)
        return encode(question, texts)

    monkeypatch.setattr(reader.large, "encode", watch)
    (found,) = reader.read([QUESTION], [PASSAGES])
    best = found.together[0]
    assert (best.text, best.passage) == ("TSMC", 5)
    places = [i for i, p in enumerate(PASSAGES) if p.text in shown]
    assert shown == [PASSAGES[i].text for i in places]
    assert len(places) == MOST_READ < len(PASSAGES)
    assert 5 in places
    check_copied(found.together, PASSAGES)
    apart = [check_copied(readings, PASSAGES) for readings in found.apart]
    # What was left out is read neither alone nor as an article's own.
    assert set().union(*apart) <= set(places)
    assert len(apart) == len({PASSAGES[i].document_id for i in places})
    assert all(len({PASSAGES[i].document_id for i in found_in}) <= 1 for found_in in apart)
    check_same(found.scan, small.read([QUESTION], [PASSAGES])[0].together)
    assert check_copied(found.scan, PASSAGES)


def test_the_large_reader_answers_and_the_small_one_stands_beside(reader: ChoosingReader, small: CopyingReader) -> None:
    for passages in (PASSAGES[3:6], PASSAGES[5:6]):
        (found,), (expected,) = reader.read([QUESTION], [passages]), small.read([QUESTION], [passages])
        check_same(found.scan, expected.together)
        check_same(found.together, expected.together)
        for some, others in zip(found.apart, expected.apart, strict=True):
            check_same(some, others)


def test_an_article_with_another_value_is_read_alone_beyond_the_most(reader: ChoosingReader) -> None:
    costs = ("$3 million", "$5 million", "$8 million", "$12 million", "$20 million", "$31 million")
    texts = [f"The bridge in Leeds cost {cost}. It was opened by the mayor." for cost in costs]
    passages = [Passage("", f"{n}", "", "", None, 0, len(text), text) for n, text in enumerate(texts)]
    passages.append(Passage("", "rain", "", "", None, 0, len(TEXTS[0][1]), TEXTS[0][1]))
    (found,) = reader.read(["How much did the bridge in Leeds cost?"], [passages])
    assert {readings[0].text for readings in found.apart} == set(costs)
    assert len({sentence.passage for sentence in found.sentences}) == MOST_READ
    assert {s.passage for s in (*found.sentences, *found.beside)} == set(range(len(costs)))
    assert {r.passage for r in found.together if r.text} <= {s.passage for s in found.sentences}


def test_a_batch_reads_as_each_question_alone(reader: ChoosingReader) -> None:
    questions, passages = [QUESTION, "How long does the dough rest?"], [PASSAGES, PASSAGES[:5]]
    together = reader.read(questions, passages)
    assert [r.together[0].text for r in together] == ["TSMC", "two hours"]
    for read, question, some in zip(together, questions, passages, strict=True):
        check_same(read.together, reader.read([question], [some])[0].together)


def test_no_passages_and_blank_passages_are_no_answer(reader: ChoosingReader) -> None:
    blank = Passage("", "b", "", "", None, 0, 1, " ")
    for readings in reader.read([QUESTION] * 2, [[], [blank] * 6]):
        assert [(r.text, r.no_answer) for r in readings.together] == [("", 1.0)]
        assert readings.apart == readings.scan == ()
    (found,) = reader.read([QUESTION], [[*[blank] * 6, PASSAGES[5]]])
    assert (found.together[0].text, found.together[0].passage) == ("TSMC", 6)


@pytest.mark.slow
@settings(max_examples=10)
@given(texts=st.lists(st.text(max_size=120), min_size=5, max_size=7), question=st.text(max_size=60))
def test_whatever_is_read_every_answer_is_verbatim(reader: ChoosingReader, texts: list[str], question: str) -> None:
    passages = [Passage("", str(i % 3), "", "", None, 0, len(text), text) for i, text in enumerate(texts)]
    (found,) = reader.read([question], [passages])
    assert found.together
    for readings in (found.together, found.scan, *found.apart):
        assert len(check_copied(readings, passages)) <= len(texts)


def test_passages_with_the_likeliest_spans_are_chosen_and_stay_in_their_order() -> None:
    spans = Spans((Span(0, 1, 1, -0.1), Span(3, 1, 2, -0.5), Span(5, 4, 4, -1.0), Span(5, 6, 6, -2.0)), 0.1)
    assert choose_passages(spans, 6, 1) == [0]
    assert choose_passages(spans, 6, 2) == [0, 3]
    # Where nothing was found, what was retrieved first.
    assert choose_passages(spans, 6, 4) == [0, 1, 3, 5]
    assert choose_passages(Spans((), 1.0), 6, 3) == [0, 1, 2]
    assert choose_passages(spans, 6, 9) == [0, 1, 2, 3, 4, 5]
    # Six places further down cost as much as a probability six times as small.
    assert choose_passages(Spans((Span(0, 1, 1, -2.0), Span(6, 1, 1, -0.3)), 0.1), 7, 1) == [0]
    assert choose_passages(Spans((Span(0, 1, 1, -2.0), Span(6, 1, 1, -0.1)), 0.1), 7, 1) == [6]


def test_what_a_follow_up_leaves_unsaid_is_found_by_the_small_reader_alone(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    shutil.copytree(WEIGHTS, folder, ignore=shutil.ignore_patterns(LARGE))
    (folder / LARGE).mkdir()
    reader = open_reader(folder)
    asked = ["When did [he] leave?"], [[("", "Who runs Acme?\nTim Cook runs Acme.")]]
    check_same(reader.read_texts(*asked)[0], CopyingReader().read_texts(*asked)[0])
    with pytest.raises(ModelError, match="no reader weights in"):
        reader.read([QUESTION], [PASSAGES])


def test_without_a_large_reader_the_small_one_reads_alone(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "w", ignore=shutil.ignore_patterns(LARGE))
    opened = open_reader(tmp_path / "w")
    assert isinstance(opened, CopyingReader)
    assert opened.folder == tmp_path / "w"
    (found,) = opened.read([QUESTION], [PASSAGES])
    assert (found.together[0].text, found.scan) == ("TSMC", ())


def test_a_reader_that_remembers_encodes_a_passage_once_and_reads_the_same(
    small: CopyingReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Pair] = []
    encode_pairs = copying.encode_pairs

    def watch(graph: object, pairs: Sequence[Pair]) -> list[copying.EncodedPair]:
        encoded.extend(pairs)
        return encode_pairs(graph, pairs)  # type: ignore[arg-type]

    (expected,) = small.read([QUESTION], [PASSAGES[3:6]])
    monkeypatch.setattr(copying, "encode_pairs", watch)
    remembering = CopyingReader(remember=True)
    for passages, new in ((PASSAGES[3:6], 3), (PASSAGES[3:6], 0), (PASSAGES[4:7], 1), ([PASSAGES[0]] * 2, 1)):
        encoded.clear()
        (found,) = remembering.read([QUESTION], [passages])
        assert len(encoded) == new
        if passages == PASSAGES[3:6]:
            check_same(found.together, expected.together)
    many = [("", f"{n} chips are made.") for n in range(REMEMBERED + 6)]
    assert len(remembering.encode(QUESTION, many)) == len(many)
    encoded.clear()
    remembering.encode(QUESTION, many[-REMEMBERED:])
    assert encoded == []
    remembering.encode(QUESTION, many[:1])
    assert len(encoded) == 1
