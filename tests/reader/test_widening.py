"""Spans are widened to the words that an editor would not leave out, and no further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reader.widening import widen_span

# Sentence, the span that the reader chose, what is copied.
AMOUNTS = [
    ("Danvik will spend almost €15 million on cranes.", "15", "almost €15 million"),
    ("More than 400 people queued in Wexcombe.", "400", "More than 400"),
    ("The river rose to about 140 centimetres.", "140", "about 140 centimetres"),
    ("At least two firefighters were burnt.", "two", "At least two"),
    ("Passengers may claim back up to 30 % of the fare.", "30", "up to 30 %"),
    ("The hall seats just over 1,200 and cost £18.5 million.", "1,200", "just over 1,200"),
    ("Fewer than 50 red squirrels are left.", "50", "Fewer than 50"),
    ("Flats there cost upwards of £2,000 a month.", "£2,000", "upwards of £2,000 a month"),
    ("The damage is put at an estimated $86 million.", "86", "an estimated $86 million"),
    ("The asking price is £750,000 or more.", "750,000", "£750,000 or more"),
    ("The mine produced well over 3 million tonnes of ore.", "3 million", "well over 3 million tonnes"),
]
UNITS = [
    ("The sturgeon measured 2.4 m and was let go.", "2.4", "2.4 m"),
    ("The bell weighs 9 kg.", "9", "9 kg"),
    ("Winds of 52 knots tore the roof off.", "52", "52 knots"),
    ("Merrow pays the firm €3m a year.", "€3m", "€3m a year"),
    ("Workers earn £14.20 an hour there.", "14.20", "£14.20 an hour"),
    ("Flour now costs 85p a kilo.", "85", "85p a kilo"),
    ("It fell to minus 14 °C in the valleys.", "14", "minus 14 °C"),
    ("Unemployment fell by 0.3 percentage points.", "0.3", "0.3 percentage points"),
    ("The dam holds 6.2bn litres.", "6.2", "6.2bn litres"),
    ("The board proposes NOK 2.50 per share.", "2.50", "NOK 2.50 per share"),
    ("Growers get Sh47.20 a kilo this year.", "47.20", "Sh47.20 a kilo"),
    ("The pier cost US$40 million.", "40", "US$40 million"),
    ("It will cost about 1.2 billion Swiss francs.", "1.2", "about 1.2 billion Swiss francs"),
    ("Each family gets 4 lakh rupees.", "4", "4 lakh rupees"),
    ("The deposit is 25 cents.", "25", "25 cents"),
    ("Some 4,000 people came.", "4,000", "Some 4,000"),
    ("Gusts of 70 miles an hour were measured.", "70", "70 miles an hour"),
    ("He won in 1:08:41.", "08", "1:08:41"),
    ("It opens at 9.15 a.m. on Sundays.", "9.15", "9.15 a.m."),
    ("The comet will pass 0.7 million miles away.", "0.7", "0.7 million miles"),
]
NAMES = [
    ("Anna van der Berg leads the eel survey.", "Anna van der", "Anna van der Berg"),
    ("The prize went to María José de la Fuente.", "María José", "María José de la Fuente"),
    ("Jean-Luc Moreau-Petit won the title.", "Luc Moreau", "Jean-Luc Moreau-Petit"),
    ("Alec O'Dwyer resigned.", "Alec O", "Alec O'Dwyer"),
    ("She was named interim chief executive.", "chief executive", "interim chief executive"),
    ("The board made him acting CEO on Monday.", "CEO", "acting CEO"),
    ("The then-president denied it.", "president", "then-president"),
]
UNCHANGED = [
    ("A flat may not be let for more than 120 nights.", "120"),
    ("If more than 50 members ask for it, there is a vote.", "50"),
    ("The Leeds-based firm closed.", "Leeds"),
    ("A ten-year plan was agreed.", "ten"),
    ("They argued over 12 seats.", "12"),
    ("Their deputy Anna Frey spoke.", "Anna Frey"),
    ("He lives in Delft. De Boer does not.", "Delft"),
    ("In 2031 miners found 9 gold coins.", "9"),
    ("Sales were\nabout\n140", "140"),
    ("The 12 m-high wall fell.", "12"),
    ("Lena Vos's brother came.", "Lena Vos"),
    ("A 25-cent deposit is paid.", "25"),
    ("There are 9 cents-off coupons.", "9"),
    ("They won 3: 2 were penalties.", "3"),
]


@pytest.mark.parametrize(("text", "chosen", "wanted"), [*AMOUNTS, *UNITS, *NAMES])
def test_words_that_belong_to_the_answer_are_copied_with_it(text: str, chosen: str, wanted: str) -> None:
    start = text.index(chosen)
    a, b = widen_span(text, start, start + len(chosen))
    assert text[a:b] == wanted


@pytest.mark.parametrize(("text", "chosen"), UNCHANGED)
def test_words_that_do_not_belong_to_the_answer_are_left_out(text: str, chosen: str) -> None:
    start = text.index(chosen)
    assert widen_span(text, start, start + len(chosen)) == (start, start + len(chosen))


@pytest.mark.parametrize(("text", "wanted"), [(text, wanted) for text, _, wanted in [*AMOUNTS, *UNITS, *NAMES]])
def test_what_is_widened_stays_the_same_when_widened_again(text: str, wanted: str) -> None:
    start = text.index(wanted)
    assert widen_span(text, start, start + len(wanted)) == (start, start + len(wanted))


@given(st.text(alphabet="aZ9 .,-'$€%\nfor", max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_a_widened_span_never_takes_in_a_line_break(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    chosen = text[start:end]
    if "\n" not in chosen and any(map(str.isalnum, chosen)):
        a, b = widen_span(text, start, end)
        assert "\n" not in text[a:b]
