"""Measures of one answer's text against its gold: arithmetic on words and offsets, no model as judge."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from rag.metrics import contains_run, score_containment, score_token_f1, split_words
from rag.question import FUNCTION_WORDS
from rag.sentences import split_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 5
CLOSE = 0.6
_SEPARATOR = re.compile(r"\s*(?:[;\n•·]|,(?!\d)|\band\b|\bor\b|&)\s*", re.IGNORECASE)


def is_right(prediction: str, golds: Sequence[str]) -> bool:
    """Whether the answer says what a gold says: it holds one (:func:`rag.metrics.score_containment`), or comes close.

    Close is for golds of ``LONG`` words or more, where the ends of a span are a matter of taste: token F1 of
    ``CLOSE`` and the same numbers. "$10 billion" is never close to "$14 billion".
    """
    if score_containment(prediction, golds):
        return True
    figures = _list_numbers(prediction)
    return any(
        len(split_words(gold)) >= LONG
        and _list_numbers(gold) == figures
        and score_token_f1(prediction, [gold]) >= CLOSE
        for gold in golds
    )


def _list_numbers(text: str) -> Counter[str]:
    return Counter(word for word in split_words(text) if word[0].isdigit())


def score_items(prediction: str, items: Sequence[Sequence[str]]) -> tuple[float, float]:
    """(recall, precision) of a list, 0 to 1 each.

    :param items: for each item its forms. Recall is the share of them with a form in the prediction; precision the
        share of the prediction's parts, cut at commas, semicolons, line ends, "and" and "or", that hold a form.
    """
    words = split_words(prediction)
    forms = [[split_words(form) for form in item] for item in items]
    found = sum(any(contains_run(words, form) for form in item) for item in forms)
    parts = [split_words(part) for part in _SEPARATOR.split(prediction)]
    parts = [part for part in parts if part]
    # An item may itself hold a comma or an "and": a part counts also where it stands in a form.
    good = sum(
        any(contains_run(part, form) or contains_run(form, part) for item in forms for form in item) for part in parts
    )
    return found / len(items) if items else 0.0, good / len(parts) if parts else 0.0


def holds_all(text: str, groups: Sequence[Sequence[str]]) -> bool:
    """Whether for every group at least one of its forms stands in the text, as a run of words."""
    words = split_words(text)
    return bool(groups) and all(any(contains_run(words, split_words(form)) for form in group) for group in groups)


def score_key_facts(answer: str, facts: Sequence[Sequence[Sequence[str]]]) -> float:
    """Share of the key facts that the answer holds, 0 to 1; each is given by its groups of forms."""
    return sum(holds_all(answer, groups) for groups in facts) / len(facts) if facts else 0.0


def find_claims(answer: str, claims: Sequence[Sequence[Sequence[str]]]) -> list[int]:
    """Which claims the answer makes: those whose groups all have a form within one of its sentences."""
    sentences = [answer[a:b] for a, b in split_sentences(answer)]
    return [i for i, groups in enumerate(claims) if any(holds_all(sentence, groups) for sentence in sentences)]


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
    sentences = [set(split_words(answer[a:b])) - FUNCTION_WORDS for a, b in split_sentences(answer)]
    return sum(words <= quoted for words in sentences) / len(sentences) if sentences else 0.0


def measure_citation_precision(
    citations: Sequence[tuple[str, int, int]], gold: Sequence[tuple[str, int, int]]
) -> float:
    """Share of the citations that overlap gold evidence, 0 to 1; each is (document_id, start, end) in characters."""
    good = sum(any(same == name and a < end and start < b for same, start, end in gold) for name, a, b in citations)
    return good / len(citations) if citations else 0.0
