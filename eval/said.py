"""What an answer says, to be held against gold: read from a live answer, or from the record of a stored one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.articles.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.types import Alternative, Answer


@dataclass(frozen=True, slots=True)
class SaidSentence:
    """A quoted sentence and the article it stands in; the id is empty where that is not known."""

    document_id: str
    text: str


@dataclass(frozen=True, slots=True)
class OtherValue:
    """A short answer with the sentences quoted for it."""

    text: str
    sentences: tuple[SaidSentence, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, or an abstention.

    :param text: all that is given: the short answer, or sentences; empty where nothing is given.
    :param short: the short answer that stands first; empty where there are only sentences.
    :param quotes: every sentence quoted for it.
    :param others: what other articles say, shown beside it.
    :param withheld: the best short answer found, where it was not given.
    """

    text: str = ""
    short: str = ""
    quotes: tuple[SaidSentence, ...] = ()
    others: tuple[OtherValue, ...] = ()
    withheld: str = ""

    @property
    def answered(self) -> bool:
        return bool(self.text)

    @property
    def sentences(self) -> tuple[SaidSentence, ...]:
        """The sentences that the text consists of; none where it is a short answer."""
        if self.text == self.short:
            return ()
        quoted = tuple(quote for quote in self.quotes if quote.text in self.text)
        return quoted or tuple(SaidSentence("", self.text[a:b]) for a, b in split_sentences(self.text))


def read_answer(answer: Answer | None) -> Said:
    """``None``, what could not be asked, says nothing."""
    if answer is None:
        return Said()
    withheld = answer.withheld.text if answer.withheld else ""
    if not answer.answered:
        return Said(withheld=withheld)
    others = tuple(OtherValue(other.text, list_quotes(other)) for other in answer.alternatives)
    return Said(answer.text, answer.short, list_quotes(answer), others, withheld)


def list_quotes(quoting: Answer | Alternative) -> tuple[SaidSentence, ...]:
    return drop_repeats(SaidSentence(c.document_id, c.quote) for c in quoting.citations)


def read_record(record: Mapping[str, Any]) -> Said:
    """The same from :func:`eval.judging.describe_record`'s values, of today's form or an earlier one.

    Before answers held sentences there was no "short"; before this judge alternatives kept the places of their
    quotes without their words.
    """
    withheld = (record.get("withheld") or {}).get("answer", "")
    if not record["answered"]:
        return Said(withheld=withheld)
    others = tuple(OtherValue(other["answer"], read_places(other["citations"])) for other in record["alternatives"])
    short = record.get("short", record["answer"])
    return Said(record["answer"], short, read_places(record["citations"]), others, withheld)


def read_places(places: Sequence[Sequence[Any]]) -> tuple[SaidSentence, ...]:
    return drop_repeats(SaidSentence(place[0], place[3]) for place in places if len(place) > 3)


def drop_repeats(sentences: Iterable[SaidSentence]) -> tuple[SaidSentence, ...]:
    return tuple(dict.fromkeys(sentences))
