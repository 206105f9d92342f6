"""The layout of the chat page, and which handler takes which event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (as in rag.page.handlers)

from rag.articles.formats import EXAMPLES
from rag.page.articles import ORDERS
from rag.page.corpus import CorpusHandlers
from rag.page.endpoints import add_endpoints
from rag.page.filtering import EVERYTHING, render_filter
from rag.page.handlers import Handlers
from rag.page.rendering import render
from rag.page.reviews import render_guidelines
from rag.page.transcript import render_transcript
from rag.page.uploads import MOST_BYTES, MOST_FILES, MOST_TOGETHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.page.feedback import FeedbackStore
    from rag.page.reviewing import ReviewHandlers
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer

TITLE = "Ask the articles"
LIMITS = (
    f"{EXAMPLES[0].upper()}{EXAMPLES[1:]}, at most {MOST_BYTES // 1_000_000} MB each, {MOST_FILES} files and "
    f"{MOST_TOGETHER // 1_000_000} MB at a time. "
    "An article takes a few seconds, 1 MB of text about two minutes, 5 MB about ten. Questions are answered meanwhile. "
    "Articles stay on the machine that runs this page."
)
MOST_SENT = 2 * MOST_BYTES
"""Size of a file that the browser may send. One above ``MOST_BYTES`` is refused by name; the others are added."""
WAITING = 64
"""Questions that may wait in the queue. Further ones are refused with a message."""
CONCURRENCY = 64
"""Events of one kind handled at the same time. The shelf's own workers do the answering."""
FIRST_KEY = "ask-articles-conversation-1"
"""Where the first version kept its one conversation, encrypted by Gradio with this same text."""
ACCENT = "#1b4f9c"
STYLE = Path(__file__).parent / "style.css"


def build_page(
    shelf: Shelf, feedback: FeedbackStore, signer: Signer, reviews: ReviewHandlers, *, keeps: bool = False
) -> gr.Blocks:
    """The page for a shelf of articles, to be launched with :func:`launch_options`.

    :param keeps: whether every answer is kept for review.
    """
    handlers, corpus = Handlers(shelf, feedback, signer, keeps=keeps), CorpusHandlers(shelf)
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True, elem_id="aa-page", delete_cache=(3600, 3600)
    ) as page:
        # Before any event: one with the same name as an endpoint, even a private one, would take that name.
        add_endpoints(shelf, CONCURRENCY)
        kept = make_html("{}", scripts=("streams.js", "store.js", "drawer.js", "keeping.js"), elem_id="aa-kept")
        first = gr.BrowserState(None, storage_key=FIRST_KEY, secret=FIRST_KEY)
        make_html(render("header", title=TITLE), scripts=("theme.js", "dropping.js"), elem_id="aa-header")
        make_html(render("conversations"), elem_id="aa-conversations")
        # Neither has a place in the layout: one is a dialog, the other a download.
        article = make_html("", scripts=("article.js",), elem_id="aa-article", render=False)
        saved = make_html("", payload=None, render=False)
        with gr.Tabs():
            with gr.Tab("Ask", id="ask"):
                talk, starters, following = add_conversation(handlers, kept, article, saved)
            with gr.Tab("Articles", id="articles", elem_id="aa-articles-tab"):
                choice, rows = add_corpus(handlers, corpus, article, starters)
            tabs = add_reviews(reviews)
        article.render()
        saved.render()
        last: Any = {"trigger_mode": "always_last", **private()}
        kept.restore(handlers.restore, [kept], [talk, following], **last)
        first.change(handlers.adopt, [first], [kept], **private())
        for event in (page.load, kept.refresh, *(part.change for part in choice)):
            event(corpus.list_articles, choice, [rows], **last)
        for event in (page.load, kept.refresh):
            event(handlers.invite, None, [starters], **last)
        page.load(reviews.show_tabs, None, tabs, **private())
    page.queue(max_size=WAITING, default_concurrency_limit=CONCURRENCY)
    return page


def add_conversation(
    handlers: Handlers, kept: gr.HTML, article: gr.HTML, saved: gr.HTML
) -> tuple[gr.HTML, gr.HTML, gr.HTML]:
    """Builds the first tab. Returns the elements for the conversation, the first questions and the next ones."""
    with gr.Column(elem_id="aa-main"):
        talk = make_html(render_transcript([]), scripts=("talk.js",), elem_id="aa-talk")
        starters = make_html("", elem_id="aa-starters")
        with gr.Column(elem_id="aa-composer"):
            make_html('<p id="aa-unsaved" class="aa-warn" role="alert" hidden></p>', elem_id="aa-room")
            following = make_html("", elem_id="aa-following")
            with gr.Row(elem_id="aa-asking"):
                box = make_question_box()
                send = gr.Button("Ask", variant="primary", size="sm", min_width=72, scale=0)
                stop = gr.Button("Stop", interactive=False, size="sm", min_width=72, scale=0)
            with gr.Row(elem_id="aa-actions"):
                make_html(render("talks"), elem_id="aa-talks")
                limits = make_html(render_filter(EVERYTHING), elem_id="aa-limits")
                markdown = gr.Button("Save as Markdown", size="sm", min_width=0, scale=0)
                as_json = gr.Button("Save as JSON", size="sm", min_width=0, scale=0)
    scope = gr.State(EVERYTHING)
    limits.narrow(handlers.narrow, [scope], [limits, scope], **private())
    shown = [talk, kept, box, stop]
    answering: Any = {"concurrency_limit": CONCURRENCY, "concurrency_id": "ask", **private()}
    for asked in (
        send.click(handlers.ask, [box, kept, scope], shown, **answering),
        box.submit(handlers.ask, [box, kept, scope], shown, **answering),
        talk.ask(handlers.ask_again, [kept, scope], shown, **answering),
        starters.ask(handlers.ask_again, [kept, scope], shown, **answering),
        following.ask(handlers.ask_again, [kept, scope], shown, **answering),
    ):
        asked.then(handlers.suggest, [kept], [following], **private())
    # Not queued, because they must not wait for the event they stop. Gradio's own cancelling is not used: it can leave
    # a late update on the page.
    stop.click(handlers.stop, [box], None, queue=False, **private())
    talk.rate(handlers.rate, [kept], [talk, kept], **private())
    talk.open(handlers.open_article, None, [article], **private())
    markdown.click(handlers.export_markdown, [kept], [saved], **private())
    as_json.click(handlers.export_json, [kept], [saved], **private())
    return talk, starters, following


