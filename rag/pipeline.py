"""The pipeline from a folder of articles and a question to an answer. Every interface uses it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from rag.answers.aging import add_age
from rag.answers.authorship import answer_author
from rag.answers.compose import compose_answer
from rag.answers.corrected import answer_corrected
from rag.answers.memory import Memory
from rag.answers.paging import add_pages
from rag.answers.summary import LEADING, MOST_ARTICLES, answer_request
from rag.articles.columns import USUAL, Columns
from rag.articles.folder import find_articles, name_file
from rag.articles.formats import EXAMPLES
from rag.errors import CorpusError, QuestionError, StoreError
from rag.index.chunking import ChunkingConfig
from rag.index.ingest import read_articles
from rag.index.local import LocalStore
from rag.index.meter import Meter
from rag.index.places import open_server
from rag.index.retrieval import HybridRetriever
from rag.index.scope import Scope
from rag.index.timeliness import rate_day
from rag.index.update import Changes, Index, default_index_folder, update_index
from rag.machine.folders import find_folder
from rag.models import load_models
from rag.question.authorship import THIS, find_subject
from rag.question.followup import can_stand_alone, contextualize_question, refers_back
from rag.question.parsed import ParsedQuestion, parse_question
from rag.question.request import SMALL_TALK
from rag.question.text import clean_question
from rag.question.times import find_period, find_time, strip_time
from rag.types import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rag.articles.folder import Skipped
    from rag.index.base import Store
    from rag.models import Models
    from rag.question.followup import Resolver
    from rag.types import Answer, Citation, Corrections, Encoder, Period, Retriever, ScoredPassage, Stage, Turn

USUAL_PASSAGES = 15
"""The number of passages read for each question (docs/decisions/0038)."""
MOST_PASSAGES = 100
"""The number of candidates that each search returns. A higher limit would only be slower."""
QUESTIONS_AT_ONCE = 16
"""The batch size of the encoder."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a user can choose.

    :param corpus: folder of articles; None for the checkout's seeds/.
    :param index: folder of the index; None for the checkout's index/ with its seeds/, otherwise a folder in the user
        cache.
    :param encoder: Hugging Face name or folder; None for the installed encoder.
    :param reader: name or folder of a Hugging Face seq2seq model; None for the built-in reader.
    :param k: passages read for each question, 1 to ``MOST_PASSAGES``.
    :param columns: of tables, if they do not have their usual names.
    :param fresh: whether a question that was asked before is answered anew, as when times are measured.
    :param store: address of a server that keeps the index, such as ``qdrant://localhost``; None for the folder. Without
        a corpus, the index is then only read.
    """

    corpus: Path | None = None
    index: Path | None = None
    encoder: str | None = None
    reader: str | None = None
    k: int = USUAL_PASSAGES
    columns: Columns = USUAL
    fresh: bool = False
    store: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the conversation before it."""

    text: str
    history: tuple[Turn, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Answers questions from one index. Create it with :meth:`open`.

    :param changes: the changes made to the index when it was opened.
    :param corpus: None if the index is only read.
    :param store: where the index is kept.
    :param columns: as in :class:`Config`.
    :param corrections: what people decided about questions; None to leave it out.
    :param scope: the articles that are asked.
    :param memory: answers given before, shared by all pipelines made from this one; None for none. Give a pipeline
        whose retriever is replaced another one.
    """

    index: Index
    models: Models
    retriever: Retriever
    k: int
    changes: Changes
    corpus: Path | None
    store: Store
    columns: Columns = USUAL
    scope: Scope = field(default_factory=Scope)
    memory: Memory | None = None
    corrections: Corrections | None = None

    @classmethod
    def open(
        cls,
        config: Config,
        *,
        progress: bool = False,
        tell: Callable[[int, int], None] | None = None,
        corrections: Corrections | None = None,
    ) -> Pipeline:
        """Updates the index from the corpus and opens it. The first question loads the models.

        :param progress: whether to show the progress on stderr.
        :param tell: as in :meth:`renewed`.
        :param corrections: what people decided about questions, such as
            :class:`rag.review.corrections.StoredCorrections`.
        :raises RagError: for errors that a user can fix: no articles, a damaged index, an unknown model.
        :raises ValueError: if ``k`` is out of range.
        """
        if not 1 <= config.k <= MOST_PASSAGES:
            raise ValueError(f"k must be between 1 and {MOST_PASSAGES}, not {config.k}")
        corpus, store = locate_store(config)
        models = load_models(config.encoder, config.reader)
        tell = tell or (Meter() if progress else None)
        changes, index = open_updated(corpus, store, models.encoder, config.columns, tell)
        retriever = HybridRetriever(index, models.encoder)
        memory = None if config.fresh else Memory()
        made = cls(index, models, retriever, config.k, changes, corpus, store, config.columns)
        return replace(made, memory=memory, corrections=corrections)

    def renewed(self, tell: Callable[[int, int], None] | None = None) -> Pipeline:
        """A new pipeline with the same models and an index updated from the corpus. This one is unchanged.

        :param tell: called with the numbers of passages encoded and to be encoded. An exception from it ends the
            update and leaves the index as it was.
        :raises RagError: as in :meth:`open`.
        """
        encoder = self.models.encoder
        changes, index = open_updated(self.corpus, self.store, encoder, self.columns, tell)
        return replace(self, index=index, retriever=HybridRetriever(index, encoder), changes=changes, scope=Scope())

    def within(self, scope: Scope) -> Pipeline:
        """A pipeline that answers from the articles of a scope only. It is closed with this one.

        It leaves out corrections, which were made for all articles.

        :raises CorpusError: if there are none.
        """
        if scope.is_open:
            return self
        index = self.index.within(scope)
        retriever = HybridRetriever(index, self.models.encoder)
        return replace(self, index=index, retriever=retriever, scope=scope, corrections=None)

    def list_skipped(self) -> list[Skipped]:
        """The files of the corpus that have no readable article. Each is read again to find the reason."""
        if self.corpus is None:
            return []
        held = {name_file(summary.document_id) for summary in self.index.documents()}
        missing = [name for name in self.index.state.sources if name not in held]
        return read_articles(self.corpus, missing, self.columns)[1] if missing else []

    def ask(
        self, question: str, history: Sequence[Turn] = (), on_stage: Callable[[Stage], None] | None = None
    ) -> Answer:
        """Answers one question.

        :param on_stage: called with each stage before it begins. An exception that it raises stops the work.
        :raises QuestionError: if the question is invalid, for example empty.
        """
        answer = next(self.ask_batch([Question(question, tuple(history))], on_stage))
        if isinstance(answer, QuestionError):
            raise answer
        return answer

    def ask_batch(
        self, questions: Sequence[Question], on_stage: Callable[[Stage], None] | None = None
    ) -> Iterator[Answer | QuestionError]:
        """Yields one answer per question, in order, as batches finish. An invalid question yields its error.

        The timing of an answer is the time of its batch divided by the number of questions in the batch.

        :param on_stage: as in :meth:`ask`, called once per stage of each batch, and again if some of its follow-ups
            are asked a second time, as written.
        """
        tell = on_stage or (lambda _: None)
        waiting = iter(questions)
        while batch := list(islice(waiting, QUESTIONS_AT_ONCE)):
            tell("rewrite")
            names = [self._name_question(question) for question in batch]
            known = [self._recall(name) for name in names]
            new = [(q, name) for q, name, answer in zip(batch, names, known, strict=True) if answer is None]
            answers = iter(self._answer_new(new, tell) if new else ())
            for answer in known:
                yield next(answers) if answer is None else answer

    def _answer_new(
        self, named: Sequence[tuple[Question, bytes | None]], tell: Callable[[Stage], None]
    ) -> list[Answer | QuestionError]:
        """Answers one batch, and remembers the answers.

        :param named: each question with its hash as it was before. If somebody has corrected one since, the answer may
            be of before or after, and is not remembered.
        """
        began = time.perf_counter()
        parsed = [prepare_question(question, self.models.resolver) for question, _ in named]
        asked = [q for q in parsed if isinstance(q, ParsedQuestion)]
        rewriting = (time.perf_counter() - began) / len(named)
        corrected = [self._answer_corrected(q, tell) for q in asked]
        left = [q for q, answer in zip(asked, corrected, strict=True) if answer is None]
        made = iter(self._answer_twice(left, rewriting, tell))
        answers = iter([answer or next(made) for answer in corrected])
        found = [next(answers) if isinstance(q, ParsedQuestion) else q for q in parsed]
        for (question, name), answer in zip(named, found, strict=True):
            if self.memory is None or name is None or isinstance(answer, QuestionError):
                continue
            if self._name_question(question) == name:
                self.memory.keep(name, self.models, answer)
        return found

    def _recall(self, name: bytes | None) -> Answer | None:
        """The answer to the same question, if it was given before. Its time is that of finding it."""
        if self.memory is None or name is None:
            return None
        began = time.perf_counter()
        answer = self.memory.recall(name, self.models)
        return answer and replace(answer, timing=Timing(rewrite=time.perf_counter() - began))

    def _name_question(self, question: Question) -> bytes | None:
        """A hash of all that an answer depends on besides the models; also of the day, as in "last week".

        :return: None if nothing is remembered, or the question is invalid.
        """
        if self.memory is None:
            return None
        try:
            asked = (clean_question(question.text), *question.history)
        except QuestionError:
            return None
        state, corrected = self.index.state, self.corrections.version if self.corrections else ""
        settings = (state.database, state.fingerprint, self.scope, self.k, date.today(), corrected)
        return sha256(repr((asked, settings)).encode("utf-8", "surrogatepass")).digest()

    def _answer_corrected(self, question: ParsedQuestion, tell: Callable[[Stage], None]) -> Answer | None:
        """What people decided about a question; None if they did not, or it no longer holds (docs/decisions/0043)."""
        correction = self.corrections.find(question.text) if self.corrections else None
        if correction is None or question.request in SMALL_TALK or refers_back(question.text):
            return None  # "who runs it?" is another question in another conversation
        newest = self.index.find_newest_day(date.today().isoformat())
        if question.time and question.time.year is None and (newest or "") > correction.mark.on:
            return None  # "last week" is another week by now
        tell("retrieve")
        began = time.perf_counter()
        (found,) = self._search([question])
        made = answer_corrected(question, correction, found, self.index.document, self.index.document_passages)
        if made is None:
            return None
        made = self._add_age(add_pages(made, self.index.document), question)
        return replace(made, timing=Timing(retrieve=time.perf_counter() - began))

    def _answer_twice(
        self, asked: Sequence[ParsedQuestion], rewriting: float, tell: Callable[[Stage], None]
    ) -> list[Answer]:
        """Answers one batch. Rewritten questions that find nothing trusted are asked as written too, if they can be."""
        answers = self._answer(asked, rewriting, tell)
        again = [
            i
            for i, (question, answer) in enumerate(zip(asked, answers, strict=True))
            if not answer.answered and question.text != question.original and can_stand_alone(question.original)
        ]
        written = self._answer([parse_question(asked[i].original) for i in again], 0.0, tell)
        for i, answer in zip(again, written, strict=True):
            better = answer if answer.answered else answers[i]
            answers[i] = replace(better, timing=answers[i].timing.plus(answer.timing))
        return [self._answer_of_days(q, answer, tell) for q, answer in zip(asked, answers, strict=True)]

    def _answer_of_days(self, question: ParsedQuestion, given: Answer, tell: Callable[[Stage], None]) -> Answer:
        """The answer from articles from the few days that a question names. Such articles seldom name these days.

        :param given: the first answer. It stands if it quotes one of these articles or one from the day after, or a
            sentence that names these days, or if these articles have no answer.
        """
        period = self._find_period(question)
        if period is None or question.request or not period.is_short:
            return given
        if given.answered and any(tells_of(citation, period) for citation in given.citations):
            return given
        began = time.perf_counter()
        bare = parse_question(strip_time(question.text), question.original)
        ranked = self.retriever.retrieve([bare.text], self.k, [period])[0] if len(bare.topic) > 1 else []
        found = [scored for scored in ranked if period.holds(scored.passage.date)]
        if not found:
            return given
        tell("read")
        (readings,) = self.models.reader.read([bare.text], [[scored.passage for scored in found]])
        calibration, encoder, explained = self.models.calibration, self.models.encoder, self.models.reader.copies
        made = compose_answer(bare, found, readings, calibration, encoder, explained=explained)
        ranks = ("abstained", "possible", "answered")
        if made.status == "abstained" or ranks.index(made.status) < ranks.index(given.status):
            return given
        made = replace(add_pages(made, self.index.document), standalone=given.standalone)
        timing = given.timing.plus(Timing(read=time.perf_counter() - began))
        return replace(self._add_age(made, question), timing=timing)

    def _answer(self, asked: Sequence[ParsedQuestion], rewriting: float, tell: Callable[[Stage], None]) -> list[Answer]:
        """Answers one batch of questions."""
        if not asked:
            return []
        texts = [question.text for question in asked]
        times = [time.perf_counter()]
        tell("retrieve")
        found = self._search(asked)
        times.append(time.perf_counter())
        tell("read")
        told = [self._answer_request(question, passages) for question, passages in zip(asked, found, strict=True)]
        plain = [i for i, answer in enumerate(told) if answer is None]
        read = self.models.reader.read([texts[i] for i in plain], [[s.passage for s in found[i]] for i in plain])
        readings = dict(zip(plain, read, strict=True))
        times.append(time.perf_counter())
        tell("compose")
        calibration, encoder, explained = self.models.calibration, self.models.encoder, self.models.reader.copies
        composed = [
            answer or compose_answer(question, found[i], readings[i], calibration, encoder, explained=explained)
            for i, (question, answer) in enumerate(zip(asked, told, strict=True))
        ]
        paged = [add_pages(answer, self.index.document) for answer in composed]
        answers = [self._add_age(answer, question) for answer, question in zip(paged, asked, strict=True)]
        times.append(time.perf_counter())
        timing = Timing(rewriting, *((b - a) / len(asked) for a, b in pairwise(times)))
        return [replace(answer, timing=timing) for answer in answers]

    def _answer_request(self, question: ParsedQuestion, found: Sequence[ScoredPassage]) -> Answer | None:
        """Answers a question about the articles as a whole or their authors. None if the passages must be read."""
        subject = find_subject(question.text) if question.request == "author" else None
        if subject is not None:
            # If only "this article" is said, it is clear in a folder with one.
            single = [passage for passage, *_ in self.index.leading_passages(2, 1)]
            passages = [scored.passage for scored in found] if subject.text else single
            documents = [self.index.document(name) for name in dict.fromkeys(p.document_id for p in passages)]
            return answer_author(question, found, subject, [document for document in documents if document])
        if question.request is None:
            return None
        leads = self.index.leading_passages(MOST_ARTICLES, LEADING) if question.request == "summary" else []
        return answer_request(question, found, leads)

    def _search(self, asked: Sequence[ParsedQuestion]) -> list[Sequence[ScoredPassage]]:
        """The passages of each question; none for small talk."""
        searched = [question for question in asked if question.request not in SMALL_TALK]
        texts, periods = [question.text for question in searched], [self._find_period(q) for q in searched]
        found = iter(self.retriever.retrieve(texts, self.k, periods) if texts else ())
        return [() if question.request in SMALL_TALK else next(found) for question in asked]

    def _add_age(self, answer: Answer, question: ParsedQuestion) -> Answer:
        """The answer with the age of its evidence, except for who wrote an article, where age does not matter."""
        return answer if question.request == "author" else add_age(answer, question.time, date.today())

    def _find_period(self, question: ParsedQuestion) -> Period | None:
        """The days that a question asks about. "Last week" is counted from the newest article (docs/decisions/0032)."""
        if question.time is None:
            return None
        newest = self.index.find_newest_day(date.today().isoformat())
        return find_period(question.time, date.fromisoformat(newest[:10])) if newest else None

    def close(self) -> None:
        """Closes the index's files."""
        self.index.close()


def prepare_question(question: Question, resolver: Resolver | None) -> ParsedQuestion | QuestionError:
    """Cleans a question, rewrites a follow-up as a standalone question and parses it. Returns the error if invalid."""
    try:
        cleaned = asked = clean_question(question.text)
        subject = find_subject(cleaned)
        if subject is not None and not subject.text:  # "this article" is the one that the conversation is about
            asked, resolver = THIS, None
        return parse_question(clean_question(contextualize_question(asked, question.history, resolver)), cleaned)
    except QuestionError as error:
        return error


def fit_chunking(encoder: Encoder) -> ChunkingConfig:
    """The default passage length, or half of the encoder's maximum if that is shorter. The other half holds context."""
    usual = ChunkingConfig()
    most = max(2, min(usual.max_tokens, (encoder.max_tokens + 2) // 2))  # 2: the special tokens
    return ChunkingConfig(most, min(usual.overlap_tokens, most // 4), min(usual.min_tokens, most // 2))


def open_updated(
    corpus: Path | None, store: Store, encoder: Encoder, columns: Columns, tell: Callable[[int, int], None] | None
) -> tuple[Changes, Index]:
    """The index, updated from the corpus if there is one, and what changed."""
    changes = Changes()
    if corpus is not None:
        changes = update_index(corpus, store, encoder, fit_chunking(encoder), tell=tell, columns=columns)
    return changes, store.open()


def locate_store(config: Config) -> tuple[Path | None, Store]:
    """The corpus and where its index is kept. The corpus is None if an index on a server is only to be read.

    :raises CorpusError: as :func:`locate_folders` does.
    :raises StoreError: if the server's address is not valid, or there is a folder for the index too.
    """
    if config.store is None:
        corpus, folder = locate_folders(config)
        return corpus, LocalStore(folder)
    if config.index is not None:
        raise StoreError("An index is kept either in a folder or in a store: leave out --index or --store.")
    store = open_server(config.store)
    return None if config.corpus is None else locate_folders(config)[0], store


def locate_folders(config: Config, here: Path | None = None) -> tuple[Path, Path]:
    """(corpus, index).

    :param here: the folder in which the question is asked; None for the current one.
    :raises CorpusError: if no corpus is given outside a checkout, or it cannot be read.
    """
    try:
        checkout = find_checkout(here or Path.cwd())
    except OSError:
        checkout = None
    if config.corpus is None:
        if checkout is None:
            raise CorpusError(f"No articles given: name a folder of {EXAMPLES} with --corpus.")
        corpus = checkout / "seeds"
    else:
        found = find_folder(str(config.corpus))
        if found is None:
            find_articles(config.corpus)  # raises CorpusError with the reason
        corpus = found or config.corpus
    if config.index is not None:
        return corpus, find_folder(str(config.index)) or config.index
    if checkout is not None and corpus.resolve() == checkout / "seeds":
        return corpus, checkout / "index"
    return corpus, default_index_folder(corpus)


def find_checkout(start: Path) -> Path | None:
    """The checkout of this project that contains ``start``, or None."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "pyproject.toml").is_file() and (folder / "seeds").is_dir() and (folder / "rag").is_dir():
            return folder
    return None


def tells_of(citation: Citation, period: Period) -> bool:
    """Whether a quote is of an article of some days or of the day after them, or names these days itself."""
    if rate_day(citation.date, period):
        return True
    named = find_time(citation.quote)
    return named is not None and find_period(named, date.fromisoformat(citation.date or period.until)) == period
