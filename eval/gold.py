"""Gold questions, one JSON object per line, written from the articles before any answer was seen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from eval.fields import Evidence, Fields, GoldError, Groups, read_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kind = Literal["facts", "unanswerable", "disagreements", "conversations", "explanations"]
Part = Literal["dev", "test"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PARTS: tuple[Part, ...] = get_args(Part)
WORDINGS = ("article", "other")


@dataclass(frozen=True, slots=True)
class GoldValue:
    """An answer in all its acceptable forms, with its evidence."""

    answers: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A fact that an explanation must contain: for every group at least one of its forms."""

    fact: str
    all_of: Groups
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that an explanation must not make: a form of every group within one sentence."""

    claim: str
    all_of: Groups


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question of any kind. Fields that do not apply to its kind are empty.

    :param name: id of the line, with ``.N`` for the turn of a conversation: ``f001``, ``c003.2``.
    :param standalone: the question in a form that needs no history; differs from ``question`` only for follow-ups.
    :param values: the right answers: one for a fact, two or more if the articles differ, none if the articles do not
        answer the question or it has key facts instead.
    :param items: for a list, the forms of each item.
    :param correction: for a false premise, the groups of forms that a sentence must contain to correct it.
    :param wording: ``article`` if it is asked in the article's words, ``other`` if not; empty if unknown.
    """

    name: str
    kind: Kind
    type: str
    question: str
    standalone: str
    turn: int = 1
    values: tuple[GoldValue, ...] = ()
    items: Groups = ()
    facts: tuple[KeyFact, ...] = ()
    forbidden: tuple[Claim, ...] = ()
    correction: Groups = ()
    wording: str = ""

    @property
    def line(self) -> str:
        """The id of its line, the same for all turns of a conversation."""
        return self.name.rsplit(".", 1)[0] if self.kind == "conversations" else self.name

    @property
    def part(self) -> Part:
        """One line in three, by hash of its id, is in the test part, which is reported but never used for choices."""
        return "dev" if int(hashlib.sha256(self.line.encode()).hexdigest(), 16) % 3 else "test"

    @property
    def answerable(self) -> bool:
        return bool(self.values or self.facts)

    @property
    def answers(self) -> tuple[str, ...]:
        """All forms of all values."""
        return tuple(answer for value in self.values for answer in value.answers)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(e for group in self.evidence_groups for e in group)

    @property
    def evidence_groups(self) -> tuple[tuple[Evidence, ...], ...]:
        """The evidence of each value, or of each key fact."""
        return (*(value.evidence for value in self.values), *(fact.evidence for fact in self.facts))


def load_gold(folder: Path) -> list[GoldQuestion]:
    """The questions of all gold files in a folder, ``facts.jsonl`` and so on, at most one for each of ``KINDS``.

    :raises GoldError: if there is no gold file, or a line is invalid: not JSON, a missing, unknown or malformed field,
        or a repeated id or question.
    """
    names = ", ".join(f"{kind}.jsonl" for kind in KINDS)
    try:
        present = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == ".jsonl"}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GoldError(f"{folder} cannot be read ({reason}): name a folder with {names}.") from None
    found = {kind: present[kind] for kind in KINDS if kind in present}
    if not found:
        raise GoldError(f"There are no gold questions in {folder}: add at least one of {names}.")
    if unknown := sorted(set(present) - set(found)):
        raise GoldError(f"{unknown[0]}.jsonl is not a kind of gold question: rename it to one of {names}, or move it.")
    questions: list[GoldQuestion] = []
    seen: dict[str, str] = {}
    for kind, path in found.items():
        for place, record in read_records(path):
            made = make_questions(kind, record, place)
            # Only first questions must be unique, since a follow-up such as "why?" can recur.
            for label in (*(f"id {q.name}" for q in made), f'question "{fold_question(made[0].question)}"'):
                if label in seen:
                    raise GoldError(f"{place} repeats the {label} of {seen[label]}: change or remove one.")
                seen[label] = place
            questions += made
    if not questions:
        raise GoldError(f"The gold files in {folder} are empty: write at least one question.")
    return questions


def fold_question(question: str) -> str:
    return " ".join(question.lower().split())


def make_questions(kind: Kind, record: dict[str, Any], place: str) -> list[GoldQuestion]:
    """Makes one question, or one for each turn of a conversation."""
    return MAKERS[kind](Fields(record, place))


def make_fact(fields: Fields) -> list[GoldQuestion]:
    question = fields.text("question")
    made = GoldQuestion(
        name=fields.text("id"),
        kind="facts",
        type=fields.text("type", "fact"),
        question=question,
        standalone=question,
        values=(GoldValue(fields.texts("answers"), fields.evidence()),),
        items=fields.groups("items", optional=True),
        wording=fields.choice("wording", WORDINGS),
    )
    fields.finish()
    return [made]


def make_unanswerable(fields: Fields) -> list[GoldQuestion]:
    question = fields.text("question")
    name, kind_of = fields.text("id"), fields.text("type", "unanswerable")
    fields.text("why", "not said")
    correction = fields.groups("correction", optional=True)
    fields.finish()
    return [GoldQuestion(name, "unanswerable", kind_of, question, question, correction=correction)]


def make_disagreement(fields: Fields) -> list[GoldQuestion]:
    question, values = fields.text("question"), []
    for value in fields.objects("values"):
        values.append(GoldValue(value.texts("answers"), value.evidence()))
        value.finish()
    if len(values) < 2:
        raise GoldError(f'{fields.place} has only one of "values": add another, or move it to facts.jsonl.')
    made = GoldQuestion(fields.text("id"), "disagreements", "disagreement", question, question, values=tuple(values))
    fields.finish()
    return [made]


def make_conversation(fields: Fields) -> list[GoldQuestion]:
    name, made = fields.text("id"), []
    for number, turn in enumerate(fields.objects("turns"), 1):
        question = turn.text("question")
        standalone = turn.text("standalone", question)
        value = GoldValue(turn.texts("answers", optional=True), turn.evidence())
        turn.finish()
        made.append(
            GoldQuestion(
                name=f"{name}.{number}",
                kind="conversations",
                type="first" if number == 1 else "follow-up",
                question=question,
                standalone=standalone,
                turn=number,
                values=(value,) if value.answers else (),
            )
        )
    fields.finish()
    return made


def make_explanation(fields: Fields) -> list[GoldQuestion]:
    question, facts, forbidden = fields.text("question"), [], []
    for fact in fields.objects("facts"):
        facts.append(KeyFact(fact.text("fact"), fact.groups("all_of"), fact.evidence()))
        fact.finish()
    for claim in fields.objects("forbidden", optional=True):
        forbidden.append(Claim(claim.text("claim"), claim.groups("all_of")))
        claim.finish()
    made = GoldQuestion(
        name=fields.text("id"),
        kind="explanations",
        type=fields.text("type", "explanation"),
        question=question,
        standalone=question,
        facts=tuple(facts),
        forbidden=tuple(forbidden),
    )
    fields.finish()
    return [made]


MAKERS: dict[Kind, Callable[[Fields], list[GoldQuestion]]] = {
    "facts": make_fact,
    "unanswerable": make_unanswerable,
    "disagreements": make_disagreement,
    "conversations": make_conversation,
    "explanations": make_explanation,
}
