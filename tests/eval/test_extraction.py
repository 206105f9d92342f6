"""What is read from saved pages is compared with what others expect of them."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from eval.extraction import WHOLE, measure, run
from rag.errors import RagError

if TYPE_CHECKING:
    from pathlib import Path


def test_precision_and_recall_count_words(tmp_path: Path) -> None:
    found = measure(tmp_path / "a.html", "The lock failed. Subscribe!", "the lock failed again on Friday", whole=True)
    assert (found.precision, found.recall) == (3 / 4, 3 / 6)
    assert measure(tmp_path / "a.html", "", "the lock", whole=True).precision == 0


def test_both_layouts_of_test_pages_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "The lock at Corran failed again on Friday, and nine boats waited there until the evening came. "
    page = (
        f"<html><head><title>Lock</title></head><body><article><h1>Lock</h1><p>{text * 9}</p></article></body></html>"
    )
    (tmp_path / "lock").mkdir()
    (tmp_path / "lock" / "source.html").write_text(page)
    (tmp_path / "lock" / "expected.html").write_text(f"<p>Lock</p><p>{text * 9}</p>")
    (tmp_path / "begun.html").write_text(page)
    (tmp_path / "begun.json").write_text(json.dumps({"expected": {"cleaned_text": "The lock at Corran"}}))
    (tmp_path / "none.html").write_text(page)
    run(Namespace(pages=tmp_path))
    out = capsys.readouterr().out
    assert "recall 1.000  lock" in out
    assert "1 pages: precision" in out
    assert "1 beginnings: recall 1.000" in out
    assert len(text.split()) < WHOLE
    with pytest.raises(RagError, match="holds no page with an expected text"):
        run(Namespace(pages=tmp_path / "empty"))
