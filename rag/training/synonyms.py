"""Rewords questions with WordNet's synonyms (Miller 1995), if the encoder finds that the meaning is kept."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.question.text import FUNCTION_WORDS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rag.types import Encoder

KINDS = {"noun": "1", "verb": "2", "adj": "3", "adv": "4"}
"""WordNet's parts of speech, as its file names have them, and their numbers in its counts."""
SENSES = 2
"""Number of a word's most frequent senses that are used; rarer ones are hardly ever meant."""
KNOWN = 3
"""Minimum occurrences of a synonym in WordNet's own counts; rarer words are hardly used."""
LEAST_LIKENESS = 0.75
"""Minimum cosine with the original question."""
TRIES = 3
"""Rewordings made per question; those that keep its meaning are used."""
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """The content of WordNet's dictionary files; a kind is a part of speech.

    :param synonyms: from (kind, lemma) to lemmas, most frequent sense first.
    :param lemmas: from (kind, irregular form) to lemma.
    :param uses: from (kind, lemma) to its count in running text.
    """

    synonyms: Mapping[tuple[str, str], tuple[str, ...]]
    lemmas: Mapping[tuple[str, str], str]
    uses: Mapping[tuple[str, str], int]

    def find(self, word: str) -> list[str]:
        """Synonyms with the word's own ending, in lower case; none if the word is unknown."""
        readings = [(kind, lemma, ending) for kind in KINDS for lemma, ending in self._reduce(kind, word)]
        if not readings:
            return []
        kind, lemma, ending = max(readings, key=lambda r: self.uses.get((r[0], r[1]), 0))
        return [inflect(other, ending) for other in self.synonyms.get((kind, lemma), ())]

    def _reduce(self, kind: str, word: str) -> Iterable[tuple[str, str]]:
        """(lemma, ending) of each possible reading of a word."""
        known = self.lemmas.get((kind, word))
        if known is not None:
            # Most irregular verb forms are past forms; participles in -ing are regular.
            yield known, {"noun": "s", "verb": "ed", "adj": "er", "adv": ""}[kind]
            return
        if (kind, word) in self.synonyms:
            yield word, ""
        for ending, stems in _ENDINGS.get(kind, {}).items():
            if word.endswith(ending):
                stem = word[: -len(ending)]
                for tail in stems:
                    if (kind, stem + tail) in self.synonyms:
                        yield stem + tail, ending


_ENDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "noun": {"ies": ("y",), "es": ("", "e"), "s": ("",)},
    "verb": {"ies": ("y",), "es": ("", "e"), "s": ("",), "ied": ("y",), "ed": ("", "e"), "ing": ("", "e")},
}


def inflect(lemma: str, ending: str) -> str:
    """A lemma with the ending of another word: "purchase" with "ed", "company" with "s"."""
    if not ending:
        return lemma
    if ending in ("s", "es", "ies"):
        if re.search(r"[^aeiou]y$", lemma):
            return lemma[:-1] + "ies"
        return lemma + ("es" if re.search(r"(?:s|x|z|ch|sh)$", lemma) else "s")
    bare = "ed" if ending in ("ed", "ied") else ending
    if lemma.endswith("e"):
        return lemma[:-1] + bare
    if bare == "ed" and re.search(r"[^aeiou]y$", lemma):
        return lemma[:-1] + "ied"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", lemma):
        return lemma + lemma[-1] + bare
    return lemma + bare


def load_thesaurus(folder: Path) -> Thesaurus:
    """Reads WordNet's dictionary: index, data, exceptions and counts.

    :raises RagError: if the folder does not contain it.
    """
    try:
        uses: Counter[tuple[str, str]] = Counter()
        names = {number: kind for kind, number in KINDS.items()} | {"5": "adj"}
        for line in (folder / "cntlist.rev").read_text(encoding="ascii").splitlines():
            key, _, count = line.split()
            lemma, _, sense = key.partition("%")
            uses[names[sense[0]], lemma] += int(count)
        synonyms: dict[tuple[str, str], tuple[str, ...]] = {}
        lemmas: dict[tuple[str, str], str] = {}
        for kind in KINDS:
            sets = read_sets(folder / f"data.{kind}")
            for line in (folder / f"index.{kind}").read_text(encoding="ascii").splitlines():
                if not line.startswith("  "):
                    fields = line.split()
                    lemma, senses = fields[0], fields[-int(fields[2]) :][:SENSES]
                    others = dict.fromkeys(word for sense in senses for word in sets[sense])
                    synonyms[kind, lemma] = tuple(
                        word for word in others if word != lemma and word.isalpha() and uses[kind, word] >= KNOWN
                    )
            for line in (folder / f"{kind}.exc").read_text(encoding="ascii").splitlines():
                form, lemma = line.split()[:2]
                lemmas[kind, form] = lemma
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise RagError(
            f"No WordNet dictionary can be read in {folder} ({error}): name the folder with its index and data files, "
            "such as Debian's package wordnet-base installs."
        ) from None
    return Thesaurus(synonyms, lemmas, dict(uses))


def read_sets(path: Path) -> dict[str, list[str]]:
    """Each set of synonyms by its offset in the file."""
    sets = {}
    for line in path.read_text(encoding="ascii").splitlines():
        if not line.startswith("  "):
            fields = line.split()
            words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            sets[fields[0]] = [re.sub(r"\(\w+\)$", "", word).lower() for word in words]
    return sets


def reword(question: str, thesaurus: Thesaurus, rng: random.Random) -> str:
    """The question with about two in three of the words that have synonyms replaced by one; names are kept."""

    def replace(match: re.Match[str]) -> str:
        word = match[0]
        if (match.start() and word[0].isupper()) or word.lower() in FUNCTION_WORDS or rng.random() < 0.33:
            return word
        found = thesaurus.find(word.lower())
        if not found:
            return word
        new = rng.choice(found[:4])
        return new.capitalize() if word[0].isupper() else new

    return _WORD.sub(replace, question)


def reword_questions(
    questions: Sequence[str], thesaurus: Thesaurus, encoder: Encoder, rng: random.Random
) -> list[tuple[str, ...]]:
    """For each question, those of ``TRIES`` rewordings that keep its meaning by the encoder's cosine; possibly none."""
    made = [
        [new for new in dict.fromkeys(reword(question, thesaurus, rng) for _ in range(TRIES)) if new != question]
        for question in questions
    ]
    flat = [new for some in made for new in some]
    shown = sys.stderr.isatty()
    rows, others = encoder.encode(questions, progress=shown), encoder.encode(flat, progress=shown)
    kept, at = [], 0
    for row, some in zip(rows, made, strict=True):
        likeness = others[at : at + len(some)] @ row
        at += len(some)
        kept.append(tuple(new for new, like in zip(some, likeness, strict=True) if like >= LEAST_LIKENESS))
    return kept
