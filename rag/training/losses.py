"""Losses of the copying reader: on annotated answers, and on another reader's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 (the name every PyTorch reader expects)
from torch import Tensor

from rag.training.batches import UNSCORED

if TYPE_CHECKING:
    from rag.training.memory import Memory

BESIDE = 0.3
"""Weight of the losses on the encoder's own scores of ends and passages, relative to the decoder's loss."""


def compute_loss(memory: Memory, logits: Tensor, labels: Tensor, holders: Tensor) -> Tensor:
    """Cross entropy of B answers, and of the encoder's own scores of their ends and passages; a mean over B.

    :param logits: (B, T, S + 2) for ``labels`` (B, T), as the model's forward takes them.
    :param holders: int64 (B,), the passage that answers; -1 if none does.
    """
    sources = memory.starts.shape[1]
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=UNSCORED, reduction="sum")
    # The last copied position is also the target of the encoder's end scores, so ends are learnt from the first step.
    ended = (labels == sources).any(dim=1)
    last = (labels == sources).int().argmax(dim=1).sub(1).clamp(min=0)
    ends = memory.ends.masked_fill(~memory.copyable, torch.finfo(torch.float32).min)
    target = labels.gather(1, last[:, None]).squeeze(1).masked_fill(~ended, UNSCORED)
    loss = loss + BESIDE * F.cross_entropy(ends, target, ignore_index=UNSCORED, reduction="sum")
    # The target of each passage is whether the answer is in it; passages are chosen by this score.
    absent = (holders[:, None] != torch.arange(memory.absences.shape[1], device=labels.device)).float()
    loss = loss + BESIDE * F.binary_cross_entropy_with_logits(memory.absences, absent, reduction="sum")
    return loss / len(labels)


def compute_judging_loss(evidence: Tensor, wanted: Tensor, yes: Tensor, verdicts: Tensor) -> Tensor:
    """Cross entropy of the sentences that answer, a mean over each example's tokens, and of yes or no; a mean over B.

    :param evidence: scores of all tokens, (B, P, L).
    :param wanted: int8 (B, P, L), 1 on sentences that answer, 0 on others, -1 where not annotated.
    :param yes: scores of "yes" from the passage that answers, (B,).
    :param verdicts: int8 (B,), 1 yes, 0 no, -1 if not annotated or not a yes/no question.
    """
    told = wanted >= 0
    each = F.binary_cross_entropy_with_logits(evidence, wanted.clamp(min=0).float(), reduction="none") * told
    loss = (each.flatten(1).sum(dim=1) / told.flatten(1).sum(dim=1).clamp(min=1)).sum()
    asked = verdicts >= 0
    said = F.binary_cross_entropy_with_logits(yes, verdicts.clamp(min=0).float(), reduction="none")
    loss = loss + (said * asked).sum()
    return loss / len(verdicts)


def compute_distillation(mine: tuple[Memory, Tensor], teachers: tuple[Memory, Tensor], labels: Tensor) -> Tensor:
    """Distance of a reader's scores from another's on the same tokens (Hinton et al. 2015); a mean over B.

    It is the Kullback-Leibler divergence of every answer step and of the end scores, plus the cross entropy of each
    passage's absence.

    :param mine: memory and logits (B, T, S + 2); ``teachers`` likewise.
    :param labels: (B, T); steps labelled ``UNSCORED`` have no loss.
    """
    (memory, logits), (teacher, taught) = mine, teachers
    steps = (labels != UNSCORED).flatten()
    loss = diverge(logits.flatten(0, 1)[steps], taught.flatten(0, 1)[steps])
    blocked = torch.finfo(torch.float32).min
    answered = (teacher.absence < 0) & (labels[:, 0] < memory.starts.shape[1])
    ends = [m.ends.masked_fill(~memory.copyable, blocked)[answered] for m in (memory, teacher)]
    loss = loss + BESIDE * diverge(*ends)
    loss = loss + BESIDE * F.binary_cross_entropy_with_logits(
        memory.absences, teacher.absences.sigmoid(), reduction="sum"
    )
    return loss / len(labels)


def diverge(scores: Tensor, taught: Tensor) -> Tensor:
    """Sum over N rows of the Kullback-Leibler divergence of ``scores`` (N, S) from ``taught`` (N, S)."""
    return F.kl_div(scores.log_softmax(dim=-1), taught.log_softmax(dim=-1), reduction="sum", log_target=True)