def make_question_box() -> gr.Textbox:
    return gr.Textbox(
        label="Your question",
        placeholder="Ask in your own words",
        lines=1,
        max_lines=6,
        max_length=2000,
        autofocus=True,
        elem_id="aa-question",
    )


def add_corpus(
    handlers: Handlers, corpus: CorpusHandlers, article: gr.HTML, starters: gr.HTML
) -> tuple[list[Any], gr.HTML]:
    """Builds the second tab. Returns its search field and order, and its list of articles."""
    with gr.Row(elem_id="aa-adding"):
        # Any kind of file: Gradio would silently drop other kinds, but the server says why it refuses them.
        files = gr.UploadButton(
            "Add articles", file_count="multiple", size="sm", scale=0, min_width=0, elem_id="aa-upload"
        )
        cancel = gr.Button("Cancel", visible=False, size="sm", scale=0, min_width=0, elem_id="aa-cancel")
        make_html(f'<p class="aa-note">{LIMITS}</p>')
    summary = make_html("", elem_id="aa-summary")
    with gr.Row(elem_id="aa-choice"):
        wanted = gr.Textbox("", label="Find a title or file name", max_lines=1, max_length=200, elem_id="aa-find")
        order = gr.Dropdown(list(ORDERS), label="Order", filterable=False, scale=0, min_width=200, elem_id="aa-order")
    choice = [wanted, order]
    rows = make_html("", scripts=("choosing.js",), elem_id="aa-articles")
    adding: Any = {"concurrency_limit": CONCURRENCY, **private()}
    added: Any = files.upload(corpus.add_articles, [files, *choice], [files, cancel, rows, summary], **adding)
    cancel.click(corpus.cancel, None, None, queue=False, **private())
    removed: Any = rows.remove(corpus.remove_articles, choice, [rows, summary], **private())
    for event in (added, removed):
        event.then(handlers.invite, None, [starters], **private())
    rows.open(handlers.open_article, None, [article], **private())
    return choice, rows


def add_reviews(reviews: ReviewHandlers) -> list[gr.Tab]:
    """Builds the tabs that are shown only to whoever may review."""
    with (
        gr.Tab("Review", id="review", visible=False, elem_id="aa-review-tab") as review,
        gr.Row(elem_id="aa-reviewing"),
    ):
        pane = make_html("", scripts=("review.js",), elem_id="aa-review")
        make_html(render_guidelines(), elem_id="aa-guidelines")
    with gr.Tab("Quality", id="quality", visible=False, elem_id="aa-quality-tab") as quality:
        figures = make_html("", elem_id="aa-quality")
    quality.select(reviews.show_quality, None, [figures], **private())
    review.select(reviews.show, None, [pane], **private())
    pane.review(reviews.act, None, [pane], **private())
    return [review, quality]


def make_html(value: str, *, scripts: Sequence[str] = (), **options: Any) -> gr.HTML:
    """An element that shows its value unchanged.

    It must never get a Gradio template with ``{{value}}``, because Gradio evaluates the result as JavaScript.

    :param scripts: the names of scripts for this element alone, besides the one that all share.
    """
    names = ["script.js", *scripts]
    code = "\n".join((Path(__file__).parent / name).read_text(encoding="utf-8") for name in names)
    return gr.HTML(value, apply_default_css=False, padding=False, js_on_load=code, **options)


def private() -> dict[str, Any]:
    """Options of events that only the page uses: they are not endpoints for programs."""
    return {"api_visibility": "private", "show_progress": "hidden"}


def launch_options() -> dict[str, Any]:
    """Options for launching the page so that it contacts no other host."""
    # Installed fonts, because a theme's default fonts would be downloaded.
    fonts = ["system-ui", "sans-serif"]
    theme = gr.themes.Base(font=fonts, font_mono=["ui-monospace", "monospace"], text_size="lg")
    # The login page does not load our style sheet, and white on the theme's blue has too little contrast.
    theme = theme.set(button_primary_background_fill=ACCENT, button_primary_background_fill_hover=ACCENT)
    return {
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "max_file_size": MOST_SENT,
        "footer_links": [],
        "show_error": False,
        "theme": theme,
        "css_paths": STYLE,
    }
