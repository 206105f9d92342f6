"""Measures of one answer's text against its gold: arithmetic on words and offsets, no model as judge."""

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
    """Whether the answer says what a gold says: it holds one (:func:`rag.metrics.score_containment`), or comes close.

    Close is for golds of ``LONG`` words or more, where the ends of a span are a matter of taste: token F1 of
    ``CLOSE``, and the same numbers, number words and negations. "$10 billion" is never close to "$14 billion".
    """
    if score_containment(prediction, golds):
        return True
    strict = _list_strict(prediction)
    return any(
        len(split_words(gold)) >= LONG and _list_strict(gold) == strict and score_token_f1(prediction, [gold]) >= CLOSE
        for gold in golds
    )


def gives_gold(sentence: str, golds: Sequence[str]) -> bool:
    """Whether a quoted sentence says what a gold says, however long it is.

    It holds a form whole, with the care of :func:`rag.metrics.score_containment` for negations and numbers; or, for a
    gold of ``LONG`` words or more, ``MOST`` of its content words, all its numbers and number words, and as many
    negations.
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
    """Share of the gold's words, function words aside, that stand among the words, 0 to 1."""
    wanted = set(split_words(gold)) - FUNCTION_WORDS
    return len(wanted & set(words)) / len(wanted) if wanted else 0.0


def shares_words(first: str, second: str, least: float) -> bool:
    """Whether a run of words that both hold makes up at least that share of the shorter one."""
    a, b = split_words(first), split_words(second)
    if not a or not b:
        return False
    run = SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
    return run >= least * min(len(a), len(b))


def _list_strict(text: str) -> Counter[str]:
    words = split_words(text)
    return Counter(w for w in words if w[0].isdigit() or w == "%" or w in _COUNTS or w in NEGATIONS)


def match_value(text: str, values: Sequence[Sequence[str]]) -> int | None:
    """Which of several differing values a text gives; None for none of them, or for more than one.

    :param values: each value's forms. Where the text holds forms of two values, it gives the one whose form holds
        the other's ("almost $15 billion", "$15 billion"), and neither where they stand apart ("10 or 15 billion").
    """
    matched = {i: [split_words(f) for f in forms if is_right(text, [f])] for i, forms in enumerate(values)}
    longest = {i: max(forms, key=len) for i, forms in matched.items() if forms}
    if not longest:
        return None
    best = max(longest, key=lambda i: len(longest[i]))
    others = [form for i, form in longest.items() if i != best]
    return best if all(len(o) < len(longest[best]) and contains_run(longest[best], o) for o in others) else None


def cut_words(text: str, most: int) -> str:
    """The text's first ``most`` words: what stands beyond is not read, so that quoting a page is no way to be right."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    return text[: ends[most - 1]] if len(ends) > most else text


def score_items(prediction: str, items: Sequence[Sequence[str]]) -> tuple[float, float]:
    """(recall, precision) of a list, 0 to 1 each, over its first ``MOST_WORDS_AN_ITEM`` words an item.

    :param items: for each item its forms. Recall is the share of them with a form in the prediction; precision the
        number of different items, or pieces of items, among the prediction's parts, over the number of parts. Parts
        and pieces end at commas, semicolons, line ends, "and" and "or".
    """
    text = cut_words(prediction, MOST_WORDS_AN_ITEM * len(items))
    words, parts = split_words(text), split_parts(text)
    found = sum(any(contains_run(words, split_words(form)) for form in item) for item in items)
    good = {match_item(part, items) for part in parts} - {None}
    return found / len(items) if items else 0.0, len(good) / len(parts) if parts else 0.0


def split_parts(text: str) -> list[list[str]]:
    return [words for words in map(split_words, _SEPARATOR.split(text)) if words]


def match_item(part: Sequence[str], items: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """(item, piece of it) that a part of a list gives; None where it gives none."""
    for i, item in enumerate(items):
        for form in item:
            # An item may itself hold a comma or an "and", at which the prediction was cut as well.
            for j, piece in enumerate(split_parts(form)):
                if contains_run(part, piece):
                    return i, j
    return None


def holds_all(text: str, groups: Sequence[Sequence[str]]) -> bool:
    """Whether for every group at least one of its forms stands in the text, as a run of words."""
    words = split_words(text)
    return bool(groups) and all(any(contains_run(words, split_words(form)) for form in group) for group in groups)


def score_key_facts(answer: str, facts: Sequence[Sequence[Sequence[str]]]) -> float:
    """Share of the key facts that the answer's first ``MOST_WORDS_A_FACT`` words a fact hold, 0 to 1.

    :param facts: each fact's groups of forms.
    """
    text = cut_words(answer, MOST_WORDS_A_FACT * len(facts))
    return sum(holds_all(text, groups) for groups in facts) / len(facts) if facts else 0.0


def find_claims(answer: str, claims: Sequence[Sequence[Sequence[str]]], question: str = "") -> list[int]:
    """Which claims the answer makes: those whose groups all have a form within one of its sentences.

    That sentence must also name the question's subject, one of its names or where it has none one of its topic words:
    what a sentence says of something else is no claim about it.
    """
    subject = find_mentions(question) or find_topic_words(question)
    sentences = [answer[a:b] for a, b in split_sentences(answer)]
    about = [s for s in sentences if not subject or subject & find_topic_words(s)]
    return [i for i, groups in enumerate(claims) if any(holds_all(sentence, groups) for sentence in about)]


def measure_grounding(answer: str, quotes: Sequence[str]) -> float:
    """Share of the answer's words that stand in its cited quotes, 0 to 1, each as often as it stands there."""
    words = Counter(split_words(answer))
    shared = words & Counter(split_words("\n".join(quotes)))
    return shared.total() / words.total() if words else 0.0


def measure_citation_recall(answer: str, quotes: Sequence[str]) -> float:
    """Share of the answer's sentences that its quotes cover, 0 to 1 (ALCE, Gao et al. 2023).

    Containment stands in for ALCE's entailment model: covered is a sentence whose words, function words aside,
    all stand in the quotes.
    """
    quoted = set(split_words("\n".join(quotes)))
    sentences = [set(split_words(answer[a:b])) for a, b in split_sentences(answer)]
    # A sentence of function words alone is held to all of them.
    covered = sum((words - FUNCTION_WORDS or words) <= quoted for words in sentences if words)
    return covered / len(sentences) if sentences else 0.0


def measure_citation_precision(citations: Sequence[Place], gold: Sequence[Place]) -> float:
    """Share of the citations that overlap gold evidence, 0 to 1.

    To overlap is to share at least half of the shorter of the two.
    """

    def overlaps(cited: Place, evidence: Place) -> bool:
        shared = min(cited[2], evidence[2]) - max(cited[1], evidence[1])
        shorter = min(cited[2] - cited[1], evidence[2] - evidence[1])
        return cited[0] == evidence[0] and shared > 0 and 2 * shared >= shorter

    good = sum(any(overlaps(citation, evidence) for evidence in gold) for citation in citations)
    return good / len(citations) if citations else 0.0
