"""reStructuredText is read as plain text, without its marks, fields and directives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rag.articles.folder import Contents, read_file

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """:orphan:

.. _harvest:

==============
Apple harvest
==============

:Author: Una Bray
:Date: 2024-10-02

The harvest in Dorn fell to ``900`` tonnes after the frost, the `growers' union <https://dorn.example/u>`_ said. It is
the smallest since :doc:`1981 <old/1981>`.

.. include:: ../more.rst
.. image:: apples.png
   :alt: A picture of apples

.. note::

   Cider makers pay twice the usual price for a crate.

What growers want
-----------------

They ask for nets, which cost 4,000 euros for each hectare of trees.

.. a comment
   of two lines
"""


def test_marks_and_directives_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.rst").write_text(TEXT)
    found = read_file(tmp_path / "a.rst", tmp_path)
    assert isinstance(found, Contents)
    (document,) = found.documents
    assert (document.title, document.date, document.author) == ("Apple harvest", "2024-10-02", "Una Bray")
    assert document.origin.dated == "metadata"
    assert [section.heading for section in document.sections] == ["What growers want"]
    assert (
        "fell to 900 tonnes after the frost, the growers' union said. It is the smallest since 1981." in document.text
    )
    assert "Cider makers pay twice the usual price for a crate." in document.text
    for mark in ("::", "orphan", "..", "picture", "comment", "`", "==", "--", "more.rst", "dorn.example"):
        assert mark not in document.text


@pytest.mark.parametrize("part", [":a", "`", "` ", ":a:`a ", ".. a::", "`a <", ":a: a\n", "=" * 9])
def test_marks_without_an_end_are_read(tmp_path: Path, part: str) -> None:
    (tmp_path / "a.rst").write_text(f"The harvest fell to 900 tonnes.\n\n{part * 20_000}\n")
    found = read_file(tmp_path / "a.rst", tmp_path)
    assert isinstance(found, Contents)
    assert "The harvest fell to 900 tonnes." in found.documents[0].text
