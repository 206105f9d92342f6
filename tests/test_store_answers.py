"""The same questions have the same answers, wherever the index is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qdrant_client import QdrantClient

from rag.answers.rendering import describe_answer
from rag.index.copying import copy_index
from rag.index.local import LocalStore
from rag.index.qdrant import QdrantStore
from rag.index.retrieval import HybridRetriever
from rag.index.scope import Scope
from rag.types import Timing

if TYPE_CHECKING:
    from pathlib import Path

    from rag.pipeline import Pipeline

QUESTIONS = (
    "what stake did Meta buy?",
    "Who founded Scale AI?",
    "What is this article about?",
    "How do I bake sourdough bread?",
)


def test_two_pipelines_on_one_store_answer_as_from_a_folder(pipeline: Pipeline, seed_index: Path) -> None:
    client = QdrantClient(":memory:")
    store = QdrantStore(client, "articles", "qdrant://test")
    copy_index(LocalStore(seed_index), store)

    def open_again() -> Pipeline:
        index = store.open()
        retriever = HybridRetriever(index, pipeline.models.encoder)
        return replace(pipeline, index=index, retriever=retriever, corpus=None, store=store)

    def ask(one: Pipeline, question: str) -> Any:
        """The answer as JSON has it, without its timing and the last digits of its confidence."""
        described = describe_answer(replace(one.ask(question), timing=Timing()))
        return json.loads(json.dumps(described), parse_float=lambda number: round(float(number), 4))

    first, second = open_again(), open_again()
    for question in QUESTIONS:
        expected = ask(pipeline, question)
        assert ask(first, question) == expected
        assert ask(second, question) == expected
    some = Scope(source="*000_*")
    assert ask(first.within(some), QUESTIONS[0]) == ask(pipeline.within(some), QUESTIONS[0])
    assert first.renewed().changes.summary() == ""
    assert first.list_skipped() == []
