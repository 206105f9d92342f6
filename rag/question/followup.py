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

from rag.question.antecedents import CHOICE, NAME, PLACED, choose_reading
from rag.question.correction import drop_courtesy, find_correction
from rag.question.ellipsis import change_owner, change_question, is_fragment
from rag.question.nouns import find_person, is_label, is_thing_noun
from rag.question.places import fill_place
from rag.question.references import DECLINED, MOST_MESSAGES, REFERRING, mark_omission, mark_reference, show_messages
from rag.question.referent import PERSON, can_replace
from rag.question.request import is_small_talk
from rag.question.text import MAX_CHARACTERS, find_mentions, find_topic_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Reading, Turn

MOST_CHARACTERS = 300
"""The rules read only this many characters of each message."""
MOST_REFERENCES = 3
"""Most words of one question that are resolved."""
LEAST_THING, LEAST_REFERENCE, LEAST_OMISSION = 0.1, 0.3, 0.5
"""Minimum probability to fill in what the reader found for "it" and "they", for other words, and for an omission.

Chosen by hand. Omissions have more false positives. "He" is also resolved by rule: a person just named."""

SURE_OF_NOTHING = 0.5
"""Probability of NO-ANSWER from which the rules are not applied, so that a change of topic drops the history."""
LEAST_TOPIC = 4
"""Fewest topic words of a question without a name that can be asked without its conversation. Chosen by hand."""
MOST_WORDS = 40
"""Longer questions are not given to the reader, which would not see their end."""

_OWNED = re.compile(
    r"(?:(?:and|but|so)[\s,]+(?:(?:what|how) about )?|(?:what|how) about )(?:his|her|their|its) "
    r"(?P<noun>[\w-]+(?: [\w-]+)?)\W*",
    re.IGNORECASE,
)
"""A fragment such as "And her husband?"."""
_POINTED_NOUN = re.compile(r"\b(?:this|that) (?P<noun>[a-z][\w-]+)")
_CIRCUMSTANCE = re.compile(
    r"(?:and |but |so )?(?:what about |how about )?"
    r"(?:(?:by|for|from|to|with|since|until|at|on|in|of|under|through) (?:what|which|whom|when|how)\b"
    r"|every |each |(?:the|a|one) (?:day|week|month|quarter|year) (?:before|after|earlier|later)\b"
    r"|the (?:previous|preceding|following|next) (?:day|week|month|quarter|year)\b)",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"(?<=[a-z] )(?<!\bis )(?<!\bwas )(?<!\bdid )(?<!\bdoes )(?<!\bwill )(?<!\bhas )(?<!\bcan )(?<!\bwould )"
    r"(?:it|them)(?=\W*$| (?:back|up|down|off|out|over|in|on|at|for|to|from|with|before|after|by)\b)",
    re.IGNORECASE,
)
"""An "it" that is not a subject. A subject may refer to nothing, as in "is it raining?"."""
_THING = re.compile(r"its?|they|them|theirs?", re.IGNORECASE)
_OWN = re.compile(r" own\b", re.IGNORECASE)
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
_NOUN = re.compile(r"\b(?:the|an?|which|what) [\w-]+ $", re.IGNORECASE)
_CLAUSE = re.compile(r" (?:the|an?|its|his|her|their|it|he|she|they|there)\b", re.IGNORECASE)
"""Before or after a "that" that joins clauses: "the farmer that …", "does it say that the …"."""
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
    previous, last = find_previous(latest), latest[-1]
    answer = last.content if last.role == "assistant" and last.content != DECLINED else ""
    asked = drop_courtesy(question)
    meant = find_correction(question)
    if meant and not is_fragment(meant):
        asked, meant = meant, ""
    made = change_question(f"and {meant}" if meant else asked, previous)
    if meant and previous and not made:
        about = find_topic(previous, "", person=False) if is_label(meant) else ""
        made = f"What is {meant}? ({about})" if about else f"{previous} ({meant})"
    settled = bool(made)
    if not settled:
        chosen = CHOICE.match(previous)
        at = answer if chosen and is_thing_noun(chosen["noun"].lower()) and can_replace("it", answer) else ""
        made = fill_place(asked, [turn.content for turn in latest], at)
        made, settled = fill_choice(made, previous, answer)
    if not settled and resolver is not None:
        said = show_messages([turn.content for turn in latest])
        made, settled = resolve_question(made, said, resolver, placed=made != asked)
        made = change_owned(asked, made, previous, answer) or made
        if made == asked:
            made = fill_pointer(made, previous, answer)
    if not settled:
        made = follow_rules(made, latest)
    if made == drop_courtesy(question):
        return question
    return made if len(made) <= MAX_CHARACTERS else question


