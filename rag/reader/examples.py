"""Training examples for the copying reader, drawn from questions and their paragraphs.

Where an example is drawn unanswerable, its passages were made so: the sentence with the answer is taken out, the
question's name or number is exchanged, or only the most similar other passages are given.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.encoder import load_encoder
from rag.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.reader.data import Paragraph, QuestionRecord


@dataclass(frozen=True, slots=True)
class Example:
    """What the reader is shown and what it shall copy.

    :param passages: (context, text) of each passage.
    :param answer: (passage, start, end) in characters of that text; None for NO-ANSWER.
    """

    question: str
    passages: tuple[tuple[str, str], ...]
    answer: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of the kinds of example, each of all paragraph questions; the rest are single answerable passages."""

    fused: float = 0.4
    distractors_only: float = 0.1
    sentence_removed: float = 0.08
    question_changed: float = 0.08
    most_passages: int = 5


class ExampleSource:
    """Draws examples; the same seed and block give the same examples, so that a run can go on from any block."""

    def __init__(self, paragraphs: Sequence[Paragraph], mixture: Mixture, seed: int) -> None:
        self.mixture, self.seed = mixture, seed
        self.paragraphs = [p for p in paragraphs if p.questions]
        self.long = [i for i, p in enumerate(self.paragraphs) if p.source != "qamr"]
        self.distractors = rank_distractors(self.paragraphs)
        by_article: dict[tuple[str, str], list[int]] = {}
        for i, p in enumerate(self.paragraphs):
            by_article.setdefault((p.source, p.article), []).append(i)
        self.by_article = by_article
        self.common = find_common_words([q.question for i in self.long for q in self.paragraphs[i].questions])
        self.sentences = {i: split_sentences(p.text) for i, p in enumerate(self.paragraphs)}
        texts = [q.question for i in self.long for q in self.paragraphs[i].questions]
        self.names = sorted({name for text in texts for name in find_names(text)})
        self.numbers = sorted({number for text in texts for number in re.findall(r"\b\d[\d,.]*\b", text)})

    def list_questions(self, epoch: int, sentence_share: float) -> list[tuple[int, int]]:
        """(paragraph, question) of one epoch, shuffled: all paragraph questions, a share of the sentence ones."""
        rng = random.Random(f"{self.seed}/{epoch}")
        chosen = [
            (i, j)
            for i, p in enumerate(self.paragraphs)
            for j, q in enumerate(p.questions)
            if q.answers and (p.source != "qamr" or rng.random() < sentence_share)
        ]
        rng.shuffle(chosen)
        return chosen

    def draw(self, where: tuple[int, int], rng: random.Random, *, fuse: bool) -> Example | None:
        """One example of a question; None where this draw cannot be made (the answer was cut off)."""
        number, which = where
        paragraph, record = self.paragraphs[number], self.paragraphs[number].questions[which]
        question = disturb_question(record.question, self.common, rng)
        start, end = rng.choice(record.answers)
        if paragraph.source == "qamr":
            return self.draw_sentence(number, question, (start, end), rng)
        golds = {paragraph.text[a:b].lower() for a, b in record.answers}
        roll, mix = rng.random(), self.mixture
        if (roll := roll - mix.sentence_removed) < 0:
            removed = self.remove_answer(number, record, golds)
            if removed:
                return Example(question, ((paragraph.title, crop(removed, None, rng)[0]),), None)
        elif (roll := roll - mix.question_changed) < 0:
            changed = self.change_question(question, paragraph.text, rng)
            if changed:
                return Example(changed, ((paragraph.title, crop(paragraph.text, (start, end), rng)[0]),), None)
        elif (roll := roll - mix.distractors_only) < 0:
            others = self.pick_distractors(where, golds, rng.randint(1, mix.most_passages if fuse else 1), rng)
            if others:
                return Example(question, tuple(others), None)
        elif fuse and roll - mix.fused < 0:
            others = self.pick_distractors(where, golds, rng.randint(1, mix.most_passages - 1), rng)
            gold, span = self.take_context(paragraph, (start, end), rng)
            place = rng.randint(0, len(others))
            passages = (*others[:place], gold, *others[place:])
            return Example(question, passages, (place, *span))
        gold, span = self.take_context(paragraph, (start, end), rng)
        return Example(question, (gold,), (0, *span))

    def take_context(
        self, paragraph: Paragraph, span: tuple[int, int], rng: random.Random
    ) -> tuple[tuple[str, str], tuple[int, int]]:
        """The passage around an answer, and sometimes a title: the article's, or the paragraph's own first sentence."""
        text, (start, end) = crop(paragraph.text, span, rng)
        title = paragraph.title if rng.random() < 0.5 else ""
        if not title and rng.random() < 0.2:
            spans = split_sentences(text)
            if len(spans) > 1 and spans[1][0] <= start:
                shift = spans[1][0]
                return (text[: spans[0][1]], text[shift:]), (start - shift, end - shift)
        return (title, text), (start, end)

    def draw_sentence(self, number: int, question: str, span: tuple[int, int], rng: random.Random) -> Example:
        """A sentence question: alone, or with other sentences of its article around it, as a paragraph has them."""
        paragraph = self.paragraphs[number]
        text, (start, end) = paragraph.text, span
        siblings = [i for i in self.by_article[paragraph.source, paragraph.article] if i != number]
        if siblings and rng.random() < 0.4:
            others = rng.sample(siblings, min(len(siblings), rng.randint(1, 3)))
            before = [self.paragraphs[i].text for i in others if rng.random() < 0.5]
            after = [self.paragraphs[i].text for i in others if self.paragraphs[i].text not in before]
            shift = sum(len(t) + 1 for t in before)
            text, start, end = " ".join([*before, text, *after]), start + shift, end + shift
        return Example(question, (("", text),), (0, start, end))

    def remove_answer(self, number: int, record: QuestionRecord, golds: set[str]) -> str | None:
        """The paragraph without the sentences any gold answer touches; None where the rest still says it."""
        text = self.paragraphs[number].text
        kept = [text[a:b] for a, b in self.sentences[number] if not any(s < b and e > a for s, e in record.answers)]
        rest = " ".join(kept)
        return rest if len(kept) >= 2 and not any(gold in rest.lower() for gold in golds) else None

    def change_question(self, question: str, text: str, rng: random.Random) -> str | None:
        """Another name or number in the question's place, one that the paragraph does not hold."""
        found = [(name, self.names) for name in find_names(question)]
        found += [(number, self.numbers) for number in re.findall(r"\b\d[\d,.]*\b", question)]
        if not found:
            return None
        old, pool = rng.choice(found)
        new = rng.choice(pool)
        return question.replace(old, new, 1) if new.lower() not in text.lower() and new != old else None

    def pick_distractors(
        self, where: tuple[int, int], golds: set[str], count: int, rng: random.Random
    ) -> list[tuple[str, str]]:
        """Paragraphs that the question retrieves and that hold no gold answer, as (context, text), in random order."""
        found = self.distractors.get(where, ())
        allowed = [i for i in found if not any(gold in self.paragraphs[i].text.lower() for gold in golds)]
        chosen = rng.sample(allowed[: count + 4], min(count, len(allowed)))
        return [
            (
                self.paragraphs[i].title if rng.random() < 0.5 else "",
                crop(self.paragraphs[i].text, None, rng)[0],
            )
            for i in chosen
        ]


