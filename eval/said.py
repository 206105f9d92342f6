"""The content of an answer as the judge needs it, from a live answer or a stored record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.articles.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.types import Alternative, Answer


@dataclass(frozen=True, slots=True)
class SaidSentence:
    """A quoted sentence and its article; the id is empty if unknown."""

    document_id: str
    text: str


@dataclass(frozen=True, slots=True)
class OtherValue:
    """An alternative with the sentences quoted for it."""

    text: str
    sentences: tuple[SaidSentence, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer or an abstention.

    :param text: the short answer or sentences; empty for an abstention.
    :param short: the short answer; empty if there are only sentences.
    :param quotes: all sentences quoted for it.
    :param others: the alternatives from other articles.
    :param withheld: the best short answer found, if it was not given.
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
        """The sentences of the text; empty if it is a short answer."""
        if self.text == self.short:
            return ()
        quoted = tuple(quote for quote in self.quotes if quote.text in self.text)
        return quoted or tuple(SaidSentence("", self.text[a:b]) for a, b in split_sentences(self.text))


def read_answer(answer: Answer | None) -> Said:
    """Reads a live answer; None, for an invalid question, counts as an abstention."""
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
    """Reads a record from :func:`eval.judging.describe_record`, in the current or an earlier format.

    Older records have no "short", and the citations of their alternatives have offsets but no quotes.
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
