"""The page's pure parts, on answers made by hand: no model is loaded."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import app
from rag.changes import Changes
from rag.corpus import Skipped
from rag.errors import CorpusError
from rag.page.articles import Row, render_article, render_articles, render_changes
from rag.page.cards import card_id, list_cards, render_answer, render_cards, render_understood
from rag.page.escaping import escape
from rag.page.exchange import MOST_EXCHANGES, Exchange, list_turns, read_records, write_records
from rag.page.export import format_json, format_markdown, plain
from rag.page.feedback import FeedbackError, FeedbackStore, Source, iterate_facts, iterate_unanswerable
from rag.page.highlighting import highlight_text
from rag.page.shelf import Shelf
from rag.page.starters import choose_starters, make_starters
from rag.page.transcript import render_panel, render_transcript
from rag.page.uploads import MOST_FILES, make_name, place_file, remove_file, take_files
from rag.search import DocumentSummary
from rag.types import Alternative, Answer, Citation, Document, Passage, ScoredPassage, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = '<img src=x onerror="alert(1)">'
SCRIPT = "<script>alert('x')</script>"
EVIL = f"{IMAGE}{SCRIPT}\" onmouseover='alert(2)' {{{{value}}}} ${{alert(3)}} `"
KEY = "0123456789abcdef"
SOURCE = Source("0.1.0", "built-in", "abc")
ALLOWED = {
    "data-event", "data-action", "data-value", "data-key", "data-card", "data-document", "data-start", "data-end",
    "class", "id", "href", "title", "type", "dir", "tabindex", "role", "name", "for", "value", "maxlength", "open",
    "autocomplete", "datetime", "scope", "aria-label", "aria-hidden", "aria-busy", "aria-live", "aria-pressed",
    "aria-labelledby",
}  # fmt: skip
VOID = {"input"}


class Checker(HTMLParser):
    """Elements and attributes as a browser would take them; fails where tags do not match."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def check(page: str) -> Checker:
    """The page as a browser takes it, without anything that could run."""
    found = Checker(page)
    assert not found.tags & {"script", "img", "iframe", "style", "svg", "object", "embed", "link", "base", "meta"}
    assert {name for name, _ in found.attributes} <= ALLOWED
    assert all(href.startswith("#card-") for href in found.values("href"))
    ids = found.values("id")
    assert len(ids) == len(set(ids))
    return found


def make_passage(text: str, number: int = 0, *, name: str = "a.txt", title: str = "A title", start: int = 0) -> Passage:
    return Passage(f"{name}:{number}", name, title, "A heading", "2026-06-10", start, start + len(text), text)


def cite(passage: Passage, quote: str, answer: str = "", date: str | None = "2026-06-10") -> Citation:
    start = passage.start + passage.text.index(quote)
    found = quote.find(answer) if answer else 0
    place = (start + found, start + found + len(answer or quote))
    return Citation(
        passage.document_id, passage.title, date, passage.passage_id, quote, start, start + len(quote), *place
    )


