"""The value types shared by all rooms, and the protocols of encoder, retriever and reader.

Every value is frozen. Offsets are in characters (Python string indices), half open.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol

from rag.documents import Byline as Byline
from rag.documents import Document as Document
from rag.documents import Origin as Origin
from rag.documents import PageStart as PageStart
from rag.documents import Section as Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


LOW_CONFIDENCE = 0.6
"""Answers with a lower confidence get the doubt "low confidence"."""
Doubt = Literal["low confidence", "articles disagree", "one article", "old evidence"]


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole sentences of one document: ``document.text[start:end] == text``."""

    passage_id: str
    document_id: str
    title: str
    heading: str
    date: str | None
    start: int
    end: int
    text: str

    @property
    def context(self) -> str:
        """Title and heading. The reader sees them before the text."""
        return f"{self.title} – {self.heading}" if self.heading else self.title


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a question asks about, first and last included, in ISO 8601. Articles from them are preferred.

    :param since: empty for all days until ``until``.
    :param newest: whether the newest article is wanted, whatever its date.
    """

    since: str
    until: str
    newest: bool = False

    def holds(self, day: str | None) -> bool:
        """Whether a date is one of these days."""
        return self.since <= (day or "") <= self.until

    @property
    def is_short(self) -> bool:
        """Whether it is at most a month, so that its articles are about these days."""
        if self.newest or not self.since:
            return False
        return (date.fromisoformat(self.until) - date.fromisoformat(self.since)).days <= 31


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and the retriever's score for it (higher is better)."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of a reader, copied from or aligned to one passage.

    :param text: the answer shown to the user; empty if the reader found none.
    :param passage: index into the passages that were read; -1 if there is no answer.
    :param start: offset of the answer in that passage's text.
    :param end: offset of its end; ``passages[passage].text[start:end]`` supports the answer.
    :param probability: the reader's uncalibrated probability of this answer, 0 to 1.
    :param no_answer: the reader's uncalibrated probability that the passages hold no answer, 0 to 1.
    :param origin: ``copied`` from the passage, or written by a language model and ``aligned`` to the passage.
    """

    text: str
    passage: int
    start: int
    end: int
    probability: float
    no_answer: float
    origin: Literal["copied", "aligned"] = "copied"


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """A reader's score of one sentence, ``passages[passage].text[start:end]``.

    :param log_odds: natural log-odds that the sentence answers the question, uncalibrated.
    """

    passage: int
    start: int
    end: int
    log_odds: float


@dataclass(frozen=True, slots=True)
class Readings:
    """All answers of a reader to one question.

    :param together: from all passages at once, most probable first. Never empty: if the passages hold no answer, it
        has one reading with an empty text.
    :param apart: from each article's passages alone, ordered by each article's best passage, and then from articles
        that were only read alone; empty if the reader only reads all passages at once.
    :param scan: from the smaller, faster reader over all passages, most probable first; empty if there is none.
    :param sentences: every sentence of the passages that the large reader read together, in order; empty if the reader
        does not score sentences.
    :param beside: the same of the passages that it only read alone.
    :param yes: log-odds of "yes" against "no" in each passage that the large reader read, by passage index.
    """

    together: tuple[Reading, ...]
    apart: tuple[tuple[Reading, ...], ...] = ()
    scan: tuple[Reading, ...] = ()
    sentences: tuple[SentenceScore, ...] = ()
    beside: tuple[SentenceScore, ...] = ()
    yes: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """The sentence that contains an answer.

    ``start``, ``end``, ``answer_start`` and ``answer_end`` are offsets into the cleaned document:
    ``document.text[start:end] == quote``, and ``document.text[answer_start:answer_end]`` supports the answer.

    :param time: of a live blog's entry, ``16:05``; None in other articles.
    :param page: of the file, from 1, on which the answer stands; None if the file has no pages.
    """

    document_id: str
    title: str
    date: str | None
    passage_id: str
    quote: str
    start: int
    end: int
    answer_start: int
    answer_end: int
    origin: Literal["copied", "aligned"] = "copied"
    time: str | None = None
    page: int | None = None

    @property
    def dated(self) -> str:
        """Its date and time, as far as they are known: ``2025-06-13 16:05``."""
        return " ".join(filter(None, (self.date, self.time)))

    @property
    def placed(self) -> str:
        """Its date, time and page, as far as they are known: ``2025-06-13, p. 4``."""
        return ", ".join(filter(None, (self.dated, f"p. {self.page}" if self.page else "")))


