"""Questions that are suggested after an answer."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from page_answers import KEY, check, make_answer, make_declined, make_passage

from rag.page.conversation import Conversation, write_conversation
from rag.page.exchange import Exchange
from rag.page.starters import make_starters

if TYPE_CHECKING:
    from rag.types import Answer

TEXT = "The ferry was built in Oban. Its captain, Morag Sinclair Reid, sails to Coll. It cost $4 million in all."
PASSAGE = make_passage(TEXT, title="The new ferry to Coll")
SESSION: Any = SimpleNamespace(session_hash="one")


class Shelf:
    """Declines whatever names the captain."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.pool, self.asked = pool, []  # type: ignore[var-annotated]

    def find_passages(self, _: object) -> list[Any]:
        return [SimpleNamespace(passage=PASSAGE)]

    def submit(self, question: str, _: object, on_stage: Any) -> Any:
        return self.pool.submit(self.ask, question, on_stage)

    def ask(self, question: str, on_stage: Any) -> Answer:
        on_stage("read")
        self.asked.append(question)
        return make_declined() if "Morag" in question else make_answer("Yes", [], [])


def suggest(question: str, *, busy: bool = False) -> tuple[list[str], Shelf]:
    from rag.page.handlers import Handlers
    from rag.page.signing import Signer

    async def look(shelf: Shelf) -> list[str]:
        handlers = Handlers(shelf, SimpleNamespace(), Signer(b"k" * 32))  # type: ignore[arg-type]
        if busy:
            handlers.running["other"] = SimpleNamespace()  # type: ignore[assignment]
        kept = write_conversation(Conversation(KEY, [Exchange(KEY, question, make_declined())]))
        seen = [shown async for shown in handlers.suggest(kept, SESSION)]
        assert handlers.trying == {}
        return seen

    with ThreadPoolExecutor(1) as pool:
        shelf = Shelf(pool)
        return asyncio.run(look(shelf)), shelf


def test_questions_about_the_passages_are_suggested_if_they_get_an_answer() -> None:
    seen, shelf = suggest("Who sails to Tiree?")
    assert any("Morag Sinclair Reid" in question for question in shelf.asked)
    offered = check(seen[-1]).values("data-value")
    assert offered
    assert set(offered) == {question for question in shelf.asked if "Morag" not in question}


def test_what_was_asked_is_not_suggested() -> None:
    every = make_starters([PASSAGE])
    left = make_starters([PASSAGE], ["What is the new ferry to Coll about?", "Who is Morag Sinclair Reid?"])
    assert any("$4 million" in question for question in left)
    assert len(left) < len(every)
    assert not any("ferry" in question or "Morag" in question for question in left)


def test_nobody_waits_for_suggestions() -> None:
    seen, shelf = suggest("Who sails to Tiree?", busy=True)
    assert seen == [""]
    assert shelf.asked == []
