"""Questions that are suggested: how sentences become questions, and which of them are offered."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from page_answers import KEY, check, cite, make_answer, make_declined, make_passage

from rag.page.conversation import Conversation, write_conversation
from rag.page.exchange import Exchange
from rag.page.suggestions import Suggestion, choose_suggestions, make_starters, make_suggestions
from rag.page.verbs import find_base
from rag.page.wording import word_questions

if TYPE_CHECKING:
    from rag.types import Answer, Passage

TEXT = (
    "The ferry to Coll was cancelled because of ice. Its captain is Morag Reid, 63, who steers by ear. "
    "She said Morag Reid and Oban Marine never met. Oban Marine bought the old pier at Arinagour. It cost a lot."
)
PASSAGE = make_passage(TEXT, title="The new ferry to Coll")
MADE = [
    "Why was the ferry to Coll cancelled?", "How old is Morag Reid?", "Who bought the old pier at Arinagour?"
]  # fmt: skip
SESSION: Any = SimpleNamespace(session_hash="one")
NAMES = "They know Oban Marine and Morag and Tiree."


@pytest.mark.parametrize(
    ("sentence", "questions"),
    [
        ("Oban Marine paid $4 million for the pier.", ["How much did Oban Marine pay for the pier?"]),
        ("Some 40 boats were moored off Tiree.", ["How many boats were moored off Tiree?"]),
        ("Tiree lost 12 houses in the storm.", ["How many houses did Tiree lose in the storm?"]),
        ("Tiree employs 30 teachers.", ["How many teachers does Tiree employ?"]),
        ("The pier on Tiree, which is old, was built in 1974.", ["When was the pier on Tiree built?"]),
        ("The pier on Tiree was opened by Morag Reid.", ["Who opened the pier on Tiree?"]),
        ("The mayor of Tiree has ordered a new bridge to Coll.", ["What has the mayor of Tiree ordered?"]),
        ("It was built in 1974.", []),
        ("The house was built in 1974.", []),
        ("Morag said that the pier was closed.", []),
        ("In Tiree's harbour, 5 metres were measured.", []),
        ("Boats were moored off Tiree because he asked for it", []),
        ("Oban Marine bought its own pier.", []),
        ("Oban Marine bought the “<b>pier</b>” off Tiree.", []),
        ("x " * 5000 + ".", []),
    ],
)
def test_a_sentence_becomes_a_natural_question_or_none(sentence: str, questions: list[str]) -> None:
    assert list(word_questions(sentence, NAMES)) == questions


@pytest.mark.parametrize(
    ("verb", "base"),
    [
        ("bought", "buy"), ("planned", "plan"), ("closed", "close"), ("hoped", "hope"), ("added", "add"),
        ("tried", "try"), ("died", "die"), ("rolled", "roll"), ("carries", "carry"), ("reaches", "reach"),
        ("serves", "serve"), ("hundred", None), ("xqzted", None),
    ],
)  # fmt: skip
def test_base_forms(verb: str, base: str | None) -> None:
    assert find_base(verb) == base


class Shelf:
    """Answers with the sentence that has a word of the question; declines whatever is about a pier."""

    def __init__(self, pool: ThreadPoolExecutor, passage: Passage) -> None:
        self.pool, self.passage = pool, passage
        self.asked: list[str] = []

    def find_passages(self, _: object) -> list[Any]:
        return [SimpleNamespace(passage=self.passage)]

    def list_starters(self) -> list[str]:
        return ["Who sails to Tiree?", "Who sails to Coll?"]

    def submit(self, question: str, _: object, on_stage: Any) -> Any:
        return self.pool.submit(self.ask, question, on_stage)

    def ask(self, question: str, on_stage: Any) -> Answer:
        on_stage("read")
        self.asked.append(question)
        return make_declined() if "pier" in question else answer_with("ice" if "Why" in question else "63")


def answer_with(word: str) -> Answer:
    quote = next(sentence for sentence in TEXT.split(". ") if word in sentence)
    return make_answer(word, [cite(PASSAGE, quote)], [PASSAGE])


def suggest(*, busy: bool = False, answer: Answer | None = None, passage: Passage = PASSAGE) -> tuple[list[str], Shelf]:
    from rag.page.handlers import Handlers
    from rag.page.signing import Signer

    async def look(shelf: Shelf) -> list[str]:
        handlers = Handlers(shelf, SimpleNamespace(), Signer(b"k" * 32))  # type: ignore[arg-type]
        if busy:
            handlers.running["other"] = SimpleNamespace()  # type: ignore[assignment]
        exchange = Exchange(KEY, "Who sails to Tiree?", answer or make_declined())
        kept = write_conversation(Conversation(KEY, [exchange]))
        seen = [shown async for shown in handlers.suggest(kept, SESSION)]
        assert handlers.trying == {}
        return seen

    with ThreadPoolExecutor(1) as pool:
        shelf = Shelf(pool, passage)
        return asyncio.run(look(shelf)), shelf


def test_only_what_gets_its_answer_is_suggested() -> None:
    seen, shelf = suggest()
    assert sorted(shelf.asked) == sorted(MADE)
    assert sorted(check(seen[-1]).values("data-value")) == sorted(MADE[:2])


def test_what_has_been_quoted_or_asked_is_not_suggested() -> None:
    seen, shelf = suggest(answer=answer_with("ice"))
    assert MADE[0] not in shelf.asked
    assert check(seen[-1]).values("data-value") == [MADE[1]]
    assert [one.question for one in make_suggestions([PASSAGE], [MADE[1].lower()])] == [MADE[0], MADE[2]]


def test_what_gets_the_same_answer_again_is_not_suggested() -> None:
    elsewhere = make_passage("Her age is 63.", name="b.txt")
    seen, shelf = suggest(answer=make_answer("63", [cite(elsewhere, "Her age is 63.")], [elsewhere]))
    assert MADE[1] in shelf.asked
    assert check(seen[-1]).values("data-value") == [MADE[0]]


def test_after_a_refusal_without_any_the_first_questions_are_suggested() -> None:
    plain = make_passage("It rained all day.")
    seen, _ = suggest(passage=plain)
    assert check(seen[-1]).values("data-value") == ["Who sails to Coll?"]
    assert suggest(passage=plain, answer=answer_with("ice"))[0] == [""]


def test_nobody_waits_for_suggestions() -> None:
    seen, shelf = suggest(busy=True)
    assert seen == [""]
    assert shelf.asked == []


def test_an_answer_from_another_sentence_or_an_uncertain_one_does_not_count() -> None:
    (one,) = [one for one in make_suggestions([PASSAGE]) if one.question == MADE[0]]
    assert one.is_met(answer_with("ice"))
    assert not one.is_met(answer_with("63"))
    assert not one.is_met(replace(answer_with("ice"), confidence=0.4))
    assert not one.is_met(replace(answer_with("ice"), status="possible"))
    elsewhere = Suggestion("Who is Morag Reid?", ("b.txt", 0, 9))
    assert elsewhere.is_met(answer_with("63"))
    assert not elsewhere.is_met(answer_with("ice"))


def test_starters_come_from_each_article_in_turn_and_a_few_that_are_met_are_offered() -> None:
    other = make_passage("The pier on Tiree was built in 1974. The pier on Coll was built in 1975.", name="b.txt")
    starters = make_starters([PASSAGE, other])
    assert [one.place[0] for one in starters[:4]] == ["a.txt", "b.txt", "a.txt", "b.txt"]
    assert choose_suggestions(starters, lambda one: "pier" in one.question) == tuple(
        one.question for one in starters if "pier" in one.question
    )
    asked: list[Suggestion] = []
    choose_suggestions(starters * 20, lambda one: bool(asked.append(one)))
    assert len(asked) == 16
    assert len(choose_suggestions(starters * 20, lambda _: True)) == 4
    assert make_starters([]) == []
