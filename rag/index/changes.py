"""The plan of an index update, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.articles.folder import Note, Skipped
    from rag.index.manifest import State


@dataclass(frozen=True, slots=True)
class Plan:
    """How to bring an index to a wanted state.

    :param base: the current state; None to build the index from scratch.
    :param wanted: the target state. The hashes of the index files are not yet known.
    :param reason: why an existing index is rebuilt; empty if it is updated or there is none.
    :param stale: files that another version of their extractor read.
    """

    base: State | None
    wanted: State
    reason: str = ""
    stale: tuple[str, ...] = ()

    @property
    def added(self) -> tuple[str, ...]:
        """Files that are not in the index."""
        known = self.base.sources if self.base else {}
        return tuple(key for key in self.wanted.sources if key not in known)

    @property
    def changed(self) -> tuple[str, ...]:
        """Files whose content differs from that in the index, and those that must be read again."""
        known, stale = self.base.sources if self.base else {}, set(self.stale)
        wanted = self.wanted.sources.items()
        return tuple(key for key, digest in wanted if known.get(key, digest) != digest or key in stale)

    @property
    def removed(self) -> tuple[str, ...]:
        """Files that are in the index but no longer exist."""
        known = self.base.sources if self.base else {}
        return tuple(key for key in known if key not in self.wanted.sources)

    def first(self, most: int) -> Plan:
        """This plan or, if it reads more files, the part of it that reads ``most`` of them and removes what is gone."""
        files = (*self.added, *self.changed)
        if len(files) <= most:
            return self
        known, some = self.base.sources if self.base else {}, set(files[:most])
        wanted = self.wanted.sources.items()
        sources = {key: digest if key in some else known[key] for key, digest in wanted if key in some or key in known}
        # Tables are read by the wanted columns only when the last of them is.
        columns = self.base.columns if self.base else self.wanted.columns
        part = replace(self.wanted, sources=sources, columns=columns)
        return replace(self, wanted=part, stale=tuple(key for key in self.stale if key in some))

    @property
    def renamed(self) -> dict[str, str]:
        """The old names of added files that hold what a removed file held, by their new names."""
        known = self.base.sources if self.base else {}
        gone: dict[str, list[str]] = {}
        for name in reversed(self.removed):
            gone.setdefault(known[name], []).append(name)
        gone.pop("", None)  # files that could not be read
        pairs = ((name, gone.get(self.wanted.sources[name])) for name in self.added)
        return {new: old.pop() for new, old in pairs if old}

    @property
    def is_empty(self) -> bool:
        """Whether the index is already up to date."""
        return self.base is not None and self.base.sources == self.wanted.sources and not self.stale


@dataclass(frozen=True, slots=True)
class Changes:
    """The result of an update.

    :param added: document_ids that are new in the index; all document_ids if it was built from scratch.
    :param changed: document_ids whose file was edited, or was read again by another version of its extractor.
    :param removed: document_ids whose file no longer exists; the name of a file that had no article.
    :param renamed: old and new document_id of each article whose file has another name now, but the same content.
    :param unchanged: number of unchanged files.
    :param skipped: added or changed files without a readable article.
    :param notes: about the added and changed files.
    :param duplicates: document_id of every near-duplicate in the index to that of its original; empty if nothing
        changed.
    :param passages: number of passages that this update encoded.
    :param built: whether the index was built from scratch.
    :param rebuilt_because: why an existing index was rebuilt; empty if it was updated or there was none.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Note, ...] = ()
    duplicates: dict[str, str] = field(default_factory=dict)
    passages: int = 0
    built: bool = False
    rebuilt_because: str = ""
    renamed: tuple[tuple[str, str], ...] = ()

    def plus(self, after: Changes) -> Changes:
        """These changes and those of the next update."""
        return replace(
            after,
            added=(*self.added, *after.added),
            changed=(*self.changed, *after.changed),
            removed=(*self.removed, *after.removed),
            renamed=(*self.renamed, *after.renamed),
            skipped=(*self.skipped, *after.skipped),
            notes=(*self.notes, *after.notes),
            duplicates={**self.duplicates, **after.duplicates},
            passages=self.passages + after.passages,
        )

    def summary(self) -> str:
        """One line for the user, such as "1 article added, 2 removed"; empty if nothing changed."""
        if self.built:
            line = f"indexed {_count(len(self.added), 'article')}, {_count(self.passages, 'passage')}"
            parts = [f"{line} ({self.rebuilt_because})" if self.rebuilt_because else line]
        else:
            verbs = {
                "added": self.added,
                "changed": self.changed,
                "renamed": self.renamed,
                "removed": self.removed,
            }
            parts = [f"{len(ids)} {verb}" for verb, ids in verbs.items() if ids]
            if parts:
                number, verb = parts[0].split()
                parts[0] = f"{_count(int(number), 'article')} {verb}"
        if self.skipped:
            parts.append(f"{_count(len(self.skipped), 'file')} skipped")
        return ", ".join(parts)

    def describe(self, *, named: bool = False) -> list[str]:
        """Lines for the user: the summary, skipped files, notes and near-duplicates.

        :param named: whether each article is named, and only near-duplicates among those that are new or changed.
        """
        lines = [f"index: {summary}"] if (summary := self.summary()) else []
        if named:
            lines += [f"added {name}" for name in self.added]
            lines += [f"changed {name}" for name in self.changed]
            lines += [f"renamed {old} to {new}" for old, new in self.renamed]
            lines += [f"removed {name}" for name in self.removed]
        lines += [f"skipped {skipped.document_id}: {skipped.reason}" for skipped in self.skipped]
        lines += [f"{note.file}: {note.text}" for note in self.notes]
        new = {*self.added, *self.changed}
        return lines + [
            f"{repeated} nearly repeats {original}"
            for repeated, original in sorted(self.duplicates.items())
            if not named or repeated in new
        ]


def join_changes(parts: Sequence[Changes]) -> Changes:
    """The result of an update that was made in parts, of which there is at least one."""
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.plus(part)
    first, last = parts[0], parts[-1]
    return replace(joined, built=first.built, rebuilt_because=first.rebuilt_because, duplicates=last.duplicates)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def make_plan(base: State | None, wanted: State, reason: str) -> Plan:
    """Compare the current state with the wanted one.

    :param base: the current state of the folder; None if it has no valid index.
    :param reason: why an existing index is not valid; empty if it is valid or there is none.
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
