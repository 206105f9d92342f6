"""Which short answers are one value in two wordings, and which contradict each other."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answers.values import Value, agree, comparable, read_value

AGREE = """
# money
$14.3 billion | 14.3 billion dollars
$14.3 billion | US$14.3bn
$14.3 billion | $14.3B
$14.3 billion | $14,300,000,000
14,300,000,000 | $14.3 billion
14.3 billion | 14,300,000,000
$14.3 billion | 14.3 billion
$14.3 billion | $14 billion
$14.3 billion | about $14 billion
$14.3 billion | an investment of $14.3 billion
$14.3 billion | valued at more than $14.3 billion
$14.3 billion | a $14.3 billion-dollar deal
$14.3-billion | $14.3 billion investment in Scale AI
almost $15 billion | US$15bn
almost $15 billion | $14.8 billion
$10 billion or more | at least $10 billion
$10 billion or more | $10 billion
$10 billion or more | may exceed $ 10 billion
$28-29 billion | $28.5 billion
$28-29 billion | between 28 and 29 billion dollars
$28 billion to $29 billion | $29 billion
$900 million to $1.2 billion | $1 billion
29.2 | 29
$13.8 billion | $14 billion
$1,000 | 1000 dollars
half a million dollars | $500,000
two and a half million euros | €2.5m
2½ million euros | €2.5m
-$5 billion | −$5 billion
C$10 million | 10 million Canadian dollars
$20 a month | $20 per month
$20 a month | $20
14.3 | $14.3 billion
# percent
49% | 49 percent
49% | forty-nine percent
49% | 49 per cent
49% | a 49% stake
49% | 49
49% | 49% of the company
49.3% | 49%
half | 50%
half of the company | 50 percent
nearly half | 49%
a third | 33%
two-thirds of voters | 67%
49-51% | 50%
5 percentage points | 5%
# counts
about 300 people | 300
about 300 people | 297
300 people | 300 employees
300 people | three hundred people
two | 2
a dozen | 12
two dozen engineers | 24
more than a dozen | 12
28-year-old | 28
28-year-old | aged 28
28 years old | 28-year-old
1,000 | 1000
between 5 and 7 million | 6 million
five to seven million users | 6.5 million
half a dozen | 6
a hundred thousand | 100,000
2 million users | 2,000,000
300+ | over 300 people
2019-2021 | 2019 to 2021
one hundred and five | 105
٣ | ٣
# dates
June 12, 2025 | 12 June
June 12, 2025 | 2025-06-12
June 12, 2025 | 6/12/2025
June 12, 2025 | 2025-06-12T09:30:00Z
June 12, 2025 | June 12th
June 12, 2025 | Thursday
June 12, 2025 | Thursday, June 12
June 12, 2025 | Thu., 12 Jun. 2025
June 12, 2025 | June
June 12, 2025 | in 2025
June 12, 2025 | Q2 2025
Q2 2025 | second quarter of 2025
by the end of 2025 | 2025
2025 | in 2025
May 2025 | May
May | Theresa May
9 am | 9 a.m.
9 am | 9:00 AM on Thursday
9 am ET | 9am
13/06/2025 | June 13, 2025
last Thursday | Thursday
# words
Alexandr Wang | Alexander Wang
Alexandr Wang | Alexander Wang, 28
Alexandr Wang | A. Wang
Alexandr Wang | Wang
Alexandr Wang | Mr. Wang
Alexandr Wang | ALEXANDR WANG’S
chief strategy officer Jason Droege | Jason Droege
Jason Droege | Jason Droge
Mark Zuckerberg | Zuckerburg
Mark Zuckerberg | mark zuckerberg's
the Verge | Verge
Beyoncé | Beyonce
Scale AI | ScaleAI
U.S. | US
Michael | Micheal
Formula One | Formula 1
Meta's $14.3bn investment | Meta's $14.3 billion investment
Meta and Google | Google, Meta
J. D. Vance | James David Vance
“superintelligence” | superintelligence
ﬁnance | finance
GPT-4o | GPT-4o
🎉 | 🎉
"""

DISAGREE = """
# differ, and one contradicts the other
$14.3 billion | almost 15 billion dollars
$14.3 billion | $10 billion or more
$14.3 billion | $14.3 million
$14.3 billion | €14.3 billion
$14.3 billion | $14.4 billion
$14.3 billion | $143 billion
$14.3 billion | -$14.3 billion
more than $14 billion | $13.8 billion
$28-29 billion | $30 billion
$28-29 billion | $28-30 billion
$20 a month | $20 a year
A$10 million | US$10 million
$15 | $1.5
15 | 1.5
1,000 | 1.000
1,000 | 1,400
300 | 297
about 300 | 330
49% | 48%
-5% | 5%
15% | 1.5%
half | 49%
300 people | 300 servers
2 million users | 2,000 users
28-year-old | 29
June 12, 2025 | June 13
June 12, 2025 | Friday
June 12, 2025 | 2024
Q2 2025 | July 2025
9 am | 9 pm
Alexandr Wang | Jason Droege
Alexandr Wang | B. Wang
Meta | Google
GPT-4 | GPT-5
one in five | one in ten
3 out of 10 | 3 out of 5
summer of 2025 | spring of 2025
raised 1,5 points | raised 15 points
GPT-4 | GPT-4o
Llama 4 | Llama 4 and Llama 5
guilty | not guilty
increase | decrease
possible | impossible
Series A | Series B
Series A funding | Series B funding
C | C++
Iran | Iraq
Meta's $49 stake | Meta's 49% stake
yes | no
🎉 | 🎊
"""

INCOMPARABLE = """
# values of different kinds, or parts of dates that cannot contradict each other
$49 | 49%
$49 | June 12
49% | Alexandr Wang
300 people | $300
300 people | 49%
14.3 million | $14.3 billion
28-year-old | $28
2025 | 2,025
2025 | $2,025
9 am | 9
Thursday | June 12
June | 2025
9 am | Thursday
May | Jason Droege
5G | 5
Q2 | 2
 | Meta
