"""Answers of several sentences: chosen from the passages for what they say on the question, quoted as they stand.

The choice is maximal marginal relevance (Carbonell and Goldstein 1998) over a relevance of three parts: the cosine of
question and sentence, the reader's own probability of answers in it, and the rank of its passage. What the parts
weigh was fitted on held-out training articles (docs/experiments.md). A sentence that says what something is counts
for more where that was asked.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.confidence import miss_words, share_words
from rag.articles.sentences import split_sentences
from rag.question.definitions import rate_definition
from rag.question.text import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.question.parsed import ParsedQuestion
    from rag.types import Encoder, Passage, Reading

MOST_SENTENCES = 4
"""Set: about what one paragraph of an answer holds."""
LEAST_WORDS = 5
"""Set: less is a caption, a heading or an exclamation."""
MOST_CHARACTERS = 600
"""A longer "sentence" is a table or a list that lost its line ends."""
READING_WEIGHT, RANK_WEIGHT = 0.5, 0.3
"""Beside the cosine's 1: of the logarithm of the reader's probability, and of the passage's reciprocal rank."""
DEFINING_WEIGHT = 0.3
"""Of a sentence that says what the question wants defined."""
UNREAD = 0.01
"""Added to that probability, so that a sentence the reader did not touch can be chosen too."""
REPETITION = 0.7
"""What the cosine with a sentence that was chosen already takes away."""
FURTHEST = 2.0
"""Below the best sentence's relevance: less is not worth the reader's time."""
FURTHEST_STANCE = 1.0
"""The same where each article is given one sentence: one that has nothing to say is left out."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: ``passages[passage].text[start:end] == text``."""

    passage: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences in the order in which they are to be read, and what their confidence is judged by.

    :param apart: whether each is another article's, on a question on which articles may take sides.
    :param defining: those of them that say what something or who somebody is, where that was asked.
    :param features: in the order of ``rag.answers.confidence.SENTENCE_FEATURES``; see :func:`measure_sentences`.
    """

    sentences: tuple[Sentence, ...]
    features: tuple[float, ...]
    apart: bool = False
    defining: tuple[Sentence, ...] = ()


def explain(
    question: ParsedQuestion,
    asked: NDArray[np.float32],
    passages: Sequence[Passage],
    readings: Sequence[Reading],
    encoder: Encoder,
) -> Explanation | None:
    """The sentences that together answer best; None where there is none.

    :param asked: the question's vector, (dimension,), float32, unit length.
    :param readings: of all passages at once.
    """
    import numpy as np

    sentences = list_sentences(passages)
    if not sentences:
        return None
    vectors = encoder.encode([s.text for s in sentences])
    cosines = vectors @ asked
    read = measure_reading(sentences, readings)
    ranks = np.array([1 / (1 + s.passage) for s in sentences], dtype=np.float32)
    term = question.term
    defined = np.array([rate_definition(s.text, term) if term else 0.0 for s in sentences], dtype=np.float32)
    relevance = cosines + RANK_WEIGHT * ranks + READING_WEIGHT * np.log(read + UNREAD) + DEFINING_WEIGHT * defined
    documents = [passages[s.passage].document_id for s in sentences]
    chosen = choose_stances(documents, relevance) if question.stance else []
    apart = len(chosen) > 1
    chosen = chosen if apart else choose_sentences(vectors, relevance)
    features = measure_sentences(question, [sentences[i] for i in chosen], passages, readings)
    features = (float(cosines[chosen].max()), float(cosines[chosen].mean()), *features, float(read[chosen].sum()))
    ordered = tuple(order_sentences([sentences[i] for i in chosen], passages))
    defining = tuple(sentences[i] for i in chosen if defined[i] > 0)
    return Explanation(ordered, tuple(map(float, features)), apart, defining)


def list_sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """Those of all passages that say something, each wording once."""
    found: dict[str, Sentence] = {}
    for number, passage in enumerate(passages):
        for start, end in split_sentences(passage.text):
            text = passage.text[start:end]
            words = re.findall(r"\w+", text.casefold())
            if len(words) >= LEAST_WORDS and len(text) <= MOST_CHARACTERS and not text.endswith("?"):
                found.setdefault(" ".join(words), Sentence(number, start, end, text))
    return list(found.values())


def measure_reading(sentences: Sequence[Sentence], readings: Sequence[Reading]) -> NDArray[np.float32]:
    """The reader's probability of answers that touch each sentence, (sentences,), 0 to 1."""
    import numpy as np

    return np.array(
        [
            min(
                1.0,
                sum(
                    r.probability
                    for r in readings
                    if r.text and r.passage == s.passage and r.start < s.end and r.end > s.start
                ),
            )
            for s in sentences
        ],
        dtype=np.float32,
    )


def choose_sentences(vectors: NDArray[np.float32], relevance: NDArray[np.float32]) -> list[int]:
    """Places of the sentences chosen, best first, by maximal marginal relevance."""
    import numpy as np

    likeness = vectors @ vectors.T
    chosen = [int(relevance.argmax())]
    while len(chosen) < min(MOST_SENTENCES, len(relevance)):
        value = relevance - REPETITION * likeness[:, chosen].max(axis=1)
        value[chosen] = -np.inf
        value[relevance < relevance[chosen[0]] - FURTHEST] = -np.inf
        if np.isneginf(value).all():
            break
        chosen.append(int(value.argmax()))
    return chosen


def choose_stances(documents: Sequence[str], relevance: NDArray[np.float32]) -> list[int]:
    """Places of the sentences chosen, best first: the best of each article, of the articles that come near the best.

    :param documents: each sentence's article.
    """
    best: dict[str, int] = {}
    for place in sorted(range(len(documents)), key=lambda i: -relevance[i]):
        best.setdefault(documents[place], place)
    near = [i for i in best.values() if relevance[i] >= relevance.max() - FURTHEST_STANCE]
    return near[:MOST_SENTENCES]


def order_sentences(chosen: Sequence[Sentence], passages: Sequence[Passage]) -> list[Sentence]:
    """Article by article, that of the best sentence first, and within an article as they stand there.

    :param chosen: best first.
    """
    documents = list(dict.fromkeys(passages[s.passage].document_id for s in chosen))

    def place(sentence: Sentence) -> tuple[int, int]:
        passage = passages[sentence.passage]
        return documents.index(passage.document_id), passage.start + sentence.start

    return sorted(chosen, key=place)


def measure_sentences(
    question: ParsedQuestion, chosen: Sequence[Sentence], passages: Sequence[Passage], readings: Sequence[Reading]
) -> tuple[float, ...]:
    """What confidence in chosen sentences is judged by, apart from cosines.

    Share of the question's topic words in them and their passages' titles; share of its names and numbers that their
    passages lack; share of the topic words that no passage holds; log-probabilities of no answer and of the reader's
    best answer.
    """
    shown = [passages[s.passage] for s in chosen]
    told = find_topic_words(" ".join([*(s.text for s in chosen), *(p.context for p in shown)]))
    known = find_topic_words(" ".join(f"{p.context} {p.text}" for p in shown))
    mentioned = question.mentions
    best = readings[0]
    return (
        share_words(question.topic, told),
        1 - share_words(mentioned, known) if mentioned else 0.0,
        miss_words(question.topic, passages),
        math.log(max(best.no_answer, 1e-6)),
        math.log(max(best.probability, 1e-6)),
    )
