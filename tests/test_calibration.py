"""Confidence and its threshold: literal values, and the file that ships with the weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rag.calibration import FEATURES, Calibration, load_calibration, measure_features, save_calibration
from rag.errors import ModelError
from rag.reader.calibrate import Trial, make_passage, make_trials, pick_threshold, weigh_trials
from rag.reader.copying import WEIGHTS
from rag.reader.data import Paragraph, QuestionRecord
from rag.types import Reading

if TYPE_CHECKING:
    from pathlib import Path

PARAGRAPH = Paragraph("new_wiki", "Acme", "Acme", "Acme sold 12% of Bolt. It rained.", ())


def test_confidence_is_a_logistic_function_of_the_features() -> None:
    calibration = Calibration((1.0, 0.0, 0.0, 2.0), -1.0, 0.5)
    assert calibration.confide([0.0, 9.0, 9.0, 0.5]) == 0.5
    assert calibration.confide([2.0, 0.0, 0.0, 0.5]) == pytest.approx(0.8808, abs=1e-4)


def test_features_are_log_probabilities_margin_and_the_share_of_the_questions_words() -> None:
    passage = make_passage(PARAGRAPH, PARAGRAPH.text)
    readings = [Reading("12%", 0, 10, 13, 0.5, 0.1)]
    features = measure_features("What did Acme sell to Cargo?", readings, passage, 0.5, 0.5)
    assert features == pytest.approx([np.log(0.5), np.log(0.1), np.log(0.5), 1 / 3])


def test_threshold_is_the_lowest_that_keeps_the_stated_precision() -> None:
    confidence, right, even = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]), np.ones(4)
    assert pick_threshold(confidence, right, even, 0.75) == 0.6
    assert pick_threshold(confidence, right, even, 0.8) == 0.8
    assert pick_threshold(confidence, ~right, even, 0.99) == 1.0
    # A wrong answer that counts for little spoils little.
    assert pick_threshold(confidence, right, np.array([1, 1, 0.1, 1]), 0.95) == 0.6


def test_weights_give_the_stated_share_of_unanswerable_questions() -> None:
    trials = [Trial("?", golds, ()) for golds in (("a",), ("b",), (), ())]
    assert weigh_trials(trials, 1 / 3).tolist() == pytest.approx([4 / 3, 4 / 3, 2 / 3, 2 / 3])


def test_trials_without_golds_hold_no_answer() -> None:
    towns = [
        Paragraph(
            "new_wiki",
            t,
            t,
            f"{t} was founded in {n}. It is a town in the north.",
            (QuestionRecord("?", ((len(t) + 16, len(t) + 20),)),),
        )
        for n, t in ((1101, "Elgin"), (1202, "Forres"), (1303, "Huntly"))
    ]
    trials = make_trials(towns, 3, 2)
    assert {bool(t.golds) for t in trials} == {True, False}
    for one in trials:
        texts = " ".join(p.text for p in one.passages)
        assert all(gold in texts for gold in one.golds)
    assert len(trials) == 6


def test_shipped_calibration_has_a_weight_for_each_feature_and_says_how_it_was_made() -> None:
    calibration = load_calibration(WEIGHTS / "calibration.json")
    assert len(calibration.weights) == len(FEATURES)
    assert 0 < calibration.threshold < 1
    record = json.loads((WEIGHTS / "calibration.json").read_text(encoding="utf-8"))["record"]
    assert set(record) >= {"trials", "precision", "unanswerable", "auc", "curve"}


def test_saving_and_loading_give_the_same_and_damage_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    save_calibration(Calibration((1.0, 2.0, 3.0, 4.0), 0.5, 0.25), path, {})
    assert load_calibration(path) == Calibration((1.0, 2.0, 3.0, 4.0), 0.5, 0.25)
    path.write_text('{"weights": 3}', encoding="utf-8")
    with pytest.raises(ModelError, match="install the package again"):
        load_calibration(path)
