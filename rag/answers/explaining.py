"""Explanations: answers of several sentences, quoted from the passages.

The large reader scores each sentence of its passages. All sentences with a high enough score are given, except those
that repeat a better one.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.confidence import miss_words, share_words
from rag.articles.sentences import split_sentences
from rag.articles.turns import find_question_before, find_questions
from rag.question.text import find_topic_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.question.parsed import ParsedQuestion
    from rag.types import Encoder, Passage, Reading, Readings

    Span = tuple[int, int]

MOST_SENTENCES = 8
"""Chosen by hand, to fit on a screen."""
LEAST_WORDS = 5
"""Chosen by hand: shorter ones are captions, headings or exclamations."""
MOST_CHARACTERS = 600
"""A longer "sentence" is a table or a list without line breaks."""
LEAST_LOG_ODDS = -1.5
"""Minimum log-odds of a sentence, except for the best. Fitted on 221 held-out questions: with thresholds from 0 to -2,
F1 stays at 0.81 to 0.82, and recall grows from 0.81 to 0.91 (docs/experiments.md). With the third version of
the large reader the plateau is the same (docs/decisions/0021)."""
ALIKE = 0.9
"""Minimum cosine at which two sentences count as the same news in other words. Chosen by hand."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage: ``passages[passage].text[start:end] == text``.

    :param asked: the span of the question that it directly answers in an interview.
    """

    passage: int
    start: int
    end: int
    text: str
    asked: Span | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences in reading order, with the features for their confidence.

    :param features: in the order of ``rag.answers.confidence.SENTENCE_FEATURES``; see :func:`measure_sentences`.
    :param best: the sentence with the highest score.
    :param apart: whether each sentence is from a different article, because articles may take sides on the question.
    """

    sentences: tuple[Sentence, ...]
    features: tuple[float, ...]
    best: Sentence
    apart: bool = False


def explain(
    question: ParsedQuestion, passages: Sequence[Passage], readings: Readings, encoder: Encoder
) -> Explanation | None:
    """Choose the sentences that answer the question; None if there are none."""
    log_odds = {(s.passage, s.start, s.end): s.log_odds for s in readings.sentences}
    sentences = [s for s in list_sentences(passages) if (s.passage, s.start, s.end) in log_odds]
    if not sentences:
        return None
    scores = {s: score_sentence(s, log_odds) for s in sentences}
    ranked = sorted(sentences, key=lambda s: -scores[s])
    answering = [s for s in ranked if scores[s] >= LEAST_LOG_ODDS] or ranked[:1]
    stances = list({passages[s.passage].document_id: s for s in reversed(answering)}.values())[::-1]
    # Articles that say the same do not take sides.
    sides = drop_repeated(stances, encoder) if question.stance else []
    apart = len(sides) > 1
    chosen = sides if apart else drop_repeated(answering[: 2 * MOST_SENTENCES], encoder)
    features = measure_sentences(question, chosen, passages, readings.together)
    mean = sum(scores[s] for s in chosen) / len(chosen)
    features = (scores[chosen[0]], mean, math.log(len(chosen)), *features)
    return Explanation(tuple(order_sentences(chosen, passages)), features, chosen[0], apart)


def score_sentence(sentence: Sentence, log_odds: Mapping[tuple[int, int, int], float]) -> float:
    """The reader's score, or that of the question which the sentence answers, if that is about the matter."""
    first, last = sentence.asked or (sentence.start, sentence.end)
    near = (score for (n, a, b), score in log_odds.items() if n == sentence.passage and first <= a and b <= last)
    return max(log_odds[sentence.passage, sentence.start, sentence.end], *near)


def list_sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """The sentences of all passages, without questions, tables, and fragments that do not answer a question."""
    found = []
    for number, passage in enumerate(passages):
        questions = find_questions(passage.text)
        for start, end in split_sentences(passage.text):
            text = passage.text[start:end]
            words = len(re.findall(r"\w+", text))
            asks = text.endswith("?") or any(a < end and start < b for a, b in questions)
            asked = find_question_before(passage.text, start) if questions else None
            # Only the first sentence of a turn answers directly.
            direct = asked if asked and not passage.text[asked[1] : start].strip() else None
            if (words >= LEAST_WORDS or direct) and len(text) <= MOST_CHARACTERS and not asks:
                found.append(Sentence(number, start, end, text, direct))
    return found


def drop_repeated(ranked: Sequence[Sentence], encoder: Encoder) -> list[Sentence]:
    """At most ``MOST_SENTENCES`` sentences, best first, without those similar to a better one."""
    import numpy as np

    if len(ranked) == 1:
        return list(ranked)
    vectors = encoder.encode([s.text for s in ranked])
    likeness = np.tril(vectors @ vectors.T, -1)
    chosen: list[int] = []
    for place in range(len(ranked)):
        if not chosen or likeness[place, chosen].max() < ALIKE:
            chosen.append(place)
    return [ranked[place] for place in chosen[:MOST_SENTENCES]]


def order_sentences(chosen: Sequence[Sentence], passages: Sequence[Passage]) -> list[Sentence]:
    """Sort sentences by article, that of the best sentence first, and within an article by position.

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
    """The features of chosen sentences, except the reader's log-odds and the number of sentences.

    In order: share of the question's topic words in the sentences and their titles; share of its names and numbers
    that are missing from their passages; share of its topic words that are in no passage; log-probability of no
    answer; log-probability of the reader's best answer; total probability of the answers in the sentences.
    """
    shown = [passages[s.passage] for s in chosen]
    asked = [passages[s.passage].text[slice(*s.asked)] for s in chosen if s.asked]
    told = find_topic_words(" ".join([*asked, *(s.text for s in chosen), *(p.context for p in shown)]))
    known = find_topic_words(" ".join(f"{p.context} {p.text}" for p in shown))
    mentioned = question.mentions
    best = readings[0]
    inside = sum(r.probability for r in readings if r.text and any(touches(s, r) for s in chosen))
    return (
        share_words(question.topic, told),
        1 - share_words(mentioned, known) if mentioned else 0.0,
        miss_words(question.topic, passages),
        math.log(max(best.no_answer, 1e-6)),
        math.log(max(best.probability, 1e-6)),
        min(1.0, inside),
    )


def touches(sentence: Sentence, reading: Reading) -> bool:
    """Whether an answer overlaps a sentence."""
    same = sentence.passage == reading.passage
    return same and reading.start < sentence.end and reading.end > sentence.start
