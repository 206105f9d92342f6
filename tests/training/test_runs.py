"""A training run: it goes on to the step from where it was stopped, is finished at any time, starts from a reader."""

from __future__ import annotations

import json
import random
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import LOUD, make_paragraph, watch_run

from rag.reader.blocks import hash_base, load_base
from rag.reader.copying import WEIGHTS, CopyingReader
from rag.reader.tokens import tokenize_pairs
from rag.training import feeding, train
from rag.training.batches import collate, featurize
from rag.training.blocks import save_base
from rag.training.examples import ExampleSource, Mixture
from rag.training.feeding import draw_blocks, iterate_batches
from rag.training.followups import load_dialogues
from rag.training.model import CopyingReaderConfig, CopyingReaderModel
from rag.training.optimizing import CHECKPOINT, Optimizer
from rag.training.settings import Settings
from rag.training.shapes import describe_mpnet
from rag.training.train import (
    build_model,
    load_paragraphs,
    main,
    parse_arguments,
    read_settings,
)
from rag.training.warmstart import fit_linear, take_over

if TYPE_CHECKING:
    from pathlib import Path

    from tiny import Finished

    from rag.training.batches import Features


pytestmark = pytest.mark.slow


@pytest.fixture
def model(tiny_base: Path) -> CopyingReaderModel:
    torch.manual_seed(0)
    config = CopyingReaderConfig(
        encoder=describe_mpnet(tiny_base), base_sha256=hash_base(tiny_base), decoder_width=48, lora_rank=4
    )
    model = CopyingReaderModel(config)
    model.fill_base(tiny_base)
    return model


def list_all(command: tuple[str, ...], count: int, block: int = 0, batch: int = 0) -> list[Any]:
    """The first batches of a command's run, from one of them on."""
    arguments = parse_arguments(command)
    training, _ = load_paragraphs(arguments.data, [])
    settings = read_settings(arguments)
    source = ExampleSource(training, Mixture(), settings.seed)
    followups, _ = load_dialogues(arguments.data, [])
    blocks = draw_blocks(
        source, followups, share=settings.followups, max_tokens=settings.max_tokens, seed=settings.seed
    )
    return list(islice(iterate_batches(blocks, settings.tokens, settings.seed, block, batch), count))


