"""Loads the questions on news that were written for this project; public news is read from the training data."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.training.data import NEWS, Paragraph, QuestionRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUESTIONS = tuple(Path(__file__).with_name(name) for name in ("news-questions.jsonl", "invented-news.jsonl"))
FILES = ("news-onestopenglish.jsonl", "news-wikinews-gum.jsonl", "news-current-events.jsonl.gz")
PAIRS = frozenset({"exchanged", "twin", "choice", "amount"})
"""Styles of questions that are drawn twice as often: pairs that differ in one name, year or role, and their like."""
WORDS = 110
"""Maximum words of a passage of several paragraphs: about as many as in the product's passages."""


def load_news(data: Path, questions: Sequence[Path] = QUESTIONS) -> list[Paragraph]:
    """The questions joined with their news, each document divided into passages of neighbouring paragraphs.

    Each line of ``questions`` is a document: its title, its paragraphs, and its questions. Paragraphs of public news
    are given by the start of their SHA-256. A question has the number of its paragraph and an answer. A yes/no question
    also has ``yes``, and its answer is the sentence that decides. The answer is null if the whole document contains
    none; ``trap`` is then the answer that a careless reader would give. ``style`` says how a question was worded;
    those of ``PAIRS`` weigh double.

    :param data: folder with the files of news; if there are none, there are no questions.
    :raises RagError: if a file is missing or in another format, or a paragraph is missing.
    """
    if not any((data / name).exists() for name in FILES):
        return []
    texts = {hash_text(text): text for name in FILES for text in read_texts(data / name)}
    documents = [json.loads(line) for path in questions for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        return [p for document in documents for p in join_document(document, texts)]
    except KeyError as error:
        raise RagError(
            f"The news in {data} lacks a paragraph ({error}): docs/reader.md names the public data sets."
        ) from None


def read_texts(path: Path) -> Iterator[str]:
    """The paragraphs of a news file; those with a date begin with it."""
    opened: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                yield f"{record['date']}: {record['text']}" if "date" in record else record["text"]
    except FileNotFoundError:
        raise RagError(f"No {path.name} in {path.parent}: docs/reader.md names the public data sets.") from None
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise RagError(f"{path} is not news in JSON lines ({error}): name another folder with --data.") from None


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def join_document(document: dict[str, Any], texts: dict[str, str]) -> Iterator[Paragraph]:
    """All passages of a document, with their questions if there are any."""
    paragraphs = document.get("text") or [texts[key] for key in document["paragraphs"]]
    for first, last in group_paragraphs(paragraphs):
        text = "\n\n".join(paragraphs[first:last])
        asked = [q for q in document["questions"] if first <= q["paragraph"] < last]
        records = []
        for question in asked:
            before = sum(len(paragraph) + 2 for paragraph in paragraphs[first : question["paragraph"]])
            records.append(read_record(question, text, before))
        yield Paragraph(NEWS, document["title"], document["title"], text, tuple(records))


def group_paragraphs(paragraphs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(first, last + 1) of the paragraphs of each passage: at most ``WORDS`` words, or a single paragraph."""
    first = words = 0
    for number, paragraph in enumerate(paragraphs):
        length = len(paragraph.split())
        if number > first and words + length > WORDS:
            yield first, number
            first, words = number, 0
        words += length
    if first < len(paragraphs):
        yield first, len(paragraphs)


def read_record(question: dict[str, Any], text: str, before: int) -> QuestionRecord:
    """A question; ``before`` is the offset of its paragraph in the passage."""
    answer = question["answer"]
    start = text.index(answer or question["trap"], before)
    span = start, start + len(answer or question["trap"])
    weight = 2.0 if question.get("style") in PAIRS else 1.0
    if answer is None:
        return QuestionRecord(question["question"], (), impossible=True, trap=span, weight=weight)
    if (yes := question.get("yes")) is not None:
        return QuestionRecord(question["question"], (), parts=(span,), yes=yes, weight=weight)
    return QuestionRecord(question["question"], (span,), weight=weight)
