"""Makes the trials that confidence is fitted on, from held-out questions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.index.encoder import load_encoder
from rag.question.form import find_form
from rag.question.text import find_topic_words
from rag.training.data import SHARES
from rag.training.distractors import rank_passages
from rag.training.examples import crop
from rag.training.questions import collect_mentions, falsify_question
from rag.training.synonyms import reword_questions
from rag.types import Passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.training.data import Paragraph
    from rag.training.synonyms import Thesaurus

STRANGE = 3
"""One question in this many is also tried on passages of other data sets."""
LONGEST = 12
"""A question has a short answer if its shortest gold answer has at most this many words."""


@dataclass(frozen=True, slots=True)
class CalibrationTrial:
    """A held-out question and the passages it is read with; no golds if they do not contain an answer.

    :param group: the number of the question's paragraph, shared by all trials about it.
    """

    group: int
    question: str
    golds: tuple[str, ...]
    passages: tuple[Passage, ...]


def make_trials(
    paragraphs: Sequence[Paragraph],
    count: int,
    passages: int,
    *,
    explained: bool = False,
    thesaurus: Thesaurus | None = None,
) -> list[CalibrationTrial]:
    """Up to eight trials of each of ``count`` questions, and one of each of up to ``count`` traps.

    A question is tried with its own paragraph alone; with the passages it retrieves; with those of them that contain no
    gold answer; reworded, with both of these; for some questions, with passages of other data sets; made false, with
    its own paragraph alone; and made false, with the passages that the false question retrieves. Trials that cannot be
    made are left out. Traps are questions that no passage of their article answers; they are tried with the passages
    they retrieve.

    :param explained: only questions that need sentences, without traps.
    :param thesaurus: source of the rewordings; None for no reworded trials.
    """
    rng = random.Random(0)
    asked = [(i, q) for i, p in enumerate(paragraphs) for q in p.questions if q.answers]
    if explained:
        wanted, traps = [(i, q) for i, q in asked if find_form(q.question) != "short"], []
    else:
        # A gold answer that is a whole sentence does not show whether a short answer is right.
        wanted = [
            (i, q) for i, q in asked if min(len(paragraphs[i].text[a:b].split()) for a, b in q.answers) <= LONGEST
        ]
        traps = [(i, q) for i, p in enumerate(paragraphs) for q in p.questions if q.trap]
    # Data sets that resemble users' questions are drawn more often, as in training (Efraimidis & Spirakis 2006).
    keys = {n: rng.random() ** (1 / SHARES.get(paragraphs[i].source, 1.0)) for n, (i, _) in enumerate(wanted)}
    drawn = [wanted[n] for n in sorted(keys, key=lambda n: -keys[n])[:count]]
    traps = rng.sample(traps, min(count, len(traps)))
    mentions = collect_mentions([q.question for _, q in asked])
    plain = [q.question for _, q in drawn]
    false = [falsify_question(q.question, paragraphs[i], q, mentions, rng) or "" for i, q in drawn]
    others = reword_questions(plain, thesaurus, load_encoder(), rng) if thesaurus else [()] * len(drawn)
    reworded = [some[0] if some else "" for some in others]
    texts = [p.text for p in paragraphs]
    asking = [*plain, *false, *reworded, *(q.question for _, q in traps)]
    ranked = rank_passages(asking, texts, 3 * passages, titles=[p.title for p in paragraphs])
    trials = [
        CalibrationTrial(i, q.question, (), tuple(make_passage(paragraphs[m], texts[m]) for m in found[:passages]))
        for (i, q), found in zip(traps, ranked[3 * len(drawn) :], strict=True)
    ]
    for n, (i, q) in enumerate(drawn):
        golds = tuple(texts[i][a:b] for a, b in q.answers)
        gold = make_passage(paragraphs[i], crop(texts[i], rng.choice(q.answers), rng)[0])

        def show(places: Sequence[int], i: int = i, gold: Passage = gold) -> tuple[Passage, ...]:
            cut = places[:passages]
            return tuple(gold if n == i else make_passage(paragraphs[n], crop(texts[n], None, rng)[0]) for n in cut)

        trials.append(CalibrationTrial(i, q.question, golds, (gold,)))
        for question, found in ((plain[n], ranked[n]), (reworded[n], ranked[n + 2 * len(drawn)])):
            if question:
                trials.append(CalibrationTrial(i, question, golds, show(found)))
                bare = [m for m in found if not any(g.lower() in texts[m].lower() for g in golds)]
                if len(bare) > 1:
                    trials.append(CalibrationTrial(i, question, (), show(bare)))
        strange = [m for m, p in enumerate(paragraphs) if p.source != paragraphs[i].source]
        # These trials are easy, so only some questions get one.
        if len(strange) > 1 and n % STRANGE == 0:
            trials.append(CalibrationTrial(i, q.question, (), show(rng.sample(strange, min(passages, len(strange))))))
        if false[n]:
            trials.append(CalibrationTrial(i, false[n], (), (gold,)))
            new = find_topic_words(false[n]) - find_topic_words(q.question)
            # Another paragraph about the new name may answer the changed question.
            found = ranked[n + len(drawn)]
            silent = [m for m in found if m == i or new.isdisjoint(find_topic_words(texts[m]))]
            if len(silent) > 1:
                trials.append(CalibrationTrial(i, false[n], (), show(silent)))
    return trials


def make_passage(paragraph: Paragraph, text: str | None = None) -> Passage:
    """A passage with ``text``, by default the whole paragraph's."""
    text = paragraph.text if text is None else text
    return Passage("", paragraph.article, paragraph.title, "", None, 0, len(text), text)
