"""The figures that checkpoints are chosen by, over rows made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiny import make_paragraph

from rag.training.assess import GROUPS, Trial, make_trials, read_trials, summarize
from rag.types import Reading, Readings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Passage


def make_row(
    group: str, given: tuple[float, float, float], found: tuple[float, float], without: float | None
) -> dict[str, Any]:
    """Exactness, F1 and the probability of no answer in the paragraph; the first two of what was found."""
    row: dict[str, Any] = {
        "group": group,
        "given": {"exact": given[0], "f1": given[1], "no_answer": given[2]},
        "found": {"exact": found[0], "f1": found[1], "no_answer": 0.0},
    }
    return row if without is None else {**row, "without": {"no_answer": without}}


def test_figures_by_hand() -> None:
    rows = [
        make_row("searches", (1.0, 1.0, 0.1), (1.0, 1.0), 0.9),
        make_row("searches", (0.0, 0.5, 0.6), (0.0, 0.25), 0.5),
        make_row("searches", (0.0, 0.0, 0.2), (0.0, 0.0), None),
        make_row("news", (1.0, 1.0, 0.3), (0.0, 0.4), None),
    ]
    assert summarize(rows) == {
        "searches": {
            "questions": 3,
            "given exact": 33.3,
            "given f1": 50.0,
            "found exact": 33.3,
            "found f1": 41.7,
            # Of six pairs only 0.6 against 0.5 stands the wrong way round.
            "no-answer auc": 0.833,
        },
        # Nothing to tell apart.
        "news": {"questions": 1, "given exact": 100.0, "given f1": 100.0, "found exact": 0.0, "found f1": 40.0},
        "all": {
            "questions": 4,
            "given exact": 50.0,
            "given f1": 62.5,
            "found exact": 25.0,
            "found f1": 41.2,
            "no-answer auc": 0.875,
        },
    }
    assert summarize([]) == {}


class YearReader:
    """Finds the first year there is."""

    name = "years"

    def read(self, questions: Sequence[str], passages: Sequence[Sequence[Passage]]) -> list[Readings]:
        (found,), (_,) = passages, questions
        places = [(i, p.text.index("11")) for i, p in enumerate(found) if "11" in p.text]
        (i, start) = places[0]
        return [Readings((Reading(found[i].text[start : start + 4], i, start, start + 4, 0.75, 0.123456),))]


def test_each_question_is_read_with_its_paragraph_with_what_it_retrieves_and_without_any_answer() -> None:
    paragraphs = [make_paragraph(n) for n in range(4)]
    trial = Trial("wikipedia", "When was the town of Brechin founded?", ("1101",), 1, (0, 1, 2))
    (row,) = read_trials(YearReader(), paragraphs, [trial])
    assert row["given"] == {"answer": "1101", "exact": 1.0, "f1": 1.0, "no_answer": 0.1235}
    assert row["found"] == {"answer": "1100", "exact": 0.0, "f1": 0.0, "no_answer": 0.1235}
    assert row["without"] == {"no_answer": 0.1235}
    (alone,) = read_trials(YearReader(), paragraphs, [Trial("wikipedia", "When?", ("1101",), 1, (1,))])
    assert "without" not in alone


def test_trials_are_the_same_each_time_and_retrieve_their_paragraph() -> None:
    paragraphs = [make_paragraph(n, source) for source in ("new_wiki", "qed-train", "paraqa") for n in range(4)]
    trials = make_trials(paragraphs, 3, 2)
    assert trials == make_trials(paragraphs, 3, 2)
    assert {t.group for t in trials} == {"searches", "wikipedia"}
    assert [t.group for t in trials].count("searches") == 3
    for trial in trials:
        paragraph = paragraphs[trial.paragraph]
        assert paragraph.source in GROUPS[trial.group]
        assert all(gold in paragraph.text for gold in trial.golds)
        assert len(trial.found) == 2
