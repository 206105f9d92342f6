"""Literal values of SQuAD's two scores."""

from __future__ import annotations

import pytest

from rag.metrics import normalize_answer, score_containment, score_exact_match, score_token_f1, split_words


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("The  Cat!", "cat"),
        ("$14.3 billion", "143 billion"),
        ("an apple a day", "apple day"),
        ("Über-Fan", "überfan"),
    ],
)
def test_normalisation(text: str, normalised: str) -> None:
    assert normalize_answer(text) == normalised


def test_exact_match_takes_the_best_gold() -> None:
    assert score_exact_match("The Cat.", ["dog", "cat"]) == 1.0
    assert score_exact_match("cats", ["dog", "cat"]) == 0.0


def test_token_f1_counts_repeated_words_once_each() -> None:
    # Two of three predicted words are right, two of two gold words found: 2 * 2 / (3 + 2).
    assert score_token_f1("red blue green", ["red green"]) == pytest.approx(0.8)
    assert score_token_f1("red red", ["red"]) == pytest.approx(2 / 3)
    assert score_token_f1("red", ["blue"]) == 0.0


def test_no_golds_mean_no_answer() -> None:
    assert score_exact_match("", []) == 1.0
    assert score_token_f1("", []) == 1.0
    assert score_token_f1("red", []) == 0.0


def test_words_keep_their_figures_whole() -> None:
    words = ["14.3", "b", "stake", "1000", "people", "s", "49", "%"]
    assert split_words("The $14.3B stake – 1,000 people's, 49%.") == words
    assert split_words("49 percent, 49 per cent") == ["49", "%", "49", "%"]
    assert split_words("2020,2021 1,5") == ["2020", "2021", "1", "5"]
    assert split_words("ﬁrst GPT-4") == ["first", "gpt", "4"]


@pytest.mark.parametrize(
    ("prediction", "golds", "score"),
    [
        ("about $14.3 billion", ["$14.3 billion"], 1.0),
        ("$143 billion", ["$14.3 billion"], 0.0),
        ("Meta's chief", ["meta"], 1.0),
        ("metaphor", ["meta"], 0.0),
        ("Wang, Alexandr", ["Alexandr Wang"], 0.0),
        (" ".join(["word"] * 10), ["word"], 1.0),
        (" ".join(["word"] * 12), ["word"], 0.0),
        ("", ["word"], 0.0),
        ("anything", ["the"], 0.0),
        ("$49", ["49%"], 0.0),
        ("20 million", ["20"], 0.0),
        ("28%", ["28"], 0.0),
        ("$49 billion", ["49%"], 0.0),
        ("not 49%", ["49%"], 0.0),
        ("1180, 1190, 1200 or 1290", ["1190"], 0.0),
        ("1190 or 1200", ["1190"], 1.0),
        ("in 1190 by 12 monks", ["1190"], 1.0),
        ("3% of 20 million", ["20 million"], 1.0),
    ],
)
def test_containment_wants_whole_words_and_few_others(prediction: str, golds: list[str], score: float) -> None:
    assert score_containment(prediction, golds) == score
