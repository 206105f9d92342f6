"""A conversation as the browser keeps and sends it. Of all that it keeps, it sends only the one that is open.

A browser may show a conversation in several tabs. The page therefore sends changes, not whole conversations, and
keeping.js applies them to what the browser holds.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.page.exchange import MOST_EXCHANGES, Exchange, read_records, write_records

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LONGEST_TITLE = 100
"""Characters."""
_NAME = re.compile(r"[0-9a-f]{8,32}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions that build on one another, with their answers.

    :param name: its id in hex, made by the browser; empty if the browser sent none that is valid.
    :param given: the title that the user gave it; empty if none.
    """

    name: str
    exchanges: list[Exchange]
    given: str = ""

    @property
    def title(self) -> str:
        """The title, or else the first question."""
        first = self.exchanges[0].question if self.exchanges else ""
        return self.given or " ".join(first.split())[:LONGEST_TITLE] or "Conversation"


def read_conversation(kept: object) -> Conversation:
    """The conversation that a browser sent as JSON or as its value. What is not valid is left out."""
    if isinstance(kept, str):
        with suppress(ValueError, RecursionError):
            kept = json.loads(kept)
    if not isinstance(kept, dict):
        return Conversation("", [])
    name, title = (value if isinstance(value := kept.get(key), str) else "" for key in ("conversation", "title"))
    given = " ".join(title[: 2 * LONGEST_TITLE].split())[:LONGEST_TITLE]
    return Conversation(name if _NAME.fullmatch(name) else "", read_records(kept.get("records")), given)


def write_conversation(conversation: Conversation) -> dict[str, Any]:
    """What :func:`read_conversation` reads, as JSON-ready values."""
    records = write_records(conversation.exchanges)
    return {"conversation": conversation.name, "title": conversation.given, "records": records}


def write_change(
    name: str, shown: Sequence[Exchange], *, put: Sequence[Exchange] = (), drop: Collection[str] = ()
) -> str:
    """A change of a conversation that the browser keeps, as JSON that is safe in markup.

    :param name: the conversation's id.
    :param shown: its exchanges after the change.
    :param put: exchanges that are new or changed.
    :param drop: keys of exchanges to remove.
    """
    # An answer, with its signature, a rating or a correction may reach the browser from another tab meanwhile.
    marks = [(one.key, one.signature, one.rating, one.correction) for one in shown[-MOST_EXCHANGES:]]
    change = {"conversation": name, "put": write_records(put), "drop": sorted(drop), "shown": marks}
    return json.dumps(change).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
