"""Rewrites a follow-up question as a standalone question, with the help of the conversation.

A fragment changes the question before it (:mod:`rag.question.ellipsis`). Otherwise the reader finds what a word refers
to or what was left out (:mod:`rag.question.references`). What it finds must be a name or a noun phrase
(:mod:`rag.question.referent`). If it finds nothing, rules replace a pronoun by the last name, or append the previous
question to a bare "why?".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from rag.question.ellipsis import change_question
from rag.question.references import MOST_MESSAGES, REFERRING, mark_omission, mark_reference, show_messages
from rag.question.referent import PERSON, can_replace, find_kind
from rag.question.request import is_small_talk
from rag.question.text import MAX_CHARACTERS, find_mentions, find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Reading, Turn

MOST_CHARACTERS = 300
"""The rules read only this many characters of each message."""
MOST_REFERENCES = 3
"""Most words of one question that are resolved."""
LEAST_REFERENCE, LEAST_OMISSION = 0.3, 0.5
"""Minimum probability to fill in what the reader found. Chosen by hand; omissions have more false positives."""

SURE_OF_NOTHING = 0.5
"""Probability of NO-ANSWER from which the rules are not applied, so that a change of topic drops the history."""
LEAST_TOPIC = 4
"""Fewest topic words of a question without a name that can be asked without its conversation. Chosen by hand."""
MOST_WORDS = 40
"""Longer questions are not given to the reader, which would not see their end."""

_JOINED = re.compile(r".*?\(([^()]*\?)\)\s*")
_PRONOUN = re.compile(r"\b(its?|he|she|him|his|hers?|they|them|theirs?)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(
    r"(?:its|his|their)\b(?=\s+\w)|her\b(?=\s+(?!(?:the|an?|this|that|to|in|on|at|for)\b)\w)", re.I
)
_POINTER = re.compile(r"(?:this|that|these|those)\b", re.IGNORECASE)
_EMPTY_IT = re.compile(
    r"\b(?:is|was|isn't|wasn't|will|would)\s+it\s+(?:be\s+)?(?:true|possible|likely|clear|right|known|that)\b(?:\s+that\b)?",
    re.I,
)
_POINTED = re.compile(r"\b(?:this|that|these|those)(?= [a-z]|\W*$)", re.IGNORECASE)
_LEAD = re.compile(r"^\s*(?:and|but|so|also|what about|how about)\b[\s,]*", re.IGNORECASE)
_NAME = re.compile(r"(?<![.?!]\s)(?<!^)\b[A-Z][\w'’&-]*(?:\s+[A-Z][\w'’&-]*)*")
_NOUN = re.compile(r"\b(?:the|an?|which|what) [\w-]+ $", re.IGNORECASE)
_CLAUSE = re.compile(r" (?:the|an?|its|his|her|their|it|he|she|they|there)\b", re.IGNORECASE)
"""Before or after a "that" that joins clauses: "the farmer that …", "does it say that the …"."""
_PLACED = re.compile(r"\b(?:in|at|near) (?:the )?$", re.IGNORECASE)
"""Before the name of a place, which is nobody."""
_ARTICLE = re.compile(r"\b(?:the|an?) $", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_][\w'’&-]*")
_PERSON_NAME = re.compile(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]+){1,3}")


class Resolver(Protocol):
    """A reader that resolves references and omissions."""

    def read_texts(
        self, questions: Sequence[str], passages: Sequence[Sequence[tuple[str, str]]]
    ) -> list[list[Reading]]:
        """See :meth:`rag.reader.copying.CopyingReader.read_texts`."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """A standalone question, and the earlier question that it continues (often itself)."""

    text: str
    root: str


def contextualize_question(question: str, history: Sequence[Turn], resolver: Resolver | None = None) -> str:
    """Rewrite a question as a standalone question, with the help of the turns before.

    A question that is already standalone is returned unchanged, and so is one that would become too long.

    :param resolver: the reader that resolves references; None to apply only rules.
    """
    latest = drop_small_talk(history)[-MOST_MESSAGES:]
    if not latest or is_small_talk(question):
        return question
    made = change_question(question, find_previous(latest))
    settled = bool(made)
    made = made or question
    if not settled and resolver is not None:
        made, settled = resolve_question(question, show_messages([turn.content for turn in latest]), resolver)
    if not settled:
        made = follow_rules(made, latest)
    return made if len(made) <= MAX_CHARACTERS else question


def drop_small_talk(history: Sequence[Turn]) -> list[Turn]:
    """The turns without thanks and greetings and the replies to them, each cut at ``MAX_CHARACTERS``."""
    kept, idle = [], False
    for turn in history:
        content = turn.content[:MAX_CHARACTERS]
        idle = is_small_talk(content) if turn.role == "user" else idle
        if not idle:
            kept.append(replace(turn, content=content))
    return kept


def find_previous(history: Sequence[Turn]) -> str:
    """The last question, if it can be understood alone; otherwise empty."""
    asked = next((turn.content for turn in reversed(history) if turn.role == "user"), "")
    content = " ".join(asked.split())[:MOST_CHARACTERS]
    joined = _JOINED.fullmatch(content)
    previous = joined[1] if joined else content
    return "" if find_pronoun(previous) else previous


def can_stand_alone(question: str) -> bool:
    """Whether a follow-up can be asked as written without being about something else.

    Nothing in it refers to an earlier message, and it has a name, a pronoun whose antecedent is in it, or
    ``LEAST_TOPIC`` topic words: "How many were killed?" would be answered from any article.
    """
    if find_pronoun(question) or _LEAD.match(question) or _POINTED.search(question):
        return False
    topic = find_topic_words(question)
    own = find_mentions(question) or _PRONOUN.search(question)
    return len(topic) >= (2 if own else LEAST_TOPIC)


def resolve_question(question: str, said: str, resolver: Resolver) -> tuple[str, bool]:
    """Rewrite a question with what the reader finds in the conversation.

    :param said: the conversation, from :func:`rag.question.references.show_messages`.
    :return: the question, and whether it is settled, so that no rules apply: something was filled in, or the reader is
        sure that nothing is missing.
    """
    if is_bare(question) or not said:
        return question, False
    if len(question.split()) > MOST_WORDS:
        return question, True
    idle = _EMPTY_IT.search(question)
    words = [m for m in REFERRING.finditer(question) if not refers_to_nothing(question, m, idle)][:MOST_REFERENCES]
    if idle and not words:
        return question, True
    marked = [mark_reference(question, *word.span()) for word in words] or [mark_omission(question)]
    found = resolver.read_texts(marked, [[("", said)]] * len(marked))
    pronouns = [word.group() for word in words] or [""]
    readings = [choose_reading(each, said, pronoun) for each, pronoun in zip(found, pronouns, strict=True)]
    missing = [tell_missing(best, question, omitted=not words) for best in readings]
    # "He" always refers to somebody, even if the reader finds nothing.
    person = any(PERSON.fullmatch(word.group()) for word in words)
    settled = any(missing) or (not person and all(best.no_answer >= SURE_OF_NOTHING for best in readings))
    if not words:
        return (f"{question} ({missing[0]})" if missing[0] else question), settled
    return fill_all(question, list(zip(words, missing, strict=True))), settled


def refers_to_nothing(question: str, word: re.Match[str], idle: re.Match[str] | None) -> bool:
    """Whether a word is the "it" of "is it true that", IT in capitals, contracted as in "they're", or joins clauses."""
    inside = idle is not None and idle.start() <= word.start() < idle.end()
    joins = _NOUN.search(question[: word.start()]) or _CLAUSE.match(question, word.end())
    inside = inside or (word.group() == "that" and joins is not None)
    return inside or word.group() == "IT" or question[word.end() : word.end() + 1] in ("'", "’")


def choose_reading(readings: Sequence[Reading], said: str, pronoun: str) -> Reading:
    """The most probable reading of the right kind, with its probability among those of the right kind.

    :param pronoun: the word in question; empty for an omission, which only a value cannot fill.
    """
    left = 1.0
    for best in readings:
        whole = name_whole(best, said)
        nobody = PERSON.match(pronoun) and (_PLACED.search(said[: whole.start]) or is_asked_of(whole, said))
        fits = can_replace(pronoun, whole.text) and not nobody if pronoun else find_kind(whole.text) != "value"
        if not whole.text or fits:
            probability, absent = (min(1.0, p / max(left, 1e-6)) for p in (best.probability, best.no_answer))
            return replace(whole, probability=probability, no_answer=absent)
        left -= best.probability
    return replace(readings[0], text="")


def is_asked_of(noun: Reading, said: str) -> bool:
    """Whether a question asks who did something to a noun: "the comet" in "Who saw the comet?".

    "She" is then the person who did it. This does not hold for names, which may be people: "Who beat Ann Gow?".
    """
    asked = said[said.rfind("\n", 0, noun.start) + 1 : noun.start]
    return (
        re.match(r"\W*who\b", asked, re.IGNORECASE) is not None
        and noun.text[-1:].islower()
        and not _NAME.search(f" {noun.text}")
    )


def name_whole(best: Reading, said: str) -> Reading:
    """Extend a reading that is part of a name or a word: "AI" to "Scale AI", "Meridian" to "Meridian-4".

    A common noun that has an article gets one again: "the bridge".
    """
    spans = (m for pattern in (_NAME, _TOKEN) for m in pattern.finditer(said))
    names = (m for m in spans if m.start() <= best.start and best.end <= m.end() and best.text in m[0])
    whole = next(names, None) if best.text else None
    start, text = (whole.start(), whole[0]) if whole else (best.start, best.text)
    quoted = said[:start].endswith(("'", "‘"))
    text = re.sub(r"['’]s?$" if quoted else r"['’]s$", "", text)
    common = text and text.split()[-1].islower() and _ARTICLE.search(said[:start])
    return replace(best, text=f"the {text}" if common else text, start=start)


def tell_missing(best: Reading, question: str, *, omitted: bool) -> str:
    """The words that the reader found; empty if they are improbable or already in the question."""
    least = LEAST_OMISSION if omitted else LEAST_REFERENCE
    told = find_topic_words(best.text)
    new = told - find_topic_words(question)
    return best.text if best.text and new and best.probability >= max(least, best.no_answer) else ""


def fill_all(question: str, found: Sequence[tuple[re.Match[str], str]]) -> str:
    """Fill in what each word refers to, but each referent only once."""
    first: dict[str, int] = {}
    for number, (_, missing) in enumerate(found):
        first.setdefault(missing, number)
    for number, (word, missing) in reversed(list(enumerate(found))):
        if missing and first[missing] == number:
            question = fill_in(question, word, missing)
    return question


def fill_in(question: str, word: re.Match[str], missing: str) -> str:
    """Replace a pronoun by ``missing``, or insert it in brackets after a phrase such as "this deal"."""
    start, end = word.span()
    if _POINTER.fullmatch(word.group()):
        noun = re.compile(r"\s+[a-z][\w-]*").match(question, end)
        place = noun.end() if noun and find_topic_words(noun.group()) else end
        return f"{question[:place]} ({missing}){question[place:]}"
    owned = _POSSESSIVE.match(question, start) and not re.search(r"['’]s?$", missing)
    filled = f"{missing}'s" if owned else missing
    return f"{question[:start]}{filled}{question[end:]}"


def is_bare(question: str) -> bool:
    """Whether a question has no topic of its own: "why?", "how so?", "and then?"."""
    return not find_topic_words(_LEAD.sub("", question)) and not _PRONOUN.search(question)


def follow_rules(question: str, history: Sequence[Turn]) -> str:
    """Rewrite a question by rules alone: resolve its pronoun, or append the question that it continues."""
    previous, answer = Standalone("", ""), ""
    for turn in history:
        content = " ".join(turn.content.split())[:MOST_CHARACTERS]
        if turn.role == "user":
            previous = rewrite_question(content, previous, answer)
        else:
            answer = content
    return rewrite_question(question, previous, answer).text


def rewrite_question(question: str, previous: Standalone, answer: str) -> Standalone:
    """Rewrite one question by rules, given the ``previous`` question and its ``answer``."""
    joined = _JOINED.fullmatch(question)
    alone = Standalone(question, joined.group(1) if joined else question)
    bare = _LEAD.sub("", question)
    pronoun = find_pronoun(bare)
    if not previous.text or (not pronoun and not goes_on(question, bare)):
        return alone
    made = Standalone(f"{bare} ({previous.root})", previous.root)
    topic = find_topic(previous.text, answer, person=bool(PERSON.match(pronoun.group()))) if pronoun else ""
    if pronoun and topic:
        filled = f"{topic}'s" if _POSSESSIVE.match(bare, pronoun.start()) else topic
        text = f"{bare[: pronoun.start()]}{filled}{bare[pronoun.end() :]}"
        made = Standalone(text, text)
    return made if len(made.text) <= MAX_CHARACTERS else alone


def find_pronoun(question: str) -> re.Match[str] | None:
    """The first pronoun; None if it refers to nothing or to something earlier in the question itself."""
    found = next((m for m in _PRONOUN.finditer(question) if m.group() != "IT"), None)
    if found is None or _EMPTY_IT.search(question):
        return None
    before = question[: found.start()]
    owned = _POSSESSIVE.match(question, found.start()) and len(find_topic_words(before)) >= 2
    return None if _NAME.search(before) or owned else found


def goes_on(question: str, bare: str) -> bool:
    """Whether a question without a pronoun continues the one before: "why?", "and the price?"."""
    short = bare != question or len(find_topic_words(bare)) <= 1
    return short and not _NAME.search(bare)


def find_topic(previous: str, answer: str, *, person: bool) -> str:
    """The referent of a pronoun: the answer if it is a person, otherwise the last name in the last question."""
    if person and _PERSON_NAME.fullmatch(answer):
        return answer
    if person and re.match(r"\W*who\b", previous, re.IGNORECASE) and can_replace("he", answer):
        return re.sub(r"^an? ", "the ", answer)
    pronoun = "he" if person else "it"
    spans = [m for m in _NAME.finditer(previous) if not (person and _PLACED.search(previous[: m.start()]))]
    names = [re.sub(r"['’]s$", "", m[0]) for m in spans]
    return next((name for name in reversed(names) if can_replace(pronoun, name)), "")