def change_owned(asked: str, made: str, previous: str, answer: str) -> str:
    """The question before, asked of what a fragment names: "And her husband?"; empty if it is no such fragment.

    :param made: the fragment with its pronoun filled in: "And Greta Lindholm's husband?".
    """
    owned = _OWNED.fullmatch(asked)
    filled = _LEAD.sub("", made).strip(" ?!.")
    if not owned or not re.search(r"['’]s? " + re.escape(owned["noun"]) + "$", filled):
        return ""
    owner = re.sub(r"['’]s?$", "", filled[: -len(owned["noun"]) - 1])
    return change_owner(filled, owner, previous, answer)


def fill_choice(question: str, previous: str, answer: str) -> tuple[str, bool]:
    """Say which one "that company" is if the question before asked "which company …?".

    :return: the question, and whether it is settled, since it refers to nothing else.
    """
    for pointed in _POINTED_NOUN.finditer(question):
        noun = re.escape(pointed["noun"])
        if re.match(rf"\W*(?:and |but )?(?:which|what) (?:[\w'’-]+ ){{0,3}}{noun}\b", previous, re.I) and can_replace(
            "it", answer
        ):
            made = f"{question[: pointed.start()]}{answer}{question[pointed.end() :]}"
            return made, not REFERRING.search(made)
    return question, False


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


def refers_back(question: str) -> bool:
    """Whether a question is about something that only an earlier message names: "Who runs it?"."""
    return bool(find_pronoun(question) or _LEAD.match(question) or _POINTED.search(question))


def can_stand_alone(question: str) -> bool:
    """Whether a follow-up can be asked as written without being about something else.

    Nothing in it refers to an earlier message, and it has a name, a pronoun whose antecedent is in it, or
    ``LEAST_TOPIC`` topic words: "How many were killed?" would be answered from any article.
    """
    if refers_back(question):
        return False
    topic = find_topic_words(question)
    own = find_mentions(question) or _PRONOUN.search(question)
    return len(topic) >= (2 if own else LEAST_TOPIC)


def fill_pointer(question: str, previous: str, answer: str) -> str:
    """Say what "that project" is if the reader does not find it: the answer before, or the name in its question."""
    pointed = _POINTED_NOUN.search(question)
    joins = pointed and (
        _CLAUSE.match(question, pointed.start("noun") - 1) or _NOUN.search(question[: pointed.start()])
    )
    if not pointed or joins or NAME.search(question):
        return question
    named = NAME.search(f" {answer}") and can_replace("it", answer)
    about = answer if named else find_topic(previous, "", person=False)
    return f"{question} ({about})" if about else question


