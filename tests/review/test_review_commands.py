"""The commands around reviews as a user types them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from review_items import find_span, make_item, open_judging

from rag.cli import find_command, main
from rag.review.store import Reviewer, ReviewStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["review"], "review"),
        (["review", "--as", "eva"], "review"),
        (["review", "add", "eva"], "review"),
        (["review", "of", "the", "film"], None),
        (["review", "--", "of"], None),
        (["quality", "--json"], "quality"),
        (["quality", "of", "life?"], None),
        (["feedback", "--json"], None),
    ],
)
def test_questions_that_begin_like_commands_stay_questions(words: list[str], command: str | None) -> None:
    assert find_command(words) == command


def test_reviewers_are_added_and_what_was_reviewed_goes_out_and_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judging = open_judging(tmp_path, make_item("1", "Who runs Scale?"))
    data = ["--data", str(tmp_path)]
    assert main(["review", "add", "eva", "--role", "expert", "--topic", "deals", *data]) == 0
    assert main(["review", *data, "add", "tom"]) == 0
    people = [Reviewer("eva", "expert", ("deals",)), Reviewer("tom", "reviewer")]
    assert list(judging.store.list_reviewers().values()) == people
    judging.show_next("eva")
    judging.judge("eva", "1", "wrong", [find_span("Jason Droege")])
    file = tmp_path / "squad.json"
    assert main(["review", "export", "squad", str(file), *data]) == 0
    assert main(["review", "export", "squad", str(file), *data]) == 1
    assert "already exists" in capsys.readouterr().err
    other = tmp_path / "other"
    assert main(["review", "import", "squad", str(file), "--as", "tom", "--data", str(other)]) == 0
    assert [review.reviewer for review in ReviewStore(other / "feedback.sqlite").list_reviews()] == ["tom"]
    assert main(["quality", "--json", *data]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reviewers"][0] == {"name": "eva", "role": "expert", "reviews": 1}
    assert main(["quality", *data]) == 0
    assert "eva, expert: 1 reviewed" in capsys.readouterr().out
