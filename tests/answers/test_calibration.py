"""Confidence and its threshold: literal values, and the file that ships with the weights."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.answers.confidence import (
    FEATURES,
    MOST_LEAD,
    SENTENCE_FEATURES,
    Calibration,
    Judge,
    Support,
    compare_scan,
    find_evidence,
    find_whole,
    load_calibration,
    measure_features,
    save_calibration,
)
from rag.errors import ModelError
from rag.index.encoder import load_encoder
from rag.question.parsed import parse_question
from rag.reader.copying import WEIGHTS
from rag.training.calibrate import (
    LEAST_RIVAL,
    Measured,
    cross_fit,
    fit_calibration,
    pick_rival,
    weigh_trials,
)
from rag.training.data import Paragraph, QuestionRecord
from rag.training.synonyms import Thesaurus
from rag.training.trials import CalibrationTrial, make_passage, make_trials
from rag.types import Reading, Readings, SentenceScore

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = Readings((Reading("", -1, 0, 0, 0.0, 1.0),))
PARAGRAPH = Paragraph("new_wiki", "Acme", "Acme", "Acme sold 12% of Bolt. It rained.", ())


def test_confidence_is_a_logistic_function_of_the_features() -> None:
    judge = Judge((1.0, 0.0, 2.0), -1.0, 0.5)
    assert judge.confide([0.0, 9.0, 0.5]) == 0.5
    assert judge.confide([2.0, 0.0, 0.5]) == pytest.approx(0.8808, abs=1e-4)


def test_features_by_hand() -> None:
    passage = make_passage(PARAGRAPH, PARAGRAPH.text)
    other = make_passage(PARAGRAPH, "Nothing is said here.")
    reading = Reading("Bolt", 1, 17, 21, 0.5, 0.1)
    features = dict(
        zip(
            FEATURES,
            measure_features(
                parse_question("How much rain did Acme sell to Cargo?"),
                Support(reading, 0.6, 0.2, [other, passage], 0.4, evidence=1.5),
            ),
            strict=True,
        )
    )
    assert features == pytest.approx(
        {
            "probability": np.log(0.6),
            "absence": np.log(0.1),
            "lead": np.log(3),
            "coverage": 1 / 4,  # of rain, acme, sell, cargo: "rained" and "sold" are other words to it
            "sentence": 1 / 4,
            "likeness": 0.4,
            "mentions": 1 / 2,
            "mentions_near": 1 / 2,
            "figure": 1.0,
            "echo": 0.0,
            "length": np.log(2),
            "repeats": np.log(2),
            "rank": 1 / 2,
            "passages": np.log(2),
            "unknown": 3 / 4,
            "evidence": 1.5,
            "numbers": 0.0,
            "agreement": 0.0,
            "scan": 0.0,
            "scan_absence": 0.0,
        }
    )


def test_numbers_of_the_question_that_the_passage_lacks_are_counted() -> None:
    passage = make_passage(PARAGRAPH, "Acme sold 12% of Bolt in 2023.")
    support = Support(Reading("12%", 0, 10, 13, 0.5, 0.1), 0.6, 0.2, [passage], 0.4)
    for year, missing in (("2023", 0.0), ("2024", 1.0), ("2023 or 2024", 0.5)):
        question = parse_question(f"How much of Bolt did Acme sell in {year}?")
        assert measure_features(question, support)[FEATURES.index("numbers")] == missing


def test_evidence_is_the_score_of_the_sentence_that_holds_the_answer() -> None:
    scores = (SentenceScore(0, 0, 22, 2.0), SentenceScore(0, 23, 33, -3.0), SentenceScore(1, 0, 22, 9.0))
    assert find_evidence(Reading("Bolt", 0, 17, 21, 0.5, 0.1), scores) == 2.0
    assert find_evidence(Reading("rained", 0, 26, 32, 0.5, 0.1), scores) == -3.0
    assert find_evidence(Reading("Bolt", 1, 17, 21, 0.5, 0.1), scores) == MOST_LEAD
    assert find_evidence(Reading("Bolt", 2, 17, 21, 0.5, 0.1), scores) == 0.0


ACME = Reading("Acme Corp", 0, 0, 9, 0.9, 0.1)


def test_a_second_reader_that_says_the_same_speaks_for_an_answer() -> None:
    scan = (Reading("the Acme Corp", 2, 5, 18, 0.5, 0.25), Reading("Bolt", 1, 0, 4, 0.2, 0.25),
            Reading("Acme", 3, 0, 4, 0.1, 0.25))  # fmt: skip
    # "Acme" alone has half of the words: with an F1 of 2/3 it says the same.
    assert compare_scan(ACME, scan) == pytest.approx((1.0, np.log(0.6), np.log(0.25)))


def test_a_second_reader_that_says_something_else_speaks_against_an_answer() -> None:
    scan = (Reading("Bolt", 1, 0, 4, 0.7, 0.2), Reading("Acme Corp", 0, 0, 9, 0.1, 0.2))
    assert compare_scan(ACME, scan) == pytest.approx((0.0, np.log(0.1), np.log(0.2)))
    assert compare_scan(ACME, scan[:1]) == pytest.approx((0.0, np.log(1e-6), np.log(0.2)))


def test_without_a_second_reader_nothing_is_compared() -> None:
    assert compare_scan(ACME, ()) == (0.0, 0.0, 0.0)
    passage = make_passage(PARAGRAPH, PARAGRAPH.text)
    evidence = Support(Reading("Bolt", 0, 17, 21, 0.5, 0.1), 0.6, 0.2, [passage], 0.4)
    agreed = replace(evidence, scan=(Reading("Bolt", 0, 17, 21, 0.5, 0.1),))
    assert measure_features(parse_question("?"), evidence)[:-3] == measure_features(parse_question("?"), agreed)[:-3]
    assert measure_features(parse_question("?"), agreed)[-3:] == pytest.approx([1.0, np.log(0.5), np.log(0.1)])


def test_fit_tells_right_from_wrong_on_paragraphs_it_has_not_seen() -> None:
    measured = [
        Measured(CalibrationTrial(n, "?", ("a",) if right else (), ()), (n / 100, float(right), 1.0), right, NOTHING)
        for n in range(20)
        for right in (True, False)
    ]
    slopes, bias = fit_calibration(measured, np.ones(40))
    assert slopes[1] > 1
    assert abs(slopes[2]) < 1e-6
    rows = np.array([m.features for m in measured])
    right = np.array([m.right for m in measured])
    confidence = 1 / (1 + np.exp(-rows @ slopes - bias))
    assert confidence[right].min() > 0.8 > 0.2 > confidence[~right].max()
    crossed = cross_fit(measured, np.ones(40))
    assert crossed[right].min() > 0.8 > 0.2 > crossed[~right].max()


def test_weights_give_the_stated_share_of_unanswerable_questions_over_one_passage_and_over_several() -> None:
    passage = make_passage(PARAGRAPH, PARAGRAPH.text)
    trials = [
        CalibrationTrial(0, "?", golds, (passage,) * n) for n in (1, 2) for golds in (("a",), ("b",), (), ())[n - 1 :]
    ]
    weights = weigh_trials(trials, 1 / 3).tolist()
    assert weights[:4] == pytest.approx([4 / 3, 4 / 3, 2 / 3, 2 / 3])
    assert weights[4:] == pytest.approx([2, 1 / 2, 1 / 2])


TOWNS = ((1101, "Elgin"), (1202, "Forres"), (1303, "Huntly"))


def make_town(year: int, town: str) -> Paragraph:
    start = len(f"{town} was founded in ")
    return Paragraph(
        "new_wiki",
        town,
        town,
        f"{town} was founded in {year}. It is a town in the north.",
        (QuestionRecord(f"When was the town of {town} first founded?", ((start, start + 4),)),),
    )


def test_trials_without_golds_hold_no_answer() -> None:
    towns = [make_town(*town) for town in TOWNS]
    trials = make_trials(towns, 3, 2)
    assert {(bool(t.golds), len(t.passages)) for t in trials} == {(True, 2), (True, 1), (False, 2), (False, 1)}
    for one in trials:
        texts = " ".join(p.text for p in one.passages)
        assert len(one.passages) > 1 or all(gold in texts for gold in one.golds)
    assert sorted({t.group for t in trials}) == [0, 1, 2]


def test_questions_are_tried_in_other_words_with_what_these_retrieve() -> None:
    towns = [make_town(*town) for town in TOWNS]
    other = Thesaurus({("verb", "found"): ("establish",)}, {}, {("verb", "found"): 9, ("verb", "establish"): 9})
    reworded = [t for t in make_trials(towns, 3, 2, thesaurus=other) if "established" in t.question]
    assert {bool(t.golds) for t in reworded} == {True, False}
    assert all(len(t.passages) == 2 for t in reworded)


def test_no_passage_of_a_false_trial_answers_it() -> None:
    towns = [make_town(*town) for town in TOWNS]
    asked = {q.question for p in towns for q in p.questions}
    false = [t for t in make_trials(towns, 9, 3) if t.question not in asked]
    assert {len(t.passages) > 1 for t in false} == {True, False}
    for one in false:
        assert one.golds == ()
        named = [town for _, town in TOWNS if town in one.question]
        assert not any(
            p.text.startswith(f"{town} was") for town in named for p in one.passages if "first" in one.question
        )


def test_where_no_value_gave_a_false_alarm_one_that_is_rather_wrong_than_right_still_contradicts_nothing() -> None:
    towns = [
        make_passage(Paragraph("news", name, name, f"{name} has 300 ferries.", ())) for name in ("Ardle", "Hollin")
    ]
    reading = Reading("300", 0, 10, 13, 0.9, 0.1)
    trial = CalibrationTrial(0, "How many ferries has Ardle?", ("300",), tuple(towns))
    sure = Judge((0.0,) * len(FEATURES), 5.0, 0.3)
    one = Measured(trial, (0.0,) * len(FEATURES), True, Readings((reading,)))
    assert pick_rival([one], sure, load_encoder(), 0.01) == (LEAST_RIVAL, 1)
    assert pick_rival([replace(one, right=False)], sure, load_encoder(), 0.01) == (1.0, 0)


def test_shipped_calibration_has_a_weight_for_each_feature_and_says_how_it_was_made() -> None:
    calibration = load_calibration(WEIGHTS / "calibration.json")
    for judge, features in ((calibration.short, FEATURES), (calibration.sentences, SENTENCE_FEATURES)):
        assert len(judge.weights) == len(features)
        assert 0 < judge.threshold < 1
    assert LEAST_RIVAL <= calibration.rival < 1
    record = json.loads((WEIGHTS / "calibration.json").read_text(encoding="utf-8"))["record"]
    assert set(record) >= {"questions", "explanations", "threshold", "unanswerable", "alarms", "short", "sentences"}
    assert record["features"] == list(FEATURES)
    assert record["short"]["several"]["best"] > 0.5
    assert record["sentences"]["several"]["best"] > 0.5


def test_saving_and_loading_give_the_same_and_damage_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    short, told = (Judge(tuple(map(float, range(len(f)))), 0.5, 0.25) for f in (FEATURES, SENTENCE_FEATURES))
    kept = Calibration(short, told, 0.75, 0.25)
    save_calibration(kept, path, {"features": list(FEATURES), "sentence_features": list(SENTENCE_FEATURES)})
    assert load_calibration(path) == kept
    for damaged in ('{"short": 3}', path.read_text(encoding="utf-8").replace("likeness", "other")):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(ModelError, match="reinstall ask-articles"):
            load_calibration(path)


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        ("5", "15% in 2025.", False),
        ("us", "They use Russian.", False),
        ("$5", "It cost $5.", True),
        ("5", "5.1", False),
    ],
)
def test_an_answer_is_repeated_where_it_stands_by_itself(answer: str, text: str, found: bool) -> None:
    assert bool(find_whole(answer).search(text)) is found
