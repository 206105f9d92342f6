"""BM25 for a store that has only sparse vectors: the weights of SQLite's full-text search, term by term.

SQLite's own tokenizer splits the texts, so that a store finds the same words as the index in a folder.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING
from zlib import crc32

from rag.index.store import CONTEXT_WEIGHT, TOKENIZER, find_query_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Passage

K1, B = 1.2, 0.75
"""SQLite's constants of BM25."""
LEAST_RARITY = 1e-6
"""SQLite's rarity of a term that more than half of the passages have."""
WEIGHTS = {"context": CONTEXT_WEIGHT, "text": 1.0}


def count_terms(texts: Sequence[tuple[str, str]]) -> list[Counter[tuple[str, str]]]:
    """How often each term is in each column (``context``, ``text``) of each pair of context and text."""
    counts: list[Counter[tuple[str, str]]] = [Counter() for _ in texts]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE VIRTUAL TABLE held USING fts5 (context, text, tokenize = '{TOKENIZER}')")
        connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (held, instance)")
        rows = [(row, *pair) for row, pair in enumerate(texts, 1)]
        connection.executemany("INSERT INTO held (rowid, context, text) VALUES (?, ?, ?)", rows)
        for term, row, column in connection.execute("SELECT term, doc, col FROM terms"):
            counts[row - 1][term, column] += 1
    return counts


def find_average(passages: Sequence[Passage]) -> float:
    """The mean number of terms of passages, title and heading included; 1 if there are none."""
    counts = count_terms([(passage.context, passage.text) for passage in passages])
    return sum(count.total() for count in counts) / len(counts) if counts else 1.0


def weigh_passages(passages: Sequence[Passage], average: float) -> list[dict[int, float]]:
    """The weight of each term of each passage; its rarity is left out. A term is named by a hash of 32 bits.

    :param average: the number of terms of a usual passage.
    """
    weighed = []
    for count in count_terms([(passage.context, passage.text) for passage in passages]):
        norm = K1 * (1 - B + B * count.total() / average)
        found: dict[str, float] = {}
        for (term, column), times in count.items():
            found[term] = found.get(term, 0.0) + WEIGHTS[column] * times
        weights: dict[int, float] = {}
        for term, frequency in found.items():
            name = hash_term(term)
            weights[name] = weights.get(name, 0.0) + frequency * (K1 + 1) / (frequency + norm)
        weighed.append(weights)
    return weighed


def count_query_terms(question: str) -> dict[int, int]:
    """The terms of a question by their hashes, with how many of its words have them."""
    counted: Counter[int] = Counter()
    for count in count_terms([("", word) for word in find_query_words(question)]):
        counted.update(hash_term(term) for term, _ in count)
    return dict(counted)


def convert_rarity(smooth: float) -> float:
    """SQLite's rarity of a term, ln((N - n + 0.5) / (n + 0.5)), from ln(1 + (N - n + 0.5) / (n + 0.5)).

    N passages are in the index, and n of them have the term.

    :param smooth: above 0.
    """
    rarity = math.log(math.expm1(smooth)) if smooth < 700 else smooth  # beyond, exp overflows
    return rarity if rarity > 0 else LEAST_RARITY


def hash_term(term: str) -> int:
    return crc32(term.encode())
