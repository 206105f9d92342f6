"""A question that is being asked on the page, and its place in its conversation."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.page.endpoints import BROKEN
from rag.page.exchange import Exchange, list_citations
from rag.page.filtering import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.index.scope import Scope
    from rag.page.stages import Watch
    from rag.page.suggestions import Place
    from rag.types import Answer, Stage

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question to be answered.

    :param conversation: the id of its conversation.
    :param before: the conversation that it continues.
    :param kept: the conversation to go back to if it is stopped; longer if an earlier question is asked again.
    :param alone: whether to ask it as written, without the conversation.
    :param scope: the articles that the question is asked of.
    :param typed: whether it was typed into the text field, which it then leaves.
    """

    conversation: str
    question: str
    before: list[Exchange]
    kept: list[Exchange]
    alone: bool = False
    typed: bool = False
    scope: Scope = EVERYTHING


@dataclass(slots=True)
class Work:
    """A question that a worker answers.

    :param conversation: the id of its conversation.
    :param away: whether the page shows another conversation by now.
    :param ended: whether all that is left is to show its result.
    """

    conversation: str
    watch: Watch[Stage, Answer]
    away: bool = False
    ended: bool = False


def finish(exchange: Exchange, watch: Watch[Stage, Answer]) -> Exchange:
    """The exchange with its answer or, if there is none, the reason."""
    try:
        answer = watch.result()
    except RagError as error:
        return replace(exchange, error=str(error))
    except Exception:
        _LOG.exception("a question could not be answered")
        return replace(exchange, error=BROKEN)
    return replace(exchange, answer=answer, read=tuple((s.passage.passage_id, s.score) for s in answer.passages))


def find_exchange(exchanges: Sequence[Exchange], key: str) -> Exchange | None:
    return next((exchange for exchange in exchanges if exchange.key == key), None)


def list_quoted(exchanges: Sequence[Exchange]) -> list[Place]:
    """The places that the answers of a conversation quote."""
    answers = [exchange.answer for exchange in exchanges if exchange.answer]
    return [(c.document_id, c.start, c.end) for answer in answers for c in list_citations(answer)]


def list_said(exchanges: Sequence[Exchange]) -> set[str]:
    """What the answers of a conversation say in short, without regard to case."""
    answers = [exchange.answer for exchange in exchanges if exchange.answer]
    said = (value for answer in answers for value in (answer.short, *(other.text for other in answer.alternatives)))
    return {value.casefold() for value in said if value}


def cut_before(exchanges: list[Exchange], key: str) -> list[Exchange]:
    """The exchanges before the one with this key; all if there is none."""
    keys = [exchange.key for exchange in exchanges]
    return exchanges[: keys.index(key)] if key in keys else exchanges