def read_state(checkpoint: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(checkpoint, weights_only=True)["state"]
    return state


def test_a_run_that_was_stopped_goes_on_at_the_next_step_with_the_batches_that_follow(finished: Finished) -> None:
    expected = [micro for _, _, micro in list_all(finished.command, 4)]
    assert [len(part) for part in finished.parts] == [2, 2]
    assert [*finished.parts[0], *finished.parts[1]] == expected
    state = read_state(finished.checkpoints / CHECKPOINT)
    assert (state["steps"], state["seen"], state["block"], state["batch"]) == (2, sum(map(len, expected)), 0, 4)
    assert state["seconds"] > 0


def test_batches_are_the_same_wherever_a_run_is_taken_up_also_in_later_epochs(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "BLOCK", 24)
    batches = list_all(finished.command, 40)
    places = [(block, place) for block, place, _ in batches]
    assert places == sorted(set(places))
    assert places[-1][0] > 4
    for start in (1, 13, 30):
        block, batch = places[start - 1][0], places[start - 1][1] + 1
        assert list_all(finished.command, 40 - start, block, batch) == batches[start:]


def test_writing_weights_leaves_the_checkpoint_as_it_was(finished: Finished) -> None:
    before, after = finished.kept
    assert before == after
    record = json.loads((finished.weights / "training.json").read_text(encoding="utf-8"))
    # The run's two steps, and one while the rate fell.
    assert (record["steps"], record["batch"], record["finish"]) == (3, 6, 1e-6)
    assert record["mixture"]["most_passages"] == Mixture().most_passages


def test_finished_weights_answer_questions(finished: Finished) -> None:
    (readings,) = CopyingReader(finished.weights).read_texts(["who?"], [[("", "Nobody knows who.")]])
    assert readings[0].text
    assert readings[0].text in "Nobody knows who."
    config = json.loads((finished.weights / "config.json").read_text(encoding="utf-8"))
    assert all(LOUD in config["outliers"][f"encoder.layer.{n}.output.dense"] for n in range(2))


def test_another_setting_or_base_is_refused_in_one_sentence(
    finished: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = load_base(finished.weights, hash_base(finished.weights))
    tensors["embeddings.LayerNorm.bias"] += 1
    save_base(tensors, tmp_path)
    for other in (["--seed", "1"], ["--rank", "8"], ["--base", str(tmp_path)], ["--init", str(WEIGHTS)]):
        assert main([*finished.command, *other, "--minutes", "1e-6"]) == 1
        told = capsys.readouterr().err.strip().splitlines()[-1]
        assert told.endswith("belongs to a run with other settings: delete it, or name another --checkpoints folder.")
    assert (finished.checkpoints / CHECKPOINT).read_bytes() == finished.kept[0]


def test_a_checkpoint_made_before_a_setting_existed_still_goes_on(finished: Finished, tmp_path: Path) -> None:
    saved = torch.load(finished.checkpoints / CHECKPOINT, weights_only=True)
    assert saved["settings"].pop("max_tokens") == Settings().max_tokens
    torch.save(saved, tmp_path / CHECKPOINT)
    seen = watch_run([*finished.command, "--checkpoints", str(tmp_path), "--minutes", "1e-6"])
    assert len(seen) == 2
    assert read_state(tmp_path / CHECKPOINT)["steps"] == 3


def test_a_run_in_bf16_with_frozen_layers_trains_the_others_and_writes_weights_that_read(
    finished: Finished, tmp_path: Path
) -> None:
    command = [*finished.command, "--checkpoints", str(tmp_path / "c"), "--init", str(finished.weights)]
    base = finished.command[3]
    command += ["--base", base, "--bf16", "--frozen", "1", "--warm-up", "1", "--encoder-rate", "0.1"]
    assert len(watch_run([*command, "--minutes", "1e-6"])) == 2
    watch_run([*command, "--finish", "1e-6", "--out", str(tmp_path / "w")])
    before, after = (load_file(folder / "model.safetensors") for folder in (finished.weights, tmp_path / "w"))
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert any(name.startswith("encoder.encoder.layer.1.") for name in changed)
    assert [name for name in changed if name.startswith("encoder.encoder.layer.0.")] == []
    assert CopyingReader(tmp_path / "w").read_texts(["who?"], [[("", "Elgin was founded in 1190.")]])


def test_what_cannot_be_run_is_one_sentence(
    training_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--data", str(training_data), "--checkpoints", str(tmp_path / "c")]
    for arguments, told in (
        (["--finish", "1"], "--finish writes weights: name their folder with --out."),
        (["--init", str(tmp_path / "none")], f"No weights to start from in {tmp_path / 'none'}"),
        (["--base", str(tmp_path / "none")], f"No base in {tmp_path / 'none'}"),
        (["--data", str(tmp_path)], "No new_wiki.json in"),
    ):
        assert main([*common, *arguments]) == 1
        assert capsys.readouterr().err.strip().splitlines()[-1].startswith(told)
    assert not (tmp_path / "c" / CHECKPOINT).exists()


def test_a_reader_on_the_installed_encoder_goes_on_from_weights_and_without_a_rate_stays_as_it_was(
    training_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    # The graphs are made, and read from, above.
    monkeypatch.setattr("rag.training.export.export_reader", lambda _: None)
    command = ["--data", str(training_data), "--checkpoints", str(tmp_path / "c"), "--tokens", "200",
               "--init", str(WEIGHTS), "--finish", "1e-6", "--out", str(tmp_path / "w")]  # fmt: skip
    assert len(watch_run([*command, "--encoder-rate", "0", "--new-rate", "0"])) == 1
    start, still = load_file(WEIGHTS / "model.safetensors"), load_file(tmp_path / "w" / "model.safetensors")
    assert start.keys() == still.keys()
    assert all(np.allclose(start[name], still[name], rtol=1e-3, atol=1e-6) for name in start)
    assert not (tmp_path / "c" / CHECKPOINT).exists()


def draw_features() -> list[Features]:
    source = ExampleSource([make_paragraph(n) for n in range(4)], Mixture(), 0)
    examples = [source.draw(where, random.Random(n)) for n in range(4) for where in source.list_questions(0)]
    return featurize([e for e in examples if e], 200, 40)


def step_once(model: CopyingReaderModel, optimizer: Optimizer, scale: float = 1.0) -> None:
    features = [f for f in draw_features() if len(f.pairs) == 1]
    model(**collate(features[:2])).loss.backward()
    optimizer.step(scale)


def copy_trained(model: CopyingReaderModel) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters() if p.requires_grad]


def measure_way(some: list[torch.Tensor], others: list[torch.Tensor]) -> float:
    return sum(float((a - b).abs().sum()) for a, b in zip(some, others, strict=True))


def test_the_average_goes_part_of_the_way_and_takes_the_models_place_at_the_end(model: CopyingReaderModel) -> None:
    start, frozen = copy_trained(model), {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    optimizer = Optimizer(model, Settings(warm_up=1, average=0.999))
    for _ in range(2):
        step_once(model, optimizer)
    live = copy_trained(model)
    optimizer.keep_average()
    averaged = copy_trained(model)
    assert 0 < measure_way(start, averaged) < measure_way(start, live)
    assert frozen
    assert all(torch.equal(p, frozen[n]) for n, p in model.named_parameters() if not p.requires_grad)


def test_rates_rise_to_their_peaks_stay_there_and_fall_with_the_scale(model: CopyingReaderModel) -> None:
    optimizer = Optimizer(model, Settings(warm_up=4, encoder_rate=0.4, new_rate=0.2))
    rates = []
    for scale in (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0):
        optimizer.step(scale)
        rates.append(tuple(group["lr"] for group in optimizer.adam.param_groups))
    encoder = [0.1, 0.2, 0.3, 0.4, 0.4, 0.2, 0.0]
    assert rates == [pytest.approx((rate, rate / 2)) for rate in encoder]


def test_a_checkpoint_goes_on_as_if_nothing_had_happened(model: CopyingReaderModel, tmp_path: Path) -> None:
    settings = Settings(warm_up=1)
    optimizer = Optimizer(model, settings)
    step_once(model, optimizer)
    optimizer.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    step_once(model, optimizer)
    expected = copy_trained(model)
    other = CopyingReaderModel(model.config)
    other.load_state_dict({n: p for n, p in model.state_dict().items() if "lora" not in n}, strict=False)
    again = Optimizer(other, settings)
    again.load(tmp_path)
    assert again.state == {**optimizer.state, "steps": 1}
    step_once(other, again)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(copy_trained(other), expected, strict=True))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(again.averages, optimizer.averages, strict=True))


TEXTS = (
    "AMD launched its MI350 chip line on Thursday. The chips are made by TSMC in Taiwan.",
    "Bread is baked from flour, water and salt. The dough rests for two hours before it goes into the oven.",
    "Meta is close to finalizing an almost $15 billion investment in Scale AI, according to The Information.",
)


def test_a_reader_that_reads_already_is_taken_over_on_a_new_encoder(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train, "ALIGNED", 6)
    settings = Settings(base=hash_base(tiny_base), rank=4)
    model = build_model(settings, tiny_base, WEIGHTS, draw_features()).eval()
    teacher = CopyingReaderModel.from_pretrained(WEIGHTS, local_files_only=True, dtype="float32").eval()
    own, theirs = dict(model.named_parameters()), dict(teacher.named_parameters())
    taken = [
        name
        for name in theirs
        if not name.startswith(("encoder.", "boundary_head.", "absence_head.", "evidence_head.", "yes_head."))
    ]
    assert any(name.startswith("layers.1.cross_kv") for name in taken)
    assert all(torch.equal(own[name], theirs[name]) for name in taken)
    assert "taken over: " in capsys.readouterr().err
    pairs = tokenize_pairs([("Who makes the chips?", "", text) for text in TEXTS], 200)
    assert 0 < take_over(model, teacher, pairs) <= 1
    assert all(torch.equal(own[name], theirs[name]) for name in taken)
    assert not own["encoder.embeddings.word_embeddings.weight"].requires_grad


def test_a_fit_finds_the_linear_map_there_is() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = 3 + torch.randn(400, 6, generator=generator)
    weight, bias = torch.randn(2, 6, generator=generator), torch.tensor([1.0, -2.0])
    found = fit_linear(inputs, inputs @ weight.t() + bias)
    assert torch.allclose(found[0], weight, atol=0.01)
    assert torch.allclose(found[1], bias, atol=0.05)


def list_learning(model: CopyingReaderModel) -> set[str]:
    """Last parts of the names of what is trained of the encoder."""
    names = [name for name, p in model.encoder.named_parameters() if p.requires_grad]
    return {name.rsplit(".", 1)[1] for name in names} | {name for name in names if "word_embeddings" in name}


def test_weights_on_the_same_base_are_gone_on_from_as_they_are(finished: Finished, tiny_base: Path) -> None:
    again = build_model(Settings(base=hash_base(tiny_base)), tiny_base, finished.weights, draw_features())
    assert again.config.lora_rank == 4
    written = CopyingReaderModel.from_pretrained(finished.weights, local_files_only=True, dtype="float32")
    assert all(torch.equal(p, q) for p, q in zip(again.parameters(), written.parameters(), strict=True))


def test_what_is_frozen_stays_frozen_in_a_run_that_goes_on_from_weights(finished: Finished, tiny_base: Path) -> None:
    for init in (None, finished.weights):
        model = build_model(Settings(base=hash_base(tiny_base), rank=4), tiny_base, init, draw_features())
        assert list_learning(model) == {"lora_down", "lora_up"}
    for init in (None, WEIGHTS):
        assert list_learning(build_model(Settings(), None, init, draw_features())) == {"weight", "bias"}
