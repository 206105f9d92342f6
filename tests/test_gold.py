"""The gold questions hold to their own rules, and a bad line is refused in one sentence."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT, SEEDS

from eval.answers import holds_all, score_items
from eval.evidence import check_quotes, find_quote, holds_span, locate_evidence
from eval.gold import GoldError, GoldQuestion, load_gold
from rag.index import open_index
from rag.metrics import split_words
from rag.question import FUNCTION_WORDS

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
    check_quotes(SEEDS, gold)
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
        located = locate_evidence(index, gold)
        lost = [q.name for q in gold if not all(located[q.name].groups)]
        assert lost == []
        assert all(located[q.name].relevant for q in gold if q.answerable)
        span = located["f001"].spans[0]
        (document,) = [d for d in map(index.document, [span.document_id]) if d]
        assert "acquires data labelling company" in document.text[span.start : span.end]
        holders = [p for p in index.document_passages(span.document_id) if holds_span(p, span)]
        assert holders
        assert {p.passage_id for p in holders} <= located["f001"].relevant


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
        ("facts", ["[1]"], "no JSON object"),
        ("facts", [{**FACT, "anwers": []}], "'anwers'"),
        ("facts", [{"id": "a", "question": "Who?"}], '"answers"'),
        ("facts", [{**FACT, "answers": []}], '"answers"'),
        ("facts", [{**FACT, "answers": [49]}], '"answers"'),
        ("facts", [{**FACT, "question": " "}], '"question"'),
        ("facts", [{**FACT, "items": ["Ann"]}], '"items"'),
        ("facts", [{**FACT, "evidence": [{"quote": "x"}]}], '"document_id"'),
        ("facts", [{**FACT, "evidence": ["x"]}], "where an object is wanted"),
        ("facts", [FACT, {**FACT, "question": "Why?"}], "repeats the id a"),
        ("facts", [FACT, {**FACT, "id": "b", "question": "who? "}], 'repeats the question "who?"'),
        (
            "disagreements",
            [{"id": "d", "question": "Who?", "values": [{"answers": ["x"]}]}],
            "a disagreement needs two",
        ),
        ("conversations", [{"id": "c", "turns": []}], '"turns"'),
        ("explanations", [{"id": "e", "question": "Why?", "facts": [{"fact": "x"}]}], '"all_of"'),
        ("facts", [], "empty"),
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


@pytest.mark.parametrize("name", ["none.txt", "../secret.txt"])
def test_a_quote_from_no_article_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("the secret words", encoding="utf-8")
    (tmp_path / "corpus").mkdir()
    record = {**FACT, "evidence": [{"document_id": name, "quote": "secret words"}]}
    with pytest.raises(GoldError, match="correct its document_id"):
        check_quotes(tmp_path / "corpus", load_gold(write(tmp_path / "gold", "facts", record)))


def test_a_quote_that_its_article_does_not_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ann did it.", encoding="utf-8")
    record = {**FACT, "evidence": [{"document_id": "a.txt", "quote": "Bob did it"}]}
    with pytest.raises(GoldError, match="Bob did it"):
        check_quotes(tmp_path, load_gold(write(tmp_path / "gold", "facts", record)))
