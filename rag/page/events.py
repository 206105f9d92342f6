"""What an event says: which page it comes from, and its data, which a browser can make up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr


def name_session(request: gr.Request) -> str:
    """Identifies a page in a browser, from when it is opened until it is reloaded."""
    return request.session_hash or ""


def read_word(event: gr.EventData, name: str) -> str:
    """A text from an event's data, which may have any form; empty if it is missing."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def read_words(event: gr.EventData, name: str) -> list[str]:
    """A list of texts from an event's data; what is no text is left out."""
    data = event._data
    values = data.get(name) if isinstance(data, dict) else None
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def read_offset(event: gr.EventData, name: str) -> int:
    value = read_word(event, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
