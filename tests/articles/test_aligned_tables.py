"""Tables in plain text, whose columns are aligned by spaces or tabs, are read row by row with header and caption."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.articles.cleaning import clean_text
from rag.articles.folder import Contents, read_file
from rag.articles.sentences import split_sentences
from rag.cli import main
from rag.index.chunking import chunk_document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOATS = """Fishing fleet shrinks again

Table 1: Landings by harbour
(in tonnes)

Harbour            2022      2024
---------------------------------
Skellby             912       870
Port Ruane        1,340     1,415
Little Ness           –        66
Tarbeg              205        98

The figures are from the fisheries board.
"""


def paragraphs(raw: str) -> list[str]:
    return clean_text(raw).text.split("\n\n")


def test_each_row_names_its_columns_and_the_caption() -> None:
    found = paragraphs(BOATS)
    assert "Harbour: Port Ruane | 2022: 1,340 | 2024: 1,415 | Table 1: Landings by harbour, in tonnes" in found
    assert "Harbour: Little Ness | 2022: – | 2024: 66 | Table 1: Landings by harbour, in tonnes" in found
    assert found[0] == "Fishing fleet shrinks again"
    assert found[-1] == "The figures are from the fisheries board."


@pytest.mark.parametrize(
    ("raw", "row"),
    [
        (
            "Runner\tClub\tTime\n"
            "Eva Holt\tMarl\t2:41\n"
            "Ina Rask\tOsby\t2:43\n"
            "Jo Bly\tHale\t2:50",
            "Runner: Ina Rask | Club: Osby | Time: 2:43",
        ),
        ("Runner\t\tClub\nEva Holt\t\tMarl\nIna Rask\t\tOsby", "Runner: Ina Rask | Club: Osby"),
        ("A\tB\tC\nMarl\t\t7\nOsby\t4\t\nHale\t5\t6", "A: Marl | C: 7"),
        (
            "               May     June\n"
            "Umbrellas       31       12\n"
            "Hats             5       44\n"
            "Boots            9        8",
            "Hats | May: 5 | June: 44",
        ),
        (
            "£ million          2024    2025\n"
            "Sales              31.4    33.0\n"
            "Profit             (2.1)    4.7\n"
            "Tax                 0.2     0.9",
            "Profit | 2024: (2.1) | 2025: 4.7 | £ million",
        ),
        (
            "                 First     Second\n"
            "                 half      half\n"
            "Eggs sold        1,200     1,350\n"
            "Hens                88        91",
            "Eggs sold | First half: 1,200 | Second half: 1,350",
        ),
        (
            "Town      Mayor        Party\n"
            "----      -----        -----\n"
            "Osby      Al Finn      Green\n"
            "Hale      Bo Lind      Labour",
            "Town: Hale | Mayor: Bo Lind | Party: Labour",
        ),
        (
            "Key figures, EUR million\n\n"
            "                H1 2025   H1 2024\n"
            "Revenue           1,204     1,150\n"
            "Net debt            890       845",
            "Net debt | H1 2025: 890 | H1 2024: 845 | Key figures, EUR million",
        ),
        (
            "Prices in kroner\n"
            "             Single   Ten visits\n"
            "Adults        65.00       550.00\n"
            "Children      30.00       250.00",
            "Adults | Single: 65.00 | Ten visits: 550.00 | Prices in kroner",
        ),
        (
            "Table 2. Rain in May, mm.\n\n"
            "Town | Rain\n"
            "--- | ---\n"
            "Hale | 112\n"
            "Ulm | 64",
            "Town: Ulm | Rain: 64 | Table 2. Rain in May, mm",
        ),
        (
            "**Passengers (thousands)**\n\n"
            "| Line | 2024 |\n"
            "|------|-----:|\n"
            "| Hale–Ulm | 455 |",
            "Line: Hale–Ulm | 2024: 455 | Passengers, thousands",
        ),
        ("18.00   News      One\n18.30   Gardens   One\n19.15   The Sea   Two", "18.30 | Gardens | One"),
    ],
)  # fmt: skip
def test_columns_of_many_kinds_are_read(raw: str, row: str) -> None:
    assert row in paragraphs(f"A headline for it all\n\n{raw}\n\nAnd a last sentence that says something else.")


def test_what_stands_apart_above_a_table_is_its_caption_only_if_it_says_so() -> None:
    table = "| Town | Rain |\n|---|---|\n| Hale | 112 |"
    assert "Town: Hale | Rain: 112" in paragraphs(f"A headline\n\nIt rained a lot. The town was wet.\n\n{table}")
    assert "Town: Hale | Rain: 112" in paragraphs(f"A headline\n\nThe wettest towns\n\n{table}")
    assert "Town: Hale | Rain: 112" in paragraphs(f"# A headline\n\n## Rain in mm\n\n{table}")
    assert "Town: Hale | Rain: 112 | The wettest towns, mm" in paragraphs(
        f"# A headline\n\nThe wettest towns, mm\n\n{table}"
    )


@pytest.mark.parametrize(
    "raw",
    [
        "He sat down.  She rose and\nwent to the door.  Nobody\nsaid a word.  It was late.",
        "The pier is to be closed      The mayor of Osby said on\n"
        "for a year from Monday on     Friday that she would go\n"
        "while divers look at the      to court over the sale of\n"
        "piles, the harbour said.      the old mill by the river.",
        "      Courier House\n      14 Mill Lane\n      Osby",
        "THE MARL COURIER          7\n\nFire at the mill\n\nThe mill burnt down at night.",
        "- one   two\n- three   four\n- five   six",
    ],
)  # fmt: skip
def test_prose_with_wide_gaps_is_no_table(raw: str) -> None:
    assert " | " not in clean_text(f"A headline for it all\n\n{raw}\n\nAnd a last sentence.").text


CELLS = st.text("ab 1,.|-\t–$", max_size=8)
GAPS = st.sampled_from([" ", "  ", "   ", "\t", " \t", "      "])


@given(st.lists(st.lists(st.tuples(CELLS, GAPS), max_size=4), max_size=8))
def test_cleaning_a_table_again_changes_nothing(rows: Sequence[Sequence[tuple[str, str]]]) -> None:
    raw = "\n".join("".join(cell + gap for cell, gap in row) for row in rows)
    cleaned = clean_text(raw).text
    assert clean_text(cleaned).text == cleaned


def test_long_tables_take_time_in_proportion() -> None:
    def measure(n: int) -> float:
        raw = "Town        Souls\n" + "Osby          312\n" * n
        start = time.process_time()
        clean_text(raw)
        return time.process_time() - start

    assert measure(8_000) < 10 * measure(2_000) + 0.05


def test_a_row_of_a_longer_table_is_a_passage_and_a_short_table_is_read_whole(tmp_path: Path) -> None:
    def cut(raw: str) -> list[str]:
        (tmp_path / "a.txt").write_text(raw, encoding="utf-8")
        found = read_file(tmp_path / "a.txt", tmp_path)
        assert isinstance(found, Contents)
        (document,) = found.documents
        passages = chunk_document(document, count_tokens=lambda texts: [len(text.split()) for text in texts])
        assert all(document.text[p.start : p.end] == p.text for p in passages)
        return [passage.text for passage in passages]

    assert "Harbour: Tarbeg | 2022: 205 | 2024: 98 | Table 1: Landings by harbour, in tonnes" in cut(BOATS)
    assert len(cut(BOATS.replace("Tarbeg              205        98\n", ""))) == 1


def test_a_row_is_one_sentence() -> None:
    row = "Town: Hale | Rain: 112 | Table 2. Rain in May"
    assert split_sentences(f"It rained. A lot.\n\n{row}")[2:] == [(19, 19 + len(row))]


def test_the_right_row_and_column_are_quoted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "boats.txt").write_text(BOATS, encoding="utf-8")
    main(
        ["--corpus", str(articles), "--index", str(tmp_path / "index"), "how many tonnes did Port Ruane land in 2022?"]
    )
    out = capsys.readouterr().out
    assert out.strip().splitlines()[0].startswith("1,340")
    assert "Port Ruane" in out
