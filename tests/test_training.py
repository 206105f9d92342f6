"""Training from data to weights: what examples are made of, that a run goes on from its checkpoint."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import RagError
from rag.reader.batches import Features, cut_batches, featurize
from rag.reader.copying import WEIGHTS
from rag.reader.data import Paragraph, QuestionRecord, drop_overlaps, is_held_out, load_squad
from rag.reader.distractors import rank_distractors
from rag.reader.examples import Example, ExampleSource, Mixture, crop
from rag.reader.questions import Mentions, disturb_question, falsify_question, find_common_words, find_names
from rag.reader.train import (
    FOLLOW_UPS,
    TRAINING_FILES,
    build_model,
    main,
    parse_arguments,
    rate_at,
    read_settings,
)

TOWNS = ("Aberlour", "Brechin", "Crieff", "Dunkeld", "Elgin", "Forres", "Golspie", "Huntly")


def make_paragraph(number: int, source: str = "new_wiki") -> Paragraph:
    town = TOWNS[number]
    first = f"{town} was founded in {1100 + number} by monks. "
    text = f"{first}It has {number + 2} bridges over the river. Each summer a fair is held in the market square."
    start = len(first) + len("It has ")
    questions = (
        QuestionRecord(f"When was the town of {town} founded?", ((first.index("1"), first.index("1") + 4),)),
        QuestionRecord("How many bridges are there?", ((start, start + 1),)),
    )
    return Paragraph(source, f"{source} {town}", town, text, questions)


@pytest.fixture(scope="module")
def source() -> ExampleSource:
    return ExampleSource([make_paragraph(n) for n in range(8)], Mixture(), 0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name in TRAINING_FILES:
        paragraphs = [make_paragraph(n, Path(name).stem) for n in range(8)]
        articles = [
            {
                "title": p.article,
                "paragraphs": [
                    {
                        "context": p.text,
                        "qas": [
                            {"question": q.question, "answers": [{"text": p.text[a:b], "answer_start": a}]}
                            for q in p.questions
                            for a, b in q.answers
                        ],
                    }
                ],
            }
            for p in paragraphs
        ]
        (folder / name).write_text(json.dumps({"data": articles}), encoding="utf-8")
    dialogues = [
        {"QuAC_dialog_id": f"C_{n}_1", "History": ["Acme", "Deals", "Who runs Acme?", "Ann Gow"],
         "Question": "How old is she?", "Rewrite": "How old is Ann Gow?"} for n in range(12)
    ]  # fmt: skip
    (folder / FOLLOW_UPS).write_text(json.dumps(dialogues), encoding="utf-8")
    return folder


def draw_all(source: ExampleSource, *, fuse: bool) -> list[Example]:
    rng = random.Random(1)
    return [e for _ in range(60) for q in source.list_questions(0, 1.0) if (e := source.draw(q, rng, fuse=fuse))]


def test_every_answer_stands_in_its_passage_and_no_unanswerable_example_holds_it(
    source: ExampleSource,
) -> None:
    golds = {q.question.rstrip("?"): p.text[a:b] for p in source.paragraphs for q in p.questions for a, b in q.answers}
    drawn = draw_all(source, fuse=True)
    for example in drawn:
        if example.answer:
            passage, start, end = example.answer
            answer = example.passages[passage][1][start:end]
            assert answer.isdigit()
            assert golds.get(example.question.rstrip("?"), answer) == answer or "bridges" in example.question
        elif example.question.startswith("When was the town of") and example.question.rstrip("?") in golds:
            assert all(golds[example.question.rstrip("?")] not in text for _, text in example.passages)
    assert any(e.answer is None for e in drawn)
    assert max(len(e.passages) for e in drawn) == Mixture().most_passages


def test_single_passages_come_first(source: ExampleSource) -> None:
    assert {len(e.passages) for e in draw_all(source, fuse=False)} == {1}


@given(st.integers(0, 7), st.integers(0, 10_000))
def test_cropping_keeps_the_answer_at_its_shifted_offsets(number: int, seed: int) -> None:
    paragraph = make_paragraph(number)
    (start, end) = paragraph.questions[1].answers[0]
    text, (a, b) = crop(paragraph.text, (start, end), random.Random(seed))
    assert text[a:b] == paragraph.text[start:end]
    assert text in paragraph.text


def test_training_text_that_stands_in_a_test_is_left_out() -> None:
    paragraphs = [make_paragraph(n) for n in range(3)]
    sentence = f"Some other start. It has {1 + 2} bridges over the river."
    assert drop_overlaps(paragraphs, [sentence]) == [paragraphs[0], paragraphs[2]]
    assert drop_overlaps(paragraphs, ["Something else is said here about towns."]) == paragraphs


def test_articles_are_held_out_whole_and_the_same_whatever_the_seed() -> None:
    articles = [Paragraph("s", str(n), "", text, ()) for n in range(400) for text in ("a", "b")]
    held = [p.article for p in articles if is_held_out(p)]
    assert all(held.count(article) == 2 for article in held)
    assert 0.02 < len(held) / len(articles) < 0.09


def test_labels_point_at_the_answers_tokens_and_batches_keep_their_budget(source: ExampleSource) -> None:
    features = featurize(draw_all(source, fuse=True), 384, 40)
    for one in features:
        assert all(one.pairs[p].first <= i < len(one.pairs[p].ids) - 1 for p, i in one.labels)
    batches = cut_batches(features, 600, random.Random(0))
    assert sum(map(len, batches)) == len(features)
    for batch in batches:
        shapes = [f.shape for f in batch]
        assert len({passages for passages, _ in shapes}) == 1
        assert len(batch) == 1 or len(batch) * shapes[0][0] * max(length for _, length in shapes) <= 600


def test_an_answer_cut_off_by_the_limit_is_dropped() -> None:
    text = "word " * 100 + "gold"
    example = Example("what?", (("", text),), (0, len(text) - 4, len(text)))
    assert featurize([example], 64, 40) == []
    (kept,) = featurize([example], 200, 40)
    assert isinstance(kept, Features)


def test_distractors_are_what_the_question_retrieves_best_first() -> None:
    towns = [make_paragraph(n) for n in range(6)]
    asked = replace(towns[0], questions=(replace(towns[0].questions[0], question="Which town is like Elgin?"),))
    found = rank_distractors([asked, *towns[1:]], 3)
    assert found[0, 0][0] == TOWNS.index("Elgin")
    assert len(found[0, 0]) == 3
    assert all(i not in others for (i, _), others in found.items())
    assert rank_distractors([make_paragraph(0, "qamr")]) == {}


FALSE_DEAL = Paragraph(
    "new_wiki",
    "Acme",
    "Acme",
    "Acme bought Bolt in 1999. Cargo sold Dynamo in 2003.",
    (QuestionRecord("?", ((20, 24),)),),
)


def test_false_questions_name_another_thing_or_the_opposite_and_never_what_stands_beside_the_answer() -> None:
    elsewhere = Mentions(("Elgin",), ("1850",))

    def falsify(question: str) -> set[str | None]:
        (record,) = FALSE_DEAL.questions
        return {falsify_question(question, FALSE_DEAL, record, elsewhere, random.Random(n)) for n in range(200)}

    made = falsify("Who bought shares of Bolt?")
    assert {"Who bought shares of Elgin?", "Who sold shares of Bolt?", "Who bought shares of Dynamo?"} <= made
    assert "Who bought shares of Acme?" not in made
    assert falsify("Why does it rain here?") == {None, "Why does not it rain here?"}
    assert falsify("Name some towns!") == falsify("Why did it not rain?") == {None}
    assert find_names("What did Texas' and Paris's mayors say in the United States?") == [
        "Texas",
        "Paris",
        "United States",
    ]


def test_dropout_is_a_trainings_own() -> None:
    settings = read_settings(parse_arguments(["--data", ".", "--dropout", "0.25"]))
    model = build_model(settings, WEIGHTS, "cpu")
    dropped = {name: m.p for name, m in model.encoder.named_modules() if isinstance(m, torch.nn.Dropout)}
    assert {p for name, p in dropped.items() if not name.endswith("self.dropout")} == {0.25}
    assert model.config.encoder["hidden_dropout_prob"] == 0.0


def test_questions_are_disturbed_as_people_type() -> None:
    asked = "What is the population of the town of Elgin?"
    common = find_common_words([asked, "What is the town hall of Crieff?"])
    assert common == {"what", "is", "the", "town", "of"}
    drawn = {disturb_question(asked, common, random.Random(seed)) for seed in range(300)}
    assert asked in drawn
    assert asked.lower() in drawn
    assert asked.rstrip("?") in drawn
    assert any(question.startswith("population") and question.rstrip("?").endswith("Elgin") for question in drawn)


def test_a_run_can_go_on_from_weights_and_ends_in_their_average(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from rag.reader.copying import WEIGHTS

    # The graphs are made, and read from, in the next test.
    monkeypatch.setattr("rag.reader.export.export_reader", lambda _: None)

    def run(name: str, *arguments: str) -> dict[str, Any]:
        folder = tmp_path / name
        common = [
            "--data",
            str(data),
            "--checkpoints",
            str(folder / "c"),
            "--out",
            str(folder / "w"),
            "--examples",
            "24",
        ]
        assert main([*common, "--tokens", "800", "--init", str(WEIGHTS), *arguments]) == 0
        return load_file(folder / "w" / "model.safetensors")

    start, still = load_file(WEIGHTS / "model.safetensors"), run("still", "--encoder-rate", "0", "--new-rate", "0")
    # bf16 keeps eight bits of each number.
    assert all(np.allclose(start[k], still[k], rtol=0.01, atol=1e-6) for k in start)
    last, averaged = run("last", "--average", "0"), run("averaged", "--average", "0.999")
    key = "pointer_query.weight"
    moved = [np.abs(w[key].astype(float) - still[key].astype(float)).sum() for w in (last, averaged)]
    assert 0 < moved[1] < moved[0]
    assert main(["--data", str(data), "--init", str(tmp_path / "none")]) == 1


def test_learning_rate_rises_then_falls_to_zero() -> None:
    assert [rate_at(p, 0.1) for p in (0.0, 0.05, 0.1, 0.55, 1.0)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_a_run_goes_on_from_its_checkpoint_and_ends_in_loadable_weights(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.reader.copying import CopyingReader

    folder = tmp_path / "run"
    common = [
        "--data",
        str(data),
        "--checkpoints",
        str(folder),
        "--out",
        str(tmp_path / "weights"),
        "--tokens",
        "800",
    ]
    with monkeypatch.context() as patched:  # the graphs of the end are enough
        patched.setattr("rag.reader.export.export_reader", lambda _: None)
        assert main([*common, "--examples", "40"]) == 0
    first = json.loads((tmp_path / "weights" / "training.json").read_text(encoding="utf-8"))
    # The same command again starts from the finished checkpoint: it has nothing left but one last step.
    assert main([*common, "--examples", "40"]) == 0
    again = json.loads((tmp_path / "weights" / "training.json").read_text(encoding="utf-8"))
    assert again["block"] > first["block"]
    assert again["seen"] > first["seen"]
    # Another run's checkpoint is refused.
    assert main([*common, "--examples", "50"]) == 1
    readings = CopyingReader(tmp_path / "weights").read_texts(["who?"], [[("", "Nobody knows who.")]])
    assert readings[0][0].text


def test_missing_and_foreign_data_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(RagError, match=r"No new_wiki\.json"):
        load_squad(tmp_path / "new_wiki.json")
    (tmp_path / "x.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(RagError, match="SQuAD's JSON format"):
        load_squad(tmp_path / "x.json")
