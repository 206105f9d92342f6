"""Says which place "there" is: "who leads the council there?" after "Who is the mayor of Lorne?"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rag.question.referent import find_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_AUXILIARY = r"is|are|was|were|be|been|has|have|had|will|would|can|could|may|might|must|does|did|do"
_THERE = re.compile(
    rf"(?<!\bout )(?<!\bover )(?<!\bup )\bthere\b(?!['’]|\s+(?:{_AUXILIARY}|a|an|any|no|some|many|more|not|still)\b)",
    re.IGNORECASE,
)
_EXISTS = re.compile(r"\b(?:is|are|was|were|will|would|can|could|may|might|must)(?:n['’]t)?\s+$", re.IGNORECASE)
"""Before the "there" of "how many are there?", which is no place."""
_NAME = r"(?P<name>(?:the )?[A-Z][\w'’&.-]*(?: (?:[A-Z][\w'’&.-]*|[0-9]+))*(?: [a-z]+(?=\W*$))?)(?!['’]s)"
_LOCATED = re.compile(rf"\b(?P<link>in|at|near) {_NAME}")
_GOVERNED = re.compile(
    r"\b(?:city|town|village|county|district|island|port|council|mayor|governor|parliament|people|residents|population"
    rf"|university|streets|schools|police) (?P<link>of|in) {_NAME}"
)
_LOWER = re.compile(r"\b(?P<link>in|at|near) (?P<name>(?:the )?[a-z]+)\W*$")
"""A place in a question without capitals."""


def fill_place(question: str, messages: Sequence[str], at: str = "") -> str:
    """The question with "in Lorne" in place of "there"; unchanged if it names a place itself, or no message does.

    :param messages: the conversation, latest message last. The latest place is taken.
    :param at: the company or school that the last answer names, where somebody can be too; empty if it names none.
    """
    there = next((m for m in _THERE.finditer(question) if not _EXISTS.search(question[: m.start()])), None)
    if there is None or _LOCATED.search(question[:1].lower() + question[1 : there.start()]):
        return question
    if at:
        return f"{question[: there.start()]}at {at}{question[there.end() :]}"
    for message in reversed(messages):
        patterns = (_LOCATED, _GOVERNED) if re.search("[A-Z]", message[1:]) else (_LOWER,)
        for found in (m for pattern in patterns for m in reversed(list(pattern.finditer(message)))):
            name = found["name"]
            if find_kind(name) != "value":
                link = "in" if found["link"] == "of" else found["link"]
                return f"{question[: there.start()]}{link} {name}{question[there.end() :]}"
    return question
