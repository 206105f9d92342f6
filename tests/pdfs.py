"""Writes small PDFs for tests."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Place = tuple[float, float, float, str]
"""Left and bottom in points, size, text."""


def make_pdf(pages: Sequence[Sequence[Place]], extra: str = "", info: str = "") -> bytes:
    """A PDF with one font and the given lines, in the order given.

    :param extra: more entries of the trailer.
    :param info: entries of what the file says about itself.
    """
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{4 + 2 * n} 0 R' for n in range(len(pages)))}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        drawn = "".join(
            f"BT /F {size} Tf {left} {bottom} Td ({text.replace('(', '').replace(')', '')}) Tj ET\n"
            for left, bottom, size, text in lines
        )
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F 3 0 R >> >> >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream",
        ]
    if info:
        objects.append(f"<< {info} >>")
        extra += f" /Info {len(objects)} 0 R"
    data = "%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start, size = len(data), len(objects) + 1
    data += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    return (data + f"trailer\n<< /Size {size} /Root 1 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n").encode("latin-1")


def set_column(text: str, top: float, left: float = 60, width: int = 80, size: float = 11) -> list[Place]:
    """Paragraphs, separated by blank lines, as lines of a column with a gap between paragraphs."""
    lines: list[Place] = []
    for paragraph in text.split("\n\n"):
        for line in textwrap.wrap(paragraph, width):
            lines.append((left, top, size, line))
            top -= 1.2 * size
        top -= 0.8 * size
    return lines


PAGES = [
    "Lock fails again\n\nMarch 4, 2024\n\nBy Una Bray\n\nThe lift at Corran lock failed again on Friday, and nine "
    "boats waited there until the evening came.\n\nEngineers found a broken gear, which was cast in",
    "1931 and has no spare part anywhere in the country.\n\nThe canal trust will order a new gear from a foundry "
    "in Ulm. It costs 84,000 euros and takes eleven weeks to make.",
    '"Boats will wait until June," the harbour master said. The lift at Corran lock failed again last year too, and '
    "nine boats waited there.",
]


def make_report() -> bytes:
    pages = [set_column(text, 700, width=40) for text in PAGES]
    heads = [[(60.0, 780.0, 9.0, "Canal Review 2024"), (300.0, 20.0, 9.0, f"Page {n}")] for n in (1, 2, 3)]
    return make_pdf([[*head, *column] for head, column in zip(heads, pages, strict=True)])
