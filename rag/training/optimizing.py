"""AdamW with a running average of the weights, and the checkpoint from which a run resumes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from rag.errors import RagError

if TYPE_CHECKING:
    from pathlib import Path

    from rag.training.model import CopyingReaderModel
    from rag.training.settings import Settings


CHECKPOINT = "checkpoint.pt"


class Optimizer:
    """Updates the trainable parameters of a model.

    :ivar state: state of the run, as stored in a checkpoint: steps taken, examples seen, seconds spent, and the block
        and micro-batch to resume at.
    """

    def __init__(self, model: CopyingReaderModel, settings: Settings) -> None:
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.settings = settings
        self.live = [p for _, p in named]
        self.averages = [p.detach().clone() for p in self.live]
        self.state: dict[str, Any] = {"steps": 0, "seen": 0, "seconds": 0.0, "block": 0, "batch": 0}
        groups = [
            {"params": [p for n, p in named if n.startswith("encoder.") is encoder], "peak": rate}
            for encoder, rate in ((True, settings.encoder_rate), (False, settings.new_rate))
        ]
        self.adam = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=True)

    def step(self, scale: float) -> None:
        """One update at ``scale`` times the peak rates, after a linear warm-up."""
        self.state["steps"] += 1
        steps = self.state["steps"]
        for group in self.adam.param_groups:
            group["lr"] = group["peak"] * scale * min(1.0, steps / max(1, self.settings.warm_up))
        torch.nn.utils.clip_grad_norm_(self.live, 1.0)
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        with torch.no_grad():
            # Early in a run, the average covers fewer steps, so that it does not retain the initial weights.
            kept = min(self.settings.average, (1 + steps) / (10 + steps))
            torch._foreach_lerp_(self.averages, self.live, 1 - kept)

    def keep_average(self) -> None:
        """Replaces the model's parameters by their running average (Polyak & Juditsky 1992)."""
        with torch.no_grad():
            torch._foreach_copy_(self.live, self.averages)

    def save(self, folder: Path) -> None:
        """Writes the checkpoint under another name and renames it, so a killed run leaves the previous one intact."""
        beside = folder / "checkpoint.new"
        kept = {"live": self.live, "averages": self.averages, "adam": self.adam.state_dict(), "state": self.state}
        torch.save({**kept, "settings": asdict(self.settings)}, beside)
        beside.replace(folder / CHECKPOINT)

    def load(self, folder: Path) -> None:
        """Resumes from the checkpoint in ``folder``, if there is one. :raises RagError: if another run wrote it."""
        path = folder / CHECKPOINT
        if not path.exists():
            return
        saved = torch.load(path, weights_only=True)
        # A setting that is newer than the checkpoint had its default value then.
        if type(self.settings)(**saved["settings"]) != self.settings:
            raise RagError(
                f"{path} belongs to a run with other settings: delete it, or name another --checkpoints folder."
            )
        with torch.no_grad():
            torch._foreach_copy_(self.live, saved["live"])
            torch._foreach_copy_(self.averages, saved["averages"])
        self.adam.load_state_dict(saved["adam"])
        self.state.update(saved["state"])
