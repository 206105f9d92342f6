"""The page's named endpoints, called as its documentation says, and what its events refuse."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT
from page_answers import KEY, make_simple

from rag.page.conversation import Conversation, write_conversation
from rag.page.exchange import Exchange, digest_turns, list_turns, write_records
from rag.page.feedback import FeedbackStore
from rag.page.refusals import TOO_FEW
from rag.page.signing import Signer
from rag.review.items import Provenance
from rag.review.store import ReviewStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving import Served


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Any]:
    from gradio_client import Client

    opened = Client(served.address, verbose=False)
    yield opened
    opened.close()


def test_the_named_endpoints_are_these_three_with_their_types(client: Any) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    taken = {name: [p["parameter_name"] for p in found["parameters"]] for name, found in named.items()}
    assert taken == {
        "/ask": ["question", "history", "since", "until", "source"],
        "/list_articles": [],
        "/read_article": ["document_id"],
    }
    text = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    assert set(re.findall(r'api_name="(/\w+)"', text)) == set(taken)


def test_a_question_and_a_follow_up(client: Any) -> None:
    first = client.predict("what stake did Meta buy?", api_name="/ask")
    assert first["short"] == "49%"
    assert "49%" in first["citations"][0]["quote"]
    history = [{"role": "user", "content": "Who is Alexandr Wang?"}, {"role": "assistant", "content": "Scale's CEO"}]
    then = client.predict("How old is he?", history, api_name="/ask")
    assert "Wang" in then["standalone"]


def test_a_question_of_some_articles(client: Any) -> None:
    found = client.predict("what stake did Meta buy?", source="004_", api_name="/ask")
    assert {citation["document_id"].split("_")[0] for citation in found["citations"]} == {"004"}
    for since, said in (("June", "since June is not a date"), ("2999", "No article is in that scope (since 2999)")):
        with pytest.raises(Exception, match=re.escape(said)):
            client.predict("what stake did Meta buy?", since=since, api_name="/ask")


def test_articles_are_listed_and_read(client: Any) -> None:
    listed = client.predict(api_name="/list_articles")
    assert len([row for row in listed if not row["removable"]]) == 5
    first = client.predict("what stake did Meta buy?", api_name="/ask")["citations"][0]
    text = client.predict(first["document_id"], api_name="/read_article")["text"]
    assert [row["words"] for row in listed if row["document_id"] == first["document_id"]] == [len(text.split())]
    assert text[first["start"] : first["end"]] == first["quote"]


@pytest.mark.parametrize("name", ["../data/key", "/etc/passwd", "", "seeds/README.md"])
def test_nothing_but_articles_is_read(client: Any, name: str) -> None:
    with pytest.raises(Exception, match="There is no such article: list_articles names them"):
        client.predict(name, api_name="/read_article")


@pytest.mark.parametrize(
    ("question", "history", "said"),
    [
        ("???", None, "The question has no words: ask it in words."),
        ("Who?", [{"role": "system", "content": "x"}], 'needs a "role"'),
        ("Who?", [{"role": "user"}], 'needs a "content"'),
        ("Who?", "x", "The history must be a list of turns."),
        (5, None, "The question must be a string."),
        (None, None, "The question must be a string."),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(client: Any, question: str, history: Any, said: str) -> None:
    with pytest.raises(Exception, match=re.escape(said)):
        client.predict(question, history, api_name="/ask")


def test_a_missing_argument_is_said_in_a_sentence(served: Served) -> None:
    import httpx

    for name in ("ask", "read_article"):
        address = f"{served.address}gradio_api/call/{name}"
        event = httpx.post(address, json={"data": []}).json()["event_id"]
        assert TOO_FEW in httpx.get(f"{address}/{event}", timeout=60).text


@pytest.mark.parametrize("path", ["file=/etc/passwd", "file=../data/key", "runs", "monitoring/summary"])
def test_no_other_file_is_served(served: Served, path: str) -> None:
    import httpx

    assert httpx.get(f"{served.address}gradio_api/{path}").status_code in (401, 403, 404)


PAGE: Any = SimpleNamespace(session_hash="one")


def make_handlers(store: FeedbackStore) -> Any:
    from rag.page.handlers import Handlers

    shelf: Any = SimpleNamespace(find_passages=lambda _: (), source=lambda: Provenance("0", "r", "e"))
    return Handlers(shelf, store, Signer(b"k" * 32))


def test_every_answer_is_kept_for_review_only_if_the_operator_says_so(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    silent, keeping = make_handlers(store), replace(make_handlers(store), keeps=True)
    silent._keep(Exchange("a" * 8, "What stake?", make_simple()))
    keeping._keep(Exchange("b" * 8, "What stake?", make_simple()))
    keeping._keep(Exchange("c" * 8, "Thanks", replace(make_simple(), passages=())))
    assert [item.item_id for item in ReviewStore(tmp_path / "feedback.sqlite").list_items()] == ["b" * 8]


def test_a_feedback_that_the_page_did_not_sign_is_refused(tmp_path: Path) -> None:
    import gradio as gr

    store = FeedbackStore(tmp_path / "feedback.sqlite")
    handlers = make_handlers(store)
    signer = handlers.signer
    signed = signer.sign(Exchange(KEY, "What stake?", make_simple()))
    up: Any = SimpleNamespace(_data={"action": "up", "key": KEY})
    (forged,) = write_records([signed])
    forged["answer"]["short"] = "50%"
    with pytest.raises(gr.Error, match="cannot be rated"):
        handlers.rate({"records": [forged]}, up, PAGE)
    assert store.count() == 0
    change = json.loads(handlers.rate(write_conversation(Conversation("b" * 16, [signed])), up, PAGE)[1])
    assert change["conversation"] == "b" * 16
    records = change["put"]
    assert records[0]["rating"] == "up"
    correct: Any = SimpleNamespace(_data={"action": "correct", "key": KEY, "value": " 50% "})
    assert json.loads(handlers.rate({"records": records}, correct, PAGE)[1])["put"][0]["correction"] == "50%"
    assert [record["correction"] for record in store.iterate_records()] == ["50%"]


def test_feedback_has_the_conversation_only_where_it_is_the_one_that_was_answered(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    handlers = make_handlers(store)
    first = handlers.signer.sign(Exchange("a" * 8, "What stake?", make_simple()))
    turns = list_turns([first])
    then = handlers.signer.sign(Exchange(KEY, "And it?", make_simple(), before=digest_turns(turns)))
    up: Any = SimpleNamespace(_data={"action": "up", "key": KEY})
    handlers.rate({"records": write_records([first, then])}, up, PAGE)
    assert [turn["content"] for turn in next(store.iterate_records())["history"]] == [t.content for t in turns]
    records = write_records([first, then])
    records[0]["answer"]["short"] = "50%"
    handlers.rate({"records": records}, up, PAGE)
    assert next(store.iterate_records())["history"] == []
