"""Questions and paragraphs in SQuAD's format, what is held out of them, and what a test set excludes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rag.errors import RagError
from rag.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question and its gold answers as (start, end) characters of its paragraph."""

    question: str
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with its questions; ``source`` is the data set's file name, ``article`` what is held out whole."""

    source: str
    article: str
    title: str
    text: str
    questions: tuple[QuestionRecord, ...]


def load_squad(path: Path) -> list[Paragraph]:
    """Reads one file in SQuAD's format; :raises RagError: where it is missing or of another format."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        return [
            Paragraph(
                path.stem,
                read_article(path.stem, article["title"], paragraph["context"]),
                unquote(article["title"]).replace("_", " ") if path.stem == "new_wiki" else "",
                paragraph["context"],
                tuple(map(read_question, paragraph["qas"])),
            )
            for article in data
            for paragraph in article["paragraphs"]
        ]
    except FileNotFoundError:
        raise RagError(
            f"No {path.name} in {path.parent}: SQuADShifts (new_wiki, reddit, amazon_reviews), QAMR and SQuAD are "
            "public; put them there in SQuAD's JSON format."
        ) from None
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise RagError(f"{path} is not in SQuAD's JSON format ({error}): convert it, or name another file.") from None


def read_article(source: str, title: str, text: str) -> str:
    """What is held out together: the article, or the single post where a file has but one article."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if source == "reddit" else title


def read_question(record: dict[str, Any]) -> QuestionRecord:
    answers = record["answers"]
    spans = tuple((a["answer_start"], a["answer_start"] + len(a["text"])) for a in answers if a["text"])
    return QuestionRecord(str(record["question"]).strip(), spans)


def is_held_out(paragraph: Paragraph) -> bool:
    """One article in twenty, by hash: the same ones whatever the seed."""
    return int(hashlib.sha256(f"{paragraph.source}/{paragraph.article}".encode()).hexdigest(), 16) % 20 == 0


def drop_overlaps(paragraphs: Sequence[Paragraph], tests: Sequence[str], run: int = 13) -> list[Paragraph]:
    """Leaves out what shares ``run`` words in a row, or a whole sentence, with a test paragraph."""
    runs: set[tuple[str, ...]] = set()
    sentences: set[tuple[str, ...]] = set()
    for text in tests:
        runs.update(list_runs(words_of(text), run))
        sentences.update(tuple(words_of(text[a:b])) for a, b in split_sentences(text))
    sentences = {sentence for sentence in sentences if len(sentence) >= 5}
    return [
        p
        for p in paragraphs
        if runs.isdisjoint(list_runs(words_of(p.text), run))
        and sentences.isdisjoint(tuple(words_of(p.text[a:b])) for a, b in split_sentences(p.text))
    ]


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def list_runs(words: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + length]) for i in range(len(words) - length + 1))
