"""The figures of ``ask quality`` as the page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.page.rendering import render
from rag.review.quality import format_agreement, format_share

if TYPE_CHECKING:
    from markupsafe import Markup

KINDS = {"answered": "Given", "possible": "Possible", "abstained": "Declined"}


def render_quality(found: dict[str, Any]) -> Markup:
    """The figures, as :func:`rag.review.quality.measure_quality` gives them."""
    return render(
        "quality",
        found=found,
        kinds=KINDS,
        groups=(("By week", "Week", found["weeks"]), ("By topic", "Topic", found["topics"])),
        share=format_share,
        agreement=format_agreement,
        share_of=format_part,
    )


def format_part(number: int, n: int) -> str:
    """``8 of 10, 80%``."""
    return f"{number:,} of {n:,}, {number / n:.0%}" if n else "none"
