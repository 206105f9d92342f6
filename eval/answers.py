"""Measures of one answer against its gold, computed from words and offsets without a model as judge."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from rag.articles.sentences import split_sentences
from rag.metrics import NEGATIONS, contains_run, score_containment, score_token_f1, split_words
from rag.question.text import FUNCTION_WORDS, find_mentions, find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

Place = tuple[str, int, int]
"""(document_id, start, end), in characters of the cleaned article."""

LONG = 5
CLOSE = 0.6
MOST = 0.75
MOST_WORDS_AN_ITEM = 20
MOST_WORDS_A_FACT = 60
_SEPARATOR = re.compile(r"\s*(?:[;\n•·]|,(?!\d)|\band\b|\bor\b|&)\s*", re.IGNORECASE)
_COUNTS = frozenset(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "dozen", "hundred", "half", "twice")
)


def is_right(prediction: str, golds: Sequence[str]) -> bool:
    """Whether the answer contains a gold (:func:`rag.metrics.score_containment`) or is close to one.

    Only golds of ``LONG`` words or more, whose span boundaries are arbitrary, can be close: token F1 must be at least
    ``CLOSE``, with the same numbers, number words and negations. "$10 billion" is never close to "$14 billion".
    """
    if score_containment(prediction, golds):
        return True
    strict = _list_strict(prediction)
    return any(
        len(split_words(gold)) >= LONG and _list_strict(gold) == strict and score_token_f1(prediction, [gold]) >= CLOSE
        for gold in golds
    )


def gives_gold(sentence: str, golds: Sequence[str]) -> bool:
    """Whether a quoted sentence of any length gives a gold.

    It must contain a gold, with the rules of :func:`rag.metrics.score_containment` for negations and numbers; or, for
    a gold of ``LONG`` words or more, a share of at least ``MOST`` of its content words, all its numbers and number
    words, and the same negations.
    """
    words = split_words(sentence)
    if score_containment(sentence, golds, most_extra=len(words)):
        return True
    strict = _list_strict(sentence)
    return any(
        len(split_words(gold)) >= LONG
        and _list_strict(gold) <= strict
        and not (strict - _list_strict(gold)).keys() & NEGATIONS
        and measure_content(gold, words) >= MOST
        for gold in golds
    )


def measure_content(gold: str, words: Sequence[str]) -> float:
    """The share of the gold's content words that are among ``words``, 0 to 1."""
    wanted = set(split_words(gold)) - FUNCTION_WORDS
    return len(wanted & set(words)) / len(wanted) if wanted else 0.0


def shares_words(first: str, second: str, least: float) -> bool:
    """Whether the longest common run of words is at least the share ``least`` of the shorter text."""
    a, b = split_words(first), split_words(second)
    if not a or not b:
        return False
    run = SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
    return run >= least * min(len(a), len(b))


def _list_strict(text: str) -> Counter[str]:
    words = split_words(text)
    return Counter(w for w in words if w[0].isdigit() or w == "%" or w in _COUNTS or w in NEGATIONS)


def match_value(text: str, values: Sequence[Sequence[str]]) -> int | None:
    """The index of the value that a text gives; None if it gives none or more than one.

    :param values: the forms of each value. If the text has forms of two values, the one that contains the other counts
        ("almost $15 billion", "$15 billion"). If neither contains the other, none counts ("10 or 15 billion").
    """
    matched = {i: [split_words(f) for f in forms if is_right(text, [f])] for i, forms in enumerate(values)}
    longest = {i: max(forms, key=len) for i, forms in matched.items() if forms}
    if not longest:
        return None
    best = max(longest, key=lambda i: len(longest[i]))
    others = [form for i, form in longest.items() if i != best]
    return best if all(len(o) < len(longest[best]) and contains_run(longest[best], o) for o in others) else None