"""


def read_table(table: str) -> list[tuple[str, str]]:
    rows = [line.partition("|") for line in table.splitlines() if line and not line.startswith("#")]
    return [(one.strip(), other.strip()) for one, _, other in rows]


@pytest.mark.parametrize(("one", "other"), read_table(AGREE))
def test_wordings_of_one_value_agree(one: str, other: str) -> None:
    values = read_value(one), read_value(other)
    assert agree(*values), values
    assert agree(*values[::-1]), values
    assert comparable(*values), values


@pytest.mark.parametrize(("one", "other"), read_table(DISAGREE))
def test_different_values_of_one_kind_contradict_each_other(one: str, other: str) -> None:
    values = read_value(one), read_value(other)
    assert not agree(*values), values
    assert not agree(*values[::-1]), values
    assert comparable(*values), values


@pytest.mark.parametrize(("one", "other"), read_table(INCOMPARABLE))
def test_what_answers_no_common_question_neither_agrees_nor_contradicts(one: str, other: str) -> None:
    values = read_value(one), read_value(other)
    assert not comparable(*values), values
    assert not comparable(*values[::-1]), values
    assert not agree(*values), values


@pytest.mark.parametrize(
    ("text", "kind", "hedge"),
    [
        ("$14.3 billion", "money", ""),
        ("almost $15 billion", "money", "less"),
        ("as much as $15 billion", "money", "less"),
        ("no more than $15 billion", "money", "less"),
        ("$10 billion or more", "money", "more"),
        ("no less than $10 billion", "money", "more"),
        ("$10 billion+", "money", "more"),
        ("roughly 49 percent", "percent", "about"),
        ("nearly half", "percent", "less"),
        ("~300", "count", "about"),
        ("300 or so", "count", "about"),
        ("a team of over 300 people", "count", "more"),
        ("14.3 billion", "count", ""),
        ("2025", "date", ""),
        ("2,025", "count", ""),
        ("more than 2000", "count", "more"),
        ("2025 employees", "count", ""),
        ("the 1990s", "words", ""),
        ("9 am", "date", ""),
        ("around June 12", "date", ""),
        ("Theresa May", "words", ""),
        ("Sun", "words", ""),
        ("Over the Rainbow", "words", ""),
        ("Alexander Wang, 28", "words", ""),
        ("GPT-4", "words", ""),
        ("5G", "words", ""),
        ("one of its founders", "words", ""),
        ("the third quarter", "date", ""),
        ("a third party", "words", ""),
        ("the first half of 2025", "words", ""),
        ("$14.3 billion and $2 billion", "words", ""),
        ("5, 6 and 7", "words", ""),
        ("3-2", "words", ""),
        ("2 T-shirts", "count", ""),
        ("Meta's $14.3 billion investment", "words", ""),
        ("June 12-13", "words", ""),
        ("February 30, 2025", "words", ""),
        ("1.2.3", "words", ""),
        ("2 1/2", "words", ""),
        ("five feet ten", "words", ""),
        ("2025-06", "words", ""),
        ("", "words", ""),
        ("$", "words", ""),
        ("$" + "9" * 200, "words", ""),
    ],
)
def test_kind_and_hedge(text: str, kind: str, hedge: str) -> None:
    value = read_value(text)
    assert (value.kind, value.hedge) == (kind, hedge), value


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("$14.3 billion", ["14300000000"]),
        ("1,000", ["1000"]),
        ("1.000", ["1"]),
        (".5%", ["0.5"]),
        ("minus 5", ["-5"]),
        ("forty-nine", ["49"]),
        ("two hundred and five thousand", ["205000"]),
        ("half a million", ["500000"]),
        ("a dozen", ["12"]),
        ("28-29 billion", ["28000000000", "29000000000"]),
        ("500 to 1,000", ["500", "1000"]),
        ("300²", ["300"]),
        ("two-thirds", ["66.67"]),
    ],
)
def test_amounts(text: str, amounts: list[str]) -> None:
    assert [figure.amount for figure in read_value(text).figures] == [Fraction(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("text", "currency", "unit"),
    [
        ("$5", "usd", ()),
        ("HK$5", "hkd", ()),
        ("$14 billion CAD", "cad", ()),
        ("5 pounds a week", "gbp", ("week",)),
        ("28-year-old", "", ("year",)),
        ("300 full-time employees at Meta", "", ("people",)),
        ("300, the company said", "", ()),
        ("12 companies", "", ("company",)),
    ],
)
def test_currency_and_unit(text: str, currency: str, unit: tuple[str, ...]) -> None:
    value = read_value(text)
    assert (value.currency, value.unit) == (currency, unit), value


PIECES = (
    "$ US$ € 14.3 15 29 300 1,000 2025 0 -5 % percent billion million m k dozen half a third of about over"
    " almost or more to - – and between June 12 May Thursday Q2 9 am people servers year-old Alexandr Wang A. not the"
    " 's , two forty"
)
SENTENCES = st.lists(st.sampled_from(PIECES.split()), max_size=8).map(" ".join)
TEXTS = st.one_of(st.text(), SENTENCES, st.text("0123456789.,-$%½ aA'\u0301\ud800", max_size=30))


@given(TEXTS)
def test_every_text_is_read_and_agrees_with_itself(text: str) -> None:
    value = read_value(text)
    assert isinstance(value, Value)
    assert hash(value) == hash(read_value(text))
    assert agree(value, value)
    assert comparable(value, value)


@given(TEXTS, TEXTS)
def test_agreeing_is_symmetric_and_never_of_what_is_not_comparable(first: str, second: str) -> None:
    one, other = read_value(first), read_value(second)
    assert agree(one, other) == agree(other, one)
    assert comparable(one, other) == comparable(other, one)
    assert comparable(one, other) or not agree(one, other)


@given(SENTENCES)
def test_case_and_white_space_say_nothing(text: str) -> None:
    assert agree(read_value(text), read_value(f"  {text.replace(' ', '  ')} "))


@given(st.integers(1, 10**6 - 1), st.integers(1, 10**6 - 1))
def test_whole_numbers_below_a_million_agree_only_with_themselves(one: int, other: int) -> None:
    assert agree(read_value(f"${one:,}"), read_value(f"${other} dollars")) == (one == other)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["a.", "a. ", "1,", "1.", "- ", "$", "half ", "two-", "1 hundred and ", "\u0301", "ﷺ"]))
def test_long_texts_take_no_long_time(piece: str) -> None:
    start = time.perf_counter()
    value = read_value(piece * 20_000)
    assert agree(value, read_value(piece * 20_000 + "x")) in (True, False)
    assert time.perf_counter() - start < 5
