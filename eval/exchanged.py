"""Held-out questions whose name, number or role is exchanged for another, so that no passage answers them any more."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from eval.results import describe_origin, write_benchmark
from eval.squad import describe_mean
from rag.answers.compose import compose_answer
from rag.answers.confidence import load_calibration
from rag.articles.sentences import split_sentences
from rag.errors import RagError
from rag.index.encoder import load_encoder
from rag.metrics import score_token_f1
from rag.question.parsed import parse_question
from rag.question.text import find_topic_words
from rag.reader.choosing import open_reader
from rag.reader.copying import WEIGHTS
from rag.training.calibrate import RIGHT
from rag.training.data import SENTENCE_SOURCES, SHARES, Paragraph
from rag.training.distractors import place_gold, rank_passages
from rag.training.questions import collect_mentions, find_names, find_numbers
from rag.training.train import load_paragraphs
from rag.training.trials import LONGEST, make_passage
from rag.types import ScoredPassage

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from rag.training.data import QuestionRecord
    from rag.training.questions import Mentions
    from rag.types import Answer

PASSAGES = 10
"""Read for a question, as the product does."""
ALIKE = 20
"""Names most like a name, from which another is drawn."""
YEAR = re.compile(r"(?:1[0-9]|20)[0-9]{2}")
ROLES = (
    "prime minister", "president", "mayor", "governor", "king", "queen", "captain", "coach", "director", "chairman",
    "founder", "owner", "editor", "author", "singer", "producer", "designer", "ambassador", "bishop", "general",
    "spokesman", "father", "mother", "brother", "sister", "son", "daughter", "wife", "husband", "teacher", "doctor",
    "lawyer", "judge", "manager", "secretary", "treasurer", "winner", "actor", "actress", "composer", "architect",
)  # fmt: skip
"""Roles of people that a question may name."""
ROLE = re.compile(rf"\b(?:{'|'.join(sorted(ROLES, key=len, reverse=True))})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A held-out question and the same one about something else.

    :param kind: what was exchanged: "name", "year", "number" or "role".
    :param shown: places of the passages that the question retrieves, the paragraph it was asked of among them.
    :param silent: the same for the exchanged question, without those that mention what it names instead.
    """

    kind: str
    question: str
    exchanged: str
    golds: tuple[str, ...]
    shown: tuple[int, ...]
    silent: tuple[int, ...]


def run(arguments: argparse.Namespace) -> None:
    """Prints and saves how often each question is answered, before and after the exchange."""
    origin = describe_origin()
    _, held_out = load_paragraphs(arguments.path, arguments.exclude)
    paragraphs = [p for p in held_out if p.source not in SENTENCE_SOURCES]
    exchanges = draw_exchanges(paragraphs, arguments.questions)[:: arguments.every]
    if not exchanges:
        raise RagError(f"No held-out question in {arguments.path} names anything to exchange: name another folder.")
    began = time.perf_counter()
    answers = list(ask_exchanges(paragraphs, exchanges))
    seconds = round(time.perf_counter() - began, 1)
    write_benchmark({**describe_benchmark(arguments, exchanges, answers), "seconds": seconds}, origin, arguments.save)


def draw_exchanges(paragraphs: Sequence[Paragraph], count: int) -> list[Exchange]:
    """Up to ``count`` questions with a short answer, drawn by the shares of the training sources. The seed is fixed."""
    rng = random.Random(0)
    asked = [(i, q) for i, p in enumerate(paragraphs) for q in p.questions if q.answers]
    short = [(i, q) for i, q in asked if min(len(paragraphs[i].text[a:b].split()) for a, b in q.answers) <= LONGEST]
    likely = [(i, q) for i, q in short if rng.random() < SHARES.get(paragraphs[i].source, 1.0)]
    rng.shuffle(likely)
    others = Others(collect_mentions([q.question for _, q in asked]))
    made = ((i, q, exchange(q, paragraphs[i], others, rng)) for i, q in likely)
    drawn = list(islice(((i, q, changed) for i, q, changed in made if changed is not None), count))
    questions = [q.question for _, q, _ in drawn] + [changed for _, _, (_, changed) in drawn]
    if not questions:
        return []
    ranked = rank_passages(questions, [p.text for p in paragraphs], 3 * PASSAGES)
    exchanges = []
    for (i, q, (kind, changed)), found, other in zip(drawn, ranked, ranked[len(drawn) :], strict=False):
        new = find_topic_words(changed) - find_topic_words(q.question)
        silent = [m for m in other if m == i or new.isdisjoint(find_topic_words(paragraphs[m].text))]
        golds = tuple(paragraphs[i].text[a:b] for a, b in q.answers)
        shown, kept = (place_gold(i, places, PASSAGES - 1) for places in (found, silent))
        exchanges.append(Exchange(kind, q.question, changed, golds, tuple(shown), tuple(kept)))
    return exchanges


class Others:
    """Names and numbers that other questions mention, to exchange for one of the same kind."""

    def __init__(self, mentions: Mentions) -> None:
        self.names, self.numbers = list(mentions.names), mentions.numbers
        self._vectors = load_encoder().encode(self.names)

    def find_like(self, name: str, text: str) -> list[str]:
        """The names most like ``name`` that are not in ``text``: other towns for a town, other people for a person."""
        (vector,) = load_encoder().encode([name])
        order = (-(self._vectors @ vector)).argsort(kind="stable")
        words = set(name.lower().split())
        likely = (self.names[i] for i in order)
        return list(islice((n for n in likely if n.lower() not in text and words.isdisjoint(n.lower().split())), ALIKE))


