"""Adapters beside frozen layers: they start as no change, and become part of the layer when training is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from tiny import LOUD
from torch import nn

from rag.reader.blocks import hash_base, load_base
from rag.reader.tokens import collate_pairs, tokenize_pairs
from rag.training.lora import LoraLinear, add_adapters, find_outliers, merge_adapters
from rag.training.model import CopyingReaderConfig, CopyingReaderModel
from rag.training.shapes import describe_mpnet

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "AMD launched its MI350 chip line on Thursday. The chips are made by TSMC in Taiwan."


@pytest.fixture
def model(tiny_base: Path) -> CopyingReaderModel:
    torch.manual_seed(0)
    config = CopyingReaderConfig(
        encoder=describe_mpnet(tiny_base), base_sha256=hash_base(tiny_base), decoder_width=48, lora_rank=4
    )
    model = CopyingReaderModel(config).eval()
    model.fill_base(tiny_base)
    return model


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    pairs = tokenize_pairs([("Who makes the chips?", "", TEXT), ("Where?", "AMD", TEXT[:30])], 512)
    rows = {name: torch.from_numpy(part) for name, part in collate_pairs(pairs).items()}
    rows.pop("copyable")
    return rows


def read(model: CopyingReaderModel, inputs: dict[str, Any]) -> list[torch.Tensor]:
    with torch.inference_mode():
        return list(model.read_pairs(**inputs))


def stir(model: CopyingReaderModel) -> None:
    """As after some training."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.encoder.named_parameters():
        if parameter.requires_grad:
            assert ".lora_" in f".{name}"
            parameter.data = 0.1 * torch.randn(parameter.shape, generator=generator)


def test_an_adapter_starts_as_no_change() -> None:
    plain = nn.Sequential(nn.Linear(16, 24), nn.GELU(), nn.Linear(24, 8))
    shown = torch.randn(5, 16)
    before, kept = plain(shown), {name: p.clone() for name, p in plain.state_dict().items()}
    add_adapters(plain, 4)
    plain.load_state_dict(kept, strict=False)
    assert torch.equal(plain(shown), before)
    plain(shown).sum().backward()
    moved = {name for name, p in plain.named_parameters() if p.grad is not None}
    assert moved == {f"{n}.{matrix}" for n in (0, 2) for matrix in ("lora_down", "lora_up")}


def test_a_new_reader_reads_as_its_base_does_and_only_adapters_learn(
    model: CopyingReaderModel, inputs: dict[str, Any], tiny_base: Path
) -> None:
    from transformers import MPNetConfig, MPNetModel

    from rag.training.model import shift_ids

    bare = MPNetModel(MPNetConfig(**describe_mpnet(tiny_base)), add_pooling_layer=False).eval()
    tensors = load_base(tiny_base, hash_base(tiny_base))
    bare.load_state_dict({name: torch.from_numpy(one) for name, one in tensors.items()})
    with torch.inference_mode():
        own = model.encode_states(**inputs)
        plain = bare(input_ids=shift_ids(inputs["input_ids"]), attention_mask=inputs["attention_mask"])
    shown = inputs["attention_mask"]
    assert torch.allclose(own[shown], plain.last_hidden_state[shown], atol=1e-5)
    learning = {name.rsplit(".", 1)[1] for name, p in model.encoder.named_parameters() if p.requires_grad}
    assert learning == {"lora_down", "lora_up"}


def test_merging_changes_nothing_of_what_is_read(model: CopyingReaderModel, inputs: dict[str, Any]) -> None:
    untrained = read(model, inputs)
    stir(model)
    before = read(model, inputs)
    model.merge_adapters()
    after = read(model, inputs)
    assert not any(isinstance(part, LoraLinear) for part in model.modules())
    assert not any("lora" in name for name in model.state_dict())
    for one, other, start in zip(before, after, untrained, strict=True):
        assert torch.allclose(one, other, atol=1e-3, rtol=1e-3)
        assert not torch.allclose(one, start, atol=1e-2)


def test_adapters_are_added_to_what_they_adapt_without_torch_too(model: CopyingReaderModel) -> None:
    from rag.reader.copying import merge_adapters as merge_arrays

    stir(model)
    arrays = {name: one.numpy().copy() for name, one in model.state_dict().items()}
    merge_arrays(arrays)
    merge_adapters(model)
    merged = model.state_dict()
    assert arrays.keys() == merged.keys()
    assert all(np.allclose(arrays[name], merged[name].numpy(), atol=1e-5) for name in arrays)


def test_the_largest_channels_are_found_where_they_are(model: CopyingReaderModel, inputs: dict[str, Any]) -> None:
    found = find_outliers(model.encoder, lambda: read(model, inputs), most=1)
    feed_forward = {f"encoder.layer.{n}.{part}.dense" for n in range(2) for part in ("intermediate", "output")}
    assert found.keys() == feed_forward
    assert [found[f"encoder.layer.{n}.output.dense"] for n in range(2)] == [[LOUD], [LOUD]]
    several = find_outliers(model.encoder, lambda: read(model, inputs))
    assert all(len(channels) == 8 and channels == sorted(channels) for channels in several.values())
    assert LOUD in several["encoder.layer.1.output.dense"]
    # Nothing is left behind that would watch.
    assert not any(part._forward_hooks for part in model.modules())
