"""The paragraphs that a question retrieves, for training the reader and fitting the confidence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rag.index.encoder import load_encoder
from rag.index.retrieval import fuse_scores

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from scipy.sparse import csr_matrix

    from rag.training.data import Paragraph


def rank_passages(
    questions: Sequence[str], texts: Sequence[str], most: int, *, titles: Sequence[str] = ()
) -> list[list[int]]:
    """For each question, the indices of the ``most`` texts that the product's retriever would find, best first.

    :param titles: of the texts; none by default.

    Lexical scores (here TF-IDF instead of BM25) and dense scores are fused as in :mod:`rag.index.retrieval`.
    """
    import numpy as np

    encoder, shown = load_encoder(None), sys.stderr.isatty()
    words = score_words(questions, texts)
    asked = encoder.encode(questions, query=True, progress=shown)
    meaning = asked @ encoder.encode(texts, contexts=titles, progress=shown).T
    ranked = []
    for row in range(len(questions)):
        lexical, dense = (
            {int(place): float(scores[place]) for place in np.argsort(-scores, kind="stable")[: 2 * most]}
            for scores in (words[[row]].toarray()[0], meaning[row])
        )
        fused = fuse_scores(dense, lexical)
        ranked.append(sorted(fused, key=lambda place: (-fused[place], place))[:most])
    return ranked


def rank_distractors(
    paragraphs: Sequence[Paragraph], sentences: Collection[str], most: int = 12
) -> dict[tuple[int, int], list[int]]:
    """For each paragraph question, the ``most`` other paragraphs of its data set that share its words, best first.

    :param sentences: sources whose passages are single sentences; their questions are left out.
    :returns: (paragraph, question) to paragraphs.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for source in sorted({p.source for p in paragraphs} - set(sentences)):
        rows = [i for i, p in enumerate(paragraphs) if p.source == source]
        asked = [(i, j) for i in rows for j, _ in enumerate(paragraphs[i].questions)]
        scores = score_words(
            [paragraphs[i].questions[j].question for i, j in asked], [paragraphs[i].text for i in rows]
        )
        for (i, j), places in zip(asked, pick_best(scores, most + 1), strict=True):
            found[i, j] = [rows[place] for place in places if rows[place] != i][:most]
    return found


def score_words(questions: Sequence[str], texts: Sequence[str]) -> csr_matrix:
    """TF-IDF cosines, sparse float64 (questions, texts)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    matrix = vectorizer.fit_transform(texts)
    return (vectorizer.transform(questions) @ matrix.T).tocsr()


def pick_best(scores: csr_matrix, most: int) -> Iterator[list[int]]:
    """For each row, the columns of its ``most`` largest non-zero values, best first."""
    import numpy as np

    for row in range(scores.shape[0]):
        start, end = scores.indptr[row], scores.indptr[row + 1]
        values, columns = scores.data[start:end], scores.indices[start:end]
        best = np.argpartition(-values, most)[:most] if len(values) > most else np.arange(len(values))
        yield columns[best[np.lexsort((columns[best], -values[best]))]].tolist()


def place_gold(gold: int, found: Sequence[int], count: int) -> list[int]:
    """The gold paragraph and the first ``count`` others found, as ranked; last if it was not found."""
    others = [n for n in found if n != gold][:count]
    place = found.index(gold) if gold in found else len(others)
    return [*others[:place], gold, *others[place:]]
