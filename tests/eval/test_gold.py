"""The gold questions hold to their own rules, and a bad line is refused in one sentence."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, SEEDS

from eval.answers import holds_all, score_items
from eval.evidence import EvidenceSpan, find_quote, fold_words, holds_span, locate_evidence
from eval.fields import GoldError
from eval.gold import GoldQuestion, load_gold
from rag.index.chunking import ChunkingConfig
from rag.index.encoder import load_encoder
from rag.index.update import open_index, update_index
from rag.metrics import split_words
from rag.question.text import FUNCTION_WORDS
from rag.types import Passage

if TYPE_CHECKING:
    from pathlib import Path

GOLD = ROOT / "eval" / "gold"
LEAST = {"facts": 200, "unanswerable": 60, "disagreements": 20, "conversations": 25, "explanations": 30}
FACT_TYPES = {
    "number", "money", "person", "organisation", "date", "product", "definition", "reason", "list", "quote",
    "comparison",
}  # fmt: skip


@pytest.fixture(scope="module")
def gold() -> list[GoldQuestion]:
    return load_gold(GOLD)


def test_there_are_enough_of_each_kind_and_type(gold: list[GoldQuestion]) -> None:
    lines = Counter(kind for kind, _ in {(q.kind, q.line) for q in gold})
    assert all(lines[kind] >= least for kind, least in LEAST.items())
    assert {q.type for q in gold if q.kind == "facts"} == FACT_TYPES
    assert all(q.items for q in gold if q.type == "list" and q.kind == "facts")
    turns = Counter(q.line for q in gold if q.kind == "conversations")
    assert set(turns.values()) <= {2, 3, 4}


def test_about_a_third_of_each_kind_is_the_test_part(gold: list[GoldQuestion]) -> None:
    for kind in LEAST:
        lines = {(q.line, q.part) for q in gold if q.kind == kind}
        assert 0.2 < sum(part == "test" for _, part in lines) / len(lines) < 0.5
    # By hash alone: a question that is added moves no other one.
    assert [q.part for q in gold if q.name in ("f001", "f002", "f003", "f004")] == ["dev", "dev", "test", "test"]


def test_all_evidence_stands_word_for_word_in_its_article(gold: list[GoldQuestion]) -> None:
    words = {path.name: f" {' '.join(fold_words(path.read_text('utf-8')))} " for path in SEEDS.glob("*.txt")}
    for q in gold:
        for e in q.evidence:
            assert f" {' '.join(fold_words(e.quote))} " in words[e.document_id], (q.name, e.quote)
    assert all(group for q in gold if q.answerable for group in q.evidence_groups)


def test_every_article_is_asked_about(gold: list[GoldQuestion]) -> None:
    asked = Counter(e.document_id for q in gold if q.kind == "facts" for e in q.evidence)
    assert {path.name for path in SEEDS.glob("*.txt")} == set(asked)
    assert min(asked.values()) >= 20


def test_most_questions_are_in_words_of_their_own(gold: list[GoldQuestion]) -> None:
    """At least half of the facts share at most half of their content words with their evidence."""
    reworded = 0
    facts = [q for q in gold if q.kind == "facts"]
    for q in facts:
        words = set(split_words(q.question)) - FUNCTION_WORDS
        shown = {word for e in q.evidence for word in split_words(e.quote)}
        reworded += len(words & shown) <= len(words) / 2
    assert reworded >= len(facts) / 2


def test_items_and_key_facts_can_be_satisfied_from_the_evidence(gold: list[GoldQuestion]) -> None:
    for q in gold:
        quotes = "\n".join(e.quote for e in q.evidence)
        if q.items:
            assert max(score_items(text, q.items)[0] for text in (quotes, *q.answers)) == 1.0, q.name
        for fact in q.facts:
            assert holds_all("\n".join(e.quote for e in fact.evidence), fact.all_of), (q.name, fact.fact)


def test_evidence_is_found_in_cleaned_articles_and_their_passages(seed_index: Path, gold: list[GoldQuestion]) -> None:
    with open_index(seed_index) as index:
        located = locate_evidence(index, SEEDS, gold)
        lost = [q.name for q in gold if not all(located[q.name].groups)]
        assert lost == []
        assert all(located[q.name].relevant for q in gold if q.answerable)
        span = located["f001"].spans[0]
        (document,) = [d for d in map(index.document, [span.document_id]) if d]
        assert "acquires data labelling company" in document.text[span.start : span.end]
        for p in index.document_passages(span.document_id):
            if span.start >= p.start and span.end <= p.end:
                assert p.passage_id in located["f001"].relevant


@pytest.mark.parametrize(("start", "end", "holds"), [(0, 15, True), (0, 14, False), (15, 99, True), (16, 99, False)])
def test_a_passage_holds_evidence_from_half_of_it_on(start: int, end: int, holds: bool) -> None:
    passage = Passage("p", "a.txt", "", "", None, start, end, "x" * (end - start))
    assert holds_span(passage, EvidenceSpan("a.txt", 10, 20)) is holds
    assert not holds_span(passage, EvidenceSpan("b.txt", 10, 20))


def test_quotes_are_found_across_marks_and_line_ends() -> None:
    text = "It paid \\$14.3\nbillion—for **half**; then more."
    assert [text[a:b] for a, b in find_quote(text, "$14.3 billion for half")] == ["14.3\nbillion—for **half"]
    assert find_quote(text, "billion for half of") == []
    assert find_quote(text, "…") == []


def write(folder: Path, kind: str, *records: Any) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (folder / f"{kind}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


FACT = {"id": "a", "question": "Who?", "answers": ["Ann"]}


def test_a_fact_needs_but_an_id_a_question_and_its_answers(tmp_path: Path) -> None:
    (question,) = load_gold(write(tmp_path / "gold", "facts", FACT))
    assert (question.name, question.answers, question.evidence) == ("a", ("Ann",), ())


def test_a_conversation_is_one_question_for_each_turn(tmp_path: Path) -> None:
    turns = [
        {"question": "Who?", "answers": ["Ann"]},
        {"question": "Why?", "standalone": "Why Ann?", "answers": []},
    ]
    first, second = load_gold(write(tmp_path / "gold", "conversations", {"id": "c.1", "turns": turns}))
    assert (first.name, first.line, first.turn, first.standalone) == ("c.1.1", "c.1", 1, "Who?")
    assert (second.name, second.answerable, second.standalone) == ("c.1.2", False, "Why Ann?")
    assert first.part == second.part


@pytest.mark.parametrize(
    ("kind", "records", "named"),
    [
        ("facts", ["{"], "facts.jsonl, line 1"),
        ("facts", ["[1]"], "not a JSON object"),
        ("facts", [{**FACT, "anwers": []}], "'anwers'"),
        ("facts", [{"id": "a", "question": "Who?"}], '"answers"'),
        ("facts", [{**FACT, "answers": []}], '"answers"'),
        ("facts", [{**FACT, "answers": [49]}], '"answers"'),
        ("facts", [{**FACT, "question": " "}], '"question"'),
        ("facts", [{**FACT, "items": ["Ann"]}], '"items"'),
        ("facts", [{**FACT, "evidence": [{"quote": "x"}]}], '"document_id"'),
        ("facts", [{**FACT, "evidence": ["x"]}], "instead of an object"),
        ("facts", [FACT, {**FACT, "question": "Why?"}], "repeats the id a"),
        ("facts", [FACT, {**FACT, "id": "b", "question": "who? "}], 'repeats the question "who?"'),
        (
            "disagreements",
            [{"id": "d", "question": "Who?", "values": [{"answers": ["x"]}]}],
            "add another",
        ),
        ("conversations", [{"id": "c", "turns": []}], '"turns"'),
        ("explanations", [{"id": "e", "question": "Why?", "facts": [{"fact": "x"}]}], '"all_of"'),
        ("facts", [], "empty"),
        ("facts", [{**FACT, "answers": ["the"]}], "which has no words"),
        ("facts", [{**FACT, "question": "Who \ud800?"}], "lone surrogate"),
        ("fact", [FACT], "facts.jsonl"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, kind: str, records: list[Any], named: str) -> None:
    with pytest.raises(GoldError) as caught:
        load_gold(write(tmp_path / "gold", kind, *records))
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_gold_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"facts\.jsonl"):
        load_gold(tmp_path)


def test_names_that_meet_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "gold", "facts", {**FACT, "id": "c.2"})
    turns = [{"question": q, "answers": ["Ann"]} for q in ("Where?", "When?")]
    with pytest.raises(GoldError, match=r"repeats the id c\.2"):
        load_gold(write(tmp_path / "gold", "conversations", {"id": "c", "turns": turns}))


def test_a_misspelt_file_beside_a_good_one_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "gold", "facts", FACT)
    with pytest.raises(GoldError, match=r"unanswerables\.jsonl"):
        load_gold(write(tmp_path / "gold", "unanswerables", {"id": "u", "question": "Why?"}))


@pytest.fixture
def marked_up(tmp_path: Path) -> Path:
    """A corpus whose article reads otherwise than its file, and its index."""
    (tmp_path / "corpus").mkdir()
    text = "# Elgin\n\nElgin was [founded](https://example.org/x) in **1190** by monks &amp; friars.\n"
    (tmp_path / "corpus" / "elgin.md").write_text(text, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("the secret words", encoding="utf-8")
    update_index(tmp_path / "corpus", tmp_path / "index", load_encoder(None), ChunkingConfig())
    return tmp_path


@pytest.mark.parametrize(
    ("name", "quote", "complaint"),
    [
        ("elgin.md", "founded in 1190 by monks & friars", ""),
        ("elgin.md", "1190 by monks amp friars", ""),
        ("elgin.md", "Elgin was founded by Bob", "is not in elgin.md"),
        ("none.txt", "secret words", "'none.txt' is not in the corpus"),
        ("../secret.txt", "secret words", "'../secret.txt' is not in the corpus"),
    ],
)
def test_a_quote_stands_in_the_article_or_its_file(marked_up: Path, name: str, quote: str, complaint: str) -> None:
    record = {**FACT, "evidence": [{"document_id": name, "quote": quote}]}
    gold = load_gold(write(marked_up / "gold", "facts", record))
    with open_index(marked_up / "index") as index:
        if complaint:
            with pytest.raises(GoldError, match=complaint):
                locate_evidence(index, marked_up / "corpus", gold)
        else:
            located = locate_evidence(index, marked_up / "corpus", gold)
            assert bool(located["a"].relevant) is ("amp" not in quote)


def test_wording_and_correction_are_checked(tmp_path: Path) -> None:
    write(tmp_path / "gold", "facts", {**FACT, "wording": "other"})
    premise = {
        "id": "u",
        "question": "Why did Ann leave?",
        "type": "false_premise",
        "correction": [["Ann"], ["stayed"]],
    }
    write(tmp_path / "gold", "unanswerable", premise)
    fact, none = load_gold(tmp_path / "gold")
    assert (fact.wording, none.correction) == ("other", (("Ann",), ("stayed",)))
    with pytest.raises(GoldError, match="write article or other"):
        load_gold(write(tmp_path / "bad", "facts", {**FACT, "wording": "mine"}))
