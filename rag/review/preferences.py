"""Two answers to one question side by side: which is better, and how often each of two readers wins."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rag.review.database import connect
from rag.review.items import hash_share, read_clock
from rag.review.statistics import score_interval
from rag.review.store import ReviewError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rag.review.store import ReviewStore

Better = Literal["first", "second", "same"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers, as they are shown.

    :param first: the name of the reader or operating point that gave ``first_answer``.
    """

    comparison_id: str
    question: str
    first: str
    second: str
    first_answer: str
    second_answer: str

    @property
    def swapped(self) -> bool:
        """Whether the second answer is shown first, so that the place of an answer does not favour its reader."""
        return hash_share("side", self.comparison_id) < 0.5

    @property
    def sides(self) -> tuple[tuple[Better, str], tuple[Better, str]]:
        """The answers in the order in which they are shown, each with what to store if it is better."""
        first: tuple[Better, str] = ("first", self.first_answer)
        second: tuple[Better, str] = ("second", self.second_answer)
        return (second, first) if self.swapped else (first, second)


@dataclass(frozen=True, slots=True)
class WinRate:
    """How often the first reader's answer was better.

    :param right: the number of times, out of the ``n`` in which one was better.
    :param same: the number of times in which neither was.
    :param share: with Wilson's 95 % interval from ``low`` to ``high``; None if neither was ever better.
    """

    first: str
    second: str
    right: int
    n: int
    same: int
    share: float | None
    low: float | None
    high: float | None


def pair_answers(first: Path, second: Path) -> list[Comparison]:
    """The questions that two outputs of ``ask --batch`` answer differently. The files' names name the readers.

    :raises ReviewError: if a file cannot be read, or both have the same name.
    """
    one, two = read_answers(first), read_answers(second)
    names = first.stem, second.stem
    if names[0] == names[1]:
        raise ReviewError("Both files have the same name, which is the name of their reader: rename one.")
    pairs = []
    for key, (question, answer) in one.items():
        _, other = two.get(key, ("", answer))
        if other != answer:
            digest = hashlib.sha256(json.dumps([*names, key, question, answer, other]).encode()).hexdigest()
            pairs.append(Comparison(digest[:16], question, *names, answer, other))
    return pairs


