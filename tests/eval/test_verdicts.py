"""The judge: what a person would call right and wrong, held to verdicts by hand and to stored results."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from eval.__main__ import main
from eval.agreement import judge_again, measure_agreement
from eval.answers import gives_gold, shares_words
from eval.fields import Evidence
from eval.gold import Claim, GoldQuestion, GoldValue, KeyFact
from eval.results import RESULTS, find_results, load_result
from eval.said import OtherValue as Other
from eval.said import Said, SaidSentence
from eval.verdicts import judge_said

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
PRICE = "Acme paid $12 million for the old mill on the river."
WHY = "It wants to store hops there, since its own barn burnt down in May."
BESIDE = "Bolt makes bicycles in the next valley."
EVIDENCE = (Evidence("a.txt", "paid $12 million for the old mill"), Evidence("a.txt", "its own barn burnt down in May"))
FACT = GoldQuestion(
    "f", "facts", "money", "What did the mill cost?", "", values=(GoldValue(("$12 million", "12 million"), EVIDENCE),)
)
REASON = replace(FACT, values=(GoldValue(("the barn of its own burnt down in May",), EVIDENCE),))
EXPLAIN = GoldQuestion(
    "e",
    "explanations",
    "why",
    "Why did Acme buy the mill?",
    "",
    facts=(
        KeyFact("A barn burnt.", (("barn",), ("burnt", "burned")), EVIDENCE[1:]),
        KeyFact("Hops.", (("hops",),), ()),
        KeyFact("Cheap.", (("cheap",),), ()),
    ),
    forbidden=(Claim("It makes bicycles.", (("bicycles",),)),),
)
DIFFER = replace(FACT, kind="disagreements", values=(FACT.values[0], GoldValue(("$15 million",), ())))
OTHER = (Other("much", (SaidSentence("b", "It cost $15 million."),)),)
PREMISE = GoldQuestion(
    "u", "unanswerable", "false_premise", "Why did Acme sell the mill?", "", correction=(("paid", "bought"), ("mill",))
)


def quote(*texts: str, document: str = "a.txt") -> Said:
    """An answer of sentences."""
    return Said(" ".join(texts), quotes=tuple(SaidSentence(document, text) for text in texts))


@pytest.mark.parametrize(
    ("gold", "said", "right"),
    [
        # A fact in one of the sentences, wherever that stands among them.
        (FACT, quote(BESIDE, PRICE), True),
        (FACT, quote(BESIDE), False),
        # A few words are no answer in a sentence that is not the evidence.
        (FACT, quote("The forge of Bolt, by the way, made $12 million."), False),
        (FACT, quote(PRICE, document="b.txt"), False),
        # What stands first is what counts.
        (FACT, Said(f"{PRICE} {BESIDE}", "Bolt", (SaidSentence("a.txt", PRICE),)), False),
        # Nearly all of a long gold's content, with its numbers.
        (REASON, quote(WHY), True),
        (REASON, quote("Its own old barn never burnt down in May."), False),
        # Half of the key facts, and no more than half of the sentences beside the point.
        (EXPLAIN, quote(WHY), True),
        (EXPLAIN, quote(WHY, "The barn was red."), True),
        (EXPLAIN, quote(WHY, "The barn was red.", "It rained."), False),
        (EXPLAIN, quote("It stores hops."), False),
        # Said of another, a claim is none.
        (EXPLAIN, quote(WHY, "Bolt makes bicycles."), True),
        (EXPLAIN, quote(WHY, "Acme makes bicycles."), False),
        # A second value in another article's quote shows that they differ; one value in two quotes does not.
        (DIFFER, Said("$12 million", "$12 million", (), OTHER), True),
        (DIFFER, Said("$12 million", "$12 million", (SaidSentence("a.txt", PRICE),)), False),
        (DIFFER, quote(PRICE, "It cost $15 million."), True),
        # A false premise put right; not so where a short answer takes it for granted.
        (PREMISE, quote(PRICE), True),
        (PREMISE, quote(BESIDE), False),
        (PREMISE, Said(PRICE, "for hops", (SaidSentence("a.txt", PRICE),)), False),
        (PREMISE, Said(), True),
    ],
)  # fmt: skip
def test_verdicts_on_sentences(gold: GoldQuestion, said: Said, right: bool) -> None:
    assert judge_said(gold, said).right is right


def test_an_answer_is_charged_for_what_is_beside_the_point() -> None:
    assert judge_said(FACT, quote(BESIDE, PRICE)).measures["on_point"] == 0.5
    assert judge_said(EXPLAIN, quote(WHY, BESIDE, "It rained.")).measures["on_point"] == pytest.approx(1 / 3)
    assert "on_point" not in judge_said(FACT, Said("$12 million", "$12 million")).measures


def test_sentences_hold_golds_by_literal_examples() -> None:
    assert gives_gold(
        "In all, the firm paid some $12 million for it, its owner said on a rainy Sunday in May.", ["$12 million"]
    )
    assert not gives_gold("It was not $12 million.", ["12 million dollars"])
    assert not gives_gold("It cost 12 million million.", ["12"])
    assert gives_gold("Old barns burn down in a dry May.", ["old barns burn down in May"])
    assert not gives_gold("Old barns burn down in 2020.", ["old barns burn down in 2021"])
    assert shares_words("the mill on the river", "Acme bought the mill on the river", 0.5)
    assert not shares_words("the mill", "", 0.5)


def test_the_judge_agrees_with_a_hundred_verdicts_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = judge_again()
    assert len(verdicts) >= 100
    assert len({(v["result"], v["id"]) for v in verdicts}) == len(verdicts)
    assert measure_agreement(verdicts)[0] >= 0.95
    assert all(v["reason"] for v in verdicts)
    known = {(v["result"], v["id"]): v["judged"] for v in verdicts}
    for name in ("f114", "f085", "f110", "u071", "e031"):
        assert known["e499e85", name], name
    assert not known["e499e85", "e005"]
    assert main(["agreement"]) == 0
    assert "the judge agrees on 9" in capsys.readouterr().out


def test_agreement_by_hand() -> None:
    verdicts = [{"right": a, "judged": b} for a, b in ((True, True), (True, False), (False, False), (False, False))]
    agreed, kappa = measure_agreement(verdicts)
    # By chance 1/2 · 1/4 + 1/2 · 3/4 = 1/2.
    assert (agreed, kappa) == (0.75, 0.5)


def test_every_committed_result_is_judged_by_todays_rules(tmp_path: Path) -> None:
    for result in find_results():
        path = RESULTS / f"{result['made']['commit']}.json"
        again = tmp_path / path.name
        again.write_bytes(path.read_bytes())
        assert main(["rejudge", str(again)]) == 0
        assert again.read_bytes() == path.read_bytes(), f"python -m eval rejudge eval/results/{path.name}"


def test_judging_anew_changes_verdicts_and_leaves_predictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Own articles and questions, stored before the judge knew sentences."""
    (tmp_path / "gold").mkdir()
    line = {"id": "1", "question": "What did the mill cost?", "answers": ["$12 million"]}
    (tmp_path / "gold" / "facts.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    record = {
        "id": "1", "kind": "facts", "type": "fact", "part": "dev", "line": "1", "turn": 1, "question": line["question"],
        "answerable": True, "right": False, "could": False, "answered": True, "confidence": 0.7,
        "failure": "not retrieved",
        "measures": {"right": 0.0, "success@10": 1.0}, "answer": f"{BESIDE} {PRICE}", "short": "",
        "citations": [["a.txt", 0, 9, BESIDE], ["a.txt", 9, 20, PRICE]], "alternatives": [], "withheld": None,
    }  # fmt: skip
    made = {"commit": "abc1234", "changed_since": False, "at": "2026-01-01"}
    stored = {
        "benchmark": "gold", "made": made, "settings": {"corpus": "articles", "threshold": 0.5}, "cold": None,
        "metrics": {"all": {}}, "latency_ms": {}, "records": [record, {**record, "id": "gone", "question": "Gone?"}],
    }  # fmt: skip
    path = tmp_path / "result.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert main(["rejudge", str(path), "--gold", str(tmp_path / "gold")]) == 0
    out, err = capsys.readouterr()
    assert "articles, facts answered correctly" in out
    assert "Left out 1 questions" in err
    (found,) = load_result(path)["records"]
    assert (found["right"], found["failure"], found["measures"]["success@10"]) == (True, "", 1.0)
    assert {name: found[name] for name in ("answer", "citations", "confidence")} == {
        name: record[name] for name in ("answer", "citations", "confidence")
    }


def test_verdicts_by_hand_are_of_every_kind_that_sentences_answer() -> None:
    kinds = Counter(v["kind"] for v in judge_again())
    assert min(kinds[k] for k in ("facts", "unanswerable", "disagreements", "explanations", "conversations")) >= 10
