"""The suite's measures: literal values, and other people's implementations on random inputs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.answers import (
    find_claims,
    holds_all,
    is_right,
    match_value,
    measure_citation_precision,
    measure_citation_recall,
    measure_grounding,
    score_items,
    score_key_facts,
)
from eval.ranking import score_ndcg, score_recall, score_reciprocal_rank, score_success
from eval.selective import (
    bin_confidences,
    measure_aurc,
    measure_calibration_error,
    score_abstention,
    trace_risk,
)
from eval.statistics import bootstrap_interval, bootstrap_statistic, compare_means, measure_mcnemar

RANKED = ["a", "b", "c", "d"]


def test_ranking_by_hand() -> None:
    relevant = {"b", "d", "x"}
    assert (score_success(RANKED, relevant, 1), score_success(RANKED, relevant, 2)) == (0.0, 1.0)
    assert score_recall(RANKED, relevant, 3) == pytest.approx(1 / 3)
    assert score_reciprocal_rank(RANKED, relevant, 10) == 0.5
    # Gains at ranks 2 and 4 against an ideal of ranks 1 to 3: (0.6309 + 0.4307) / (1 + 0.6309 + 0.5).
    assert score_ndcg(RANKED, relevant, 10) == pytest.approx(0.4981, abs=1e-4)
    for score in (score_success, score_recall, score_reciprocal_rank, score_ndcg):
        assert score(RANKED, set(), 10) == 0.0


@settings(max_examples=50)
@given(st.permutations([f"p{i}" for i in range(15)]), st.sets(st.integers(0, 20), min_size=1), st.integers(1, 15))
def test_ranking_against_ir_measures(ranked: list[str], wanted: set[int], k: int) -> None:
    ir = pytest.importorskip("ir_measures")
    relevant = {f"p{i}" for i in wanted}
    measures = {
        ir.Success @ k: score_success,
        ir.R @ k: score_recall,
        ir.RR @ k: score_reciprocal_rank,
        ir.nDCG @ k: score_ndcg,
    }
    run = {"q": {name: float(-rank) for rank, name in enumerate(ranked)}}
    theirs = ir.calc_aggregate(list(measures), {"q": dict.fromkeys(relevant, 1)}, run)
    for measure, ours in measures.items():
        assert ours(ranked, relevant, k) == pytest.approx(theirs[measure], abs=1e-6)


@pytest.mark.parametrize(
    ("prediction", "golds", "right"),
    [
        ("$14.3 billion", ["$14.3 billion", "$14.3B"], True),
        ("$10 billion", ["$14.3 billion"], False),
        ("a model of the open kind for many tasks", ["an open kind of model for many tasks"], True),
        ("may exceed $14 billion by a lot soon", ["may exceed $10 billion by a lot soon"], False),
        ("Wang", ["Alexandr Wang"], False),
        ("will not buy a stake in Scale this year", ["will buy a stake in Scale this year"], False),
        ("two different versions of the same story", ["three different versions of the same story"], False),
    ],
)
def test_right_is_a_gold_in_few_words_more_or_close_to_a_long_one(
    prediction: str, golds: list[str], right: bool
) -> None:
    assert is_right(prediction, golds) is right


def test_list_items() -> None:
    items = [["OpenAI", "Open AI"], ["Anthropic"], ["ByteDance"]]
    assert score_items("OpenAI, Anthropic and Microsoft", items) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert score_items("Anthropic; Open AI; Bytedance", items) == (1.0, 1.0)
    assert score_items("", items) == (0.0, 0.0)
    # A comma within a number separates nothing; one within an item does no harm.
    assert score_items("1,000 drones and tanks", [["1,000 drones"], ["tanks"]]) == (1.0, 1.0)
    assert score_items("research, and development", [["research and development"]]) == (1.0, 1.0)
    # Saying one item three times is one part in three.
    assert score_items("Anthropic, Anthropic, Anthropic", items) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert score_items("AI, AI", [["AI chips and AI models"]]) == (0.0, 0.0)
    # A page that holds them all somewhere is no list.
    assert score_items("word " * 200 + "OpenAI, Anthropic, ByteDance", items)[0] == 0.0


def test_a_text_gives_at_most_one_of_differing_values() -> None:
    values = [["$14.3 billion"], ["almost $15 billion", "about $15 billion"], ["$15 billion in cash"], ["$10 billion"]]
    assert match_value("$14.3 billion", values) == 0
    assert match_value("almost $15 billion", [["$15 billion"], ["almost $15 billion"]]) == 1
    assert match_value("$10 billion or $14.3 billion", values) is None
    assert match_value("rosy or shaky", [["rosy"], ["shaky"]]) is None
    assert match_value("nothing", values) is None


def test_key_facts_and_claims() -> None:
    facts = [[["Wang", "its founder"], ["superintelligence"]], [["49%"]]]
    text = "Its founder joins Meta. He leads the superintelligence team. Bolt sold 12%."
    assert holds_all(text, facts[0])
    assert not holds_all(text, [])
    assert score_key_facts(text, facts) == 0.5
    # A claim must stand within one sentence; a fact may be spread over the answer.
    assert score_key_facts("word " * 200 + text, facts) == 0.0
    assert find_claims(text, [[["founder"], ["superintelligence"]], [["Bolt"], ["12%"]]]) == [1]


def test_grounding_counts_each_word_as_often_as_it_is_quoted() -> None:
    assert measure_grounding("Acme sold 12%", ["In 2020 Acme sold 12% to Bolt."]) == 1.0
    assert measure_grounding("Acme bought Acme", ["Acme"]) == pytest.approx(1 / 3)
    assert measure_grounding("", ["Acme"]) == 0.0


def test_citation_recall_is_by_sentence() -> None:
    answer = "Acme sold its shares. Bolt went bankrupt."
    assert measure_citation_recall(answer, ["In 2020 Acme sold shares to Bolt."]) == 0.5
    assert measure_citation_recall(answer, []) == 0.0
    assert measure_citation_recall("He did.", []) == 0.0
    assert measure_citation_recall("He did.", ["So he did."]) == 1.0


def test_citation_precision_wants_the_same_article_and_shared_characters() -> None:
    gold = [("a.txt", 10, 20)]
    cited = [("a.txt", 15, 30), ("a.txt", 16, 30), ("a.txt", 20, 30), ("b.txt", 10, 20)]
    assert measure_citation_precision(cited, gold) == 0.25
    assert measure_citation_precision([], gold) == 0.0


def test_abstention_by_hand() -> None:
    # Three abstentions, two of them on the two unanswerable questions.
    precision, recall, f1 = score_abstention([True, True, False, False], [True, False, False, False])
    assert (precision, recall, f1) == (pytest.approx(2 / 3), 1.0, pytest.approx(0.8))
    assert score_abstention([True], [True]) == (0.0, 0.0, 0.0)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_abstention_against_sklearn(pairs: list[tuple[bool, bool]]) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    answerable, answered = [a for a, _ in pairs], [b for _, b in pairs]
    theirs = precision_recall_fscore_support(
        [not a for a in answerable], [not b for b in answered], average="binary", pos_label=True, zero_division=0.0
    )
    assert score_abstention(answerable, answered) == pytest.approx(theirs[:3])


def test_risk_and_coverage_by_hand() -> None:
    coverage, risk = trace_risk([0.9, 0.5, 0.7, 0.1], [True, False, True, False])
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == [0.0, 0.0, pytest.approx(1 / 3), 0.5]
    assert measure_aurc([0.9, 0.5, 0.7, 0.1], [True, False, True, False]) == pytest.approx(5 / 24)
    # Nothing is earned among equal confidences.
    assert measure_aurc([0.5, 0.5], [True, False]) == pytest.approx((1 + 0.5) / 2)
    assert measure_aurc([], []) == 0.0


def test_calibration_error_by_hand() -> None:
    confidences, right = [0.95, 0.85, 0.85, 1.0], [True, True, False, False]
    assert bin_confidences(confidences, right) == [(pytest.approx(0.85), 0.5, 2), (pytest.approx(0.975), 0.5, 2)]
    assert measure_calibration_error(confidences, right) == pytest.approx((0.35 + 0.475) / 2)


@given(st.lists(st.tuples(st.integers(0, 999), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_against_a_loop_over_bins(pairs: list[tuple[int, bool]]) -> None:
    confidences, right = [x / 1000 for x, _ in pairs], [hit for _, hit in pairs]
    error = 0.0
    for i in range(10):
        inside = [(x / 1000, hit) for x, hit in pairs if x // 100 == i]
        if inside:
            mean, share = (sum(v[j] for v in inside) / len(inside) for j in (0, 1))
            error += abs(mean - share) * len(inside) / len(pairs)
    assert measure_calibration_error(confidences, right) == pytest.approx(error, abs=1e-9)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_against_scipy(first: int, second: int) -> None:
    from scipy.stats import binomtest

    p = binomtest(first, first + second).pvalue if first + second else 1.0
    assert measure_mcnemar(first, second) == pytest.approx(p)


def test_mcnemar_of_many() -> None:
    assert measure_mcnemar(2000, 2000) == 1.0
    assert measure_mcnemar(1900, 2100) < 0.01


def test_intervals() -> None:
    assert bootstrap_interval([1.0] * 10) == (1.0, 1.0)
    low, high = bootstrap_interval([0.0, 1.0] * 200)
    assert 0.44 < low < 0.46
    assert 0.54 < high < 0.56
    assert bootstrap_statistic([3, 3, 3], lambda drawn: float(max(drawn))) == (3.0, 3.0)
    low, high = bootstrap_statistic(list(range(100)), lambda drawn: float(max(drawn)) if 50 in drawn else None)
    assert 90 <= low < high <= 99
    with pytest.raises(ValueError, match="no draw"):
        bootstrap_statistic([1], lambda _: None)
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_interval([])


def test_paired_comparison_sees_a_small_gain_that_is_the_same_everywhere() -> None:
    first = [i / 100 for i in range(100)]
    change, low, high = compare_means(first, [x + 0.01 for x in first])
    assert change == pytest.approx(low) == pytest.approx(high) == pytest.approx(0.01)
    with pytest.raises(ValueError, match="same questions"):
        compare_means([1.0], [])
