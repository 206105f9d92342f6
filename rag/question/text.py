"""Cleans the text of questions, and finds their topic words, names and numbers."""

from __future__ import annotations

import re
import unicodedata

from rag.errors import QuestionError

MAX_CHARACTERS = 2000
"""Chosen by hand. The reader sees only the first 64 tokens of a question."""

# Words without a topic. They do not tell whether a passage is about the question.
FUNCTION_WORDS = frozenset(
    """
    a about after all also an and any are as at be been before being between by can could did do does doing for from
    get give had has have having he her hers him his how i if in into is it its itself just many me more most much
    my no nor not of off on one or other our out over own s say said says she should so some such t tell than that
    the their them then there these they this those through to too under up us was we were what when where which
    while who whom whose why will with would you your
    """.split()  # noqa: SIM905 (a page of one word a line reads worse)
)


def clean_question(text: str) -> str:
    """Clean a question: one line, NFC, with lone surrogates replaced by U+FFFD and control characters by spaces.

    :raises QuestionError: if it has no words or more than ``MAX_CHARACTERS`` characters.
    """
    whole = re.sub(r"[\ud800-\udfff]", "\ufffd", text)
    spaced = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in whole)
    question = " ".join(unicodedata.normalize("NFC", spaced).split())
    if not question:
        raise QuestionError('The question is empty: type one, for example "what stake did Meta buy?".')
    if len(question) > MAX_CHARACTERS:
        raise QuestionError(f"The question has {len(question):,} characters: shorten it to {MAX_CHARACTERS:,}.")
    if not re.search(r"\w", question):
        raise QuestionError("The question has no words: ask it in words.")
    return question


def find_topic_words(question: str) -> frozenset[str]:
    """The words of a question in lower case, without function words, cut to six characters as a crude stem."""
    words = re.findall(r"\w+", question.lower())
    return frozenset(word[:6] for word in words if word not in FUNCTION_WORDS)


def find_mentions(question: str) -> frozenset[str]:
    """The names and numbers of a question: capitalised words after the first word, and words with a digit.

    They are cut as in :func:`find_topic_words`. In a question typed all in capitals, no word counts as a name.
    """
    words = re.findall(r"\w+", question)
    shouted = all(w[0].isupper() or not w[0].isalpha() for w in words)
    named = [w for i, w in enumerate(words) if any(c.isdigit() for c in w) or (i and w[0].isupper() and not shouted)]
    return find_topic_words(" ".join(named))
