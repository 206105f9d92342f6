"""What an update of the index has to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.articles.folder import Skipped
    from rag.index.manifest import State


@dataclass(frozen=True, slots=True)
class Plan:
    """How an index gets to a wanted state.

    :param base: the state to start from, None to build from nothing.
    :param wanted: what to reach; the hashes of the index's own files are still unknown.
    :param reason: why an index that is there is not used; empty where it is, or where there is none.
    """

    base: State | None
    wanted: State
    reason: str = ""

    @property
    def added(self) -> tuple[str, ...]:
        """Files that the index does not know."""
        known = self.base.sources if self.base else {}
        return tuple(key for key in self.wanted.sources if key not in known)

    @property
    def changed(self) -> tuple[str, ...]:
        """Files with other bytes than the index knows."""
        known = self.base.sources if self.base else {}
        return tuple(key for key, digest in self.wanted.sources.items() if known.get(key, digest) != digest)

    @property
    def removed(self) -> tuple[str, ...]:
        """Files that are gone."""
        known = self.base.sources if self.base else {}
        return tuple(key for key in known if key not in self.wanted.sources)

    @property
    def is_empty(self) -> bool:
        """Whether the index is as wanted already."""
        return self.base is not None and self.base.sources == self.wanted.sources


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update did.

    :param added: document_ids that are new in the index; all of them where it was built.
    :param changed: document_ids whose file was edited.
    :param removed: document_ids whose file is gone.
    :param unchanged: number of files that were left alone.
    :param skipped: files that were looked at now and hold no article that can be read.
    :param duplicates: document_id to the document_id it repeats, all of them; empty where nothing changed.
    :param passages: number of passages that were cut and encoded now.
    :param built: whether the index was made from nothing.
    :param rebuilt_because: why an index that was there was not used; empty where it was, or where none was.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    duplicates: dict[str, str] = field(default_factory=dict)
    passages: int = 0
    built: bool = False
    rebuilt_because: str = ""

    def summary(self) -> str:
        """One line for people, such as "1 article added, 2 removed"; empty where nothing changed."""
        if self.built:
            line = f"indexed {_count(len(self.added), 'article')}, {_count(self.passages, 'passage')}"
            parts = [f"{line} ({self.rebuilt_because})" if self.rebuilt_because else line]
        else:
            verbs = {"added": self.added, "changed": self.changed, "removed": self.removed}
            parts = [f"{len(ids)} {verb}" for verb, ids in verbs.items() if ids]
            if parts:
                number, verb = parts[0].split()
                parts[0] = f"{_count(int(number), 'article')} {verb}"
        if self.skipped:
            parts.append(f"{_count(len(self.skipped), 'file')} skipped")
        return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def make_plan(base: State | None, wanted: State, reason: str) -> Plan:
    """Compare what is there with what is wanted.

    :param base: the state the folder is in, None where it is in none.
    :param reason: why it is in none; empty where it is in one, or never was.
    """
    if base is None:
        return Plan(None, wanted, reason)
    if base.schema != wanted.schema:
        return Plan(None, wanted, "another version of this product wrote the index")
    if base.fingerprint != wanted.fingerprint:
        return Plan(
            None,
            wanted,
            f"the encoder was {base.encoder}"
            if base.encoder != wanted.encoder
            else f"the weights of {base.encoder} changed",
        )
    if base.chunking != wanted.chunking:
        return Plan(None, wanted, "the chunking settings changed")
    return Plan(base, wanted)
