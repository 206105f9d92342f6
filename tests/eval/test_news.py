"""Two sets of questions in one run: ordinary news beside the seeds, told apart and side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from eval.__main__ import main
from eval.asked import Series
from eval.gold import load_gold
from eval.readme import make_table
from eval.results import list_sets, load_result

if TYPE_CHECKING:
    from pathlib import Path

MILL = "Mill sold\n\nThe old mill of Elgin was sold to Acme for $12 million on Monday, its owner Jane Brown said."
FAIR = "Fair opens\n\nThe autumn fair of Forres opens on 3 October. Mayor Tom Reid expects 4,000 visitors."


def write_set(folder: Path, text: str, *records: dict[str, Any]) -> Series:
    for name in ("articles", "gold"):
        (folder / name).mkdir(parents=True)
    (folder / "articles" / "one.txt").write_text(text, encoding="utf-8")
    lines = "\n".join(json.dumps(record) for record in records)
    (folder / "gold" / "facts.jsonl").write_text(lines, encoding="utf-8")
    return Series(folder / "articles", folder / "gold", folder / "index")


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Series]:
    """The places of seeds and news, tiny ones in their stead; nothing committed to be held against."""
    made = {
        "seeds": write_set(
            tmp_path / "seeds", MILL, {"id": "f1", "question": "Who bought the mill?", "answers": ["Acme"]}
        ),
        "news": write_set(
            tmp_path / "news",
            FAIR,
            {"id": "fa1", "question": "When does the fair open?", "answers": ["3 October"], "wording": "article"},
            {"id": "fa2", "question": "Who runs the town of Forres?", "answers": ["Tom Reid"], "wording": "other"},
        ),
    }  # fmt: skip
    monkeypatch.setattr("eval.run.SEEDS", made["seeds"])
    monkeypatch.setattr("eval.run.NEWS", made["news"])
    monkeypatch.setattr("eval.run.find_results", lambda **_: [])
    return made


def ask(folder: Path) -> dict[str, Any]:
    assert main(["--out", str(folder), "--no-cold-start"]) == 0
    (path,) = folder.glob("*.json")
    return load_result(path)


@pytest.mark.slow
@pytest.mark.usefixtures("sets")
def test_news_stand_beside_the_seeds_in_one_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = ask(tmp_path / "out")
    found = list_sets(result)
    assert [(name, [r["id"] for r in one["records"]]) for name, one in found.items()] == [
        ("news", ["fa1", "fa2"]),
        ("articles", ["f1"]),
    ]
    figures = found["news"]["metrics"]["all"]
    assert figures["facts.right_article"]["count"] == figures["facts.right_other"]["count"] == 1
    assert "facts.right_other" not in result["metrics"]["all"]
    # The reader's own probability is kept, to rank by.
    assert all(r["probability"] > 0 for r in result["records"] if r["answered"])
    out = capsys.readouterr().out
    assert out.index("2 questions over news") < out.index("1 questions over articles")
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "| | news" in report
    assert "articles all | questions |" in report
    assert "of those asked in other words |" in report


def test_without_news_the_seeds_are_asked_alone(
    tmp_path: Path, sets: dict[str, Series], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    monkeypatch.setattr("eval.run.NEWS", Series(gone, gone))
    result = ask(tmp_path / "out")
    assert "news" not in result
    assert [r["id"] for r in result["records"]] == [q.name for q in load_gold(sets["seeds"].gold)]


@pytest.mark.slow
@pytest.mark.usefixtures("sets")
def test_the_readme_shows_news_first(tmp_path: Path) -> None:
    result = ask(tmp_path / "out")
    made = {**result["made"], "commit": "abc1234", "changed_since": False}
    (tmp_path / "results").mkdir()
    stored = tmp_path / "results" / "abc1234.json"
    stored.write_text(json.dumps({**result, "made": made}), encoding="utf-8")
    table = make_table(tmp_path / "results")
    assert "2 gold questions over 1 articles of ordinary news and 1 gold questions over" in table
    (head,) = [line for line in table.splitlines() if line.startswith("| | ")]
    assert head.startswith("| | news, all |")
    assert head.endswith("| questions |")
    assert "| facts answered correctly |" in table
    assert "| 2, 1 |" in table


@pytest.mark.slow
def test_two_results_are_compared_set_by_set(tmp_path: Path, sets: dict[str, Series]) -> None:
    ask(tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.json")
    again = path.read_bytes()
    assert sets["news"].corpus.is_dir()
    assert main(["compare", str(path), str(path)]) == 0
    assert path.read_bytes() == again