def read_answers(path: Path) -> dict[str, tuple[str, str]]:
    """The question and the answer of each line, by its id and question."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        records = [json.loads(line) for line in lines]
        # An invalid question has only its error.
        return {
            json.dumps([record.get("id"), record["standalone"]]): (record["standalone"], write_said(record))
            for record in records
            if "error" not in record
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReviewError(f"{path} is not an output of ask --batch ({error}): name another file.") from None


def write_said(record: dict[str, Any]) -> str:
    """What was shown for a line of ``ask --batch``."""
    if record["status"] == "possible" and record["withheld"]:
        return f"Possibly: {record['withheld']['answer']}"
    return str(record["answer"] or record["reason"])


def add_comparisons(store: ReviewStore, comparisons: list[Comparison]) -> int:
    """Stores comparisons, leaving out those that are stored already; returns how many are new."""
    with connect(store.path) as connection, connection:
        before = connection.total_changes
        connection.executemany(
            "INSERT OR IGNORE INTO comparisons VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (c.comparison_id, c.question, c.first, c.second, c.first_answer, c.second_answer, read_clock())
                for c in comparisons
            ],
        )
        return connection.total_changes - before


def next_comparison(store: ReviewStore) -> Comparison | None:
    """One that nobody has judged, in an order that does not depend on what it is about; None if there is none."""
    with connect(store.path) as connection:
        row = connection.execute(
            "SELECT comparison_id, question, first, second, first_answer, second_answer FROM comparisons c"
            " WHERE NOT EXISTS (SELECT 1 FROM preferences p WHERE p.comparison_id = c.comparison_id)"
            " ORDER BY comparison_id LIMIT 1"
        ).fetchone()
    return Comparison(*row) if row else None


def find_comparison(store: ReviewStore, comparison_id: str) -> Comparison | None:
    query = (
        "SELECT comparison_id, question, first, second, first_answer, second_answer FROM comparisons"
        " WHERE comparison_id = ?"
    )
    with connect(store.path) as connection:
        row = connection.execute(query, (comparison_id,)).fetchone()
    return Comparison(*row) if row else None


def prefer(store: ReviewStore, comparison: Comparison, reviewer: str, better: Better, why: str) -> None:
    """Stores which answer is better; the same person may change their mind."""
    store.join(reviewer)
    with connect(store.path) as connection, connection:
        row = (comparison.comparison_id, reviewer, read_clock(), better, why)
        connection.execute("INSERT OR REPLACE INTO preferences VALUES (?, ?, ?, ?, ?)", row)


def list_preferences(store: ReviewStore) -> list[tuple[Comparison, Better, str]]:
    """Each comparison that was judged, with the first preference and its reason.

    One for each, because several judgements of the same pair would not be independent.
    """
    with connect(store.path) as connection:
        rows = connection.execute(
            "SELECT c.comparison_id, question, first, second, first_answer, second_answer, better, why"
            " FROM comparisons c JOIN preferences p ON p.comparison_id = c.comparison_id"
            " ORDER BY c.comparison_id, p.created, p.reviewer"
        ).fetchall()
    found: dict[str, tuple[Comparison, Better, str]] = {}
    for row in rows:
        found.setdefault(row[0], (Comparison(*row[:6]), row[6], row[7]))
    return list(found.values())


def list_win_rates(store: ReviewStore) -> list[WinRate]:
    """The win rate of each pair of readers that was compared. Pairs from a file without names count for nobody."""
    counts: defaultdict[tuple[str, str], list[Better]] = defaultdict(list)
    for comparison, better, _ in list_preferences(store):
        if comparison.first != comparison.second:
            counts[comparison.first, comparison.second].append(better)
    rates = []
    for (first, second), found in sorted(counts.items()):
        wins, same = found.count("first"), found.count("same")
        n = len(found) - same
        interval: tuple[float | None, float | None] = score_interval(wins / n, n) if n else (None, None)
        rates.append(WinRate(first, second, wins, n, same, wins / n if n else None, *interval))
    return rates


def iterate_pairs(store: ReviewStore) -> Iterator[dict[str, str]]:
    """Preference pairs with a better and a worse answer, as preference training takes them.

    ``comparison`` and ``first`` bring them back as they were.
    """
    for comparison, better, why in list_preferences(store):
        sides = {"first": comparison.first_answer, "second": comparison.second_answer}
        names = {"first": comparison.first, "second": comparison.second}
        if better != "same":
            worse = "second" if better == "first" else "first"
            yield {
                "prompt": comparison.question,
                "chosen": sides[better],
                "rejected": sides[worse],
                "chosen_from": names[better],
                "rejected_from": names[worse],
                "why": why,
                "comparison": comparison.comparison_id,
                "first": "chosen" if better == "first" else "rejected",
            }


def read_pairs(store: ReviewStore, path: Path, reviewer: str) -> int:
    """Adds the pairs of a file of JSON Lines as judged by this person; returns how many are new.

    Each has ``prompt``, ``chosen`` and ``rejected``. It may have ``why``, and the readers' names in ``chosen_from`` and
    ``rejected_from``. What was judged here before stays as it is.

    :raises ReviewError: if the file has another form. Nothing is then added.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        found = [read_pair(json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReviewError(f"{path} holds no preference pairs ({error}): name another file.") from None
    judged = {comparison.comparison_id for comparison, _, _ in list_preferences(store)}
    new = 0
    for comparison, better, why in found:
        add_comparisons(store, [comparison])
        kept = find_comparison(store, comparison.comparison_id)
        if kept != comparison:  # the id stands for another pair here
            comparison = replace(comparison, comparison_id=digest_pair(comparison))
            add_comparisons(store, [comparison])
        if comparison.comparison_id not in judged:
            prefer(store, comparison, reviewer, better, why)
            judged.add(comparison.comparison_id)
            new += 1
    return new


def read_pair(record: dict[str, Any]) -> tuple[Comparison, Better, str]:
    """A comparison, which answer is better, and why.

    :raises KeyError, TypeError, ValueError: if it has another form.
    """
    values = [record["prompt"], record["chosen"], record["rejected"]]
    names = [record.get("chosen_from", ""), record.get("rejected_from", "")]
    why, name = record.get("why", ""), record.get("comparison", "")
    if not all(isinstance(value, str) for value in (*values, *names, why, name)):
        raise TypeError("a value is not a text")
    prompt, chosen, rejected = values
    # Without a word about it, the order must not depend on which is better.
    first = record.get("first", "chosen" if (names[0], chosen) <= (names[1], rejected) else "rejected")
    if first not in ("chosen", "rejected"):
        raise ValueError(f"{first} is neither chosen nor rejected")
    sides = [(names[0], chosen), (names[1], rejected)]
    (one, said), (two, other) = sides if first == "chosen" else reversed(sides)
    made = Comparison(name, prompt, one, two, said, other)
    better: Better = "first" if first == "chosen" else "second"
    return (made if name else replace(made, comparison_id=digest_pair(made))), better, why


def digest_pair(comparison: Comparison) -> str:
    """An id that depends on everything else."""
    return hashlib.sha256(json.dumps(astuple(comparison)[1:]).encode()).hexdigest()[:16]