def cut_words(text: str, most: int) -> str:
    """The first ``most`` words of a text. The rest is ignored, so that quoting a whole page does not count as right."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    return text[: ends[most - 1]] if len(ends) > most else text


def score_items(prediction: str, items: Sequence[Sequence[str]]) -> tuple[float, float]:
    """(recall, precision) of a list, 0 to 1 each, over its first ``MOST_WORDS_AN_ITEM`` words per item.

    Recall is the share of items with a form in the prediction. For precision, the prediction is split into parts at
    commas, semicolons, line breaks, "and" and "or". Precision is the number of different items, or pieces of items
    split likewise, among the parts, over the number of parts.

    :param items: the forms of each item.
    """
    text = cut_words(prediction, MOST_WORDS_AN_ITEM * len(items))
    words, parts = split_words(text), split_parts(text)
    found = sum(any(contains_run(words, split_words(form)) for form in item) for item in items)
    good = {match_item(part, items) for part in parts} - {None}
    return found / len(items) if items else 0.0, len(good) / len(parts) if parts else 0.0


def split_parts(text: str) -> list[list[str]]:
    return [words for words in map(split_words, _SEPARATOR.split(text)) if words]


def match_item(part: Sequence[str], items: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """(item, piece of the item) that a part of a list gives; None if it gives none."""
    for i, item in enumerate(items):
        for form in item:
            # An item may contain a comma or an "and", at which the prediction was split too.
            for j, piece in enumerate(split_parts(form)):
                if contains_run(part, piece):
                    return i, j
    return None


def holds_all(text: str, groups: Sequence[Sequence[str]]) -> bool:
    """Whether the text contains, for every group, at least one of its forms as a run of words."""
    words = split_words(text)
    return bool(groups) and all(any(contains_run(words, split_words(form)) for form in group) for group in groups)


def score_key_facts(answer: str, facts: Sequence[Sequence[Sequence[str]]]) -> float:
    """The share of key facts that are in the answer's first ``MOST_WORDS_A_FACT`` words per fact, 0 to 1.

    :param facts: the groups of forms of each fact.
    """
    text = cut_words(answer, MOST_WORDS_A_FACT * len(facts))
    return sum(holds_all(text, groups) for groups in facts) / len(facts) if facts else 0.0


def find_claims(answer: str, claims: Sequence[Sequence[Sequence[str]]], question: str = "") -> list[int]:
    """The indices of the claims that the answer makes: all groups have a form within one of its sentences.

    That sentence must also be about the question's subject: it has one of the question's names or, if the question has
    none, one of its topic words.
    """
    subject = find_mentions(question) or find_topic_words(question)
    sentences = [answer[a:b] for a, b in split_sentences(answer)]
    about = [s for s in sentences if not subject or subject & find_topic_words(s)]
    return [i for i, groups in enumerate(claims) if any(holds_all(sentence, groups) for sentence in about)]


def measure_grounding(answer: str, quotes: Sequence[str]) -> float:
    """The share of the answer's words that are in its quotes, 0 to 1, counting repeated words separately."""
    words = Counter(split_words(answer))
    shared = words & Counter(split_words("\n".join(quotes)))
    return shared.total() / words.total() if words else 0.0


def measure_citation_recall(answer: str, quotes: Sequence[str]) -> float:
    """The share of the answer's sentences that its quotes cover, 0 to 1 (ALCE, Gao et al. 2023).

    Containment replaces ALCE's entailment model: a sentence is covered if all its content words are in the quotes.
    """
    quoted = set(split_words("\n".join(quotes)))
    sentences = [set(split_words(answer[a:b])) for a, b in split_sentences(answer)]
    # If a sentence has only function words, all of them must be in the quotes.
    covered = sum((words - FUNCTION_WORDS or words) <= quoted for words in sentences if words)
    return covered / len(sentences) if sentences else 0.0


def measure_citation_precision(citations: Sequence[Place], gold: Sequence[Place]) -> float:
    """The share of citations that overlap gold evidence, 0 to 1.

    Two spans overlap if they share at least half of the shorter one.
    """

    def overlaps(cited: Place, evidence: Place) -> bool:
        shared = min(cited[2], evidence[2]) - max(cited[1], evidence[1])
        shorter = min(cited[2] - cited[1], evidence[2] - evidence[1])
        return cited[0] == evidence[0] and shared > 0 and 2 * shared >= shorter

    good = sum(any(overlaps(citation, evidence) for evidence in gold) for citation in citations)
    return good / len(citations) if citations else 0.0