def make_answer(text: str, citations: Sequence[Citation], passages: Sequence[Passage], **fields: object) -> Answer:
    made = Answer(
        question="What stake?",
        standalone="What stake?",
        status="answered",
        text=text,
        reason="",
        confidence=0.9,
        citations=tuple(citations),
        alternatives=(),
        passages=tuple(ScoredPassage(p, 0.5) for p in passages),
        short=text,
        articles=2,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def make_simple() -> Answer:
    passage = make_passage("It rained. Meta bought a 49% stake in Scale. It stopped.", start=100)
    return make_answer("49%", [cite(passage, "Meta bought a 49% stake in Scale.", "49%")], [passage])


def make_declined() -> Answer:
    passages = [make_passage(f"Passage {n}.", n) for n in range(5)]
    return make_answer(
        "", [], passages, status="abstained", reason="The articles don't say.", short="", articles=0, confidence=0.1
    )


def make_disagreeing() -> Answer:
    one = make_passage("Meta paid $14.3 billion.", name="a.txt")
    two = make_passage("Meta paid $10 billion.", name="b.txt")
    other = Alternative("$10 billion", 0.6, (cite(two, "Meta paid $10 billion.", "$10 billion", "2026-01-02"),), 1)
    citation = cite(one, "Meta paid $14.3 billion.", "$14.3 billion")
    return make_answer("$14.3 billion", [citation], [one, two], alternatives=(other,))


def make_explained() -> Answer:
    one = make_passage("Meta fell behind. It had data. It wanted Wang.", name="a.txt")
    two = make_passage("OpenAI led.", name="b.txt", title="B")
    citations = [cite(one, "Meta fell behind."), cite(two, "OpenAI led."), cite(one, "It wanted Wang.")]
    return make_answer(
        "Meta fell behind. OpenAI led. It wanted Wang.", citations, [one, two], short="", confidence=0.4, articles=2
    )


def make_evil() -> Answer:
    text = f"Before {EVIL} after."
    passage = Passage(EVIL, f"{EVIL}.txt", EVIL, EVIL, EVIL, 7, 7 + len(text), text)
    citation = cite(passage, EVIL, IMAGE, EVIL)
    other = Alternative(EVIL, 0.6, (citation,), 1)
    return make_answer(
        EVIL, [citation], [passage], question=EVIL, standalone=f"{EVIL}!", alternatives=(other,), reason=EVIL
    )


ANSWERS = [make_simple(), make_declined(), make_disagreeing(), make_explained(), make_evil()]


@pytest.mark.parametrize("text", [IMAGE, SCRIPT, EVIL, "a & b", "\x00\x1b[31m", "\ud800", "\u202eabc", "نص"])
def test_escaping_leaves_no_markup(text: str) -> None:
    shown = escape(text)
    assert not re.search(r"[<>\"'\x00\x1b\u202e\ud800]", shown)
    shown.encode("utf-8")


@pytest.mark.parametrize("answer", ANSWERS)
def test_nothing_of_an_answer_is_markup(answer: Answer) -> None:
    exchange = Exchange(KEY, answer.question, answer, rating="down", correction=EVIL)
    check(render_transcript([exchange]) + render_panel([exchange]))
    check(render_transcript([exchange], stage="short"))


def test_nothing_of_the_corpus_is_markup() -> None:
    row = Row(EVIL, EVIL, EVIL, 3, 1, EVIL, removable=True)
    check(render_articles([row]))
    check(render_article(Document(EVIL, EVIL, EVIL, f"{EVIL}\n\n{EVIL}"), 3, 9))
    check(render_changes(Changes(added=(EVIL,), duplicates={EVIL: EVIL}), [Skipped(EVIL, EVIL)]))
    assert EVIL in check(render_transcript([], [EVIL])).values("data-value")
    check(render_transcript([Exchange(KEY, EVIL, None, EVIL)]))
    check(render_transcript([Exchange(KEY, EVIL)]))


def test_an_answer_shows_its_chip_and_the_chip_leads_to_its_card() -> None:
    answer = make_simple()
    body, panel = check(render_answer(answer, KEY)), check(render_cards(answer, KEY))
    assert body.values("data-card") == [f"card-{KEY}-1"]
    assert f"card-{KEY}-1" in panel.values("id")
    assert body.values("aria-label") == ["Source 1: A title"]
    assert "49%" in body.words
    assert "Confidence 90%." in body.words


def test_a_card_highlights_the_sentence_and_the_answer_in_it() -> None:
    page = render_cards(make_simple(), KEY)
    marked = re.sub(r"<(?!/?(?:mark|strong))[^>]*>", "", page)
    assert (
        'It rained. <mark class="aa-quote">Meta bought a </mark><mark class="aa-quote"><strong class="aa-answer">49%'
        '</strong></mark><mark class="aa-quote"> stake in Scale.</mark> It stopped.'
    ) in marked
    words = check(page).words
    for shown in ("A title", "2026-06-10", "a.txt", "0.500", "Open the whole article"):
        assert shown in words
    assert check(page).values("data-start") == ["111"]


def test_the_short_answer_comes_first() -> None:
    answer = make_simple()
    short = check(render_answer(answer, KEY, "short")).words
    assert "49%" in short
    assert "Confidence" not in short
    assert check(render_answer(answer, KEY)).words.startswith(short)


def test_disagreeing_articles_show_each_value_with_its_articles() -> None:
    answer = make_disagreeing()
    body = check(render_answer(answer, KEY))
    assert "The articles disagree" in body.words
    assert "$14.3 billion (2 articles, 2026-06-10 (newest))" in body.words
    assert "$10 billion (1 article, 2026-01-02)" in body.words
    assert body.values("data-card") == [f"card-{KEY}-1", f"card-{KEY}-2"]


def test_each_sentence_has_its_own_chip_and_a_passage_one_card() -> None:
    answer = make_explained()
    body = check(render_answer(answer, KEY))
    assert body.values("data-card") == [f"card-{KEY}-1", f"card-{KEY}-2", f"card-{KEY}-1"]
    assert [card.number for card in list_cards(answer)] == [1, 2]
    assert "Meta fell behind.1 OpenAI led.2 It wanted Wang.1" in body.words
    assert "Confidence 40%: low." in body.words


def test_an_explanation_has_its_short_answer_above_it() -> None:
    answer = replace(make_explained(), short="OpenAI")
    body = render_answer(answer, KEY)
    assert check(body).words.startswith("OpenAI2")


def test_a_declined_question_offers_the_closest_passages() -> None:
    answer = make_declined()
    assert "The articles don't say." in check(render_answer(answer, KEY)).words
    panel = check(render_cards(answer, KEY))
    assert [f"Passage {n}." in panel.words for n in range(5)] == [True, True, True, False, False]
    assert "mark" not in panel.tags


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (replace(make_simple(), articles=1), "Only one article says so."),
        (replace(make_simple(), confidence=0.2), "Confidence 20%: low."),
        (
            replace(make_simple(), citations=tuple(replace(c, origin="aligned") for c in make_simple().citations)),
            "Written by a language model",
        ),
    ],
)
def test_doubts_are_said(answer: Answer, line: str) -> None:
    assert line in check(render_answer(answer, KEY)).words


