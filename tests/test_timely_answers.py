"""What a user sees who asks about a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.pipeline import Config, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARTICLES = {"2026-03-12": ("212", "Ada Lund"), "2026-06-14": ("340", "Bo Reyes"), "2026-10-20": ("415", "Cy Marsh")}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder: Path = tmp_path_factory.mktemp("timely")
    (folder / "news").mkdir()
    for date, (number, name) in ARTICLES.items():
        text = (
            f"---\ndate: {date}\n---\n# Brackhaven ferry carries more\n\nThe Brackhaven ferry carried {number}"
            f" passengers a day this month, said {name}, who runs the harbour office.\n\nThe boats were on time.\n"
        )
        (folder / "news" / f"{name[:2]}.txt").write_text(text)
    with_models = Pipeline.open(Config(folder / "news", folder / "index"))
    yield with_models
    with_models.close()


@pytest.mark.parametrize(
    ("time", "date"),
    [("in March", "2026-03-12"), ("in June 2026", "2026-06-14"), ("this month", "2026-10-20"), ("in May", None)],
)
def test_the_article_of_that_time_answers(pipeline: Pipeline, time: str, date: str | None) -> None:
    question = f"How many passengers a day did the Brackhaven ferry carry {time}?"
    answer = pipeline.ask(question)
    if date is None:
        assert not answer.answered
        return
    assert answer.short.startswith(ARTICLES[date][0])
    assert {citation.date for citation in answer.citations} == {date}
    assert answer.standalone == question


def test_an_answer_that_names_the_day_or_a_month_to_come_is_not_replaced(tmp_path: Path) -> None:
    told = {
        "2026-03-05": "Police in Brackhaven said Bo Reyes was arrested over a theft at the market.",
        "2026-03-06": "Police in Brackhaven said Ada Lund was arrested on 5 March over the fire at the harbour office.",
        "2025-07-10": "The new Brackhaven bridge will be opened by Ed Fox in two years, the council said.",
        "2026-06-10": "The new Brackhaven bridge will be opened in July by Mayor Cy Marsh, the council said.",
    }
    (tmp_path / "news").mkdir()
    for date, text in told.items():
        (tmp_path / "news" / f"{date}.txt").write_text(f"---\ndate: {date}\n---\n# Brackhaven\n\n{text}\n")
    pipeline = Pipeline.open(Config(tmp_path / "news", tmp_path / "index"))
    assert "Lund" in pipeline.ask("Who was arrested in Brackhaven on 5 March?").short
    assert "Marsh" in pipeline.ask("Who will open the new Brackhaven bridge in July?").short
    pipeline.close()
