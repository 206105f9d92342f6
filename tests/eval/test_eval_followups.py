"""The follow-up benchmark on two dialogues, with literal figures."""

from __future__ import annotations

from eval.followups import find_words, measure_rewriting
from rag.training.followups import FollowUp

RECORDS = [
    FollowUp("a", ("Elgin", ""), ("Who runs Elgin?", "Ann Gow"), "How old is she?", "How old is Ann Gow?"),
    FollowUp("b", ("Elgin", ""), ("Who runs Elgin?", "Ann Gow"), "Who runs Nairn now?", "Who runs Nairn now?"),
]


def test_what_rules_fill_in_is_measured_in_words() -> None:
    assert measure_rewriting(RECORDS, None) == {
        "questions": 2, "F1": 100.0, "recall": 100.0, "precision": 100.0, "untouched": 100.0,
    }  # fmt: skip
    silent = [FollowUp("a", ("Elgin", ""), ("Who runs Elgin?", "nobody"), "How old is she?", "How old is Ann Gow?")]
    # The only name the rules can find is the wrong one, and the right one was never said.
    assert measure_rewriting(silent, None) == {"questions": 1, "F1": 66.7, "precision": 0.0}


def test_words_that_carry_no_topic_are_not_counted() -> None:
    assert find_words("How old is Ann Gow’s ferry?") == {"old", "ann", "gow", "ferry"}
