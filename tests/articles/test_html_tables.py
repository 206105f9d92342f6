"""Tables of saved HTML become rows that name their columns."""

from __future__ import annotations

import pytest

from rag.articles.cleaning import clean_text

HEAD = "<tr><th>Lake</th><th>2023</th><th>2024</th></tr>"
BODY = "<tr><td>Arnsee</td><td>17.2</td><td>18.0</td></tr><tr><td>Torp</td><td>15.9</td><td>16.4</td></tr>"
ROWS = ["Lake: Arnsee | 2023: 17.2 | 2024: 18.0", "Lake: Torp | 2023: 15.9 | 2024: 16.4"]
TITLE = "<h1>The lakes of Orm are warmer</h1>\n"
PROSE = "<p>Swimmers found the two lakes of Orm warmer than in the year before, the province said.</p>\n"


def clean(table: str) -> list[str]:
    cleaned = clean_text(TITLE + PROSE + table)
    assert clean_text(cleaned.text).text == cleaned.text
    return cleaned.text.split("\n\n")[2:]


@pytest.mark.parametrize(
    "table",
    [
        f"<table><tr><td><p>Sponsored by the brewery of Orm, the beer of the lakes</p></td><td><table>{HEAD}{BODY}"
        "</table></td></tr></table>",
        f"<table class='data'><thead>{HEAD}</thead><tbody>{BODY}</tbody></table>",
        f"<TABLE>\n{HEAD}\n{BODY}\n</TABLE>",
        f"<table>{HEAD}{BODY}</table>".replace("</td>", "").replace("</th>", "").replace("</tr>", ""),
        f"<table>{HEAD}{BODY}</table>".replace("th>", "td>").replace("Arnsee", "<a href='/a'><b>Arnsee</b></a>"),
    ],
)
def test_each_row_names_its_columns(table: str) -> None:
    assert [line for line in clean(table) if "Lake:" in line] == ROWS


def test_the_caption_stands_behind_each_row() -> None:
    title_row = '<tr><td colspan="3">Water in degrees</td></tr>'
    for table in (f"<caption>Water in degrees</caption>{HEAD}{BODY}", title_row + HEAD + BODY):
        assert clean(f"<table>{table}</table>")[1:] == [f"{row} | Water in degrees" for row in ROWS]


def test_cells_that_span_others_count_for_each() -> None:
    head = '<tr><th rowspan="2">Lake</th><th colspan="2">May</th></tr><tr><th>low</th><th>high</th></tr>'
    assert clean(f"<table>{head}{BODY}</table>")[1:] == [
        "Lake: Arnsee | May low: 17.2 | May high: 18.0",
        "Lake: Torp | May low: 15.9 | May high: 16.4",
    ]


def test_a_table_that_arranges_a_page_is_not_one() -> None:
    cells = [f"<tr><td>{PROSE}</td><td>The ferry runs every hour from nine, and on Sundays from ten.</td></tr>"] * 2
    assert "|" not in "".join(clean(f"<table>{''.join(cells)}</table>"))


def test_hostile_tables_stay_small() -> None:
    wide = '<tr><td colspan="999" rowspan="999">x</td><td>2</td></tr>' * 200
    assert len(clean_text(f"{TITLE}<table>{wide}</table>").text) < 2 * len(wide)
    assert clean_text("<table>" * 3000 + "x" + "</table>" * 3000).text == "x"
    assert clean_text("<table></table><table><tr></tr></table><table><tr><td></td></tr></table>").text == ""
