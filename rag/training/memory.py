"""The encoded passages, as the decoder reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Memory:
    """The encoded passages of B questions: P passages per question, padded to L tokens, S = P * L.

    :param states: encoder states, (B, S, hidden).
    :param attended: bool (B, S), false on padding.
    :param copyable: bool (B, S), true on the tokens of the passages' own text.
    :param starts: start-of-answer score of each position, (B, S).
    :param ends: end-of-answer score of each position, (B, S).
    :param absences: log-odds of "no answer in this passage", (B, P).
    :param absence: score of "no answer in any of these passages", (B,).
    :param pointer_keys: keys that the pointer compares its query with, (B, S, hidden).
    :param keys_values: one (keys, values) pair for each decoder layer, (B, heads, S, hidden / heads).
    """

    states: Tensor
    attended: Tensor
    copyable: Tensor
    starts: Tensor
    ends: Tensor
    absences: Tensor
    absence: Tensor
    pointer_keys: Tensor
    keys_values: tuple[tuple[Tensor, Tensor], ...]
