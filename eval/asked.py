"""The product's own gold questions: over the seeds, and over ordinary news."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.results import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Series:
    """Articles and their gold questions.

    :param index: folder of the index; None for the default in the user's cache.
    """

    corpus: Path
    gold: Path
    index: Path | None = None


SEEDS = Series(ROOT / "seeds", ROOT / "eval" / "gold", ROOT / "index")
NEWS = Series(ROOT / "eval" / "news" / "articles", ROOT / "eval" / "news" / "gold")


def hash_gold(folder: Path) -> str:
    """SHA-256, in hex, of the names and contents of the gold files, to detect changes of questions or answers."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.jsonl")):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()
