"""Makes training faster: frozen matrices in bf16, and compiled encoder layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rag.training.model import CopyingReaderModel


def speed_up(model: CopyingReaderModel, *, bf16: bool, compiled: bool) -> None:
    """Prepares the encoder for training. To be called before adapters are frozen, which stay in fp32.

    :param bf16: stores frozen matrices in bf16, as autocast would otherwise convert them at every step.
    :param compiled: compiles each layer with torch.compile, which needs a C++ compiler on a CPU.
    """
    import torch

    for parameter in model.encoder.parameters():
        if bf16 and not parameter.requires_grad and parameter.dim() == 2:
            parameter.data = parameter.data.to(torch.bfloat16)
    for layer in model.encoder.encoder.layer if compiled else []:
        layer.forward = torch.compile(layer.forward, dynamic=True)


def restore(model: CopyingReaderModel, base: Path | None) -> None:
    """Undoes :func:`speed_up`, so that the model can be saved and exported.

    :param base: folder of the frozen base, which is read again; None for the encoder of the package.
    """
    for layer in model.encoder.encoder.layer:
        layer.__dict__.pop("forward", None)
    for parameter in model.encoder.parameters():
        parameter.data = parameter.data.float()
    if base is not None:
        model.fill_base(base)
