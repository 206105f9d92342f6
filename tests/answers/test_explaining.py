"""Answers of several sentences, as the real reader judges them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import pytest

from rag.answers.compose import compose_answer
from rag.answers.confidence import FEATURES, SENTENCE_FEATURES, UNCALIBRATED, Judge
from rag.answers.explaining import explain, list_sentences
from rag.answers.rendering import format_answer
from rag.answers.unasked import drop_questions
from rag.articles.sentences import split_sentences
from rag.index.encoder import load_encoder
from rag.question.parsed import parse_question
from rag.reader.choosing import open_reader
from rag.types import Answer, Passage, Reading, Readings, ScoredPassage, SentenceScore

FERRY = (
    "The ferry to Orkney was cancelled on Monday. Waves of nine metres made it unsafe to sail from the harbour. "
    "The captain said that the ferry could not sail in such waves. A café in the harbour sold soup."
)
ENGINE = (
    "Prices of bread rose again. One of the ferry's two engines had also failed, so it was not allowed to sail. "
    "Waves of nine metres made it unsafe to sail from the harbour. Is that all? Yes."
)
WHY = "Why was the ferry to Orkney cancelled?"


def make_passage(name: str, text: str) -> Passage:
    return Passage(f"{name}#50", name, "News", "", None, 50, 50 + len(text), text)


PASSAGES = [make_passage("a", FERRY), make_passage("b", ENGINE)]
NONE = Readings((Reading("", -1, 0, 0, 0.0, 0.5),))
READER = open_reader()
SURE = Judge((0.0,) * len(SENTENCE_FEATURES), 2.0, 0.5)
UNSURE = Judge((0.0,) * len(SENTENCE_FEATURES), -1.0, 0.5)


@cache
def judge(question: str, passages: tuple[Passage, ...] = tuple(PASSAGES)) -> tuple[SentenceScore, ...]:
    """Every sentence, as the real reader judges it."""
    return READER.read([question], [passages])[0].sentences


def score(*best: str) -> tuple[SentenceScore, ...]:
    """Log-odds of 1 for these sentences, the first in each passage, and −5 for all others."""
    return tuple(
        SentenceScore(i, start, end, 1.0 if passage.text[start:end].startswith(best[i]) else -5.0)
        for i, passage in enumerate(PASSAGES)
        for start, end in split_sentences(passage.text)
    )


def compose(
    question: str,
    readings: Readings = NONE,
    *,
    sentences: Judge = SURE,
    short: float = 9.0,
    scores: tuple[SentenceScore, ...] = (),
) -> Answer:
    calibration = replace(UNCALIBRATED, short=Judge((0.0,) * len(FEATURES), short, 0.5), sentences=sentences)
    found = [ScoredPassage(p, 1.0) for p in PASSAGES]
    readings = replace(readings, sentences=scores or judge(question))
    return compose_answer(parse_question(question), found, readings, calibration, load_encoder())


def read(words: str, passage: int = 0) -> Readings:
    start = PASSAGES[passage].text.index(words)
    return Readings((Reading(words, passage, start, start + len(words), 0.6, 0.1),))


def test_a_why_is_answered_with_whole_sentences_each_quoted_and_none_twice() -> None:
    waves, engines = (read(*place).together[0] for place in (("Waves of nine metres", 0), ("had also failed", 1)))
    judged = score("Waves of nine metres", "One of the ferry's two engines")
    answer = compose(WHY, Readings((waves, replace(engines, probability=0.1))), short=-9.0, scores=judged)
    assert answer.explained
    assert "Waves of nine metres made it unsafe to sail from the harbour." in answer.text
    assert "engines had also failed" in answer.text
    assert answer.text.count("Waves of nine metres") == 1
    assert "soup" not in answer.text
    assert "bread" not in answer.text
    assert answer.text == " ".join(c.quote for c in answer.citations)
    assert len({c.quote for c in answer.citations}) == len(answer.citations)
    for citation in answer.citations:
        passage = next(p for p in PASSAGES if p.document_id == citation.document_id)
        assert passage.text[citation.start - 50 : citation.end - 50] == citation.quote
        assert (citation.answer_start, citation.answer_end) == (citation.start, citation.end)


def test_sentences_stand_article_by_article_in_their_order() -> None:
    places = [(c.document_id, c.start) for c in compose(WHY).citations]
    names = [name for name, _ in places]
    assert names == sorted(names, key=names.index)
    assert all(a[1] < b[1] for a, b in itertools.pairwise(places) if a[0] == b[0])


def test_a_short_answer_that_is_trusted_stands_above_its_explanation() -> None:
    answer = compose(WHY, read("Waves of nine metres"))
    assert answer.short == "Waves of nine metres"
    assert answer.explained
    shown = format_answer(answer, width=100, colour=False)
    assert shown.startswith("Waves of nine metres\n\n")
    assert compose(WHY, read("Waves of nine metres"), short=-9.0).short == ""


def test_whether_something_is_so_has_no_short_answer_and_a_short_answer_elsewhere_is_cited_too() -> None:
    assert compose("Was the ferry cancelled?", read("Waves of nine metres")).short == ""
    answer = compose("What happened, and why was the ferry cancelled?", read("soup"))
    assert answer.short == "soup"
    assert [c.quote for c in answer.citations if "soup" in c.quote] == ["A café in the harbour sold soup."]


def test_a_fact_is_answered_short_and_an_untrusted_explanation_leaves_the_short_answer() -> None:
    assert compose("When was the ferry cancelled?", read("Monday")).text == "Monday"
    assert compose("What happened on Monday?", read("ferry to Orkney was cancelled")).text.startswith("ferry to Orkney")
    assert compose(WHY, read("Waves of nine metres"), sentences=UNSURE).text == "Waves of nine metres"


def test_a_question_that_may_want_sentences_gets_them_where_no_short_answer_is_trusted() -> None:
    answer = compose("What happened to the ferry?", read("soup"), short=-9.0)
    assert answer.explained
    assert answer.withheld is not None
    assert answer.withheld.text == "soup"


def test_where_articles_may_take_sides_each_is_given_its_own_sentence() -> None:
    question = "Was it the waves or the engines that kept the ferry from sailing?"
    answer = compose(question, short=-9.0, scores=score("Waves of nine", "One of the ferry"))
    given = [answer.text, *(other.text for other in answer.alternatives)]
    assert sorted(given) == sorted({c.quote for c in (*answer.citations, *answer.alternatives[0].citations)})
    assert [answer.citations[0].document_id, answer.alternatives[0].citations[0].document_id] in (
        ["a", "b"],
        ["b", "a"],
    )
    assert (answer.short, answer.contradicted, answer.articles, len(given)) == ("", False, 2, 2)
    shown = format_answer(answer, width=200, colour=False)
    assert shown.startswith("What each article says:\n\n  “")
    assert all(text in shown for text in given)
    assert not compose(WHY).alternatives


def test_articles_that_say_the_same_take_no_sides() -> None:
    question = "Was it the waves or the engines that kept the ferry from sailing?"
    answer = compose(question, short=-9.0, scores=score("Waves of nine", "Waves of nine"))
    assert answer.text == "Waves of nine metres made it unsafe to sail from the harbour."
    assert not answer.alternatives


def test_what_is_not_trusted_is_withheld() -> None:
    answer = compose(WHY, read("soup"), sentences=UNSURE, short=-9.0)
    assert (answer.status, answer.text, answer.citations) == ("abstained", "", ())


def test_sentences_are_those_that_say_something() -> None:
    texts = [s.text for s in list_sentences(PASSAGES)]
    assert len(texts) == 7
    assert not {"Is that all?", "Yes."} & set(texts)


def test_no_sentence_is_no_explanation() -> None:
    soup = (make_passage("a", "Soup."),)
    assert explain(parse_question(WHY), soup, replace(NONE, sentences=judge(WHY, soup)), load_encoder()) is None
    assert explain(parse_question(WHY), PASSAGES, NONE, load_encoder()) is None


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> was what the ferry said to me.", "The ferry\u202e was cancelled, he said."]
)
def test_hostile_sentences_are_quoted_as_they_stand_and_printed_without_control_characters(text: str) -> None:
    found = [ScoredPassage(make_passage("a", text), 1.0)]
    calibration = replace(UNCALIBRATED, sentences=SURE)
    readings = replace(NONE, sentences=judge(WHY, (found[0].passage,)))
    answer = compose_answer(parse_question(WHY), found, readings, calibration, load_encoder())
    assert answer.citations[0].quote == text
    assert "\u202e" not in format_answer(answer, width=100, colour=False)


BRIDGES = {
    "a": "The new bridge over the Tarn opened to cars on Sunday. The mayor of Dunmore cut the ribbon before a crowd.",
    "b": "Concert tickets in Larkhill are sold out. The band plays again in May.",
}


def ask_whether(question: str, **texts: str) -> Answer:
    """Asked of the real reader, with sentences trusted."""
    passages = [make_passage(name, text) for name, text in texts.items()]
    (readings,) = READER.read([question], [passages])
    found = [ScoredPassage(p, 1.0) for p in passages]
    calibration = replace(UNCALIBRATED, sentences=SURE)
    return compose_answer(parse_question(question), found, readings, calibration, load_encoder())


def test_a_yes_no_question_is_answered_yes_or_no_and_the_deciding_sentence_comes_first() -> None:
    answer = ask_whether("Is the new bridge over the Tarn open to cars?", **BRIDGES)
    assert answer.short == "Yes"
    assert answer.verdict
    assert answer.citations[0].quote.startswith("The new bridge over the Tarn opened")
    assert answer.text.startswith(answer.citations[0].quote)
    assert not answer.alternatives
    assert answer.confidence < SURE.confide([0.0] * len(SENTENCE_FEATURES))  # yes and no can be confused
    shown = format_answer(answer, width=100, colour=False)
    assert shown.startswith("Yes\n")


def test_a_no_is_said_too() -> None:
    answer = ask_whether(
        "Did the zoo buy a tiger?", a="The zoo did not buy a tiger. It decided against it because tigers cost too much."
    )
    assert answer.short == "No"


def test_a_yes_no_question_is_never_answered_with_a_copied_span() -> None:
    text = "The zoo opens at 9 a.m. and closes at 6 p.m., on Sundays at 5 p.m."
    passage = make_passage("a", text)
    start = text.index("5 p.m.")
    span = Reading("5 p.m.", 0, start, start + 6, 0.9, 0.1)
    readings = Readings((span,), sentences=(SentenceScore(0, 0, len(text), 1.0),), yes={0: 1.5})
    found = [ScoredPassage(passage, 1.0)]
    question = parse_question("Is the zoo open on Sundays?")
    about_something_else = Judge((0.0,) * len(SENTENCE_FEATURES), -4.0, 0.5)
    for sentences, said in ((SURE, ("Yes", text)), (about_something_else, ("", ""))):
        calibration = replace(UNCALIBRATED, short=Judge((0.0,) * len(FEATURES), 9.0, 0.5), sentences=sentences)
        answer = compose_answer(question, found, readings, calibration, load_encoder())
        assert (answer.short, answer.text) == said


def test_a_clear_verdict_needs_less_confidence_in_its_sentence_than_an_unclear_one() -> None:
    text = "The zoo opens at 9 a.m. and closes at 6 p.m., on Sundays at 5 p.m."
    found = [ScoredPassage(make_passage("a", text), 1.0)]
    half = Judge((0.0,) * len(SENTENCE_FEATURES), -1.0, 0.9)
    calibration = replace(UNCALIBRATED, sentences=half)
    question = parse_question("Is the zoo open on Sundays?")
    answers = []
    for log_odds in (1.5, 0.2):
        readings = replace(NONE, sentences=(SentenceScore(0, 0, len(text), 1.0),), yes={0: log_odds})
        answers.append(compose_answer(question, found, readings, calibration, load_encoder()))
    assert [answer.short for answer in answers] == ["Yes", ""]
    assert 0.5 <= answers[0].confidence < 0.9


def test_articles_that_say_yes_and_no_are_both_shown() -> None:
    question = "Is the new bridge open?"
    texts = {"a": "The new bridge is open.", "b": "The new bridge is closed to all traffic until spring."}
    passages = [make_passage(name, text) for name, text in texts.items()]
    scores = tuple(SentenceScore(i, 0, len(p.text), 1.0 - i) for i, p in enumerate(passages))
    readings = replace(NONE, sentences=scores, yes={0: 1.5, 1: -1.5})
    found = [ScoredPassage(p, 1.0) for p in passages]
    calibration = replace(UNCALIBRATED, sentences=SURE)
    answer = compose_answer(parse_question(question), found, readings, calibration, load_encoder())
    assert answer.contradicted
    assert (answer.short, answer.alternatives[0].text) == ("Yes", "No")
    assert answer.citations[0].document_id == "a"
    assert answer.alternatives[0].citations[0].document_id == "b"
    unsure = replace(readings, yes={0: 1.5, 1: -0.5})
    assert not compose_answer(parse_question(question), found, unsure, calibration, load_encoder()).contradicted


INTERVIEW = make_passage(
    "c",
    "Nora Pryor has run the bakery in Selt for twelve years.\n\n"
    "HALE: The rent will rise to 900 crowns. Will you close the bakery?\n\n"
    "PRYOR: No. Never.\n\n"
    "HALE: How many loaves do you bake in a day?\n\n"
    "PRYOR: About 450, and in December it can be 700.",
)


def ask_interview(question: str, sentences: Judge = SURE) -> Answer:
    (readings,) = READER.read([question], [[INTERVIEW]])
    calibration = replace(UNCALIBRATED, short=Judge((0.0,) * len(FEATURES), 9.0, 0.5), sentences=sentences)
    found = [ScoredPassage(INTERVIEW, 1.0)]
    return compose_answer(parse_question(question), found, readings, calibration, load_encoder())


def test_an_interviewee_answers_in_a_word() -> None:
    answer = ask_interview("Will the bakery in Selt close?")
    assert answer.short == "No"
    assert answer.citations[0].quote.startswith("PRYOR: No.")


def test_what_an_interviewer_asks_is_neither_answer_nor_quoted() -> None:
    assert ask_interview("How many loaves does Pryor bake in a day?").text == "About 450"
    given = ask_interview("What will the rent of the bakery be?")
    assert "900" not in " ".join([given.text, *(a.text for a in given.alternatives)])
    asked = parse_question("What does Hale ask about the bakery?")
    found = Readings((Reading("close the bakery", 0, 105, 121, 0.9, 0.1),))
    assert drop_questions(asked, found, [INTERVIEW]) == found
    assert drop_questions(parse_question("What closes?"), found, [INTERVIEW]).together[0].text == ""
    assert not any("HALE" in s.text for s in list_sentences([INTERVIEW]))
