"""Work that is watched stage by stage, and ends where nobody watches any more."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from rag.page.stages import Stopped, Watch
from rag.page.transcript import describe_stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rag.pipeline import Pipeline
    from rag.types import Stage


SESSION: Any = SimpleNamespace(session_hash="one")


def test_stages_are_seen_and_the_result_after_them() -> None:
    def work(on_stage: Callable[[Stage], None]) -> str:
        on_stage("retrieve")
        for _ in range(1000):  # as while a long article is cut
            on_stage("read")
        return "done"

    async def look() -> tuple[list[str], str]:
        with ThreadPoolExecutor(1) as pool:
            watch: Watch[str, Any] = Watch(lambda on_stage: pool.submit(work, on_stage))
            return [stage async for stage in watch.stages()], watch.result()

    assert asyncio.run(look()) == (["retrieve", "read"], "done")


def test_what_fails_is_raised() -> None:
    def work(_: object) -> str:
        raise KeyError("x")

    async def look() -> None:
        with ThreadPoolExecutor(1) as pool:
            watch: Watch[str, Any] = Watch(lambda on_stage: pool.submit(work, on_stage))
            assert [stage async for stage in watch.stages()] == []
            watch.result()

    with pytest.raises(KeyError):
        asyncio.run(look())


def test_a_stopped_question_ends_before_its_next_stage_and_a_waiting_one_never_begins() -> None:
    begun: list[str] = []
    go = Event()

    def work(name: str, on_stage: Callable[[Stage], None]) -> None:
        begun.append(f"{name} began")
        on_stage("retrieve")
        go.wait()
        try:
            on_stage("read")
        except Stopped:
            begun.append(f"{name} stopped")
            raise
        begun.append(name)

    async def look() -> None:
        with ThreadPoolExecutor(1) as pool:
            first: Watch[str, None] = Watch(lambda on_stage: pool.submit(work, "first", on_stage))
            second: Watch[str, None] = Watch(lambda on_stage: pool.submit(work, "second", on_stage))
            assert await anext(first.stages()) == "retrieve"
            first.stop()
            second.stop()
            go.set()

    asyncio.run(look())
    assert begun == ["first began", "first stopped"]


@pytest.mark.slow
def test_the_pipeline_tells_its_stages_and_stops_where_it_is_told(pipeline: Pipeline) -> None:
    told: list[str] = []
    question = "what stake did Meta buy?"
    assert pipeline.ask(question, (), told.append).short == pipeline.ask(question).short == "49%"
    assert told == ["rewrite", "retrieve", "read", "compose"]

    def stop(stage: Stage) -> None:
        told.append(stage)
        if stage == "read":
            raise Stopped

    told.clear()
    with pytest.raises(Stopped):
        pipeline.ask(question, (), stop)
    assert told == ["rewrite", "retrieve", "read"]


def test_a_renewed_pipeline_knows_new_articles_and_the_old_one_goes_on(tmp_path: Path) -> None:
    from rag.pipeline import Config, Pipeline

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Elgin\n\nElgin was founded in 1190 by monks. It lies in Scotland.", "utf-8")
    before = Pipeline.open(Config(corpus, tmp_path / "index"))
    (corpus / "b.txt").write_text("Dunbar\n\nDunbar was founded in 1445 by the king. It is a harbour.", "utf-8")
    after = before.renewed()
    assert after.changes.added == ("b.txt",)
    assert after.models is before.models
    assert [d.document_id for d in before.index.documents()] == ["a.txt"]
    assert [d.document_id for d in after.index.documents()] == ["a.txt", "b.txt"]
    before.close()
    after.close()


def test_a_file_that_is_not_read_is_named_at_every_start(tmp_path: Path) -> None:
    from rag.pipeline import Config, Pipeline

    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Elgin\n\nElgin was founded in 1190 by monks. It lies in Scotland.", "utf-8")
    (corpus / "empty.txt").touch()
    for _ in range(2):
        pipeline = Pipeline.open(Config(corpus, tmp_path / "index"))
        assert [(s.document_id, s.reason) for s in pipeline.list_skipped()] == [
            ("empty.txt", "It has no text: add some or remove the file.")
        ]
        pipeline.close()


def test_stages_are_told_in_words() -> None:
    assert describe_stage("retrieve", 1, 10) == "Searching 1 article …"
    assert describe_stage("read", 5, 10) == "Reading 10 passages …"


def test_a_question_that_the_page_leaves_is_stopped() -> None:
    from rag.page.handlers import Handlers
    from rag.page.signing import Signer

    told: list[str] = []
    left = Event()

    def work(on_stage: Callable[[Stage], None]) -> Any:
        on_stage("retrieve")
        left.wait()
        try:
            on_stage("read")
        finally:
            told.append("stopped")

    async def leave() -> None:
        with ThreadPoolExecutor(1) as pool:
            shelf: Any = SimpleNamespace(
                submit=lambda _, __, on_stage, ___: pool.submit(work, on_stage), describe_work=lambda stage: stage
            )
            shown = Handlers(shelf, SimpleNamespace(), Signer(b"k" * 32)).ask("What?", [], SESSION)  # type: ignore[arg-type]
            async for talk, *_ in shown:
                if "retrieve" in talk:
                    break
            await shown.aclose()
            left.set()

    asyncio.run(leave())
    assert told == ["stopped"]


def test_a_stopped_question_has_the_last_word() -> None:
    import gradio as gr

    from rag.page.handlers import Handlers
    from rag.page.signing import Signer

    go = Event()

    def work(on_stage: Callable[[Stage], None]) -> Any:
        on_stage("read")
        go.wait()
        on_stage("compose")

    async def watch_page(typed: str) -> list[Any]:
        seen: list[Any] = []
        with ThreadPoolExecutor(1) as pool:
            shelf: Any = SimpleNamespace(
                submit=lambda _, __, on_stage, ___: pool.submit(work, on_stage), describe_work=lambda stage: stage
            )
            handlers = Handlers(shelf, SimpleNamespace(), Signer(b"k" * 32))  # type: ignore[arg-type]
            async for shown in handlers.ask("What?", [], SESSION):
                seen.append(shown)
                if ">read<" in shown[0]:
                    second = [found async for found in handlers.ask("And?", [], SESSION)]
                    assert len(second) == 1
                    await handlers.stop(typed, SESSION)
                    await handlers.stop(typed, SimpleNamespace(session_hash="other"))  # type: ignore[arg-type]
            go.set()
            assert handlers.running == {}
        return seen

    # A stopped question goes back into the text field, unless something is being typed there.
    for typed, left in (("", "What?"), ("And th", gr.skip())):
        go.clear()
        first, *_, last = asyncio.run(watch_page(typed))
        assert first[2] == ""
        assert "What would you like to know?" in last[0]
        assert (json.loads(last[1])["shown"], last[2]) == ([], left)
