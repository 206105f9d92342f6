"""Training examples from CANARD (Elgohary et al. 2019): the words that a follow-up question refers to or leaves out.

Each rewrite is aligned with its question, word by word. The words that it replaces or adds are looked up in the
conversation.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.question.references import REFERRING, mark_omission, mark_reference, show_messages
from rag.question.text import FUNCTION_WORDS
from rag.training.data import Paragraph, drop_overlaps, load_squad
from rag.training.examples import Example

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WORD = re.compile(r"\w+(?:[.\-&]\w+)*")
UNKNOWN = "I don't know."
DECLINED = "The articles don't say."
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
    :param subject: title and section of the article that the conversation is about: two strings.
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
        return [
            FollowUp(
                record["QuAC_dialog_id"].split("_")[1],
                (record["History"][0], record["History"][1]),
                tuple(DECLINED if message == UNKNOWN else message for message in record["History"][2:]),
                record["Question"].strip(),
                record["Rewrite"].strip(),
            )
            for record in json.loads(path.read_text(encoding="utf-8"))
        ]
    except FileNotFoundError:
        raise RagError(f"No {path.name} in {path.parent}: CANARD is public; put it there as canard-dev.json.") from None
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OSError) as error:
        raise RagError(f"{path} is not in CANARD's JSON format ({error}): name another file.") from None


def load_dialogues(path: Path, exclude: Sequence[Path]) -> tuple[list[FollowUp], list[FollowUp]]:
    """(training, held-out) follow-ups, without those that overlap the excluded test sets."""
    records = load_followups(path)
    tests = sorted({p.text for other in exclude for p in load_squad(other)})
    texts = [Paragraph("canard", r.dialogue, "", "\n".join((*r.messages, r.rewrite)), ()) for r in records]
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
    """
    text = show_messages([*open_subject(record, rng), *record.messages])
    roll = rng.random()
    if roll < 0.25 and text:
        other = rng.choice(others)
        alone = record.rewrite if roll < 0.15 or other.dialogue == record.dialogue else other.rewrite
        return Example(mark_omission(alone), (("", text),), None, None)
    choices = list(list_examples(record, text))
    return rng.choice(choices) if choices else None


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
            yield Example(mark_reference(question, word.start(), word.end()), (("", text),), None, None)
    if text and not missing:
        yield Example(mark_omission(question), (("", text),), None, None)


def open_subject(record: FollowUp, rng: random.Random) -> list[str]:
    """A first message that names the subject, as a user who has no article open must do."""
    title, section = record.subject
    subject = f"{title}, {section}" if rng.random() < 0.3 else title
    return [rng.choice(OPENINGS).format(subject)]
