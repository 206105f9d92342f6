"""Judges whether an answer is right from its words alone, so that live and stored answers are judged alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.answers import (
    find_claims,
    gives_gold,
    holds_all,
    is_right,
    match_value,
    score_items,
    score_key_facts,
    shares_words,
)
from rag.metrics import contains_run, score_exact_match, score_token_f1, split_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from eval.fields import Evidence
    from eval.gold import GoldQuestion
    from eval.said import Said, SaidSentence

JUDGE = 2
"""Version of the rules. Results of another version must be judged again before comparison (``eval rejudge``)."""
ENOUGH = 0.5
LONG = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    :param right: whether a right answer was given, an unanswerable question declined, or a false premise corrected.
    :param could: whether the best answer found was right, given or withheld.
    :param measures: the measures that depend only on words, by name, 0 to 1.
    """

    right: bool
    could: bool
    measures: Mapping[str, float]


def judge_said(gold: GoldQuestion, said: Said) -> Verdict:
    """The verdict, by the rules of docs/evaluation.md."""
    if not gold.answerable:
        right = not said.answered or corrects(gold, said)
        return Verdict(right, right, {"declined": float(right)})
    best = said.withheld or said.short or said.text
    measures: dict[str, float] = {}
    if gold.facts:
        measures |= measure_explanation(gold, said)
        given = right = is_explained(measures)
        could = right or holds_enough(gold, best)
    else:
        given = said.answered and gives_answer(gold, said)
        could = given or gives_value(gold, best)
        measures |= measure_values(gold, said) if len(gold.values) > 1 else measure_fact(gold, said)
        right = given and measures.get("differing", 1.0) > 0
        if said.answered and len(gold.values) == 1:
            # Any second value is a false alarm, even another wording of the first.
            measures["alarm"] = float(bool(said.others))
    measures |= {"right": float(right), "answered": float(said.answered), "could": float(could)}
    if gold.kind == "facts":
        measures["wrong"] = float(said.answered and not given)
    if said.answered:
        measures["precision"] = float(given)
    if said.sentences and gold.evidence:
        measures["on_point"] = measure_point(gold, said.sentences)
    return Verdict(right, could, measures)


def gives_answer(gold: GoldQuestion, said: Said) -> bool:
    """Whether the answer is right: by the short answer, which a user reads first, or else by any one sentence."""
    if said.short:
        return gives_value(gold, said.short)
    return any(list_values(gold, sentence) for sentence in said.sentences)


def gives_value(gold: GoldQuestion, text: str) -> bool:
    """Whether a short text is the answer or, if the articles differ, exactly one of the answers."""
    if len(gold.values) > 1:
        return match_value(text, [value.answers for value in gold.values]) is not None
    # A list is right if it has all items, whatever words are between them.
    return is_right(text, gold.answers) or (bool(gold.items) and score_items(text, gold.items)[0] == 1.0)


def list_values(gold: GoldQuestion, sentence: SaidSentence) -> set[int]:
    """The indices of the gold values that a quoted sentence gives.

    A short form can occur in a sentence by chance. If the gold has evidence, a short form counts only in a sentence
    that overlaps it.
    """
    found = set()
    for i, value in enumerate(gold.values):
        trusted = not value.evidence or overlaps_any(sentence, value.evidence)
        forms = [form for form in value.answers if trusted or len(split_words(form)) >= LONG]
        if gives_gold(sentence.text, forms) or (trusted and bool(gold.items) and holds_all(sentence.text, gold.items)):
            found.add(i)
    return found


def overlaps_any(sentence: SaidSentence, evidence: Sequence[Evidence]) -> bool:
    return any(
        sentence.document_id in ("", e.document_id) and shares_words(sentence.text, e.quote, ENOUGH) for e in evidence
    )


def measure_fact(gold: GoldQuestion, said: Said) -> dict[str, float]:
    given = said.short or said.text
    measures = {"EM": 0.0, "F1": 0.0}
    if given:
        measures = {"EM": score_exact_match(given, gold.answers), "F1": score_token_f1(given, gold.answers)}
    if gold.items:
        measures["item_recall"], measures["item_precision"] = score_items(given, gold.items)
    return measures


def measure_values(gold: GoldQuestion, said: Said) -> dict[str, float]:
    """Recall and precision of the values shown for a disagreement.

    A value is shown by the short answer, an alternative, or a sentence quoted for either. ``differing`` is 1 if at
    least two values are shown, so that a user sees the disagreement.
    """
    forms = [value.answers for value in gold.values]
    short = [match_value(text, forms) for text in (said.short, *(other.text for other in said.others)) if text]
    quoted = [list_values(gold, s) for s in (*said.quotes, *(s for other in said.others for s in other.sentences))]
    found = set(short).union(*quoted) - {None}
    measures = {"value_recall": len(found) / len(gold.values), "differing": float(len(found) > 1)}
    shown = [value is not None for value in short]
    if not said.short:
        shown += [bool(list_values(gold, sentence)) for sentence in said.sentences]
    if shown:
        measures["value_precision"] = sum(shown) / len(shown)
    return measures


def measure_explanation(gold: GoldQuestion, said: Said) -> dict[str, float]:
    """The share of key facts, the share of relevant sentences, and whether a forbidden claim is made."""
    text, sentences = find_explanation(gold, said)
    measures = {
        "key_facts": score_key_facts(text, [fact.all_of for fact in gold.facts]) if said.answered else 0.0,
        "claims": float(bool(find_claims(text, [claim.all_of for claim in gold.forbidden], gold.question))),
    }
    if sentences:
        measures["to_the_point"] = measure_point(gold, sentences)
    return measures


def find_explanation(gold: GoldQuestion, said: Said) -> tuple[str, Sequence[SaidSentence]]:
    """(text, sentences) of an explanation. A short answer that has part of a key fact counts with its quotes."""
    if said.sentences:
        return said.text, said.sentences
    words = split_words(said.text)
    forms = [form for fact in gold.facts for group in fact.all_of for form in group]
    if not any(contains_run(words, split_words(form)) for form in forms):
        return said.text, ()
    return "\n".join([said.text, *(quote.text for quote in said.quotes)]), said.quotes


def holds_enough(gold: GoldQuestion, text: str) -> bool:
    held = score_key_facts(text, [fact.all_of for fact in gold.facts]) >= ENOUGH
    return held and not find_claims(text, [claim.all_of for claim in gold.forbidden], gold.question)


def is_explained(measures: Mapping[str, float]) -> bool:
    held = measures["key_facts"] >= ENOUGH and not measures["claims"]
    return held and measures.get("to_the_point", 1.0) >= ENOUGH


def measure_point(gold: GoldQuestion, sentences: Sequence[SaidSentence]) -> float:
    """The share of sentences that overlap the gold evidence, give a value or contain a whole key fact."""
    on = [
        overlaps_any(s, gold.evidence)
        or bool(gold.values and list_values(gold, s))
        or any(holds_all(s.text, fact.all_of) for fact in gold.facts)
        for s in sentences
    ]
    return sum(on) / len(on)


def corrects(gold: GoldQuestion, said: Said) -> bool:
    """Whether a false premise is corrected, by the short answer or, without one, by a sentence."""
    if said.short:
        return holds_all(said.short, gold.correction)
    return any(holds_all(sentence.text, gold.correction) for sentence in said.sentences)