def exchange(
    record: QuestionRecord, paragraph: Paragraph, others: Others, rng: random.Random
) -> tuple[str, str] | None:
    """(kind, the question about another name, number or role); None if it names none.

    Half of the other names and numbers are elsewhere in the question's paragraph, if there are any.
    """
    question, text = record.question, paragraph.text.lower()
    roles = [match.group() for match in ROLE.finditer(question)]
    found = roles + find_names(question) + find_numbers(question)
    if not found:
        return None
    old = rng.choice(found)
    near, far = split_text(paragraph.text, record.answers)
    beside: list[str] = []
    if old in roles:
        kind, pool = "role", [role for role in ROLES if role not in text]
    elif old[0].isdigit():
        year = YEAR.fullmatch(old) is not None
        kind = "year" if year else "number"
        alike = [n for n in others.numbers if (YEAR.fullmatch(n) is not None) is year]
        pool = [n for n in alike if n not in text]
        beside = [n for n in find_numbers(far) if (YEAR.fullmatch(n) is not None) is year and n not in near]
    else:
        kind, pool = "name", others.find_like(old, text)
        # A sentence's first word has a capital anyway, so names are looked for behind it.
        beside = [n for n in find_names(far) if n.lower() not in near]
    beside = [n for n in beside if n.lower() not in question.lower()]
    pool = beside if beside and rng.random() < 0.5 else [n for n in pool if n.lower() not in question.lower()]
    return (kind, question.replace(old, rng.choice(pool), 1)) if pool else None


def split_text(text: str, answers: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """(the sentences that hold an answer, in lower case; the other sentences), each joined by spaces."""
    sentences = split_sentences(text)
    holding = [any(a < end and b > start for a, b in answers) for start, end in sentences]
    near = " ".join(text[a:b] for (a, b), holds in zip(sentences, holding, strict=True) if holds)
    far = " ".join(text[a:b] for (a, b), holds in zip(sentences, holding, strict=True) if not holds)
    return near.lower(), far


def ask_exchanges(paragraphs: Sequence[Paragraph], exchanges: Sequence[Exchange]) -> Iterator[tuple[Answer, Answer]]:
    """(answer to the question, answer to the exchanged question)."""
    from tqdm import tqdm

    reader, encoder = open_reader(WEIGHTS), load_encoder()
    calibration = load_calibration(WEIGHTS / "calibration.json")
    for one in tqdm(exchanges, disable=None, leave=False):
        questions = [one.question, one.exchanged]
        passages = [[make_passage(paragraphs[n]) for n in places] for places in (one.shown, one.silent)]
        read = reader.read(questions, passages)
        first, second = (
            compose_answer(
                parse_question(question), [ScoredPassage(p, 0.0) for p in some], readings, calibration, encoder
            )
            for question, some, readings in zip(questions, passages, read, strict=True)
        )
        yield first, second


def describe_benchmark(
    arguments: argparse.Namespace, exchanges: Sequence[Exchange], answers: Sequence[tuple[Answer, Answer]]
) -> dict[str, Any]:
    """The figures, with title, figure and command for the README, and each pair of questions."""
    records = [describe_pair(one, *pair) for one, pair in zip(exchanges, answers, strict=True)]
    figures = {
        "questions": len(records),
        **describe_mean("right", [float(r["right"]) for r in records]),
        **describe_mean("wrong", [float(r["status"] == "answered" and not r["right"]) for r in records]),
        **describe_mean("exchanged_answered", [float(r["exchanged_status"] == "answered") for r in records]),
        **describe_mean("exchanged_possible", [float(r["exchanged_status"] == "possible") for r in records]),
    }
    for kind in sorted({one.kind for one in exchanges}):
        some = [float(r["exchanged_status"] == "answered") for r in records if r["kind"] == kind]
        figures |= {f"{kind}_questions": len(some), **describe_mean(f"{kind}_exchanged_answered", some)}
    every = f" --every {arguments.every}" if arguments.every > 1 else ""
    return {
        "benchmark": "exchanged",
        "title": f"{len(records)} held-out questions, then about another name, number or role",
        "figure": f"right {figures['right']:.1f}; answered after the exchange {figures['exchanged_answered']:.1f}",
        "command": f"python -m eval exchanged {arguments.path.name} --questions {arguments.questions}{every}",
        **figures,
        "records": records,
    }


def describe_pair(one: Exchange, first: Answer, second: Answer) -> dict[str, Any]:
    """A question and its exchanged form, with the answers to both."""
    text = first.short or first.text
    return {
        "kind": one.kind,
        "question": one.question,
        "golds": one.golds,
        "answer": text,
        "status": first.status,
        "right": first.answered and score_token_f1(text, one.golds) >= RIGHT,
        "exchanged": one.exchanged,
        "exchanged_answer": second.short or second.text,
        "exchanged_status": second.status,
        "exchanged_confidence": round(second.confidence, 4),
    }
