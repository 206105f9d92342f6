"""The statistics against published examples, the reference package and each other."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_items import find_span

from rag.review.items import Place
from rag.review.queue import count_needed
from rag.review.statistics import count_pairs, measure_alpha, score_interval, succeed
from rag.review.store import Review, Reviewer
from rag.review.verdicts import Accuracy, decide, measure_accuracies, say_the_same

PEOPLE = {name: Reviewer(name, "reviewer") for name in ("tom", "ida", "pia")} | {"eva": Reviewer("eva", "expert")}
GOOD, FAIR, POOR = Accuracy(20, 20), Accuracy(10, 14), Accuracy(4, 14)
SINGLE = next(f"s{n}" for n in range(99) if count_needed(f"s{n}") == 1)
DOUBLED = next(f"d{n}" for n in range(99) if count_needed(f"d{n}") == 2)


def make_review(reviewer: str, decision: str, text: str = "", item: str = SINGLE, way: str = "gain") -> Review:
    span = find_span(text) if text else None
    places = (Place(span.document_id, "The deal", span.start, span.end, text),) if span else ()
    return Review(item, reviewer, way, decision, places)  # type: ignore[arg-type]


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    """Krippendorff 2011, section D: four observers, twelve units, values missing; alpha = 0.743."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[str(value) for value in unit if value is not None] for unit in zip(*observers, strict=True)]
    assert measure_alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_alpha_is_that_of_the_reference_package() -> None:
    krippendorff = pytest.importorskip("krippendorff")
    rng = random.Random(0)
    for _ in range(50):
        data = [[rng.choice([1, 1, 2, 3, None]) for _ in range(12)] for _ in range(rng.randint(2, 4))]
        units = [[str(value) for value in unit if value is not None] for unit in zip(*data, strict=True)]
        mine = measure_alpha(units)
        numbers = [[float("nan") if value is None else value for value in row] for row in data]
        assert mine == pytest.approx(krippendorff.alpha(numbers, level_of_measurement="nominal"))


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=3), max_size=8))
def test_alpha_is_at_most_one_and_one_only_without_any_disagreement(units: list[list[str]]) -> None:
    alpha = measure_alpha(units)
    pairable = [unit for unit in units if len(unit) > 1]
    if alpha is None:
        assert len({value for unit in pairable for value in unit}) < 2
    else:
        assert alpha <= 1
        assert (alpha == pytest.approx(1)) == all(len(set(unit)) == 1 for unit in pairable)


def test_small_statistics_have_their_known_values() -> None:
    assert score_interval(0.9, 10) == pytest.approx((0.596, 0.982), abs=1e-3)  # Wilson 1927
    assert succeed(0, 0) == 0.5
    assert succeed(8, 10) == 0.75
    assert count_pairs(["ab", "abc", "a", ""]) == 4


def test_the_same_is_the_same_decision_about_about_the_same_text() -> None:
    right, wrong = make_review("tom", "right"), make_review("ida", "wrong", "Jason Droege")
    assert say_the_same(right, make_review("ida", "right"))
    assert not say_the_same(right, wrong)
    assert say_the_same(wrong, make_review("tom", "wrong", "by Jason Droege"))
    assert not say_the_same(wrong, make_review("tom", "wrong", "Scale"))


def test_accuracy_is_measured_on_gold_alone() -> None:
    reviews = [
        make_review("eva", "wrong", "Jason Droege", item="1"),
        make_review("eva", "right", item="2"),
        make_review("eva", "skip", item="3"),
        make_review("tom", "wrong", "Jason Droege", item="1", way="calibration"),
        make_review("tom", "wrong", "49%", item="2", way="gold"),
        make_review("tom", "right", item="3", way="gain"),
        make_review("ida", "right", item="2", way="gain"),
    ]
    assert measure_accuracies(reviews, PEOPLE) == {"tom": Accuracy(1, 2), "ida": Accuracy(), "pia": Accuracy()}


def test_weights_decide_and_an_expert_overrules_them() -> None:
    reviews = [
        make_review("tom", "right", item=DOUBLED),
        make_review("ida", "wrong", "49%", item=DOUBLED),
        make_review("pia", "wrong", "49%", item=DOUBLED),
    ]
    accuracies = {"tom": GOOD, "ida": POOR, "pia": POOR}
    verdict = decide(DOUBLED, reviews, PEOPLE, accuracies)
    weights = [21 / 22, 5 / 16, 5 / 16]
    assert (verdict.decision, verdict.by) == ("right", ("tom",))
    assert verdict.share == pytest.approx(weights[0] / sum(weights))
    assert verdict.contested
    assert not verdict.settled
    final = decide(DOUBLED, [*reviews, make_review("eva", "wrong", "49%", item=DOUBLED)], PEOPLE, accuracies)
    assert (final.decision, final.by, final.settled, final.contested) == ("wrong", ("eva",), True, False)


@pytest.mark.parametrize(
    ("item", "accuracy", "settled", "contested"),
    [
        (SINGLE, GOOD, True, False),
        (SINGLE, FAIR, False, True),
        (SINGLE, None, False, True),
        (DOUBLED, GOOD, False, False),
    ],
)
def test_one_review_settles_only_what_needs_one_by_somebody_reliable(
    item: str, accuracy: Accuracy | None, settled: bool, contested: bool
) -> None:
    verdict = decide(item, [make_review("tom", "right", item=item)], PEOPLE, {"tom": accuracy} if accuracy else {})
    assert (verdict.settled, verdict.contested) == (settled, contested)
