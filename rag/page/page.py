"""The layout of the chat page, and which handler takes which event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr  # noqa: TID253 (as in rag.page.handlers)

from rag.page.corpus import CorpusHandlers
from rag.page.endpoints import add_endpoints
from rag.page.handlers import QUESTION, Handlers
from rag.page.rendering import render
from rag.page.transcript import render_panel, render_transcript
from rag.page.uploads import MOST_BYTES, MOST_FILES

if TYPE_CHECKING:
    from rag.page.feedback import FeedbackStore
    from rag.page.shelf import Shelf
    from rag.page.signing import Signer

TITLE = "Ask the articles"
LIMITS = (
    f"Plain text or Markdown (.txt, .md), at most {MOST_FILES} files at a time and {MOST_BYTES // 1_000_000} MB each. "
    "An article takes a few seconds, a whole book of 1 MB some minutes. "
    "They stay on the machine that runs this page."
)
HEADER = f'<h1>{TITLE}</h1><p id="aa-lost" class="aa-error" role="alert" hidden></p>'
MOST_SENT = 5 * MOST_BYTES
"""Size of a file that the browser may send. One above ``MOST_BYTES`` is refused by name; the others are added."""
WAITING = 64
"""Questions that may wait in the queue. Further ones are refused with a message."""
CONCURRENCY = 64
"""Events of one kind handled at the same time. The shelf's own workers do the answering."""
_SCRIPT = (Path(__file__).parent / "script.js").read_text(encoding="utf-8")
_KEEPING = (Path(__file__).parent / "keeping.js").read_text(encoding="utf-8")
ACCENT = "#1b4f9c"
STYLE = Path(__file__).parent / "style.css"


def build_page(shelf: Shelf, feedback: FeedbackStore, signer: Signer) -> gr.Blocks:
    """The page for a shelf of articles, to be launched with :func:`launch_options`."""
    handlers, corpus = Handlers(shelf, feedback, signer), CorpusHandlers(shelf)
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, fill_width=True, elem_id="aa-page", delete_cache=(3600, 3600)
    ) as page:
        # Before any event: one with the same name as an endpoint, even a private one, would take that name.
        add_endpoints(shelf, CONCURRENCY)
        kept = make_html("[]", script=_KEEPING, elem_id="aa-kept")
        gr.HTML(HEADER, apply_default_css=False, padding=False, js_on_load=None, elem_id="aa-header")
        # Neither has a place in the layout: one is a dialog, the other a download.
        article, saved = make_html("", elem_id="aa-article", render=False), make_html("", payload=None, render=False)
        with gr.Tabs():
            with gr.Tab("Ask", id="ask"):
                talk, panel, starters = add_conversation(handlers, kept, article, saved)
            with gr.Tab("Articles", id="articles"):
                wanted, rows = add_corpus(handlers, corpus, article, starters)
        article.render()
        saved.render()
        last: Any = {"trigger_mode": "always_last", **private()}
        kept.restore(handlers.restore, [kept], [talk, panel], **last)
        for event in (page.load, kept.refresh, wanted.change):
            event(corpus.list_articles, [wanted], [rows], **last)
        for event in (page.load, kept.refresh):
            event(handlers.invite, None, [starters], **last)
    page.queue(max_size=WAITING, default_concurrency_limit=CONCURRENCY)
    return page


