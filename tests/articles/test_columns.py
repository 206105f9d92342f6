"""A user says which columns of a table hold what; any table without them is read by the usual names."""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.articles.columns import Columns, parse_columns
from rag.articles.folder import Contents, Skipped, read_file
from rag.cli import build_parser

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "The salt works at Varne will close in autumn and the owner gave no reason."
COLUMNS = Columns(title="Überschrift", text="Fließtext (roh)", date="am", author="von", url="wo")
ROW = {"am": "2024-03-04", "title": "wrong", "Überschrift": "Salt ends", "Fließtext (roh)": TEXT, "text": "wrong"}


def read(path: Path, columns: Columns = COLUMNS) -> Contents | Skipped:
    return read_file(path, path.parent, columns)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.zip"])
def test_the_named_columns_are_read_in_every_kind_of_table(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    row = {**ROW, "von": "Una Bray", "wo": "https://echo.example/1"}
    mark = "\t" if name == "a.tsv" else ","
    table = f"{mark.join(row)}\n{mark.join(row.values())}\n"
    if name == "a.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inner.csv", table)
    else:
        path.write_text(json.dumps(row) if name == "a.jsonl" else table, encoding="utf-8")
    found = read(path)
    assert isinstance(found, Contents), found
    (document,) = found.documents
    assert (document.title, document.date, document.author) == ("Salt ends", "2024-03-04", "Una Bray")
    assert document.text.startswith(f"Salt ends\n\n{TEXT}")
    assert document.origin.source == "https://echo.example/1"


def test_a_table_without_the_named_columns_is_read_by_the_usual_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"headline,body\nSalt ends,{TEXT}\n", encoding="utf-8")
    found = read(tmp_path / "a.csv")
    assert isinstance(found, Contents)
    assert found.documents[0].title == "Salt ends"


def test_a_table_whose_text_has_another_name_says_how_to_name_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"headline,inhalt\nSalt ends,{TEXT}\n", encoding="utf-8")
    found = read(tmp_path / "a.csv")
    assert isinstance(found, Skipped)
    assert "--columns" in found.reason
    assert isinstance(read(tmp_path / "a.csv", parse_columns("text=inhalt")), Contents)


@given(st.dictionaries(st.sampled_from(["title", "text", "date"]), st.from_regex(r"\A[^,=\s]{1,9}\Z"), min_size=1))
def test_what_is_written_is_what_is_read(named: dict[str, str]) -> None:
    assert parse_columns(", ".join(f"{kind} = {name}" for kind, name in named.items())).named() == named


@pytest.mark.parametrize("text", ["", "title", "title=", "=body", "headline=title", "text=a,text=b", "text=a,"])
def test_what_names_no_column_is_refused_in_one_sentence(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        build_parser().parse_args(["--columns", text])
    assert stop.value.code == 2
    assert re.search(r"names no columns: write it as title=NAME,text=NAME", capsys.readouterr().err)