def rank_neighbours(paragraphs: Sequence[Paragraph], most: int = 16) -> list[list[int]]:
    """For each paragraph the ``most`` similar others of its data set, by TF-IDF cosine."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    neighbours: list[list[int]] = [[] for _ in paragraphs]
    for source in sorted({p.source for p in paragraphs}):
        rows = [i for i, p in enumerate(paragraphs) if p.source == source]
        questions = [" ".join(q.question for q in paragraphs[i].questions) for i in rows]
        vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        matrix = vectorizer.fit_transform([paragraphs[i].text for i in rows])
        scores = (vectorizer.transform(questions) @ matrix.T).toarray()
        for row, i in enumerate(rows):
            scores[row, row] = -1
            neighbours[i] = [rows[j] for j in (-scores[row]).argsort(kind="stable")[:most]]
    return neighbours


def rank_distractors(paragraphs: Sequence[Paragraph], most: int = 12) -> dict[tuple[int, int], list[int]]:
    """For each paragraph question the ``most`` other paragraphs of its data set that it retrieves, best first.

    Retrieval is as the product's: words (here TF-IDF) and vectors, fused by reciprocal rank.

    :returns: (paragraph, question) to paragraphs; sentence questions are left out.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    encoder = load_encoder(None)
    found: dict[tuple[int, int], list[int]] = {}
    for source in sorted({p.source for p in paragraphs} - {"qamr"}):
        rows = [i for i, p in enumerate(paragraphs) if p.source == source]
        asked = [(place, i, j) for place, i in enumerate(rows) for j, _ in enumerate(paragraphs[i].questions)]
        questions = [paragraphs[i].questions[j].question for _, i, j in asked]
        texts = [paragraphs[i].text for i in rows]
        vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        matrix = vectorizer.fit_transform(texts)
        words = (vectorizer.transform(questions) @ matrix.T).toarray()
        shown = sys.stderr.isatty()
        meaning = encoder.encode(questions, query=True, progress=shown) @ encoder.encode(texts, progress=shown).T
        for row, (place, i, j) in enumerate(asked):
            fused: dict[int, float] = {}
            for scores in (words[row], meaning[row]):
                for rank, column in enumerate(np.argsort(-scores, kind="stable")[: 2 * most]):
                    fused[int(column)] = fused.get(int(column), 0.0) + 1 / (60 + rank)
            fused.pop(place, None)
            best = sorted(fused, key=lambda column: (-fused[column], column))[:most]
            found[i, j] = [rows[column] for column in best]
    return found


