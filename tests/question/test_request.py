"""Requests about the articles as a whole, which no single passage answers."""

from __future__ import annotations

import pytest

from rag.question.request import find_request


@pytest.mark.parametrize(
    ("question", "request_"),
    [
        ("Summarise the articles", "summary"),
        ("summarize all articles please", "summary"),
        ("Could you sum up these texts for me?", "summary"),
        ("Give me a short overview of all the stories", "summary"),
        ("Please summarise this article.", "summary"),
        ("What are the articles about?", "summary"),
        ("what's in the news", "summary"),
        ("What is this story about?", "summary"),
        ("How many articles mention the strike?", "count"),
        ("how many documents do you have", "count"),
        ("How many of the articles are about the flood?", "count"),
        ("What do you think of the minister?", "opinion"),
        ("Do you believe the mayor?", "opinion"),
        ("What is your opinion on tariffs?", "opinion"),
        ("who are you", "opinion"),
        ("What do you predict for the next harvest?", "opinion"),
        ("In how many articles is the harbour mentioned?", "count"),
        ("What is the number of documents that mention the drought?", "count"),
        ("How often is the bishop named in these articles?", "count"),
        ("What is the total damage across all the articles?", "count"),
        ("How much did the three towns spend in all articles?", "count"),
        ("Which article is the best?", "ranking"),
        ("which of these articles is most reliable?", "ranking"),
        ("Which of the texts is the longest?", "ranking"),
        ("Which article should I read first?", "ranking"),
        ("Which article of the treaty is the most disputed?", None),
        ("Which story is the oldest in her collection?", None),
        ("How often do the ferries run in winter?", None),
        ("How much damage did the storm do in all?", None),
        ("By how many votes did the bill fail?", None),
        ("thanks", "thanks"),
        ("ok", "assent"),
        ("OK, thank you very much!", "thanks"),
        ("great, bye", "farewell"),
        ("Hi there!", "greeting"),
        ("Thanks a lot for your help :-)", "thanks"),
        ("That's helpful.", "assent"),
        ("👍 perfect", "assent"),
        ("Thanks, and who won?", None),
        ("ok who won", None),
        ("Good news from Elgin", None),
        ("Hello Fresh", None),
        ("ok?", None),
        ("Summarise the strike", None),
        ("Summarise the article about the strike", None),
        ("What does the report say?", None),
        ("What are news stories?", None),
        ("How many stories does the tower have?", None),
        ("How many files were stolen?", None),
        ("Do you know who won?", None),
        ("Are you sure?", None),
        ("What did the minister think of the plan?", None),
        ("Who wrote the article?", "author"),
        ("Who wrote the book?", None),
    ],
)
def test_request(question: str, request_: str | None) -> None:
    assert find_request(question) == request_
