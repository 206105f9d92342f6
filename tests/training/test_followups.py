"""Examples from rewritten follow-up questions: what a question lacks, and where the conversation says it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import RagError
from rag.question.references import (
    MOST_CHARACTERS,
    MOST_IN_ALL,
    MOST_MESSAGES,
    mark_omission,
    mark_reference,
    show_messages,
)
from rag.training.followups import (
    FOLLOW_UPS,
    FollowUp,
    draw_followup,
    find_missing,
    find_words,
    list_examples,
    load_dialogues,
    open_subject,
)

if TYPE_CHECKING:
    from pathlib import Path

BORN = FollowUp(
    "d1",
    ("Ann Gow", "Early life"),
    ("When was Ann Gow born?", "In 1901", "Where?", "Elgin"),
    "Did she go to school there?",
    "Did Ann Gow go to school in Elgin?",
)


def show(example: object) -> tuple[str, str | None]:
    answer, ((_, text),) = example.answer, example.passages  # type: ignore[attr-defined]
    return example.question, text[answer[1] : answer[2]] if answer else None  # type: ignore[attr-defined]


def test_a_pronoun_asks_for_what_the_rewrite_has_in_its_place() -> None:
    examples = [show(e) for e in list_examples(BORN, show_messages(BORN.messages))]
    assert ("Did [she] go to school there?", "Ann Gow") in examples
    assert ("Did she go to school there? []", "Elgin") in examples


def test_what_the_rewrite_adds_is_an_omission() -> None:
    record = FollowUp(
        "d", ("Elgin", ""), ("Who runs Elgin?",), "What is the population?", "What is the population of Elgin?"
    )
    assert [show(e) for e in list_examples(record, "Who runs Elgin?")] == [("What is the population? []", "Elgin")]


def test_a_question_that_lacks_nothing_has_no_answer() -> None:
    record = FollowUp("d", ("", ""), ("Who?",), "Who is Ann Gow and her son?", "Who is Ann Gow and her son?")
    assert [show(e) for e in list_examples(record, "Who?")] == [
        ("Who is Ann Gow and [her] son?", None),
        ("Who is Ann Gow and her son? []", None),
    ]


def test_words_are_found_where_they_stand_last_and_in_part() -> None:
    text = "Ann Gow came. Then Ann Gow of Elgin left."
    assert find_words(("ann", "gow"), text) == (19, 26)
    assert find_words(("Ann", "Gow", "herself"), text) == (19, 26)
    assert find_words(("Ian", "Muir"), text) is None
    assert find_missing("Where?", "Where?") == []


def test_drawn_examples_point_into_their_text_and_some_have_no_answer() -> None:
    drawn = [draw_followup(BORN, [BORN], random.Random(n)) for n in range(60)]
    shown = [show(e) for e in drawn if e]
    assert {answer for _, answer in shown} >= {None, "Ann Gow"}
    assert all(("[" in question) is True for question, _ in shown)


def test_a_conversation_is_shown_by_its_latest_messages_alone() -> None:
    text = show_messages([f"{n} " + "x" * (500 if n == 99 else 9) for n in range(100)])
    assert len(text.split("\n")) == MOST_MESSAGES
    assert max(map(len, text.split("\n"))) == MOST_CHARACTERS
    assert text.split("\n")[-1].startswith("99 ")
    assert len(show_messages(["x" * 500] * 8)) <= MOST_IN_ALL
    assert (mark_reference("Is he?", 3, 5), mark_omission("Why?")) == ("Is [he]?", "Why? []")


def test_some_examples_end_with_a_value_that_no_pronoun_refers_to() -> None:
    record = FollowUp("d", ("", ""), ("Who runs Elgin?", "Ann Gow"), "Did she win?", "Did Ann Gow win?")
    drawn = [e for n in range(300) if (e := draw_followup(record, [record], random.Random(n)))]
    hidden = [e for e in drawn if "Ann Gow" not in e.passages[0][1]]
    assert 20 < len(hidden) < 100
    assert all(e.answer is None for e in hidden)
    assert any(e.question == "Did [she] win?" for e in hidden)
    told = [show(e) for e in drawn if "Ann Gow" in e.passages[0][1]]
    assert ("Did [she] win?", "Ann Gow") in told


def test_a_pronoun_whose_antecedent_is_in_its_own_question_lacks_nothing() -> None:
    other = FollowUp("o", ("", ""), ("Who?",), "And Ann Gow?", "When did Ann Gow sell her boat?")
    drawn = [draw_followup(BORN, [other], random.Random(n)) for n in range(300)]
    asked = [e for e in drawn if e and e.question == "When did Ann Gow sell [her] boat?"]
    assert asked
    assert all(e.answer is None for e in asked)


def write_dialogues(folder: Path, records: dict[str, list[Any]]) -> None:
    for name in FOLLOW_UPS:
        (folder / name).write_text(json.dumps(records.get(name, [])), encoding="utf-8")


def test_conversations_whose_first_question_names_their_subject_get_no_other_opening(tmp_path: Path) -> None:
    record = {
        "QuAC_dialog_id": "CAsT2019_31",
        "History": ["gales", "About gales.", "Where do gales start?", ""],
        "Question": "Are they new?",
        "Rewrite": "Are gales new?",
    }
    write_dialogues(tmp_path, {"cast-rewrites.json": [record, record]})
    found = [r for part in load_dialogues(tmp_path, []) for r in part]
    assert [(r.dialogue, r.messages) for r in found] == [("CAsT2019_31", ("Where do gales start?", ""))] * 2
    assert open_subject(found[0], random.Random(0)) == []
    text = show_messages(found[0].messages)
    assert [show(e) for e in list_examples(found[0], text)] == [("Are [they] new?", "gales")]


def test_dialogues_are_held_out_whole_and_what_overlaps_a_test_set_is_left_out(tmp_path: Path) -> None:
    excluded = tmp_path / "test.json"
    quoted = "one two three four five six seven eight nine ten eleven twelve thirteen"
    records = [
        {"QuAC_dialog_id": f"C_{n}_1", "History": ["T", "S", "Who?", "I don't know."], "Question": "Why?", "Rewrite": r}
        for n, r in [*((n // 2, "Why, Ann?") for n in range(80)), (99, quoted)]
    ]
    write_dialogues(tmp_path, {"canard-dev.json": records})
    paragraph = {"context": f"{quoted}.", "qas": []}
    excluded.write_text(json.dumps({"data": [{"title": "T", "paragraphs": [paragraph]}]}), encoding="utf-8")
    training, held_out = load_dialogues(tmp_path, [excluded])
    assert (len(training) + len(held_out), len(held_out) > 0) == (80, True)
    assert not {r.dialogue for r in training} & {r.dialogue for r in held_out}
    assert training[0].messages == ("Who?", "The articles don't say.")


@pytest.mark.parametrize("text", [None, "[{}]", "3", "{"])
def test_another_file_is_one_sentence(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "canard-dev.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(RagError, match=r"canard-dev\.json"):
        load_dialogues(tmp_path, [])
