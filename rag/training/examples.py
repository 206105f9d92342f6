"""Training examples for the copying reader, drawn from questions and their paragraphs.

Answerable questions also give unanswerable examples: the sentence with the answer is removed, the question is made
false, or only the most similar other passages are given.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.articles.sentences import split_sentences
from rag.training.data import FAMILIES, NEWS, SENTENCE_SOURCES, SHARES, words_of
from rag.training.distractors import rank_distractors
from rag.training.questions import collect_mentions, disturb_question, falsify_question, find_common_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.training.data import Paragraph, QuestionRecord


LONGEST = 12
"""Maximum words of an answer that is copied; longer ones are evidence. At 25, the reader learnt to copy clauses."""
TELLING = frozenset({"squad-train-sentences"})
"""Sentence sources whose questions mostly name their subject, and so can be asked of several passages."""

WHOLE, CROPPED = 0.15, (180, 700)
"""Share of paragraphs shown whole, and characters of the others: about those of the product's passages or fewer."""


@dataclass(frozen=True, slots=True)
class Example:
    """The reader's input and target.

    :param passages: (context, text) of each passage.
    :param answer: (passage, start, end) of the span to copy, in characters of that text. None for NO-ANSWER; with
        ``evidence``, None if no short span answers.
    :param evidence: (passage, start, end) of the spans that answer in sentences, all in one passage; None if not
        annotated.
    :param yes: whether that passage says yes; None if the question is not a yes/no question.
    """

    question: str
    passages: tuple[tuple[str, str], ...]
    answer: tuple[int, int, int] | None
    evidence: tuple[tuple[int, int, int], ...] | None = ()
    yes: bool | None = None


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of all paragraph questions for each kind of example; the rest are single answerable passages."""

    fused: float = 0.5
    distractors_only: float = 0.09
    sentence_removed: float = 0.09
    question_changed: float = 0.12
    most_passages: int = 4


class ExampleSource:
    """Draws examples. The same seed and block give the same examples, so a run can resume at any block."""

    def __init__(
        self, paragraphs: Sequence[Paragraph], mixture: Mixture, seed: int, *, news: float = SHARES[NEWS]
    ) -> None:
        self.mixture, self.seed, self.shares = mixture, seed, {**SHARES, NEWS: news}
        self.paragraphs = [p for p in paragraphs if p.questions]
        self.long = [i for i, p in enumerate(self.paragraphs) if p.source not in SENTENCE_SOURCES]
        self.distractors = rank_distractors(self.paragraphs, SENTENCE_SOURCES)
        by_article: dict[tuple[str, str], list[int]] = {}
        for i, p in enumerate(self.paragraphs):
            by_article.setdefault((FAMILIES.get(p.source, p.source), p.article), []).append(i)
        self.by_article = by_article
        self.common = find_common_words([q.question for i in self.long for q in self.paragraphs[i].questions])
        self.mentions = collect_mentions([q.question for i in self.long for q in self.paragraphs[i].questions])

    def list_questions(self, epoch: int) -> list[tuple[int, int]]:
        """The (paragraph, question) indices of one epoch, with the share of each source, shuffled."""
        rng = random.Random(f"{self.seed}/{epoch}")
        chosen = [
            (i, j)
            for i, p in enumerate(self.paragraphs)
            for j, q in enumerate(p.questions)
            if q.impossible or q.answers or q.parts or q.yes is not None
            for _ in range(int(q.weight * self.shares.get(p.source, 1.0) + rng.random()))
        ]
        rng.shuffle(chosen)
        return chosen

    def draw(self, where: tuple[int, int], rng: random.Random) -> Example | None:
        """One example of a question, given by its (paragraph, question) indices."""
        number, which = where
        paragraph, record = self.paragraphs[number], self.paragraphs[number].questions[which]
        question = disturb_question(record.question, self.common, rng)
        if record.impossible:
            near = (paragraph.title, crop(paragraph.text, record.trap, rng)[0])
            # A trap has no answer in its whole article, so distractors are added.
            return Example(question, self.mingle(near, where, set(), rng) if record.trap else (near,), None)
        short = list_short(paragraph.text, record.answers)
        if not short:
            return self.draw_evidence(where, question, rng)
        span = rng.choice(short)
        if paragraph.source in SENTENCE_SOURCES:
            return self.draw_sentence(number, question, span, rng)
        return self.draw_paragraph(where, question, span, rng)

    def draw_paragraph(
        self, where: tuple[int, int], question: str, span: tuple[int, int], rng: random.Random
    ) -> Example:
        """A paragraph question as one of the mixture's kinds; if that is not possible, with its passage alone."""
        number, which = where
        paragraph, record = self.paragraphs[number], self.paragraphs[number].questions[which]
        golds = {paragraph.text[a:b].lower() for a, b in record.answers}
        roll, mix = rng.random(), self.mixture
        if (roll := roll - mix.sentence_removed) < 0:
            removed = self.remove_answer(number, record, golds)
            if removed:
                near = (paragraph.title, crop(removed, None, rng)[0])
                return Example(question, self.mingle(near, where, golds, rng), None)
        elif (roll := roll - mix.question_changed) < 0:
            changed = falsify_question(question, paragraph, record, self.mentions, rng)
            if changed:
                near = (paragraph.title, crop(paragraph.text, span, rng)[0])
                # Another passage may answer the changed question: none may contain its new words.
                new = set(words_of(changed)) - set(words_of(question))
                return Example(changed, self.mingle(near, where, golds | new, rng), None)
        elif (roll := roll - mix.distractors_only) < 0:
            others = self.pick_distractors(where, golds, rng.randint(1, mix.most_passages - 1), rng)
            if others:
                return Example(question, tuple(others), None)
        elif roll - mix.fused < 0:
            others = self.pick_distractors(where, golds, rng.choice((1, 2, 3, mix.most_passages - 1)), rng)
            gold, span = self.take_context(paragraph, span, rng)
            place = rng.randint(0, len(others))
            return Example(question, (*others[:place], gold, *others[place:]), (place, *span))
        gold, span = self.take_context(paragraph, span, rng)
        return Example(question, (gold,), (0, *span))

    def mingle(
        self, near: tuple[str, str], where: tuple[int, int], golds: set[str], rng: random.Random
    ) -> tuple[tuple[str, str], ...]:
        """A passage without an answer, shuffled with up to three distractors that contain none of ``golds`` either."""
        others = self.pick_distractors(where, golds, rng.randint(0, 3), rng)
        return tuple(rng.sample([near, *others], len(others) + 1))

    def draw_evidence(self, where: tuple[int, int], question: str, rng: random.Random) -> Example:
        """A question answered by sentences, or by yes or no; mostly with distractors."""
        number, which = where
        paragraph, record = self.paragraphs[number], self.paragraphs[number].questions[which]
        text = paragraph.text
        parts = record.parts or ((rng.choice(record.answers),) if record.answers else ((0, len(text)),))
        golds = {text[a:b].lower() for a, b in parts}
        others = self.pick_distractors(where, golds, rng.randint(0, self.mixture.most_passages - 1), rng)
        if others and rng.random() < self.mixture.distractors_only:
            return Example(question, tuple(others), None)
        cropped, (first, _) = crop(text, (min(a for a, _ in parts), max(b for _, b in parts)), rng)
        shift, place = min(a for a, _ in parts) - first, rng.randint(0, len(others))
        gold = (paragraph.title if rng.random() < 0.5 else "", cropped)
        evidence = tuple((place, a - shift, b - shift) for a, b in parts)
        return Example(question, (*others[:place], gold, *others[place:]), None, evidence, record.yes)

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
        """A sentence question: its sentence alone, or surrounded by others of its article, as in a paragraph.

        If questions name their subject, other sentences of the article are also given as separate passages.
        """
        paragraph = self.paragraphs[number]
        text, (start, end) = paragraph.text, span
        gold = text[start:end].lower()
        siblings = [
            i
            for i in self.by_article[FAMILIES.get(paragraph.source, paragraph.source), paragraph.article]
            if self.paragraphs[i].text != text
        ]
        if siblings and rng.random() < 0.5:
            others = rng.sample(siblings, min(len(siblings), rng.randint(1, 3)))
            before = [self.paragraphs[i].text for i in others if rng.random() < 0.5]
            after = [self.paragraphs[i].text for i in others if self.paragraphs[i].text not in before]
            shift = sum(len(t) + 1 for t in before)
            text, start, end = " ".join([*before, text, *after]), start + shift, end + shift
        passages = [("", text)]
        roll = rng.random() if paragraph.source in TELLING else 1.0
        if roll < self.mixture.fused + self.mixture.distractors_only:
            silent = [i for i in siblings if gold not in self.paragraphs[i].text.lower()]
            rng.shuffle(silent)
            groups = [silent[i : i + 3] for i in range(0, min(len(silent), 3 * rng.randint(1, 2)), 3)]
            beside = [("", " ".join(self.paragraphs[i].text for i in group)) for group in groups]
            if beside and roll >= self.mixture.fused:
                return Example(question, tuple(beside), None)
            place = rng.randint(0, len(beside))
            return Example(question, (*beside[:place], *passages, *beside[place:]), (place, start, end))
        return Example(question, tuple(passages), (0, start, end))

    def remove_answer(self, number: int, record: QuestionRecord, golds: set[str]) -> str | None:
        """The paragraph without the sentences that overlap a gold answer.

        None if fewer than two sentences remain, or if they still contain a gold answer.
        """
        text = self.paragraphs[number].text
        kept = [text[a:b] for a, b in split_sentences(text) if not any(s < b and e > a for s, e in record.answers)]
        rest = " ".join(kept)
        return rest if len(kept) >= 2 and not any(gold in rest.lower() for gold in golds) else None

    def pick_distractors(
        self, where: tuple[int, int], golds: set[str], count: int, rng: random.Random
    ) -> list[tuple[str, str]]:
        """At most ``count`` retrieved paragraphs that contain no gold answer, as (context, text), in random order."""
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


def list_short(text: str, answers: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The answers of at most ``LONGEST`` words; whole sentences teach the reader to give long answers."""
    return [(a, b) for a, b in answers if len(text[a:b].split()) <= LONGEST]


def crop(text: str, span: tuple[int, int] | None, rng: random.Random) -> tuple[str, tuple[int, int]]:
    """Whole sentences around ``span``, mostly about as long as the product's passages; sometimes the whole text.

    :returns: that part of the text, and the span in it.
    """
    spans = split_sentences(text)
    if rng.random() < WHOLE or not spans:
        return text, span or (0, 0)
    inside = [i for i, (a, b) in enumerate(spans) if span and b > span[0] and a < span[1]]
    first = min(inside) if inside else rng.randrange(len(spans))
    last = max(inside) if inside else first
    budget = rng.randint(*CROPPED)
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
