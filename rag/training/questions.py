"""Changes questions: to the way people type them, or to false ones that the paragraph no longer answers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.articles.sentences import split_sentences

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from rag.training.data import Paragraph, QuestionRecord

PAIRED = (
    "first last, before after, largest smallest, biggest smallest, increase decrease, increased decreased, north "
    "south, northern southern, east west, eastern western, most least, more less, oldest youngest, highest "
    "lowest, best worst, maximum minimum, liked disliked, love hate, loved hated, win lose, won lost, above "
    "below, early late, began ended, earlier later, begin end, start stop, started stopped, positive negative, "
    "always never, buy sell, bought sold, accept reject, accepted rejected, allow forbid, allowed forbidden, "
    "agree disagree, older younger, men women, male female, inside outside, rich poor, strong weak, hot cold, "
    "easy difficult, cheap expensive, good bad, longer shorter, higher lower, top bottom, same different, opened "
    "closed, remember forget, happy sad, rise fall, majority minority, gain lose, upper lower, public private, "
    "common rare, major minor, friend enemy"
)
OPPOSITES = {a: b for pair in PAIRED.split(", ") for x, y in [pair.split()] for a, b in ((x, y), (y, x))}
DENIABLE = frozenset(
    {"is", "are", "was", "were", "did", "does", "do", "has", "have", "had", "can", "could", "would", "will"}
)

DENIED = re.compile(r"\bnot\b|n['’]t\b|\bnever\b|\bno\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mentions:
    """Names and numbers that questions mention, each once, sorted."""

    names: tuple[str, ...]
    numbers: tuple[str, ...]


def collect_mentions(questions: Sequence[str]) -> Mentions:
    return Mentions(
        tuple(sorted({name for question in questions for name in find_names(question)})),
        tuple(sorted({number for question in questions for number in find_numbers(question)})),
    )


def falsify_question(
    question: str, paragraph: Paragraph, record: QuestionRecord, elsewhere: Mentions, rng: random.Random
) -> str | None:
    """The question made false, as SQuAD 2.0's writers did (Rajpurkar et al. 2018); None if that is not possible.

    A name or number is replaced by one from other questions or, harder, from the same paragraph; or a word is replaced
    by its opposite, or the verb negated.
    """
    swap = rng.random() < 0.65
    made = swap_mention(question, paragraph, record, elsewhere, rng) if swap else None
    return made or oppose(question, rng) or swap_mention(question, paragraph, record, elsewhere, rng)


def swap_mention(
    question: str, paragraph: Paragraph, record: QuestionRecord, elsewhere: Mentions, rng: random.Random
) -> str | None:
    """The question with one name or number replaced; None if it has neither, or there is no replacement."""
    text, sentences = paragraph.text, split_sentences(paragraph.text)
    found = find_names(question) + find_numbers(question)
    if not found:
        return None
    old = rng.choice(found)
    named = not old[0].isdigit()
    if rng.random() < 0.6:
        spans = [(a, b) for a, b in sentences if any(s < b and e > a for s, e in record.answers)]
        near = " ".join(text[a:b] for a, b in spans).lower()
        # The first word of a sentence is always capitalised, so names are sought only after it.
        pool = [name for a, b in sentences for name in find_names(text[a:b])] if named else find_numbers(text)
        # A name or number in the answer's own sentence may have the same answer.
        pool = [new for new in pool if new.lower() not in near and new.lower() not in question.lower()]
    else:
        pool = [new for new in (elsewhere.names if named else elsewhere.numbers) if new.lower() not in text.lower()]
    return question.replace(old, rng.choice(pool), 1) if pool else None


def find_names(question: str) -> list[str]:
    """Runs of capitalised words after the first word."""
    words = question.split()
    runs: list[list[str]] = []
    previous = -2
    for i, word in enumerate(words):
        bare = re.sub(r"['’]s$", "", word.strip("?,.!;:()\"'’“”"))
        if i and bare[:1].isupper() and len(bare) > 1:
            if previous == i - 1:
                runs[-1].append(bare)
            else:
                runs.append([bare])
            previous = i
    return [" ".join(r) for r in runs if " ".join(r) in question]


def find_numbers(text: str) -> list[str]:
    return re.findall(r"\b\d[\d,.]*\b", text)


def oppose(question: str, rng: random.Random) -> str | None:
    """The question with one word replaced by its opposite, or its verb negated; None if neither is done."""
    if DENIED.search(question):
        return None
    words = question.split()
    places = [i for i, word in enumerate(words) if word.lower().strip("?,.") in OPPOSITES]
    if places:
        i = rng.choice(places)
        bare = words[i].strip("?,.")
        new = OPPOSITES[bare.lower()]
        words[i] = words[i].replace(bare, new.capitalize() if bare[0].isupper() else new)
        return " ".join(words)
    places = [i for i, word in enumerate(words) if word.lower() in DENIABLE]
    if not places or rng.random() < 0.75:
        return None
    # "did the company buy" needs "not" before "buy", which is not known here; directly after "did" is good enough.
    i = rng.choice(places)
    return " ".join([*words[: i + 1], "not", *words[i + 1 :]])


def find_common_words(questions: Sequence[str], share: float = 0.002) -> frozenset[str]:
    """Words of at least this share of the questions: "the", "what", "did"."""
    counts = Counter(word for question in questions for word in set(question.lower().rstrip("?").split()))
    return frozenset(word for word, count in counts.items() if count >= max(2, share * len(questions)))


def disturb_question(question: str, common: frozenset[str], rng: random.Random) -> str:
    """Sometimes changes a question to how people type: no question mark or capitals, only content words, or a typo.

    :param common: words that a terse question leaves out.
    """
    if rng.random() < 0.2:
        question = question.rstrip("?! ")
    if rng.random() < 0.12:
        question = question.lower()
    if rng.random() < 0.1:
        told = [w for w in question.split() if w.lower().strip("?") not in common or rng.random() < 0.3]
        question = " ".join(told) if len(told) >= 3 else question
    if rng.random() < 0.1:
        letters = [i for i, (a, b) in enumerate(pairwise(question)) if a.isalpha() and b.isalpha()]
        if letters:
            i = rng.choice(letters)
            slip = rng.choice([question[i + 1] + question[i], question[i], question[i : i + 2] + question[i + 1]])
            question = question[:i] + slip + question[i + 2 :]
    return question
