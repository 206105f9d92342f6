"""The product's own questions: over the seeds, and over ordinary news."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.results import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Series:
    """Gold questions and the articles that they are asked of.

    :param index: where the index is kept; None for the user's cache folder.
    """

    corpus: Path
    gold: Path
    index: Path | None = None


SEEDS = Series(ROOT / "seeds", ROOT / "eval" / "gold", ROOT / "index")
NEWS = Series(ROOT / "eval" / "news" / "articles", ROOT / "eval" / "news" / "gold")


def hash_gold(folder: Path) -> str:
    """SHA-256 over the gold files' bytes in the order of their names: the same questions, answers and evidence."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()