def test_how_a_follow_up_was_understood_is_shown_with_a_way_out() -> None:
    answer = replace(make_simple(), question="And it?", standalone="And Scale?")
    page = check(render_transcript([Exchange(KEY, "And it?", answer)]))
    assert "understood as: And Scale?" in page.words
    assert "as-written" in page.values("data-action")
    assert not render_understood(make_simple())


def test_a_citation_without_its_passage_shows_its_quote() -> None:
    answer = replace(make_simple(), passages=())
    assert "Meta bought a 49% stake in Scale." in check(render_cards(answer, KEY)).words


def test_right_to_left_text_has_its_direction_and_long_words_stay() -> None:
    passage = make_passage("اشترت ميتا حصة. " + "x" * 500, title="عنوان")
    answer = make_answer("حصة", [cite(passage, "اشترت ميتا حصة.", "حصة")], [passage])
    page = render_transcript([Exchange(KEY, "ما؟", answer)]) + render_cards(answer, KEY)
    assert "auto" in check(page).values("dir")
    assert "x" * 500 in page


@pytest.mark.parametrize("key", ["", "a b", '"><script>', "../x"])
def test_no_id_is_made_of_what_could_be_markup(key: str) -> None:
    with pytest.raises(ValueError, match="names no exchange"):
        card_id(key, 1)


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([], "abcdef"),
        ([(1, 3)], '<i>bc</i>'),
        ([(-5, 2), (1, 4), (4, 99)], "<i>"),
        ([(3, 1), (9, 12)], "abcdef"),
    ],
)  # fmt: skip
def test_highlighting_keeps_every_character(spans: list[tuple[int, int]], shown: str) -> None:
    made = highlight_text("abcdef", spans)
    assert shown in made.replace('<mark class="aa-quote">', "<i>").replace("</mark>", "</i>")
    assert re.sub("<[^>]*>", "", made) == "abcdef"


@pytest.mark.parametrize("answer", [*ANSWERS, replace(make_simple(), withheld=Alternative("5", 0.1, ()))])
def test_a_conversation_survives_the_browser(answer: Answer) -> None:
    exchange = Exchange(KEY, answer.question, answer, asked="2026-11-22T16:00:00+00:00", rating="up")
    again = read_records(json.loads(json.dumps(write_records([exchange]))))
    assert write_records(again) == write_records([exchange])
    assert render_panel(again) == render_panel([exchange])
    assert render_transcript(again) == render_transcript([exchange])


@pytest.mark.parametrize(
    "records",
    [
        None, "x", 5, {}, [None], [{}], [{"key": "<b>", "question": "x"}], [{"key": KEY, "question": 5}],
        [{**write_records([Exchange(KEY, "x", make_simple())])[0], "answer": {"status": "answered"}}],
        [{**write_records([Exchange(KEY, "x", make_simple())])[0], "answer": [1]}],
    ],
)  # fmt: skip
def test_what_no_browser_of_ours_kept_is_dropped(records: object) -> None:
    assert read_records(records) == []


def test_a_browser_keeps_a_bounded_conversation() -> None:
    many = [Exchange(f"{n:08x}", "x", make_declined()) for n in range(MOST_EXCHANGES + 9)]
    kept = write_records(many)
    assert [record["key"] for record in kept] == [exchange.key for exchange in many[9:]]
    assert len(kept[0]["answer"]["passages"]) == 3
    assert len(read_records([*kept, *kept])) == MOST_EXCHANGES