@dataclass(frozen=True, slots=True)
class Place:
    """A part of an article: ``document.text[start:end] == text``.

    :param digest: SHA-256 of the article's text when a reviewer chose the place, in hex; otherwise empty.
    """

    document_id: str
    title: str
    start: int
    end: int
    text: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who corrected an answer, and when.

    :param by: their names, as they gave them.
    :param on: the day in UTC, in ISO 8601.
    """

    by: tuple[str, ...]
    on: str

    @property
    def said(self) -> str:
        """``corrected by eva and tom on 2026-11-02``."""
        return f"corrected by {self.names} on {self.on}"

    @property
    def names(self) -> str:
        return " and ".join(self.by)


@dataclass(frozen=True, slots=True)
class Correction:
    """What people decided about a question, in the place of what the models answer (docs/decisions/0043).

    :param places: the right answer or, if ``differ``, a text for each value; none if the articles do not answer it.
    :param seen: the passages that the people were shown.
    """

    question: str
    mark: Mark
    places: tuple[Place, ...] = ()
    differ: bool = False
    seen: tuple[Place, ...] = ()


Status = Literal["answered", "possible", "abstained"]
Stage = Literal["rewrite", "retrieve", "read", "compose"]
"""The stages of answering a question, in order. They are the fields of :class:`Timing`."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall time of each stage in seconds. In a batch, the time is divided equally among the questions."""

    rewrite: float = 0.0
    retrieve: float = 0.0
    read: float = 0.0
    compose: float = 0.0

    @property
    def total(self) -> float:
        return self.rewrite + self.retrieve + self.read + self.compose

    def plus(self, other: Timing) -> Timing:
        return Timing(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its citations, or an abstention with its reason.

    :param standalone: the question as it was read; a follow-up is rewritten with the help of the history.
    :param status: ``answered``; ``possible`` if ``withheld`` is too uncertain to give but probable enough to show; or
        ``abstained``. None of them is an exception.
    :param text: the short answer or, if the question asks for an explanation, quoted sentences; empty unless
        ``status`` is ``answered``.
    :param reason: why there is no answer, in one sentence; empty if ``status`` is ``answered``.
    :param confidence: calibrated probability, 0 to 1, that ``text`` is right or contains the right answer.
    :param citations: of the short answer; for an explanation, one per quoted sentence, in order, and one more for the
        short answer if it is in another sentence. The first of a yes/no answer decides it.
    :param alternatives: with a short answer: different values that other articles give, best supported first, and
        then values that were superseded, latest first.
        Without one, for a question on which articles may take sides: one sentence from each other article.
    :param passages: the passages that were read, best first.
    :param timing: the time of each stage; the first question also loads the models.
    :param withheld: the best short answer found, if its confidence was too low to give it; otherwise None.
    :param short: the short answer if its confidence is high enough: ``text`` itself, or shown above an explanation. To
        a yes/no question it is "Yes" or "No".
    :param articles: the number of articles that give the short answer or, without one, are quoted.
    :param age_days: the age of the newest cited article in days, if it is old; otherwise None.
    :param corrected: who decided this answer or abstention instead of the models; None if nobody did.
    """

    question: str
    standalone: str
    status: Status
    text: str
    reason: str
    confidence: float
    citations: tuple[Citation, ...]
    alternatives: tuple[Alternative, ...]
    passages: tuple[ScoredPassage, ...]
    timing: Timing = Timing()
    withheld: Alternative | None = None
    short: str = ""
    articles: int = 0
    age_days: int | None = None
    corrected: Mark | None = None

    @property
    def shown(self) -> Answer:
        """The answer to show. For status ``possible``, that is the withheld answer as if it had been given."""
        best = self.withheld
        if self.status != "possible" or best is None:
            return self
        return replace(
            self,
            status="answered",
            text=best.text,
            short=best.text,
            reason="",
            confidence=best.confidence,
            citations=best.citations,
            articles=best.articles,
            withheld=None,
        )

    @property
    def said(self) -> str:
        """The text of the assistant's turn in a conversation."""
        return self.shown.short or self.shown.text or self.reason

    @property
    def explained(self) -> bool:
        """Whether ``text`` consists of quoted sentences instead of a short answer."""
        return self.answered and self.text != self.short

    @property
    def verdict(self) -> bool:
        """Whether the short answer is "Yes" or "No", decided by the first quoted sentence."""
        return self.explained and self.short in ("Yes", "No")

    @property
    def contradicted(self) -> bool:
        """Whether other articles give a different short answer that is not superseded."""
        return bool(self.short) and any(not other.superseded for other in self.alternatives)

    @property
    def takes_sides(self) -> bool:
        """Whether the answer and its alternatives are one sentence from each article."""
        return bool(self.alternatives) and not self.short

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Warnings to show with the answer."""
        if not self.answered:
            return ()
        known: dict[Doubt, bool] = {
            "low confidence": self.confidence < LOW_CONFIDENCE,
            "articles disagree": self.contradicted,
            # 1: a summary, which only quotes, or a correction
            "one article": self.articles == 1 and self.confidence < 1,
            "old evidence": self.age_days is not None,
        }
        return tuple(doubt for doubt, holds in known.items() if holds)

    @property
    def seconds(self) -> float:
        """Wall time from question to answer."""
        return self.timing.total

    @property
    def answered(self) -> bool:
        return self.status == "answered"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another answer and its citations.

    :param confidence: as :attr:`Answer.confidence`, whose calibration was fitted on first answers only.
    :param articles: the number of articles that give it.
    :param superseded: whether the answer is newer and replaces it: it was corrected, or counted again later.
    """

    text: str
    confidence: float
    citations: tuple[Citation, ...]
    articles: int = 1
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class Encoder(Protocol):
    """Encodes texts as vectors."""

    @property
    def name(self) -> str:
        """The name given by the user, or the default encoder's name."""

    @property
    def fingerprint(self) -> str:
        """Identifies the weights, in hex. Vectors with different fingerprints are never compared."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without special tokens and without truncation."""

    @property
    def max_tokens(self) -> int:
        """The most tokens of one text that are encoded without truncation, excluding special tokens."""

    def encode(
        self, texts: Sequence[str], *, contexts: Sequence[str] = (), query: bool = False, progress: bool = False
    ) -> NDArray[np.float32]:
        """Unit-length rows, shape (len(texts), dimension), float32.

        :param contexts: what each text is read after, such as its title; none by default. The row is about the text.
        :param query: whether the texts are questions, not passages.
        """


class Retriever(Protocol):
    """Finds passages for questions."""

    def retrieve(
        self, questions: Sequence[str], k: int, periods: Sequence[Period | None] = ()
    ) -> list[list[ScoredPassage]]:
        """At most ``k`` passages for each question, best first.

        :param periods: the days that each question asks about, or None; empty if no question names a time.
        """


class Corrections(Protocol):
    """Finds what people decided about questions. None of it raises: if it cannot be read, there are none."""

    @property
    def version(self) -> str:
        """Another text whenever another correction counts; empty without any. Kept answers depend on it."""

    def find(self, question: str) -> Correction | None:
        """The correction of this question or a nearly equal one. Its articles may have changed since."""


class Reader(Protocol):
    """Finds answers in passages."""

    @property
    def name(self) -> str:
        """The name given by the user, or the built-in reader's name."""

    @property
    def copies(self) -> bool:
        """Whether answers are copied from passages.

        Only then are explanations made of quoted sentences. A language model writes its own explanation.
        """

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        """The readings of each question's passages, in the order of the questions."""
