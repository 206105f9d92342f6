"""Training examples from rewritten conversations: the words that a follow-up question refers to or leaves out.

The conversations are from CANARD (Elgohary et al. 2019), TREC CAsT 2019 to 2022 and MTRAG (Katsis et al. 2025).
Each rewrite is aligned with its question, word by word. The words that it replaces or adds are looked up in the
conversation.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from rag.errors import RagError
from rag.question.references import DECLINED, REFERRING, mark_omission, mark_reference, show_messages
from rag.question.text import FUNCTION_WORDS
from rag.training.data import Paragraph, drop_overlaps, load_squad
from rag.training.examples import Example

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FOLLOW_UPS = ("canard-dev.json", "cast-rewrites.json", "mtrag-rewrites.json")
"""Files in CANARD's format."""
VALUED = 0.2
"""Share of the examples whose latest answer is a value, which no pronoun can refer to. Chosen by hand."""

WORD = re.compile(r"\w+(?:[.\-&]\w+)*")
UNKNOWN = "I don't know."
OPENINGS = (
    "Tell me about {}.",
    "What do the articles say about {}?",
    "{}",
    "What about {}?",
    "Is there anything on {}?",
)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question of a conversation, its self-contained rewrite, and the messages before it.

    :param dialogue: the conversation, which is held out as a whole.
    :param subject: title and section of the article that the conversation is about; both empty if the first question
        names the subject.
    :param messages: questions and answers in turn.
    """

    dialogue: str
    subject: tuple[str, str]
    messages: tuple[str, ...]
    question: str
    rewrite: str

    @property
    def held_out(self) -> bool:
        """One dialogue in ten, by hash."""
        return int(hashlib.sha256(self.dialogue.encode()).hexdigest(), 16) % 10 == 0


@dataclass(frozen=True, slots=True)
class Missing:
    """Words of a rewrite that its question lacks, and the characters of the question that they replace.

    For an omission these are empty: ``start == end``.
    """

    start: int
    end: int
    words: tuple[str, ...]


def load_followups(path: Path) -> list[FollowUp]:
    """Reads a file in CANARD's format. :raises RagError: if it is missing or in another format."""
    try:
        return [read_followup(record) for record in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        raise RagError(
            f"No {path.name} in {path.parent}: it is public, put it there (docs/reader.md names it)."
        ) from None
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OSError) as error:
        raise RagError(f"{path} is not in CANARD's JSON format ({error}): name another file.") from None


def read_followup(record: dict[str, Any]) -> FollowUp:
    """A record of CANARD, or of another collection: there the first question names the subject, and headings are notes.

    :raises KeyError, IndexError, TypeError, AttributeError: if it is in another format.
    """
    title, section, *messages = record["History"]
    name, ours = record["QuAC_dialog_id"], record["QuAC_dialog_id"].startswith("C_")
    return FollowUp(
        name.split("_")[1] if ours else name,
        (title, section) if ours else ("", ""),
        tuple(DECLINED if message == UNKNOWN else message for message in messages),
        record["Question"].strip(),
        record["Rewrite"].strip(),
    )


def load_dialogues(folder: Path, exclude: Sequence[Path]) -> tuple[list[FollowUp], list[FollowUp]]:
    """(training, held-out) follow-ups of all files, without those that overlap the excluded test sets.

    :param folder: holds ``FOLLOW_UPS``.
    """
    records = [record for name in FOLLOW_UPS for record in load_followups(folder / name)]
    tests = sorted({p.text for other in exclude for p in load_squad(other)})
    texts = [Paragraph("follow-ups", r.dialogue, "", "\n".join((*r.messages, r.rewrite)), ()) for r in records]
    kept = set(map(id, drop_overlaps(texts, tests)))
    clean = [record for record, text in zip(records, texts, strict=True) if id(text) in kept]
    return [r for r in clean if not r.held_out], [r for r in clean if r.held_out]


def find_missing(question: str, rewrite: str) -> list[Missing]:
    """The words that the rewrite has instead of, or in addition to, those of the question."""
    asked, said = list(WORD.finditer(question)), [m.group() for m in WORD.finditer(rewrite)]
    folded = [m.group().lower() for m in asked], [word.lower() for word in said]
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, *folded, autojunk=False).get_opcodes():
        words = trim_words(said[c:d])
        if kind in ("replace", "insert") and words:
            start, end = (asked[a].start(), asked[b - 1].end()) if b > a else (0, 0)
            refers = REFERRING.match(question, start, end) if b - a in (1, 2, 3) else None
            found.append(Missing(start, refers.end(), words) if refers else Missing(0, 0, words))
    return found


