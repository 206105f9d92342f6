"""Training examples for the copying reader, drawn from questions and their paragraphs.

Where an example is drawn unanswerable, its passages were made so: the sentence with the answer is taken out, the
question is made false, or only the most similar other passages are given.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.reader.distractors import rank_distractors
from rag.reader.questions import collect_mentions, disturb_question, falsify_question, find_common_words
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

    fused: float = 0.3
    distractors_only: float = 0.1
    sentence_removed: float = 0.08
    question_changed: float = 0.14
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
        self.mentions = collect_mentions([q.question for i in self.long for q in self.paragraphs[i].questions])

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
            changed = falsify_question(question, paragraph, record, self.mentions, rng)
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
