"""Low-rank adapters (LoRA: Hu et al. 2022) on all linear layers of a frozen encoder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 (the name every PyTorch reader expects)
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class LoraLinear(nn.Module):
    """A frozen linear layer with an adapter whose output is initially zero: (…, inputs) to (…, outputs)."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(outputs), requires_grad=False)
        self.lora_down = nn.Parameter(torch.empty(rank, inputs))
        self.lora_up = nn.Parameter(torch.zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.lora_down, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias) + F.linear(F.linear(x, self.lora_down), self.lora_up)

    def merge(self) -> nn.Linear:
        """One linear layer with the same output."""
        merged = nn.Linear(self.weight.shape[1], self.weight.shape[0])
        merged.weight.data = self.weight.data + self.lora_up.data @ self.lora_down.data
        merged.bias.data = self.bias.data
        return merged


def list_children(module: nn.Module, kind: type[nn.Module]) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    """(parent, name, child) of every child of type ``kind``, at any depth."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, kind):
                yield parent, name, child


def add_adapters(module: nn.Module, rank: int) -> None:
    """Freezes ``module`` and adds an adapter to each of its linear layers."""
    module.requires_grad_(False)
    for parent, name, child in list_children(module, nn.Linear):
        setattr(parent, name, LoraLinear(child.in_features, child.out_features, rank))  # type: ignore[arg-type]


def freeze_layers(encoder: nn.Module, count: int) -> None:
    """Freezes the lowest ``count`` layers of a transformers encoder, adapters included."""
    for layer in list(encoder.encoder.layer)[:count]:  # type: ignore[union-attr, arg-type]
        layer.requires_grad_(False)


def merge_adapters(module: nn.Module) -> None:
    """Replaces each layer and its adapter by one linear layer with the same output."""
    for parent, name, child in list_children(module, LoraLinear):
        setattr(parent, name, child.merge())  # type: ignore[operator]


def find_outliers(module: nn.Module, read: Callable[[], object], most: int = 8) -> dict[str, list[int]]:
    """The ``most`` input channels with the largest values, ascending, by name of feed-forward layer with an adapter.

    The inputs of attention layers have no outliers that matter.

    :param read: runs ``module`` on some text.
    """
    largest: dict[str, Tensor] = {}

    def watch(name: str) -> Callable[..., None]:
        def note(_: nn.Module, inputs: tuple[Tensor, ...], __: Tensor) -> None:
            seen = inputs[0].detach().abs().flatten(0, -2).amax(dim=0)
            largest[name] = torch.maximum(largest[name], seen) if name in largest else seen

        return note

    hooks = [
        child.register_forward_hook(watch(name))
        for name, child in module.named_modules()
        if isinstance(child, LoraLinear) and ".attn." not in name
    ]
    with torch.no_grad():
        read()
    for hook in hooks:
        hook.remove()
    return {name: sorted(values.topk(most).indices.tolist()) for name, values in largest.items()}