def trim_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words without function words, or the s of a possessive, at either end."""
    idle = [word.lower() in FUNCTION_WORDS for word in words]
    if all(idle):
        return ()
    first, last = idle.index(False), len(idle) - idle[::-1].index(False)
    return tuple(words[first:last])


def find_words(words: Sequence[str], text: str) -> tuple[int, int] | None:
    """Character span of the last occurrence of the words, or of their longest run with half of the content words."""
    stands = list(WORD.finditer(text))
    folded, wanted = [m.group().lower() for m in stands], [word.lower() for word in words]
    topical = sum(word not in FUNCTION_WORDS for word in wanted)
    for length in range(len(wanted), 0, -1):
        for shift in range(len(wanted) - length + 1):
            run = trim_words(wanted[shift : shift + length])
            if 2 * sum(word not in FUNCTION_WORDS for word in run) < topical or len(run) < length:
                continue
            for place in range(len(folded) - length, -1, -1):
                if tuple(folded[place : place + length]) == run:
                    return stands[place].start(), stands[place + length - 1].end()
    return None


def draw_followup(record: FollowUp, others: Sequence[FollowUp], rng: random.Random) -> Example | None:
    """One example of a follow-up; None if the words it lacks are not in the conversation.

    One in four is a NO-ANSWER example: the rewrite itself, which lacks nothing, or a rewrite from another conversation.
    Half of those with a pronoun, whose antecedent they contain, are asked about the pronoun. In one of five examples
    the latest answer is a value. If that hides what a pronoun refers to, the example has no answer.
    """
    messages = [*open_subject(record, rng), *record.messages]
    valued = bool(record.messages) and rng.random() < VALUED
    if valued:
        messages[-1] = draw_value(rng)
    text = show_messages(messages)
    roll = rng.random()
    if roll < 0.25 and text:
        other = rng.choice(others)
        alone = record.rewrite if roll < 0.15 or other.dialogue == record.dialogue else other.rewrite
        pronouns = list(REFERRING.finditer(alone)) if rng.random() < 0.5 else []
        return decline(mark_reference(alone, *rng.choice(pronouns).span()) if pronouns else mark_omission(alone), text)
    choices = list(list_examples(record, text))
    if valued and not choices:
        words = REFERRING.finditer(record.question)
        choices = [decline(mark_reference(record.question, *word.span()), text) for word in words]
    return rng.choice(choices) if choices else None


def draw_value(rng: random.Random) -> str:
    """A number, an amount, a share or a date, as a short answer gives it."""
    number, part = rng.randint(2, 990), rng.randint(2, 28)
    month = rng.choice(("January", "March", "May", "July", "October", "December"))
    return rng.choice(
        (f"{number}", f"{part},{number:03}", f"{part}%", f"${number} million", f"€{part}.{part % 10} billion",
         f"{number} metres", f"{1900 + number % 126}", f"in {1900 + number % 126}", f"on {part} {month}",
         f"{month} {part}", f"about {number}", f"{part} years", "two thirds", "last year")
    )  # fmt: skip


def decline(marked: str, text: str) -> Example:
    """A NO-ANSWER example."""
    return Example(marked, (("", text),), None, None)


def list_examples(record: FollowUp, text: str) -> Iterator[Example]:
    """One example for each reference or omission whose words the text contains.

    A question that lacks nothing gives one NO-ANSWER example for each word that could refer to something, and one for
    an omission.
    """
    missing, question = find_missing(record.question, record.rewrite), record.question
    for lack in missing:
        place = find_words(lack.words, text)
        if place:
            refers = lack.end > lack.start
            marked = mark_reference(question, lack.start, lack.end) if refers else mark_omission(question)
            yield Example(marked, (("", text),), (0, *place), None)
    for word in REFERRING.finditer(question):
        if text and not missing:
            yield decline(mark_reference(question, word.start(), word.end()), text)
    if text and not missing:
        yield decline(mark_omission(question), text)


def open_subject(record: FollowUp, rng: random.Random) -> list[str]:
    """A first message that names the subject, as a user who has no article open must do; none if it has no title."""
    title, section = record.subject
    if not title:
        return []
    subject = f"{title}, {section}" if rng.random() < 0.3 else title
    return [rng.choice(OPENINGS).format(subject)]
