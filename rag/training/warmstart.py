"""Starts a reader on a new encoder from a trained reader, whose decoder is taken over unchanged.

Both use the same tokens. Linear maps from the new encoder's states to the old one's, and to its scores, are fitted by
least squares. They become the new reader's first layer after the encoder, and its heads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rag.reader.tokens import collate_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.reader.tokens import Pair
    from rag.training.model import CopyingReaderModel

RIDGE = 1e-3
"""Added to the covariance of states, as a share of its mean variance."""
PAIRS_AT_ONCE = 16
"""Pairs encoded together."""


def take_over(model: CopyingReaderModel, teacher: CopyingReaderModel, pairs: Sequence[Pair]) -> float:
    """Fits ``model`` to ``teacher`` on some pairs.

    :returns: share of the variance of the teacher's states that the fit explains.
    """
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in teacher.named_parameters():
            if not name.startswith("encoder.") and name in own and own[name].shape == value.shape:
                own[name].copy_(value)
        read = [encode_both(model, teacher, pairs[i : i + PAIRS_AT_ONCE]) for i in range(0, len(pairs), PAIRS_AT_ONCE)]
        states, narrowed, scores, firsts, absences = (torch.cat(part) for part in zip(*read, strict=True))
        weight, bias = fit_linear(states, narrowed)
        own["narrow.weight"].copy_(weight)
        own["narrow.bias"].copy_(bias)
        missed = states @ weight.t() + bias - narrowed
        for head, inputs, wanted in (
            ("boundary_head", states, scores),
            ("absence_head", firsts, absences.unsqueeze(-1)),
        ):
            weight, bias = fit_linear(inputs, wanted)
            own[f"{head}.weight"].copy_(weight)
            own[f"{head}.bias"].copy_(bias)
    return 1 - float(missed.var() / narrowed.var())


def encode_both(
    model: CopyingReaderModel, teacher: CopyingReaderModel, pairs: Sequence[Pair]
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Encodes P pairs of N tokens in all with both readers.

    :returns: the model's states (N, hidden), the teacher's states (N, width) and its scores of starts and ends (N, 2),
        of all tokens; the model's states of the pairs' first tokens (P, hidden), and the teacher's scores of absence
        (P,).
    """
    inputs = {name: torch.from_numpy(rows) for name, rows in collate_pairs(pairs).items()}
    shown = inputs["attention_mask"]
    own = model.encode_states(inputs["input_ids"], shown, inputs["token_type_ids"])
    states, starts, ends, absences, *_ = teacher.read_pairs(inputs["input_ids"], shown, inputs["token_type_ids"])
    return own[shown], states[shown], torch.stack([starts, ends], dim=-1)[shown], own[:, 0], absences


def fit_linear(inputs: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Weight (outputs, inputs) and bias (outputs,): the ridge regression of ``wanted`` (N, outputs) on ``inputs``."""
    mean_in, mean_out = inputs.mean(dim=0), wanted.mean(dim=0)
    centred = (inputs - mean_in).double()
    covariance = centred.t() @ centred
    covariance += RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=torch.double)
    solved = torch.linalg.solve(covariance, centred.t() @ (wanted - mean_out).double()).float()
    return solved.t(), mean_out - mean_in @ solved
