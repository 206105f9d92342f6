"""The values that travel through the product, and the seams between its parts.

Every value is frozen. Offsets are in characters (Python string indices), half open.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


LOW_CONFIDENCE = 0.6
"""Answers are given from one half on."""
Doubt = Literal["low confidence", "articles disagree", "one article"]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document under one heading: it starts at ``start`` and runs to the next section."""

    start: int
    heading: str


@dataclass(frozen=True, slots=True)
class Document:
    """A cleaned article.

    :param document_id: the file's path relative to the corpus, with forward slashes.
    :param title: the article's title, never empty.
    :param date: ISO 8601 date (``2025-06-13``) where the text gives one.
    :param text: the cleaned text; paragraphs are separated by one blank line.
    :param sections: in order of ``start``; text before the first one has no heading.
    """

    document_id: str
    title: str
    date: str | None
    text: str
    sections: tuple[Section, ...] = ()


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
        """Title and heading, what the reader is shown before the text."""
        return f"{self.title} – {self.heading}" if self.heading else self.title


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and the retriever's score for it (higher is better)."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: an answer copied from, or aligned to, one passage.

    :param text: the answer, as the user sees it; empty where the reader found none.
    :param passage: index into the passages that were read, -1 where there is none.
    :param start: offset of the answer in that passage's text.
    :param end: offset of its end; ``passages[passage].text[start:end]`` is what supports it.
    :param probability: the reader's own probability of this answer, 0 to 1, uncalibrated.
    :param no_answer: the reader's own probability that the passages hold no answer, 0 to 1.
    :param origin: ``copied`` by construction, or ``aligned`` to the passages afterwards.
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
    """What a reader thinks of one sentence, ``passages[passage].text[start:end]``.

    :param log_odds: that the sentence answers the question; natural logarithm, uncalibrated.
    """

    passage: int
    start: int
    end: int
    log_odds: float


@dataclass(frozen=True, slots=True)
class Readings:
    """What a reader found in the passages of one question.

    :param together: read all at once; most probable first, never empty: an empty text says that they hold no answer.
    :param apart: the same for each article by itself that has passages among them, in the order of its best one;
        empty where the reader reads only all at once.
    :param scan: what a second, faster reader found in all of them, most probable first; empty where there is none.
    :param sentences: every sentence of the passages that were read closely, in their order; empty where the reader does
        not judge sentences.
    :param yes: log-odds of "yes" against "no" by each passage that was read closely, by its place among the passages.
    """

    together: tuple[Reading, ...]
    apart: tuple[tuple[Reading, ...], ...] = ()
    scan: tuple[Reading, ...] = ()
    sentences: tuple[SentenceScore, ...] = ()
    yes: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """The sentence an answer stands in.

    ``start``, ``end``, ``answer_start`` and ``answer_end`` are offsets into the cleaned document:
    ``document.text[start:end] == quote`` and ``document.text[answer_start:answer_end]`` is the answer's support.
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


Status = Literal["answered", "possible", "abstained"]
Stage = Literal["rewrite", "retrieve", "read", "compose"]
"""What a question goes through, in this order; the fields of :class:`Timing`."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall time of the stages a question went through, in seconds; of a batch, each question's share."""

    rewrite: float = 0.0
    retrieve: float = 0.0
    read: float = 0.0
    compose: float = 0.0

    @property
    def total(self) -> float:
        return self.rewrite + self.retrieve + self.read + self.compose


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question got: an answer with its citations, or an abstention and why.

    :param standalone: the question as it was read: a follow-up is made self-contained from its history.
    :param status: ``answered``; ``possible``, where ``withheld`` is too uncertain to be given and likely enough to be
        shown; or ``abstained``. None of them is an exception.
    :param text: the short answer; or whole sentences, quoted, where the question wants an explanation, with a
        citation for each, in their order, and one more for a short answer that stands elsewhere; empty unless
        ``status`` is ``answered``.
    :param reason: one plain sentence; empty where ``status`` is ``answered``.
    :param confidence: calibrated probability, 0 to 1, that ``text`` is right, or holds what is right.
    :param alternatives: beside a short answer, other values that other articles give, best supported first: the
        articles disagree. Without one, the sentence that each of the other articles has on a question on which they
        may take sides.
    :param passages: what was read, best first.
    :param timing: where the time went; the first question of all also loads the models.
    :param withheld: the best short answer found, where it was not trusted enough; None where none was found.
    :param short: the short answer where one is trusted: ``text`` itself, or what stands above an explanation.
    :param articles: how many articles give the short answer, or, without one, are quoted.
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

    @property
    def shown(self) -> Answer:
        """The answer that users see: of a possible answer, what was withheld, as if it had been given."""
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
        """The assistant's turn in a conversation."""
        return self.shown.short or self.shown.text or self.reason

    @property
    def explained(self) -> bool:
        """Whether ``text`` is sentences rather than a short answer."""
        return self.answered and self.text != self.short

    @property
    def contradicted(self) -> bool:
        """Whether other articles give other values."""
        return bool(self.alternatives and self.short)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What a reader should know before relying on the answer."""
        if not self.answered:
            return ()
        known: dict[Doubt, bool] = {
            "low confidence": self.confidence < LOW_CONFIDENCE,
            "articles disagree": self.contradicted,
            "one article": self.articles == 1,
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
    """Another answer, with the sentence it stands in.

    :param confidence: on the scale of :attr:`Answer.confidence`, which was fitted to answers that are given first.
    :param articles: how many articles give it.
    """

    text: str
    confidence: float
    citations: tuple[Citation, ...]
    articles: int = 1


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class Encoder(Protocol):
    """Texts to vectors."""

    @property
    def name(self) -> str:
        """What the user named, or the default's name."""

    @property
    def fingerprint(self) -> str:
        """Names the weights, in hex: vectors of different fingerprints are never compared."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens and without truncation."""

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text that are encoded without truncation, special tokens excluded."""

    def encode(self, texts: Sequence[str], *, query: bool = False, progress: bool = False) -> NDArray[np.float32]:
        """Unit-length rows, shape (len(texts), dimension), float32; ``query`` for questions, else passages."""


class Retriever(Protocol):
    """Questions to passages."""

    def retrieve(self, questions: Sequence[str], k: int) -> list[list[ScoredPassage]]:
        """At most ``k`` passages for each question, best first."""


class Reader(Protocol):
    """Questions and their passages to answers."""

    @property
    def name(self) -> str:
        """What the user named, or the built-in reader's name."""

    @property
    def copies(self) -> bool:
        """Whether its answers are copied from passages, so that quoted sentences may stand in their place.

        What a language model writes is its own explanation.
        """

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        """What each question's passages hold."""
