"""The settings of a training run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run. Its checkpoints can only be resumed with the same settings.

    :param tokens: padded source tokens of a micro-batch.
    :param accumulate: micro-batches per step.
    :param encoder_rate: peak learning rate of the encoder or its adapters; ``new_rate`` that of the rest.
    :param warm_up: steps until the peak rates.
    :param average: decay, per step, of the running average of the weights.
    :param followups: how often an epoch draws each follow-up question.
    :param news: how often an epoch draws each question on news that was written for this project.
    :param frozen: how many of the encoder's lowest layers are not trained.
    :param base: SHA-256 of the frozen base; empty for the installed encoder.
    :param init: SHA-256 of the weights that the run started from; empty for none.
    """

    seed: int = 0
    tokens: int = 2560
    accumulate: int = 1
    encoder_rate: float = 5e-4
    new_rate: float = 3e-4
    warm_up: int = 60
    average: float = 0.995
    rank: int = 16
    max_tokens: int = 384
    followups: int = 0
    news: float = 4.0
    frozen: int = 0
    base: str = ""
    init: str = ""
