"""Loads questions and paragraphs in SQuAD's format, holds out articles, and drops overlaps with test sets."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rag.articles.sentences import split_sentences
from rag.errors import RagError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataSource:
    """One file of training questions.

    :param share: share of its questions that an epoch draws; above 1, how often it draws each.
    :param sentences: whether its passages are single sentences, which are shown among others of their article.
    :param family: files of one family contain the same articles, which are held out together.
    """

    file: str
    share: float
    sentences: bool = False
    family: str = ""

    @property
    def name(self) -> str:
        return self.file.split(".")[0]


SOURCES = (
    DataSource("new_wiki.json", 1.0),
    DataSource("reddit.json", 0.5),
    DataSource("amazon_reviews.json", 0.5),
    DataSource("qed-train.json.gz", 1.0, family="nq"),
    DataSource("squad-train-part.json", 1.0),
    DataSource("squad-train-sentences.json.gz", 0.7, sentences=True),
    DataSource("qamr.json", 0.2, sentences=True, family="qamr"),
    DataSource("qadiscourse.json", 0.3, sentences=True, family="qamr"),
    DataSource("qasrl-gs.json.gz", 0.1, sentences=True, family="qamr"),
    DataSource("qasrl.json.gz", 0.05, sentences=True, family="qamr"),
    DataSource("qanom.json.gz", 0.02, sentences=True, family="qamr"),
    DataSource("paraqa.json", 0.1, sentences=True),
    DataSource("onestopqa.json", 1.0),
    DataSource("fairytaleqa.json.gz", 0.5),
    DataSource("selqa.json.gz", 0.5),
    DataSource("clapnq-dev.json", 1.0, family="nq"),
    DataSource("tatqa-text.json", 1.0),
    DataSource("medquad-definitions.json.gz", 0.3),
    DataSource("boolq.json.gz", 0.4, family="nq"),
)
"""The reader's training data. Real searches and news weigh most, template questions least."""

SENTENCE_SOURCES = frozenset(source.name for source in SOURCES if source.sentences)
NEWS = "news"
"""Source of the questions on news that were written for this project (:mod:`rag.training.news`)."""
SAME_NEWS = "onestopqa"
"""The other source that contains some of the same news."""
SHARES = {NEWS: 4.0, **{source.name: source.share for source in SOURCES}}
FAMILIES = {source.name: source.family for source in SOURCES if source.family}
TITLED = frozenset({"new_wiki", "qed-train", "clapnq-dev", "selqa", "onestopqa"})
"""Sources with real titles; the titles of the others are numbers."""


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question and its gold answers as (start, end) characters of its paragraph.

    :param impossible: annotators found no answer in the paragraph.
    :param trap: the span that a careless reader would give as the answer to an impossible question; None if unknown.
    :param weight: how often it is drawn, relative to the others of its source.
    :param parts: spans that answer only together; ``answers`` is then empty.
    :param yes: whether the paragraph says yes; None if the question is not a yes/no question.
    """

    question: str
    answers: tuple[tuple[int, int], ...]
    impossible: bool = False
    parts: tuple[tuple[int, int], ...] = ()
    yes: bool | None = None
    trap: tuple[int, int] | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with its questions; ``source`` is its data set's file name, ``article`` is held out as a whole."""

    source: str
    article: str
    title: str
    text: str
    questions: tuple[QuestionRecord, ...]


def load_squad(path: Path) -> list[Paragraph]:
    """Reads a file in SQuAD's format, plain or gzipped. :raises RagError: if it is missing or in another format."""
    name = path.name.split(".json")[0]
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [
            Paragraph(
                name,
                read_article(name, article["title"], paragraph["context"]),
                unquote(article["title"]).replace("_", " ") if name in TITLED else "",
                paragraph["context"],
                tuple(map(read_question, paragraph["qas"])),
            )
            for article in json.loads(content)["data"]
            for paragraph in article["paragraphs"]
        ]
    except FileNotFoundError:
        raise RagError(
            f"No {path.name} in {path.parent}: docs/reader.md names the public data sets; put this one there in "
            "SQuAD's JSON format."
        ) from None
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        raise RagError(f"{path} is not in SQuAD's JSON format ({error}): convert it, or name another file.") from None


def read_article(source: str, title: str, text: str) -> str:
    """The unit that is held out: the article, or the single post if the whole file is one article."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if source == "reddit" else title


def read_question(record: dict[str, Any]) -> QuestionRecord:
    """A question. The spans of an answer in several parts are its ``parts``; its ``answers`` are then empty."""
    spans = tuple((a["answer_start"], a["answer_start"] + len(a["text"])) for a in record["answers"] if a["text"])
    parts, answers = (spans, ()) if record.get("all") else ((), spans)
    yes = record["yes_no"] == "yes" if record.get("yes_no") in ("yes", "no") else None
    return QuestionRecord(str(record["question"]).strip(), answers, bool(record.get("is_impossible")), parts, yes)


def is_held_out(paragraph: Paragraph) -> bool:
    """One article in twenty, by hash: the same for every seed and in all files of a family."""
    family = FAMILIES.get(paragraph.source, paragraph.source)
    return int(hashlib.sha256(f"{family}/{paragraph.article}".encode()).hexdigest(), 16) % 20 == 0


def drop_overlaps(paragraphs: Sequence[Paragraph], tests: Sequence[str], run: int = 13) -> list[Paragraph]:
    """Drops paragraphs that share ``run`` consecutive words, or a sentence of 5 or more, with a test paragraph."""
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