def test_history_is_what_was_understood_and_answered() -> None:
    answer = replace(make_simple(), standalone="What stake did Meta buy?")
    turns = list_turns([Exchange(KEY, "x", answer), Exchange("b" * 8, "y", None, "No.")])
    assert turns == (Turn("user", "What stake did Meta buy?"), Turn("assistant", "49%"))


@pytest.mark.parametrize(
    "text", ["# a", "* a", "- a", "1. a", "2) a", "> a", "<b>", "[a](b)", "`a`", "a_b_", "&lt;", "| a |"]
)
def test_text_is_no_markdown(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    shown = markdown_it.MarkdownIt("commonmark").render(plain(text))
    assert shown.count("<") == 2  # the paragraph
    assert Checker(shown).words.strip() == text


def test_markdown_holds_questions_answers_quotes_and_sources() -> None:
    exchanges = [Exchange(KEY, a.question, a) for a in ANSWERS[:4]] + [Exchange(KEY, "And?", None, "It has no words.")]
    text = format_markdown(exchanges, "2026-11-22")
    for part in (
        "## What stake?", "**49%**", "> Meta bought a 49% stake in Scale.", "> — A title, 2026-06-10 (a.txt)",
        "The articles don't say.", "The articles disagree: \\$14.3 billion (2 articles) · \\$10 billion (1)",
        "(low confidence)", "It has no words.", "Exported 2026",
    ):  # fmt: skip
        assert part in text


def test_json_holds_what_ask_prints() -> None:
    found = json.loads(format_json([Exchange(KEY, "x", make_simple(), rating="up")], "now"))
    assert found["format"] == 1
    assert found["exchanges"][0]["answer"]["citations"][0]["quote"] == "Meta bought a 49% stake in Scale."
    assert found["exchanges"][0]["rating"] == "up"


def test_feedback_keeps_everything_that_an_answer_stood_on(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "new" / "feedback.sqlite")
    answer = make_disagreeing()
    store.save(Exchange(KEY, "How much?", answer, rating="up"), (Turn("user", "Hm?"),), SOURCE)
    (record,) = store.iterate_records()
    assert record["question"] == "How much?"
    assert record["standalone"] == answer.standalone
    assert record["history"] == [{"role": "user", "content": "Hm?"}]
    assert [c["quote"] for c in record["citations"]] == ["Meta paid $14.3 billion.", "Meta paid $10 billion."]
    assert [c["alternative"] for c in record["citations"]] == [-1, 0]
    assert [p["text"] for p in record["passages"]] == ["Meta paid $14.3 billion.", "Meta paid $10 billion."]
    assert record["reader"] == "built-in"
    json.dumps(record)


def test_a_change_of_mind_replaces_what_was_said(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    exchange = Exchange(KEY, "x", make_simple(), rating="up")
    store.save(exchange, (), SOURCE)
    created = next(store.iterate_records())["created"]
    store.save(replace(exchange, rating="down", correction="50%"), (), SOURCE)
    (record,) = store.iterate_records()
    assert (record["rating"], record["correction"], record["created"]) == ("down", "50%", created)
    store.save(replace(exchange, rating=""), (), SOURCE)
    assert store.count() == 0
    assert FeedbackStore(tmp_path / "feedback.sqlite").count() == 0


def test_hostile_text_is_only_kept(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    words = "'); DROP TABLE feedback; --"
    store.save(Exchange(KEY, words, make_evil(), rating="down", correction=words), (), SOURCE)
    (record,) = store.iterate_records()
    assert record["question"] == record["correction"] == words
    assert record["citations"][0]["quote"] == EVIL


def test_feedback_becomes_gold_that_eval_takes(tmp_path: Path) -> None:
    gold = pytest.importorskip("eval.gold")
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    rated = [
        Exchange("a" * 8, "x", replace(make_simple(), standalone="one?"), rating="up"),
        Exchange("b" * 8, "x", replace(make_simple(), standalone="two?"), rating="down", correction="50%"),
        Exchange("c" * 8, "x", replace(make_simple(), standalone="three?"), rating="down"),
        Exchange("d" * 8, "x", replace(make_declined(), standalone="four?"), rating="up"),
        Exchange("e" * 8, "x", replace(make_simple(), standalone="ONE?"), rating="up"),
    ]
    for exchange in rated:
        store.save(exchange, (), SOURCE)
    facts = list(iterate_facts(store.iterate_records()))
    assert [(f["question"], f["answers"], f["type"]) for f in facts] == [
        ("ONE?", ["49%"], "confirmed"),
        ("two?", ["50%"], "correction"),
    ]
    assert facts[0]["evidence"] == [{"document_id": "a.txt", "quote": "Meta bought a 49% stake in Scale."}]
    folder = tmp_path / "gold"
    folder.mkdir()
    declined = list(iterate_unanswerable(store.iterate_records()))
    for name, lines in (("facts", facts), ("unanswerable", declined)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert {q.question for q in gold.load_gold(folder)} == {"ONE?", "two?", "four?"}


def test_feedback_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FeedbackError, match="later version"):
        FeedbackStore(path)
    (tmp_path / "text").write_text("no database, but text that is long enough to be seen as none" * 9)
    with pytest.raises(FeedbackError, match="name another file"):
        FeedbackStore(tmp_path / "text")


def test_starters_come_from_the_passages() -> None:
    texts = ["The deal by Ada Lovelace cost $3 million.", "They met Ada Lovelace and paid 20% of it."]
    passages = [make_passage(text, n, name=f"{n}.txt", title=f"Title {n}") for n, text in enumerate(texts)]
    starters = make_starters(passages)
    assert starters[0] == "What do the articles say about Ada Lovelace?"
    assert "What does $3 million refer to?" in starters
    assert "What is “Title 0” about?" in starters
    assert make_starters([]) == []


def test_only_starters_that_get_an_answer_are_offered() -> None:
    asked: list[str] = []

    def is_answered(question: str) -> bool:
        asked.append(question)
        return len(question) % 2 == 0

    assert choose_starters(["a" * n for n in range(1, 99)], is_answered) == ("aa", "aaaa", "a" * 6, "a" * 8)
    assert len(asked) == 8


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.txt", "a.txt"), ("../../etc/passwd.txt", "passwd.txt"), ("C:\\x\\y.MD", "y.md"),
        (".hidden.txt", "hidden.txt"),
        ("README.md", "article_README.md"), ("<img src=x>.txt", "img src_x.txt"),
        ("日本語.txt", "日本語.txt"),
        ("x" * 300 + ".txt", "x" * 80 + ".txt"), ("con.txt", "article_con.txt"),
    ],
)  # fmt: skip
def test_names_of_uploads_are_safe(name: str, made: str) -> None:
    assert make_name(name) == made


def test_uploads_are_checked_by_content_and_stay_in_their_folder(tmp_path: Path) -> None:
    sent, uploads = tmp_path / "sent", tmp_path / "corpus" / "uploads"
    sent.mkdir()
    (sent / "good.txt").write_text("Elgin was founded in 1190. It lies in Scotland.", encoding="utf-8")
    (sent / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\x00\x00")
    (sent / "page.html").write_text("<p>x", encoding="utf-8")
    (sent / "empty.md").write_text("", encoding="utf-8")
    (sent / "link.txt").symlink_to("/etc/passwd")
    taken = take_files(sorted(sent.iterdir()), uploads)
    assert taken.names == ("good.txt",)
    assert {item.document_id for item in taken.refused} == {"image.txt", "page.html", "empty.md", "link.txt"}
    assert all(item.reason.endswith(".") for item in taken.refused)
    again = take_files([sent / "good.txt"] * (MOST_FILES + 1), uploads)
    assert again.names == ()
    assert len(again.refused) == MOST_FILES + 1
    assert place_file(b"other", "good.txt", uploads) == "good-2.txt"


@pytest.mark.parametrize("name", ["", ".", "..", "../secret.txt", "/etc/passwd", "nothing.txt", "link.txt", "x\0.txt"])
def test_nothing_else_is_removed(tmp_path: Path, name: str) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    secret = tmp_path / "secret.txt"
    secret.write_text("x", encoding="utf-8")
    (uploads / "link.txt").symlink_to(secret)
    assert not remove_file(name, uploads)
    assert secret.exists()


class Fake:
    """A pipeline over the files of a folder, whose answer to anything is the first word of the first one."""

    def __init__(self, corpus: Path) -> None:
        self.changes = Changes()
        self._texts = {p.relative_to(corpus).as_posix(): p.read_text("utf-8") for p in sorted(corpus.rglob("*.txt"))}

    @property
    def index(self) -> Fake:
        return self

    def documents(self) -> list[DocumentSummary]:
        return [DocumentSummary(name, name, None, None, 1) for name in self._texts]

    def document(self, document_id: str) -> Document | None:
        text = self._texts.get(document_id)
        return None if text is None else Document(document_id, document_id, None, text)

    def document_passages(self, document_id: str) -> list[Passage]:
        return [make_passage(self._texts[document_id], name=document_id)]

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        assert isinstance(history, tuple)
        return replace(make_simple(), question=question, text=next(iter(self._texts.values())).split()[0])


def open_fake(corpus: Path) -> Fake:
    fake = Fake(corpus)
    if not fake.documents():
        raise CorpusError("No articles there: put some there.")
    return fake


def test_a_shelf_is_asked_added_to_and_taken_from(tmp_path: Path) -> None:
    corpus, sent = tmp_path / "corpus", tmp_path / "new.txt"
    corpus.mkdir()
    sent.write_text("Elgin was founded in 1190. It lies in Scotland.", encoding="utf-8")
    shelf = Shelf(lambda _: open_fake(corpus), corpus / "uploads")
    assert shelf.list_rows() == ()
    with pytest.raises(CorpusError, match="No articles there"):
        shelf.ask("Where?")
    shelf.add([sent])
    assert [(row.document_id, row.words, row.removable) for row in shelf.list_rows()] == [("uploads/new.txt", 9, True)]
    assert shelf.submit("Where?").result().text == "Elgin"
    assert shelf.read("uploads/new.txt") is not None
    assert shelf.read("../new.txt") is None
    for name in ("new.txt", "uploads/../new.txt", "/etc/passwd", "uploads/sub/new.txt"):
        with pytest.raises(CorpusError, match="Only articles"):
            shelf.remove(name)
    assert shelf.remove("uploads/new.txt").removed == ("uploads/new.txt",)
    with pytest.raises(CorpusError, match="No articles there"):
        shelf.ask("Where?")


def test_a_shelf_without_uploads_takes_none(tmp_path: Path) -> None:
    shelf = Shelf(lambda _: open_fake(tmp_path), None)
    with pytest.raises(CorpusError, match="takes no articles"):
        shelf.add([])


@pytest.mark.parametrize("text", ["", "anna", "anna:", ":x", "anna:/nowhere/at/all"])
def test_who_may_come_in_has_a_name_and_a_password(text: str) -> None:
    with pytest.raises(app.StartError, match=r"--auth wants|cannot be read"):
        app.read_auth(text)


def test_only_the_right_password_opens(tmp_path: Path) -> None:
    file = tmp_path / "password.txt"
    file.write_text("", encoding="utf-8")
    with pytest.raises(app.StartError, match="is empty"):
        app.read_auth(f"anna:{file}")
    file.write_text("geheim ü\n", encoding="utf-8")
    is_right = app.read_auth(f"anna:{file}")
    assert is_right("anna", "geheim ü")
    assert not is_right("anna", "geheim")
    assert not is_right("bert", "geheim ü")


def test_a_page_for_others_needs_a_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.os.environ", {})
    assert app.main(["--host", "0.0.0.0"]) == 1  # noqa: S104
    assert "add --auth USER:PASSWORD-FILE" in capsys.readouterr().err


def test_the_environment_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    around = {"GRADIO_SHARE": "True", "GRADIO_VIBE_MODE": "1", "GRADIO_ALLOWED_PATHS": "/", "PATH": "/bin"}
    monkeypatch.setattr("app.os.environ", around)
    app.close_environment(tmp_path)
    assert around["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert not {"GRADIO_SHARE", "GRADIO_VIBE_MODE", "GRADIO_ALLOWED_PATHS"} & set(around)
    assert around["PATH"] == "/bin"


def test_colours_have_enough_contrast() -> None:
    style = (Path(__file__).resolve().parent.parent / "rag" / "page" / "style.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style
    for selector in (":root", r"\.dark"):
        (block,) = re.findall(rf"^{selector} \{{(.*?)\}}", style, re.DOTALL | re.MULTILINE)
        colours = dict(re.findall(r"--aa-([\w-]+): (#[0-9a-f]{6})", block))
        for ink, paper in [
            ("ink", "paper"), ("ink", "wash"), ("soft", "paper"), ("soft", "wash"), ("accent", "paper"),
            ("accent", "wash"), ("on-accent", "accent"), ("quote-ink", "quote"), ("warn", "warn-wash"),
            ("error", "paper"),
        ]:  # fmt: skip
            assert contrast(colours[ink], colours[paper]) >= 4.5, (selector, ink, paper)


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
