"""Small cases: folders of a few articles with questions about them, each one example of a kind of text.

Each folder has ``articles/`` and ``questions.tsv``, with the columns id, question and expected answer or, for
follow-ups, conversation, turn, question and expected answer. ``NONE`` expects that nothing is answered; `` / ``
separates the wordings that are accepted.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from eval.asking import ask_one
from rag.answers.rendering import printable
from rag.errors import RagError
from rag.index.local import LocalStore
from rag.pipeline import Config, Pipeline
from rag.types import Turn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from rag.types import Answer

NOTHING = "NONE"
MOST_WORDS = 40
"""Most words of a right answer: a longer one holds almost anything."""
SURE = 0.5
"""Wrong answers with a higher confidence are counted."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question and the wordings that its answer may hold; none if nothing is to be answered.

    :param group: the conversation of a follow-up; of other questions their id.
    :param name: of the question in the output.
    """

    group: str
    name: str
    question: str
    wordings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    answer: Answer | None
    right: bool

    @property
    def said(self) -> str:
        """What was answered; empty if nothing was."""
        return self.answer.said if self.answer is not None and self.answer.answered else ""

    @property
    def sure_and_wrong(self) -> bool:
        return not self.right and bool(self.said) and self.answer is not None and self.answer.confidence > SURE


def run(arguments: argparse.Namespace) -> None:
    """Prints each failure, and how many questions of each folder are answered rightly."""
    cases = {folder: load_cases(folder / "questions.tsv") for folder in find_folders(arguments.path)}
    results: list[Result] = []
    for folder, found in ask_folders(cases):
        for result in found:
            if not result.right:
                print("\t".join((folder.name, *describe_failure(result))))
        print(f"{folder.name}: {sum(r.right for r in found)} of {len(found)} right", flush=True)
        results += found
    sure = sum(result.sure_and_wrong for result in results)
    print(f"{sum(r.right for r in results)} of {len(results)} right, {sure} wrong above {SURE:.0%}")


def find_folders(path: Path) -> list[Path]:
    """The folders of cases in a folder, or itself if it is one. :raises RagError: if there are none."""
    found = [folder for folder in (path, *sorted(path.glob("*"))) if (folder / "questions.tsv").is_file()]
    if not found:
        raise RagError(
            f"{path} has no cases: name a folder with articles/ and questions.tsv, or a folder of such folders."
        )
    return found


def load_cases(path: Path) -> list[Case]:
    """:raises RagError: if a line has other columns."""
    cases = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise RagError(f"{path} is not UTF-8: save it as UTF-8.") from None
    for number, line in enumerate(lines, 1):
        fields = [field.strip() for field in line.split("\t")]
        if not line.strip():
            continue
        if len(fields) not in (3, 4) or not all(fields):
            raise RagError(
                f"{path}, line {number}: write id, question, answer or conversation, turn, question, answer, "
                "separated by tabs."
            )
        wordings = () if fields[-1] == NOTHING else tuple(one.strip() for one in fields[-1].split(" / "))
        cases.append(Case(fields[0], ".".join(fields[:-2]), fields[-2], wordings))
    return cases


def ask_folders(cases: dict[Path, list[Case]]) -> Iterator[tuple[Path, list[Result]]]:
    """Asks the product each folder's questions over its articles, in a new index."""
    pipeline: Pipeline | None = None
    for folder, asked in cases.items():
        with tempfile.TemporaryDirectory() as index:
            corpus = folder / "articles"
            if pipeline is None:
                pipeline = Pipeline.open(Config(corpus, Path(index), fresh=True))
            else:
                pipeline = replace(pipeline, corpus=corpus, store=LocalStore(Path(index))).renewed()
            try:
                conversations = [list(turns) for _, turns in groupby(asked, key=lambda case: case.group)]
                yield folder, [result for turns in conversations for result in ask_turns(pipeline, turns)]
            finally:
                pipeline.close()


def ask_turns(pipeline: Pipeline, turns: Sequence[Case]) -> Iterator[Result]:
    """Asks a question, or the turns of a conversation, whose history holds the product's own answers."""
    history: list[Turn] = []
    for case in turns:
        answer = ask_one(pipeline, case.question, history)
        yield Result(case, answer, is_right(case, answer))
        asked = answer.standalone if answer else case.question
        history += [Turn("user", asked), Turn("assistant", answer.said if answer else "")]


def is_right(case: Case, answer: Answer | None) -> bool:
    """Whether an answer of few words holds a wording as whole words, or nothing was answered where that is right."""
    if answer is None or not answer.answered:
        return not case.wordings
    said = fold(answer.said)
    return len(answer.said.split()) <= MOST_WORDS and any(f" {fold(one).strip()} " in said for one in case.wordings)


def fold(text: str) -> str:
    """Lower-case words between single spaces, with the marks of figures: `` £2.50 ``."""
    words = re.findall(r"[£€$]?\w+(?:[.,:’'-]\w+)*%?", text.casefold())
    return f" {' '.join(words)} "


def describe_failure(result: Result) -> tuple[str, ...]:
    """The fields of a line: the question, as it was asked if it was rewritten, what is right, and what was answered."""
    case, answer = result.case, result.answer
    asked = answer.standalone if answer is not None else case.question
    rewritten = f" → {asked}" if asked != case.question else ""
    expected = " / ".join(case.wordings) or NOTHING
    given = repr(result.said[:100]) if result.said else "nothing"
    confidence = f"{answer.confidence:.0%}" if answer is not None else ""
    return tuple(
        map(printable, (case.name, f"{case.question}{rewritten}", f"expected {expected}", f"got {given}", confidence))
    )
