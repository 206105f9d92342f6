"""What training examples are made of, and which of the data they come from."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import TOWNS, make_paragraph, write_squad

from rag.errors import RagError
from rag.training.batches import Features, cut_batches, featurize
from rag.training.data import SOURCES, Paragraph, QuestionRecord, drop_overlaps, is_held_out, load_squad
from rag.training.distractors import rank_distractors
from rag.training.examples import Example, ExampleSource, Mixture, crop
from rag.training.questions import Mentions, disturb_question, falsify_question, find_common_words, find_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def source() -> ExampleSource:
    return ExampleSource([make_paragraph(n) for n in range(8)], Mixture(), 0)


def draw_all(source: ExampleSource) -> list[Example]:
    rng = random.Random(1)
    return [e for epoch in range(60) for q in source.list_questions(epoch) if (e := source.draw(q, rng))]


def test_every_answer_stands_in_its_passage_and_no_unanswerable_example_holds_it(
    source: ExampleSource,
) -> None:
    golds = {q.question.rstrip("?"): p.text[a:b] for p in source.paragraphs for q in p.questions for a, b in q.answers}
    drawn = draw_all(source)
    for example in drawn:
        if example.answer:
            passage, start, end = example.answer
            answer = example.passages[passage][1][start:end]
            assert answer.isdigit()
            assert golds.get(example.question.rstrip("?"), answer) == answer or "bridges" in example.question
        elif example.question.startswith("When was the town of") and example.question.rstrip("?") in golds:
            assert all(golds[example.question.rstrip("?")] not in text for _, text in example.passages)
    assert any(e.answer is None for e in drawn)
    assert max(len(e.passages) for e in drawn) == Mixture().most_passages


@given(st.integers(0, 7), st.integers(0, 10_000))
def test_cropping_keeps_the_answer_at_its_shifted_offsets(number: int, seed: int) -> None:
    paragraph = make_paragraph(number)
    (start, end) = paragraph.questions[1].answers[0]
    text, (a, b) = crop(paragraph.text, (start, end), random.Random(seed))
    assert text[a:b] == paragraph.text[start:end]
    assert text in paragraph.text


def test_training_text_that_stands_in_a_test_is_left_out() -> None:
    paragraphs = [make_paragraph(n) for n in range(3)]
    sentence = f"Some other start. It has {1 + 2} bridges over the river."
    assert drop_overlaps(paragraphs, [sentence]) == [paragraphs[0], paragraphs[2]]
    assert drop_overlaps(paragraphs, ["Something else is said here about towns."]) == paragraphs


def test_articles_are_held_out_whole_and_the_same_whatever_the_seed() -> None:
    articles = [Paragraph("s", str(n), "", text, ()) for n in range(400) for text in ("a", "b")]
    held = [p.article for p in articles if is_held_out(p)]
    assert all(held.count(article) == 2 for article in held)
    assert 0.02 < len(held) / len(articles) < 0.09


def test_labels_point_at_the_answers_tokens_and_batches_keep_their_budget(source: ExampleSource) -> None:
    features = featurize(draw_all(source), 384, 40)
    for one in features:
        assert all(one.pairs[p].first <= i < len(one.pairs[p].ids) - 1 for p, i in one.labels)
    batches = cut_batches(features, 600, random.Random(0))
    assert sum(map(len, batches)) == len(features)
    for batch in batches:
        shapes = [f.shape for f in batch]
        assert len({passages for passages, _ in shapes}) == 1
        assert len(batch) == 1 or len(batch) * shapes[0][0] * max(length for _, length in shapes) <= 600


def test_an_answer_cut_off_by_the_limit_is_dropped() -> None:
    text = "word " * 100 + "gold"
    example = Example("what?", (("", text),), (0, len(text) - 4, len(text)))
    assert featurize([example], 64, 40) == []
    (kept,) = featurize([example], 200, 40)
    assert isinstance(kept, Features)


def test_distractors_are_what_the_question_retrieves_best_first() -> None:
    towns = [make_paragraph(n) for n in range(6)]
    asked = replace(towns[0], questions=(replace(towns[0].questions[0], question="Which bridges does Elgin have?"),))
    found = rank_distractors([asked, *towns[1:]], {"qamr"}, 3)
    assert found[0, 0][0] == TOWNS.index("Elgin")
    assert len(found[0, 0]) == 3
    assert all(i not in others for (i, _), others in found.items())
    # Single sentences have none, and nothing comes from another data set.
    mixed = [make_paragraph(0, "qamr"), make_paragraph(1, "qed-train"), make_paragraph(1), make_paragraph(2)]
    assert rank_distractors(mixed, {"qamr"}) == {
        (i, j): found for i, found in ((1, []), (2, [3]), (3, [2])) for j in (0, 1)
    }


FALSE_DEAL = Paragraph(
    "new_wiki",
    "Acme",
    "Acme",
    "Acme bought Bolt in 1999. Cargo sold Dynamo in 2003.",
    (QuestionRecord("?", ((20, 24),)),),
)


def test_false_questions_name_another_thing_or_the_opposite_and_never_what_stands_beside_the_answer() -> None:
    elsewhere = Mentions(("Elgin",), ("1850",))

    def falsify(question: str) -> set[str | None]:
        (record,) = FALSE_DEAL.questions
        return {falsify_question(question, FALSE_DEAL, record, elsewhere, random.Random(n)) for n in range(200)}

    made = falsify("Who bought shares of Bolt?")
    assert {"Who bought shares of Elgin?", "Who sold shares of Bolt?", "Who bought shares of Dynamo?"} <= made
    assert "Who bought shares of Acme?" not in made
    assert falsify("Why does it rain here?") == {None, "Why does not it rain here?"}
    assert falsify("Name some towns!") == falsify("Why did it not rain?") == {None}
    assert find_names("What did Texas' and Paris's mayors say in the United States?") == [
        "Texas",
        "Paris",
        "United States",
    ]


def test_questions_are_disturbed_as_people_type() -> None:
    asked = "What is the population of the town of Elgin?"
    common = find_common_words([asked, "What is the town hall of Crieff?"])
    assert common == {"what", "is", "the", "town", "of"}
    drawn = {disturb_question(asked, common, random.Random(seed)) for seed in range(300)}
    assert asked in drawn
    assert asked.lower() in drawn
    assert asked.rstrip("?") in drawn
    assert any(question.startswith("population") and question.rstrip("?").endswith("Elgin") for question in drawn)


def test_missing_and_foreign_data_are_one_sentence_each(tmp_path: Path) -> None:
    with pytest.raises(RagError, match=r"No new_wiki\.json"):
        load_squad(tmp_path / "new_wiki.json")
    (tmp_path / "x.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(RagError, match="SQuAD's JSON format"):
        load_squad(tmp_path / "x.json")
    (tmp_path / "x.json.gz").write_bytes(b"{}")
    with pytest.raises(RagError, match="SQuAD's JSON format"):
        load_squad(tmp_path / "x.json.gz")


def make_record(question: str, text: str, *answers: str, **more: Any) -> dict[str, Any]:
    return {"question": question, "answers": [{"text": a, "answer_start": text.index(a)} for a in answers], **more}


def test_files_are_read_gzipped_or_not(tmp_path: Path) -> None:
    text = "Ann and Ben run Acme."
    article = {"title": "Acme_%26_Co", "paragraphs": [{"context": text, "qas": [make_record(" Who? ", text, "Ann")]}]}
    names = ("new_wiki.json", "qed-train.json.gz", "amazon_reviews.json", "fairytaleqa.json.gz")
    plain, zipped, *untitled = (load_squad(write_squad(tmp_path / name, [article])) for name in names)
    assert (plain[0].source, zipped[0].source) == ("new_wiki", "qed-train")
    assert plain[0].questions == zipped[0].questions == (QuestionRecord("Who?", ((0, 3),)),)
    assert plain[0].title == zipped[0].title == "Acme & Co"
    # Where titles are numbers they are not shown.
    assert [p.title for (p,) in untitled] == ["", ""]


def test_an_answer_in_several_parts_is_not_copied_and_no_answer_is_kept(tmp_path: Path) -> None:
    text = "Ann and Ben run Acme."
    records = [
        make_record("Who runs it?", text, "Ann", "Ben", all=True),
        make_record("Who sold it?", text, is_impossible=True),
        make_record("Who is it?", text, "Ann", ""),
    ]
    path = write_squad(tmp_path / "new_wiki.json", [{"title": "A", "paragraphs": [{"context": text, "qas": records}]}])
    (paragraph,) = load_squad(path)
    assert paragraph.questions == (
        QuestionRecord("Who runs it?", (), parts=((0, 3), (8, 11))),
        QuestionRecord("Who sold it?", (), impossible=True),
        QuestionRecord("Who is it?", ((0, 3),)),
    )
    source = ExampleSource([paragraph], Mixture(), 0)
    assert sorted(source.list_questions(0)) == [(0, 0), (0, 1), (0, 2)]
    # The first is not taken for one without an answer.
    both = source.draw((0, 0), random.Random(0))
    assert both
    assert (both.answer, both.evidence) == (None, ((0, 0, 3), (0, 8, 11)))
    assert source.draw((0, 1), random.Random(0)).answer is None  # type: ignore[union-attr]


def test_the_articles_of_a_family_are_held_out_from_all_of_its_files() -> None:
    def hold_out(source: str) -> list[bool]:
        return [is_held_out(Paragraph(source, f"Article {n}", "", "Text.", ())) for n in range(400)]

    for family in {source.family for source in SOURCES if source.family}:
        held = [hold_out(source.name) for source in SOURCES if source.family == family]
        assert len(held) > 1
        assert all(one == held[0] for one in held)
        assert any(held[0])
    assert hold_out("qed-train") != hold_out("qamr") != hold_out("new_wiki")


def test_posts_are_held_out_one_by_one(tmp_path: Path) -> None:
    paragraphs = [{"context": f"Post {n}.", "qas": []} for n in range(3)]
    for name, articles in (("reddit.json", 3), ("onestopqa.json", 1)):
        found = load_squad(write_squad(tmp_path / name, [{"title": "all", "paragraphs": paragraphs}]))
        assert len({p.article for p in found}) == articles


def test_an_epoch_draws_of_each_file_its_share_and_copies_no_answer_that_is_a_whole_paragraph() -> None:
    many = [replace(make_paragraph(n % 8, name), article=str(n)) for name in ("new_wiki", "qamr") for n in range(200)]
    source = ExampleSource(many, Mixture(), 3)
    drawn = [source.list_questions(epoch) for epoch in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    names = [source.paragraphs[i].source for i, _ in drawn[2]]
    assert names.count("new_wiki") == 400
    assert 0.08 < names.count("qamr") / 400 < 0.24
    text = "word " * 40
    long = Paragraph("new_wiki", "a", "", text, (QuestionRecord("Who?", ((0, len(text)),)),))
    short = replace(long, questions=(QuestionRecord("Who?", ((0, len(text)), (5, 9))),))
    source = ExampleSource([long, short], Mixture(), 0)
    assert sorted(source.list_questions(0)) == [(0, 0), (1, 0)]
    assert source.draw((0, 0), random.Random(0)).answer is None  # type: ignore[union-attr]
    examples = [e for seed in range(30) if (e := source.draw((1, 0), random.Random(seed))) and e.answer]
    answers = {e.passages[e.answer[0]][1][e.answer[1] : e.answer[2]] for e in examples if e.answer}
    assert answers == {"word"}


def test_sentences_are_shown_among_others_of_their_article() -> None:
    sentences = [
        Paragraph("squad-train-sentences", "Towns", "", f"{town} has {n + 20} bridges.",
                  (QuestionRecord(f"How many bridges has {town}?", ((len(town) + 5, len(town) + 7),)),))
        for n, town in enumerate(TOWNS)
    ]  # fmt: skip
    source = ExampleSource(sentences, Mixture(), 0)
    drawn = [e for seed in range(60) for n in range(8) if (e := source.draw((n, 0), random.Random(seed)))]
    found = 0
    for example in drawn:
        number = next((n for n, town in enumerate(TOWNS) if town.lower() in example.question.lower()), None)
        if example.answer:
            passage, start, end = example.answer
            assert number is None or example.passages[passage][1][start:end] == str(number + 20)
        elif number is not None:
            found += 1
            assert all(str(number + 20) not in text for _, text in example.passages)
    assert found
    assert {len(e.passages) for e in drawn} == {1, 2, 3}
