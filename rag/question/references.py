"""What a follow-up leaves unsaid, put as a question to the reader: which words of the conversation stand in its place?

The reader is trained on both forms (rag.training.followups): ``How old is [he]?`` asks what a word refers to, and
``Any other investors? []`` what has been left out. It copies the answer from the conversation, or says that nothing
is missing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_MESSAGES = 8
"""Of the conversation that are looked at, the latest: a long one costs no more than a short one."""
MOST_CHARACTERS, MOST_IN_ALL = 160, 1000
"""Of each message, its name or its claim; and of all: figures take a token for two or three characters."""

REFERRING = re.compile(
    r"\b(?:its?|he|she|him|his|hers?|they|them|theirs?|(?:this|that|these|those)(?= [a-z]|\W*$))\b", re.IGNORECASE
)
"""Words that may stand for something said before."""


def show_messages(messages: Sequence[str]) -> str:
    """The latest messages as the text that the reader looks for the missing words in, one a line."""
    said = [" ".join(message.split())[:MOST_CHARACTERS] for message in messages if message.strip()][-MOST_MESSAGES:]
    while len(text := "\n".join(said)) > MOST_IN_ALL and len(said) > 1:
        del said[0]
    return text


def mark_reference(question: str, start: int, end: int) -> str:
    """Asks what the characters ``start`` to ``end`` refer to."""
    return f"{question[:start]}[{question[start:end]}]{question[end:]}"


def mark_omission(question: str) -> str:
    """Asks what has been left out."""
    return f"{question} []"
