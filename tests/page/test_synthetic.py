"""Synthetic questions: each comes back to the sentence it was made from, and eval can read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from eval.gold import load_gold
from rag.cli import main
from rag.review.store import ReviewStore
from rag.review.verdicts import describe_reasons

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FERRY = "The ferry to Coll was built in 1974. It is slow. The harbour of Arinagour was closed by the council in 2019."
MILL = "The mill of Tarbert was bought by Ada Lund in 2021. She paid little."


def test_questions_are_written_that_lead_back_to_their_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, gold, data = tmp_path / "news", tmp_path / "gold", tmp_path / "data"
    corpus.mkdir()
    for name, text in (("ferry", FERRY), ("mill", MILL)):
        (corpus / f"{name}.txt").write_text(f"# News of the {name}\n\n{text}\n")
    folders = ["--corpus", str(corpus), "--index", str(tmp_path / "index"), "--data", str(data)]
    assert main(["gold", "--synthetic", str(gold), "--review", *folders]) == 0
    assert "by construction" in capsys.readouterr().err
    facts = [json.loads(line) for line in (gold / "facts.jsonl").read_text().splitlines()]
    assert facts
    for fact in facts:
        (evidence,) = fact["evidence"]
        assert evidence["quote"] in (corpus / evidence["document_id"]).read_text()
        assert fact["answers"][0] in evidence["quote"]
        assert fact["id"].startswith("synthetic-")
    assert load_gold(gold)
    items = ReviewStore(data / "feedback.sqlite").list_items()
    assert sorted(item.item_id for item in items) == sorted(fact["id"] for fact in facts)
    assert describe_reasons(items[0], "gain") == ["a synthetic question: a program wrote it"]
    assert main(["gold", "--synthetic", str(gold), *folders]) == 1
    assert "already exists" in capsys.readouterr().err
