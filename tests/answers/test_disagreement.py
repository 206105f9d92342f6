"""Articles that contradict each other, and articles that only seem to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answers.compose import compose_answer
from rag.answers.confidence import FEATURES, UNCALIBRATED, Judge
from rag.answers.disagreement import Stance, contradicts, opposes
from rag.answers.rendering import describe_answer, format_answer
from rag.index.encoder import load_encoder
from rag.question.parsed import parse_question
from rag.types import Answer, Passage, Reading, Readings, ScoredPassage

# Confidence follows the reader's probability alone: 0.5 at a probability of one half.
JUDGE = Judge((4.0, *[0.0] * (len(FEATURES) - 1)), 2.77, 0.2)
CALIBRATION = replace(UNCALIBRATED, short=JUDGE, rival=0.4)
QUESTION = "How much did the bridge cost?"


def answer(
    *stated: tuple[str, str, float], question: str = QUESTION, together: str = "", halved: bool = False
) -> Answer:
    """The answer where each (article, value, probability) stands in a passage of its own.

    :param together: the best answer of all passages at once; by default the most probable.
    :param halved: whether no value is probable in all passages at once.
    """
    passages, readings = [], []
    for number, (name, value, probability) in enumerate(stated):
        text = f"The bridge over the Firth cost {value} in all."
        date = f"2020-01-0{number + 1}"
        passages.append(Passage(f"{name}#0", name, "Bridge", "", date, 0, len(text), text))
        start = text.index(value)
        readings.append(Reading(value, number, start, start + len(value), probability, 0.1))
    names = dict.fromkeys(p.document_id for p in passages)
    apart = tuple(tuple(r for r in readings if passages[r.passage].document_id == name) for name in names)
    first = sorted(readings, key=lambda r: (r.text != together, -r.probability))
    less = 0.01 if halved else 1.0
    whole = tuple(replace(r, probability=less * r.probability / (1 + 9 * i)) for i, r in enumerate(first))
    found = Readings(whole, apart)
    return compose_answer(
        parse_question(question), [ScoredPassage(p, 1.0) for p in passages], found, CALIBRATION, load_encoder()
    )


def test_the_value_of_most_articles_is_given_and_the_others_stand_beside_it() -> None:
    made = answer(
        ("a", "$3 million", 0.9), ("b", "$5 million", 0.7), ("c", "3 million dollars", 0.6), together="$5 million"
    )
    assert (made.text, made.articles) == ("$3 million", 2)
    assert {c.document_id for c in made.citations} == {"a", "c"}
    (other,) = made.alternatives
    assert (other.text, other.articles, other.citations[0].document_id) == ("$5 million", 1, "b")
    assert "articles disagree" in made.doubts


def test_more_articles_that_are_less_sure_do_not_overrule_the_best() -> None:
    made = answer(("a", "$3 million", 0.7), ("b", "$5 million", 0.9), ("c", "$3 million", 0.6), together="$5 million")
    assert (made.text, [(a.text, a.articles) for a in made.alternatives]) == ("$5 million", [("$3 million", 2)])


def test_of_as_many_articles_the_better_answer_is_given() -> None:
    made = answer(("a", "$3 million", 0.7), ("b", "$5 million", 0.9), together="$5 million")
    assert (made.text, [a.text for a in made.alternatives]) == ("$5 million", ["$3 million"])


def test_values_that_halve_each_others_probability_are_both_given() -> None:
    # In all passages at once, the best answer has a tenth of its probability in its own article.
    made = answer(("a", "$3 million", 0.9), ("b", "$5 million", 0.9), halved=True)
    assert (made.status, made.text, [a.text for a in made.alternatives]) == ("answered", "$3 million", ["$5 million"])
    assert "articles disagree" in made.doubts
    assert made.confidence > 0.5
    agreed = answer(("a", "$3 million", 0.9), ("b", "3 million dollars", 0.9), halved=True)
    unsure = answer(("a", "$3 million", 0.9), ("b", "$5 million", 0.35), halved=True)
    assert [one.status for one in (agreed, unsure)] == ["abstained", "abstained"]


@pytest.mark.parametrize(
    "other",
    [
        ("b", "3 million dollars", 0.9),  # the same in other words
        ("b", "49%", 0.9),  # another kind of figure
        ("b", "more than anyone had thought", 0.9),  # no value
        ("b", "$5 million", 0.2),  # too unsure
        ("a", "$5 million", 0.5),  # less likely, in the same article
    ],
)
def test_false_alarms(other: tuple[str, str, float]) -> None:
    assert answer(("a", "$3 million", 0.8), other, together="$3 million").alternatives == ()


def test_names_disagree_but_spellings_of_one_name_do_not() -> None:
    question = "Who built the bridge?"
    made = answer(("a", "Ann Gow", 0.8), ("b", "Ann Gow", 0.8), ("c", "Ian Muir", 0.8), question=question)
    assert (made.text, made.articles, [a.text for a in made.alternatives]) == ("Ann Gow", 2, ["Ian Muir"])
    made = answer(("a", "Alexandr Gow", 0.8), ("b", "Alexander Gow", 0.8), question=question)
    assert (made.articles, made.alternatives) == (2, ())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$3 million", "€3.5 million"),
        ("1,500 workers", "12 offices"),
        ("$14.8 million", "more than $14 million"),
        ("$14.8 million", "about $14 million"),
        ("President Gow", "Ann Gow"),
        ("MIT", "Massachusetts Institute of Technology"),
    ],
)
def test_values_that_can_both_be_right_do_not_contradict(one: str, other: str) -> None:
    assert not contradicts(parse_question("What is it?"), one, other)
    assert not contradicts(parse_question("What is it?"), other, one)


@pytest.mark.parametrize(
    ("question", "contradiction"),
    [("Which company left?", True), ("Which companies left?", False), ("Who else left?", False)],
)
def test_several_names_may_answer_a_question_for_several(question: str, contradiction: bool) -> None:
    assert contradicts(parse_question(question), "Acme", "Bolt") is contradiction


@pytest.mark.parametrize(
    ("question", "one", "other", "contradiction"),
    [
        ("Who won?", "Ann Gow", "Ian Gow", True),
        ("Who won?", "Alexander Gow", "Alec Gow", False),
        ("Who won?", "Prime Minister Gow", "Ian Gow", False),
        ("Where did she study?", "Oxford University", "Durham University", True),
        ("What is her profession?", "harbour engineer", "Mayor", False),  # one person may have both
    ],
)
def test_names_that_differ(question: str, one: str, other: str, contradiction: bool) -> None:
    assert contradicts(parse_question(question), one, other) is contradiction
    assert contradicts(parse_question(question), other, one) is contradiction


@pytest.mark.parametrize(
    ("other", "probability", "disagrees"),
    [
        ("The bridge in Perth cost $5 million in 2021.", 0.9, True),
        ("The bridge in Perth cost $5 million in 2021.", 0.2, False),  # the reader doubts it
        ("The bridge in Leith cost $5 million in 2021.", 0.9, False),  # another place
        ("The bridge in Perth cost $5 million in 2009.", 0.9, False),  # another year
    ],
)
@pytest.mark.parametrize("typed", ["How much did the bridge in Perth cost?", "perth bridge cost"])
def test_an_article_contradicts_only_about_the_same_thing(
    other: str, probability: float, disagrees: bool, typed: str
) -> None:
    texts = ("The bridge in Perth cost $3 million in 2021.", other)
    passages = [Passage(f"{n}", f"{n}", "Bridges", "", None, 0, len(t), t) for n, t in enumerate(texts)]
    best, against = (
        Reading(value, n, texts[n].index(value), texts[n].index(value) + len(value), probability, 0.1)
        for n, value in enumerate(("$3 million", "$5 million"))
    )
    question = parse_question(typed)
    assert opposes(question, best, Stance((against,), 0.9), passages) is disagrees


def test_an_article_that_is_unsure_supports_nothing() -> None:
    made = answer(("a", "$3 million", 0.9), ("b", "$3 million", 0.01), together="$3 million")
    assert (made.articles, made.doubts) == (1, ("one article",))


def test_what_is_withheld_contradicts_nothing() -> None:
    made = answer(("a", "$3 million", 0.1), ("b", "$5 million", 0.9), together="$3 million")
    assert not made.answered
    assert made.withheld is not None
    assert (made.withheld.text, made.alternatives) == ("$3 million", ())


def test_the_terminal_counts_articles_and_marks_the_newest() -> None:
    made = answer(("a", "$3 million", 0.9), ("b", "$5 million", 0.7), ("c", "$3 million", 0.6))
    shown = format_answer(made, width=100, colour=False)
    assert shown.startswith("The articles disagree: $3 million (2 articles) · $5 million (1)\n")
    assert "or: $5 million" in shown
    assert shown.count("(newest)") == 1
    assert "2020-01-03 (newest)" in shown
    described = describe_answer(made)
    assert (described["articles"], described["doubts"]) == (2, ["articles disagree"])
    assert [a["articles"] for a in described["alternatives"]] == [1]


def test_one_article_alone_is_said() -> None:
    shown = format_answer(answer(("a", "$3 million", 0.9)), width=100, colour=False)
    assert shown.endswith(", only one article says so")
    assert "newest" not in shown
