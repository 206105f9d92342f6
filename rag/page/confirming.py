"""A button that asks before something is gone for good."""

from __future__ import annotations

from rag.page.escaping import escape


def render_confirmation(verb: str, what: str, event: str, document: str = "") -> str:
    """A word that opens the button which does it; pressed again, it takes the question back.

    :param what: what would be gone, for those who do not see where the word stands.
    :param event: triggered by the button, with the document.
    """
    name = escape(what)
    return (
        f'<details class="aa-confirm"><summary aria-label="{verb} {name}">{verb}</summary><button type="button" '
        f'class="aa-quiet" data-event="{event}" data-document="{escape(document)}" '
        f'aria-label="Yes, remove it: {name}">Yes, remove it</button></details>'
    )
