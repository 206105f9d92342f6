"""Finds near-duplicate articles: the same text with a few words or numbers changed.

The resemblance of two articles is the Jaccard similarity of their sets of five-word shingles (Broder 1997). Prefix
filtering finds all pairs above the threshold exactly without comparing every pair: two sets that are similar enough
must share one of their rarest members (Chaudhuri et al. 2006, Bayardo et al. 2007).
"""

from __future__ import annotations

import re
from collections import defaultdict
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rag.types import Document

_RUN = 5
"""Shingle length in words. Five is usual for near-duplicate documents; Broder 1997 uses ten."""
_WORD = re.compile(r"\w+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def find_duplicates(documents: Sequence[Document], *, threshold: float = 0.8) -> dict[str, str]:
    """Find articles that nearly repeat an earlier one.

    All numbers are treated as equal, so that an article and its update with new numbers are near-duplicates. Titles
    have extra weight, so that two companies' reports written from one template are not.

    :param documents: in order, such as the newest first. The first of several near-duplicates counts as the original.
    :param threshold: the minimum resemblance of a near-duplicate, 0 to 1.
    :return: maps the ``document_id`` of each near-duplicate to that of its original, which is not a near-duplicate.
    """
    ranked = _rank_by_rarity(_collect_runs(documents))
    holders: defaultdict[int, list[int]] = defaultdict(list)
    sets: dict[int, frozenset[int]] = {}
    duplicates: dict[str, str] = {}
    for number, runs in enumerate(ranked):
        members = runs.tolist()
        prefix = members[: len(members) - ceil(threshold * len(members)) + 1]
        own = frozenset(members)
        candidates = sorted({earlier for run in prefix for earlier in holders.get(run, ())})
        for earlier in candidates:
            other = sets[earlier]
            if min(len(own), len(other)) < threshold * max(len(own), len(other)):
                continue
            common = len(own & other)
            if common >= threshold * (len(own) + len(other) - common):
                duplicates[documents[number].document_id] = documents[earlier].document_id
                break
        else:
            sets[number] = own
            for run in prefix:
                holders[run].append(number)
    return duplicates


def _collect_runs(documents: Sequence[Document]) -> list[NDArray[np.uint64]]:
    """The five-word shingles of each article as sorted, distinct hashes."""
    numbers: dict[str, int] = {}
    collected = []
    for document in documents:
        body = document.text.removeprefix(document.title)
        # Repeat the title: in a report of three lines only the title distinguishes two companies.
        words = _WORD.findall(f"{document.title} {body} {document.title}".casefold())
        ids = np.array(
            [numbers.setdefault("0" if word[0].isdigit() else word, len(numbers)) for word in words],
            dtype=np.uint64,
        )
        ids = np.concatenate([ids, np.full(max(0, _RUN - len(ids)), 2**32, dtype=np.uint64)])
        runs = np.zeros(len(ids) - _RUN + 1, dtype=np.uint64)
        for place in range(_RUN):
            runs = (runs ^ (ids[place : place + len(runs)] + np.uint64(1))) * _MULTIPLIER
            runs ^= runs >> np.uint64(29)
        collected.append(np.unique(runs))
    return collected


def _rank_by_rarity(collected: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.int64]]:
    """Replace each set's members by their ranks, rarest first, in ascending order."""
    if not collected:
        return []
    _, inverse, counts = np.unique(np.concatenate(collected), return_inverse=True, return_counts=True)
    ranks = np.empty(len(counts), dtype=np.int64)
    ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    ends = np.cumsum([len(runs) for runs in collected])
    return [np.sort(part) for part in np.split(ranks[inverse.reshape(-1)], ends[:-1])]
