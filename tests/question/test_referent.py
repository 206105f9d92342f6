"""What may stand in for a pronoun."""

from __future__ import annotations

import pytest

from rag.question.referent import can_replace, find_kind


@pytest.mark.parametrize(
    "words",
    ["2009", "in 2009", "49%", "49 per cent", "$640 million", "about 7 million kroner", "DKK 7 million", "88 metres",
     "1,300", "two thirds", "on Friday, 12 May", "March 2022", "90 km/h", "last week", "at 21:40", "3.5 tonnes",
     "five years ago", "the first quarter", "$10B", "at least forty", "May"],
)  # fmt: skip
@pytest.mark.parametrize("pronoun", ["it", "its", "he", "her", "they", "their", "this"])
def test_no_pronoun_becomes_a_number_an_amount_or_a_date(pronoun: str, words: str) -> None:
    assert find_kind(words) == "value"
    assert not can_replace(pronoun, words)


@pytest.mark.parametrize(
    ("pronoun", "words"),
    [
        ("he", "Theresa May"),
        ("she", "the mayor of Melby"),
        ("her", "Dr. Ada Munk"),
        ("he", "the second secretary"),
        ("it", "20th Century Fox"),
        ("it", "Meridian-4"),
        ("its", "the International Federation of Red Cross and Red Crescent Societies"),
        ("it", "OPEC"),
        ("it", "a new swimming pool"),
        ("they", "1,300 workers"),
        ("them", "40 branches"),
        ("they", "two brothers, Owen and Miles Tarrant"),
    ],
)
def test_names_and_noun_phrases_may_replace_a_pronoun(pronoun: str, words: str) -> None:
    assert can_replace(pronoun, words)


@pytest.mark.parametrize(
    ("pronoun", "words"),
    [
        ("it", "to close 40 branches"),
        ("it", "because the price of zinc fell"),
        ("it", "The minister said that schools will close."),
        ("it", "under the Ashby hills"),
        ("it", "New Harbour Opens in Lorne After Ten Years of Delay and Rising Costs"),
        ("it", "Lorne: a harbour at last"),
        ("it", "1,300 workers"),
        ("it", "Mrs Holm"),
        ("he", "1,300 workers"),
        ("he", "OPEC"),
        ("she", "Elmfield Energy Ltd"),
        ("they", "evacuated"),
        ("it", ""),
    ],
)
def test_clauses_headlines_and_the_wrong_kind_may_not(pronoun: str, words: str) -> None:
    assert not can_replace(pronoun, words)
