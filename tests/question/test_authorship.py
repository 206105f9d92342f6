"""Questions about who wrote an article, and what they say of it."""

from __future__ import annotations

import pytest

from rag.question.authorship import find_subject


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("who wrote this?", ""),
        ("Who wrote this article?", ""),
        ("Who's the author of this piece?", ""),
        ("Who was this article written by?", ""),
        ("By whom was this story written?", ""),
        ("who wrote this? (Where does the ferry stop?)", "Where does the ferry stop?"),
        ("who is the author of the article about the ferry?", "the ferry"),
        ("Can you tell me who wrote the story on the pie contest?", "the pie contest"),
        ("who wrote the article 'Pier opens'?", "'Pier opens'"),
        ("Who wrote the piece titled Pier opens?", "Pier opens"),
        ("which journalist wrote the article about the pier?", "the pier"),
        ("author of the article about the pier", "the pier"),
        ("What is the name of the author of the news story about the pier?", "the pier"),
        ("Whose byline is on the story about the pier?", "the pier"),
        ("who wrote about Pier 9?", "Pier 9"),
        ("who wrote the report on the fire at Pier 9?", "the fire at Pier 9"),
        ("Which reporter has written about the Pier?", "the Pier"),
    ],
)
def test_a_question_about_an_author(question: str, subject: str) -> None:
    found = find_subject(question)
    assert found is not None
    assert found.text.strip("'") == subject.strip("'")
    assert found.titled == ("Pier" in subject)


@pytest.mark.parametrize(
    "question",
    ["who wrote it?", "who wrote the book about the ferry?", "who wrote this song?", "Who is the author of Moby Dick?",
     "who wrote the article that accused the mayor?", "who is the author?",
     "Who wrote the article in Nature about mice?", "Who wrote the story of the film?", "who covered the flood?",
     "What does the author of the article about the ferry think?", "when was this article written?"],
)  # fmt: skip
def test_a_question_about_another_text_or_person(question: str) -> None:
    assert find_subject(question) is None
