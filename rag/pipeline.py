"""Wiring: a folder of articles and a question in, an answer out. All ways in use this object and nothing below it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from rag.answers.compose import compose_answer
from rag.articles.folder import find_articles
from rag.errors import CorpusError, QuestionError
from rag.index.chunking import ChunkingConfig
from rag.index.ingest import read_articles
from rag.index.retrieval import HybridRetriever
from rag.index.update import Changes, Index, default_index_folder, open_index, update_index
from rag.machine.folders import find_folder
from rag.models import load_models
from rag.question.followup import contextualize_question
from rag.question.parsed import ParsedQuestion, parse_question
from rag.question.text import clean_question
from rag.types import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag.articles.folder import Skipped
    from rag.models import Models
    from rag.question.followup import Resolver
    from rag.types import Answer, Encoder, Retriever, Stage, Turn

MOST_PASSAGES = 100
"""As many as are looked at in each search; more would only be slow."""
QUESTIONS_AT_ONCE = 16
"""A batch of the encoder."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a user can choose.

    :param corpus: folder of articles; None for the checkout's seeds/.
    :param index: folder of the index; None for the checkout's index/ with its seeds/, else the user's cache folder.
    :param encoder: Hugging Face name or folder; None for the one that is installed.
    :param reader: Hugging Face seq2seq name or folder; None for the built-in one.
    :param k: passages read for each question, 1 to ``MOST_PASSAGES``.
    """

    corpus: Path | None = None
    index: Path | None = None
    encoder: str | None = None
    reader: str | None = None
    k: int = 10


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the conversation before it."""

    text: str
    history: tuple[Turn, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions from one index. Use :meth:`open`.

    :param changes: what opening did to the index.
    :param folders: (corpus, index), where they are.
    """

    index: Index
    models: Models
    retriever: Retriever
    k: int
    changes: Changes
    folders: tuple[Path, Path]

    @classmethod
    def open(cls, config: Config, *, progress: bool = False) -> Pipeline:
        """Brings the index up to date with the corpus and opens it; models are loaded by the first question.

        :raises RagError: for what a user can mend: no articles, a damaged folder, no such model.
        :raises ValueError: for a ``k`` out of range.
        """
        if not 1 <= config.k <= MOST_PASSAGES:
            raise ValueError(f"k must lie between 1 and {MOST_PASSAGES}, not {config.k}")
        corpus, folder = locate_folders(config)
        models = load_models(config.encoder, config.reader)
        encoder = models.encoder
        changes = update_index(corpus, folder, encoder, fit_chunking(encoder), progress=progress)
        index = open_index(folder)
        return cls(index, models, HybridRetriever(index, encoder), config.k, changes, (corpus, folder))

    def renewed(self) -> Pipeline:
        """The same models over an index that knows what has become of the articles; this one stays as it is.

        :raises RagError: for what a user can mend, as in :meth:`open`.
        """
        corpus, folder = self.folders
        encoder = self.models.encoder
        changes = update_index(corpus, folder, encoder, fit_chunking(encoder))
        index = open_index(folder)
        return replace(self, index=index, retriever=HybridRetriever(index, encoder), changes=changes)

    def list_skipped(self) -> list[Skipped]:
        """The files of the corpus that hold no article that can be read; they are looked at again to say why."""
        held = {summary.document_id for summary in self.index.documents()}
        missing = [name for name in self.index.state.sources if name not in held]
        return read_articles(self.folders[0], missing)[1] if missing else []

    def ask(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Answer:
        """Answers one question.

        :param on_stage: told each stage before it begins; what it raises ends the work there.
        :raises QuestionError: where nothing can be asked with it.
        """
        answer = next(self.ask_batch([Question(question, tuple(history))], on_stage))
        if isinstance(answer, QuestionError):
            raise answer
        return answer

    def ask_batch(
        self, questions: Sequence[Question], on_stage: Callable[[Stage], None] | None = None
    ) -> Iterator[Answer | QuestionError]:
        """Answers in the order of the questions, as they are ready; an error in place of each that cannot be asked.

        The timing of an answer is its share of the time that it and those read together with it took.

        :param on_stage: as in :meth:`ask`, once for all that are read together.
        """
        tell = on_stage or (lambda _: None)
        waiting = iter(questions)
        while batch := list(islice(waiting, QUESTIONS_AT_ONCE)):
            tell("rewrite")
            began = time.perf_counter()
            parsed = [prepare_question(q, self.models.resolver) for q in batch]
            asked = [q for q in parsed if isinstance(q, ParsedQuestion)]
            rewriting = (time.perf_counter() - began) / len(batch)
            answers = iter(self._answer(asked, rewriting, tell))
            for q in parsed:
                yield next(answers) if isinstance(q, ParsedQuestion) else q

    def _answer(self, asked: Sequence[ParsedQuestion], rewriting: float, tell: Callable[[Stage], None]) -> list[Answer]:
        """Questions to answers, batched through encoder and reader."""
        if not asked:
            return []
        texts = [question.text for question in asked]
        times = [time.perf_counter()]
        tell("retrieve")
        found = self.retriever.retrieve(texts, self.k)
        times.append(time.perf_counter())
        tell("read")
        readings = self.models.reader.read(texts, [[s.passage for s in scored] for scored in found])
        times.append(time.perf_counter())
        tell("compose")
        calibration, encoder, explained = self.models.calibration, self.models.encoder, self.models.reader.copies
        answers = [
            compose_answer(question, scored, read, calibration, encoder, explained=explained)
            for question, scored, read in zip(asked, found, readings, strict=True)
        ]
        times.append(time.perf_counter())
        timing = Timing(rewriting, *((b - a) / len(asked) for a, b in pairwise(times)))
        return [replace(answer, timing=timing) for answer in answers]

    def close(self) -> None:
        """Releases the index's files."""
        self.index.close()


def prepare_question(question: Question, resolver: Resolver) -> ParsedQuestion | QuestionError:
    """The question cleaned, made to stand by itself and parsed, or why it cannot be asked."""
    try:
        cleaned = clean_question(question.text)
        return parse_question(clean_question(contextualize_question(cleaned, question.history, resolver)), cleaned)
    except QuestionError as error:
        return error


def fit_chunking(encoder: Encoder) -> ChunkingConfig:
    """Passages of the usual length, or of half of what the encoder takes where that is less: the rest is context."""
    usual = ChunkingConfig()
    most = max(2, min(usual.max_tokens, (encoder.max_tokens + 2) // 2))  # special tokens come to two
    return ChunkingConfig(most, min(usual.overlap_tokens, most // 4), min(usual.min_tokens, most // 2))


def locate_folders(config: Config) -> tuple[Path, Path]:
    """(corpus, index). :raises CorpusError: where no corpus is named outside of a checkout."""
    try:
        checkout = find_checkout(Path.cwd())
    except OSError:
        checkout = None
    if config.corpus is None:
        if checkout is None:
            raise CorpusError("No articles to ask: name a folder of .txt or .md files with --corpus.")
        corpus = checkout / "seeds"
    else:
        found = find_folder(str(config.corpus))
        if found is None:
            find_articles(config.corpus)  # says what is wrong with it
        corpus = found or config.corpus
    if config.index is not None:
        return corpus, find_folder(str(config.index)) or config.index
    if checkout is not None and corpus.resolve() == checkout / "seeds":
        return corpus, checkout / "index"
    return corpus, default_index_folder(corpus)


def find_checkout(start: Path) -> Path | None:
    """The folder at or above ``start`` that holds this project's source."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "pyproject.toml").is_file() and (folder / "seeds").is_dir() and (folder / "rag").is_dir():
            return folder
    return None
