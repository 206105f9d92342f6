"""Questions in other words, from a dictionary of a few lines in WordNet's format."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from rag.errors import RagError
from rag.index.encoder import load_encoder
from rag.training.synonyms import LEAST_LIKENESS, Thesaurus, inflect, load_thesaurus, reword, reword_questions

if TYPE_CHECKING:
    from pathlib import Path

NOTICE = "  1 This line is a notice.\n"
# Word, number of the word's senses, then the places of their sets; and the sets: place, file, kind, hexadecimal count.
FILES = {
    "index.noun": NOTICE + "stake n 2 1 @ 2 2 00000011 00000022\nsurgery n 1 1 @ 1 1 00000033\n",
    "data.noun": NOTICE + "00000011 21 n 02 interest 0 stake 0 000 | a share in a company\n"
    "00000022 06 n 02 stake 0 post 1 000 | a strong stick\n00000033 04 n 01 surgery 0 000 | an operation\n",
    "index.verb": NOTICE + "buy v 1 1 @ 1 1 00000044\npurchase v 1 1 @ 1 1 00000044\n",
    "data.verb": NOTICE + "00000044 40 v 03 buy 0 purchase 0 emptor 0 000 | obtain by purchase\n",
    "index.adj": NOTICE,
    "data.adj": NOTICE,
    "index.adv": NOTICE,
    "data.adv": NOTICE,
    "noun.exc": "",
    "verb.exc": "bought buy\n",
    "adj.exc": "",
    "adv.exc": "",
    "cntlist.rev": "buy%2:40:00:: 1 30\npurchase%2:40:00:: 1 9\ninterest%1:21:00:: 1 5\nstake%1:21:00:: 1 4\n"
    "post%1:06:00:: 1 3\nemptor%2:40:00:: 1 1\n",
}


@pytest.fixture
def thesaurus(tmp_path: Path) -> Thesaurus:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    return load_thesaurus(tmp_path)


def test_a_word_has_the_synonyms_that_people_use_with_its_own_ending(thesaurus: Thesaurus) -> None:
    assert thesaurus.find("stakes") == ["interests", "posts"]
    assert thesaurus.find("buying") == ["purchasing"]
    assert thesaurus.find("bought") == ["purchased"]
    assert thesaurus.find("surgery") == thesaurus.find("unheard") == []


@pytest.mark.parametrize(
    ("lemma", "ending", "word"),
    [("company", "s", "companies"), ("stop", "ed", "stopped"), ("carry", "ied", "carried"), ("box", "s", "boxes")],
)
def test_endings(lemma: str, ending: str, word: str) -> None:
    assert inflect(lemma, ending) == word


def test_names_and_words_that_carry_no_topic_are_kept(thesaurus: Thesaurus) -> None:
    made = {reword("What did Stake Corp buy?", thesaurus, random.Random(seed)) for seed in range(20)}
    assert made == {"What did Stake Corp buy?", "What did Stake Corp purchase?"}


def test_only_rewordings_that_mean_the_same_are_kept(thesaurus: Thesaurus) -> None:
    question = "What stake in the company did they buy?"
    made = reword_questions([question] * 9, thesaurus, load_encoder(), random.Random(0))
    kept = sorted({other for some in made for other in some})
    assert kept
    rows = load_encoder().encode([question, *kept])
    assert (rows[1:] @ rows[0]).min() >= LEAST_LIKENESS - 0.01
    assert not any("post" in other for other in kept)


def test_a_folder_without_the_dictionary_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="wordnet-base"):
        load_thesaurus(tmp_path)