def add_conversation(
    handlers: Handlers, kept: gr.HTML, article: gr.HTML, saved: gr.HTML
) -> tuple[gr.HTML, gr.HTML, gr.HTML]:
    """Builds the first tab. Returns the elements for the conversation, the sources and the starter questions."""
    with gr.Row(elem_id="aa-columns"):
        with gr.Column(scale=3, min_width=320, elem_id="aa-main"):
            talk = make_html(render_transcript([]), elem_id="aa-talk")
            starters = make_html("", elem_id="aa-starters")
            with gr.Column(elem_id="aa-composer"):
                box = make_question_box()
                with gr.Row(elem_id="aa-actions"):
                    send = gr.Button("Ask", variant="primary", size="sm", min_width=72, scale=0)
                    stop = gr.Button("Stop", interactive=False, size="sm", min_width=72, scale=0)
                    clear = make_html(render("clear"), elem_id="aa-clear")
                    markdown = gr.Button("Save .md", size="sm", min_width=0, scale=0, elem_classes="aa-plain")
                    as_json = gr.Button("Save .json", size="sm", min_width=0, scale=0, elem_classes="aa-plain")
        with gr.Column(scale=2, min_width=320, elem_id="aa-side"):
            panel = make_html(render_panel([]), elem_id="aa-panel")
    editing = gr.State("")
    shown = [talk, panel, kept, box, editing, stop]
    answering: Any = {"concurrency_limit": CONCURRENCY, "concurrency_id": "ask", **private()}
    send.click(handlers.ask, [box, kept, editing], shown, **answering)
    box.submit(handlers.ask, [box, kept, editing], shown, **answering)
    talk.ask(handlers.ask_again, [kept], shown, **answering)
    starters.ask(handlers.ask_again, [kept], shown, **answering)
    # Not queued, because they must not wait for the event they stop. Gradio's own cancelling is not used: it can leave
    # a late update on the page.
    stop.click(handlers.stop, None, None, queue=False, **private())
    clear.clear(handlers.clear, None, shown, queue=False, **private())
    talk.edit(handlers.edit, [kept], [box, editing], **private())
    talk.rate(handlers.rate, [kept], [talk, kept], **private())
    panel.open(handlers.open_article, None, [article], **private())
    markdown.click(handlers.export_markdown, [kept], [saved], **private())
    as_json.click(handlers.export_json, [kept], [saved], **private())
    return talk, panel, starters


def make_question_box() -> gr.Textbox:
    return gr.Textbox(
        label=QUESTION,
        placeholder="Ask in your own words",
        lines=1,
        max_lines=6,
        max_length=2000,
        autofocus=True,
        elem_id="aa-question",
    )


def add_corpus(
    handlers: Handlers, corpus: CorpusHandlers, article: gr.HTML, starters: gr.HTML
) -> tuple[gr.Textbox, gr.HTML]:
    """Builds the second tab. Returns its search field and its list of articles."""
    with gr.Row(elem_id="aa-adding"):
        files = gr.UploadButton(
            "Add articles",
            file_count="multiple",
            file_types=[".txt", ".md"],
            size="sm",
            scale=0,
            min_width=0,
            elem_id="aa-upload",
        )
        cancel = gr.Button("Cancel", visible=False, size="sm", scale=0, min_width=0, elem_id="aa-cancel")
        make_html(f'<p class="aa-note">{LIMITS}</p>')
    summary = make_html("", elem_id="aa-summary")
    wanted = gr.Textbox("", label="Find a title or file name", max_lines=1, max_length=200, elem_id="aa-find")
    rows = make_html("", elem_id="aa-articles")
    adding: Any = {"concurrency_limit": CONCURRENCY, **private()}
    added: Any = files.upload(corpus.add_articles, [files, wanted], [files, cancel, rows, summary], **adding)
    cancel.click(corpus.cancel, None, None, queue=False, **private())
    removed: Any = rows.remove(corpus.remove_article, [wanted], [rows, summary], **private())
    for event in (added, removed):
        event.then(handlers.invite, None, [starters], **private())
    rows.open(handlers.open_article, None, [article], **private())
    return wanted, rows


def make_html(value: str, script: str = _SCRIPT, **options: Any) -> gr.HTML:
    """An element that shows its value unchanged.

    It must never get a Gradio template with ``{{value}}``, because Gradio evaluates the result as JavaScript.
    """
    return gr.HTML(value, apply_default_css=False, padding=False, js_on_load=script, **options)


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
