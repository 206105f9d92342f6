"""Which paragraphs a question retrieves, when reader and confidence are trained: as the product's retriever would."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rag.encoder import load_encoder
from rag.retrieval import fuse_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.reader.data import Paragraph


def rank_passages(questions: Sequence[str], texts: Sequence[str], most: int) -> list[list[int]]:
    """For each question the places of the ``most`` texts it retrieves, best first.

    Words (here TF-IDF in BM25's place) and vectors, fused as :mod:`rag.retrieval` has it.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    encoder, shown = load_encoder(None), sys.stderr.isatty()
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    matrix = vectorizer.fit_transform(texts)
    words = vectorizer.transform(questions) @ matrix.T
    meaning = encoder.encode(questions, query=True, progress=shown) @ encoder.encode(texts, progress=shown).T
    ranked = []
    for row in range(len(questions)):
        lexical, dense = (
            {int(place): float(scores[place]) for place in np.argsort(-scores, kind="stable")[: 2 * most]}
            for scores in (words[[row]].toarray()[0], meaning[row])
        )
        fused = fuse_scores(dense, lexical)
        ranked.append(sorted(fused, key=lambda place: (-fused[place], place))[:most])
    return ranked


def rank_distractors(paragraphs: Sequence[Paragraph], most: int = 12) -> dict[tuple[int, int], list[int]]:
    """For each paragraph question the ``most`` other paragraphs of its data set that it retrieves, best first.

    :returns: (paragraph, question) to paragraphs; sentence questions are left out.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for source in sorted({p.source for p in paragraphs} - {"qamr"}):
        rows = [i for i, p in enumerate(paragraphs) if p.source == source]
        asked = [(i, j) for i in rows for j, _ in enumerate(paragraphs[i].questions)]
        questions = [paragraphs[i].questions[j].question for i, j in asked]
        ranked = rank_passages(questions, [paragraphs[i].text for i in rows], most + 1)
        for (i, j), places in zip(asked, ranked, strict=True):
            found[i, j] = [rows[place] for place in places if rows[place] != i][:most]
    return found


def place_gold(gold: int, found: Sequence[int], count: int) -> list[int]:
    """The gold paragraph and the first ``count`` others found, as ranked; it is last where it was not found."""
    others = [n for n in found if n != gold][:count]
    place = found.index(gold) if gold in found else len(others)
    return [*others[:place], gold, *others[place:]]
