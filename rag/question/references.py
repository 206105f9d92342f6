"""Formats references and omissions in follow-ups as questions for the reader.

The reader is trained on both forms (rag.training.followups). ``How old is [he]?`` asks what a word refers to;
``Any other investors? []`` asks what was left out. The reader copies the answer from the conversation, or returns
NO-ANSWER if nothing is missing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DECLINED = "The articles don't say."
"""What is said if there is no answer, which is nothing that a word refers to."""
MOST_MESSAGES = 8
"""Only the latest messages are read, so that the cost does not grow with the conversation."""
MOST_CHARACTERS, MOST_IN_ALL = 160, 1000
"""Limits per message and in total. The total fits the reader even if every token has only two or three characters."""

REFERRING = re.compile(
    r"\b(?:its?|he|she|him|his|hers?|they|them|theirs?|(?:this|that|these|those)(?= [a-z]|\W*$))\b", re.IGNORECASE
)
"""Words that may refer to something in an earlier message."""


def show_messages(messages: Sequence[str]) -> str:
    """The latest messages, one per line, as the passage in which the reader searches."""
    said = [" ".join(message.split())[:MOST_CHARACTERS] for message in messages if message.strip()][-MOST_MESSAGES:]
    while len(text := "\n".join(said)) > MOST_IN_ALL and len(said) > 1:
        del said[0]
    return text


def mark_reference(question: str, start: int, end: int) -> str:
    """A question to the reader: what does ``question[start:end]`` refer to?"""
    return f"{question[:start]}[{question[start:end]}]{question[end:]}"


def mark_omission(question: str) -> str:
    """A question to the reader: what was left out?"""
    return f"{question} []"
