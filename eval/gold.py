"""Gold questions: written from the articles before any answer was looked at, one JSON object a line."""

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
    """An answer in all its acceptable forms and where it stands."""

    answers: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class KeyFact:
    """What an explanation must hold: for every group at least one of its forms."""

    fact: str
    all_of: Groups
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What an explanation must not say: all groups within one sentence."""

    claim: str
    all_of: Groups


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """One question to ask, of any kind; what does not apply to its kind is empty.

    :param name: id of the line, and ``.N`` for the turn of a conversation: ``f001``, ``c003.2``.
    :param standalone: the question without need of history; the question itself, but for follow-ups.
    :param values: the right answers: one value for a fact, two or more where the articles differ, none where the
        articles hold no answer or where key facts are wanted in place of an answer.
    :param items: for a list, each item's forms.
    :param correction: of a false premise that the articles contradict: what a sentence that puts it right must hold.
    :param wording: whether it is asked in the ``article``'s words or in ``other`` ones; empty where that is not said.
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
        """Id of the line it comes from, the same for all turns of a conversation."""
        return self.name.rsplit(".", 1)[0] if self.kind == "conversations" else self.name

    @property
    def part(self) -> Part:
        """One line in three, by hash of its id, is the test part: reported, never used to choose anything."""
        return "dev" if int(hashlib.sha256(self.line.encode()).hexdigest(), 16) % 3 else "test"

    @property
    def answerable(self) -> bool:
        return bool(self.values or self.facts)

    @property
    def answers(self) -> tuple[str, ...]:
        """Every form of every value."""
        return tuple(answer for value in self.values for answer in value.answers)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(e for group in self.evidence_groups for e in group)

    @property
    def evidence_groups(self) -> tuple[tuple[Evidence, ...], ...]:
        """The evidence of each value, or of each key fact."""
        return (*(value.evidence for value in self.values), *(fact.evidence for fact in self.facts))


def load_gold(folder: Path) -> list[GoldQuestion]:
    """The questions of all gold files in a folder: ``facts.jsonl`` and so on, one for each of ``KINDS`` at most.

    :raises GoldError: without a gold file, or for a line that cannot be used: not JSON, a field missing, unknown or
        of another form, an id or a question that stands there twice.
    """
    names = ", ".join(f"{kind}.jsonl" for kind in KINDS)
    try:
        present = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == ".jsonl"}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GoldError(f"{folder} cannot be read ({reason}): name a folder with {names}.") from None
    found = {kind: present[kind] for kind in KINDS if kind in present}
    if not found:
        raise GoldError(f"No gold questions in {folder}: put at least one of {names} there.")
    if unknown := sorted(set(present) - set(found)):
        raise GoldError(f"{unknown[0]}.jsonl is no kind of gold question: call it one of {names}, or move it away.")
    questions: list[GoldQuestion] = []
    seen: dict[str, str] = {}
    for kind, path in found.items():
        for place, record in read_records(path):
            made = make_questions(kind, record, place)
            # A follow-up such as "why?" may well be asked twice.
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
    """One question; of a conversation, one for each turn."""
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
        raise GoldError(f'{fields.place} has but one of "values": a disagreement needs two, else it is a fact.')
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