def crop(text: str, span: tuple[int, int] | None, rng: random.Random) -> tuple[str, tuple[int, int]]:
    """Whole sentences around ``span``, mostly about as long as the product's passages; sometimes all of the text."""
    spans = split_sentences(text)
    if rng.random() < 0.25 or not spans:
        return text, span or (0, 0)
    inside = [i for i, (a, b) in enumerate(spans) if span and b > span[0] and a < span[1]]
    first = min(inside) if inside else rng.randrange(len(spans))
    last = max(inside) if inside else first
    budget = rng.randint(300, 650)
    while True:
        sides = [s for s in (first - 1, last + 1) if 0 <= s < len(spans)]
        fitting = [s for s in sides if max(spans[s][1], spans[last][1]) - min(spans[s][0], spans[first][0]) <= budget]
        if not fitting:
            break
        side = rng.choice(fitting)
        first, last = min(first, side), max(last, side)
    start, end = spans[first][0], spans[last][1]
    a, b = span or (start, start)
    start, end = min(start, a), max(end, b)
    return text[start:end], (a - start, b - start)


def find_names(question: str) -> list[str]:
    """Runs of capitalised words after the first word."""
    words = question.split()
    runs: list[list[str]] = []
    previous = -2
    for i, word in enumerate(words):
        bare = word.strip("?,.!\"'’s")
        if i and bare[:1].isupper() and len(bare) > 1:
            if previous == i - 1:
                runs[-1].append(bare)
            else:
                runs.append([bare])
            previous = i
    return [" ".join(r) for r in runs if " ".join(r) in question]


def find_common_words(questions: Sequence[str], share: float = 0.002) -> frozenset[str]:
    """Words of at least this share of the questions: "the", "what", "did"."""
    counts = Counter(word for question in questions for word in set(question.lower().rstrip("?").split()))
    return frozenset(word for word, count in counts.items() if count >= max(2, share * len(questions)))


def disturb_question(question: str, common: frozenset[str], rng: random.Random) -> str:
    """Now and then as people type: no question mark, no capitals, only the telling words, a slip of the keyboard.

    :param common: words that a terse question goes without.
    """
    if rng.random() < 0.2:
        question = question.rstrip("?! ")
    if rng.random() < 0.12:
        question = question.lower()
    if rng.random() < 0.1:
        told = [w for w in question.split() if w.lower().strip("?") not in common or rng.random() < 0.3]
        question = " ".join(told) if len(told) >= 3 else question
    if rng.random() < 0.1:
        letters = [i for i, (a, b) in enumerate(pairwise(question)) if a.isalpha() and b.isalpha()]
        if letters:
            i = rng.choice(letters)
            slip = rng.choice([question[i + 1] + question[i], question[i], question[i : i + 2] + question[i + 1]])
            question = question[:i] + slip + question[i + 2 :]
    return question