def resolve_question(question: str, said: str, resolver: Resolver, *, placed: bool = False) -> tuple[str, bool]:
    """Rewrite a question with what the reader finds in the conversation.

    :param said: the conversation, from :func:`rag.question.references.show_messages`.
    :param placed: whether a place has been filled in, so that only pronouns are resolved.
    :return: the question, and whether it is settled, so that no rules apply: something was filled in, or the reader is
        sure that nothing is missing.
    """
    if is_bare(question) or is_circumstance(question) or not said:
        return question, False
    if len(question.split()) > MOST_WORDS:
        return question, True
    idle = _EMPTY_IT.search(question)
    words = [m for m in REFERRING.finditer(question) if not refers_to_nothing(question, m, idle)][:MOST_REFERENCES]
    if (idle or placed) and not words:
        return question, True
    marked = [mark_reference(question, *word.span()) for word in words] or [mark_omission(question)]
    found = resolver.read_texts(marked, [[("", said)]] * len(marked))
    pronouns = [word.group() for word in words] or [""]
    readings = [choose_reading(each, said, pronoun) for each, pronoun in zip(found, pronouns, strict=True)]
    missing = [tell_missing(*pair, question) for pair in zip(readings, pronouns, strict=True)]
    # "He", "it" as an object and a fragment always continue something, even if the reader finds nothing.
    single = not re.search(r"[.!?] ", question)
    sure = any(PERSON.fullmatch(w.group()) or (single and _OBJECT.match(question, w.start())) for w in words)
    sure = sure or (not words and is_nameless_fragment(question))
    settled = any(missing) or (not sure and all(best.no_answer >= SURE_OF_NOTHING for best in readings))
    if not words:
        return (f"{question} ({missing[0]})" if missing[0] else question), settled
    return fill_all(question, list(zip(words, missing, strict=True))), settled


def is_nameless_fragment(question: str) -> bool:
    """Whether a question such as "and pensioners?" only continues another; "What about Nixon's legacy?" may be new."""
    bare = _LEAD.sub("", question)
    return bare != question and is_fragment(question) and bare == bare.lower()


def is_circumstance(question: str) -> bool:
    """Whether a fragment asks for a circumstance of what was asked before: "by how many votes?", "a week before?"."""
    return is_fragment(question) and _CIRCUMSTANCE.match(question) is not None


def refers_to_nothing(question: str, word: re.Match[str], idle: re.Match[str] | None) -> bool:
    """Whether a word is the "it" of "is it true that", IT in capitals, contracted as in "they're", or joins clauses."""
    inside = idle is not None and idle.start() <= word.start() < idle.end()
    joins = _NOUN.search(question[: word.start()]) or _CLAUSE.match(question, word.end())
    inside = inside or (word.group() == "that" and joins is not None)
    # "Its own" says only whose it is, which another pronoun says too.
    inside = inside or (_OWN.match(question, word.end()) is not None and len(REFERRING.findall(question)) > 1)
    return inside or word.group() == "IT" or question[word.end() : word.end() + 1] in ("'", "’")


def tell_missing(best: Reading, pronoun: str, question: str) -> str:
    """The words that the reader found; empty if they are improbable or already in the question."""
    least = LEAST_THING if _THING.fullmatch(pronoun) else LEAST_REFERENCE if pronoun else LEAST_OMISSION
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
    return None if NAME.search(before) or owned else found


def goes_on(question: str, bare: str) -> bool:
    """Whether a question without a pronoun continues the one before: "why?", "and the price?"."""
    short = bare != question or len(find_topic_words(bare)) <= 1 or is_circumstance(question)
    return short and not NAME.search(bare)


def find_topic(previous: str, answer: str, *, person: bool) -> str:
    """The referent of a pronoun: the answer if it is a person, otherwise the last name in the last question."""
    if person and _PERSON_NAME.fullmatch(answer):
        return answer
    if person and re.match(r"\W*who\b", previous, re.IGNORECASE) and can_replace("he", answer):
        return re.sub(r"^an? ", "the ", answer)
    described = find_person(previous) if person else ""
    if described:
        return described
    pronoun = "he" if person else "it"
    spans = [m for m in NAME.finditer(previous) if not (person and PLACED.search(previous[: m.start()]))]
    names = [re.sub(r"['’]s$|^(?:In|At|On|By|For|From|To|Of|With) ", "", m[0]) for m in spans]
    return next((name for name in reversed(names) if can_replace(pronoun, name)), "")
