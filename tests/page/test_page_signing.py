"""Only what the page said can be rated: its answers are signed, and the signature outlives browser and restart."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from page_answers import ANSWERS, KEY, make_simple

from rag.page.exchange import Exchange, digest_turns, read_records, write_records
from rag.page.signing import KeyFileError, Signer, load_key
from rag.types import Answer, Turn

if TYPE_CHECKING:
    from pathlib import Path

SIGNER = Signer(b"k" * 32)


def through_a_browser(exchange: Exchange) -> Exchange:
    """What comes back: JSON in which a browser has written 1.0 as 1."""
    text = json.dumps(write_records([exchange])).replace("1.0,", "1,").replace("0.0,", "0,").replace("0.0}", "0}")
    (found,) = read_records(json.loads(text))
    return found


@pytest.mark.parametrize("answer", [*ANSWERS, replace(make_simple(), confidence=1.0)])
def test_an_answer_is_known_again_whatever_somebody_thought_of_it(answer: Answer) -> None:
    signed = SIGNER.sign(Exchange(KEY, answer.question, answer, before=digest_turns([Turn("user", "x")])))
    kept = through_a_browser(signed)
    assert SIGNER.is_genuine(kept)
    assert SIGNER.is_genuine(replace(kept, rating="down", correction="50%"))


def test_nothing_that_was_altered_or_made_up_is_known() -> None:
    signed = SIGNER.sign(Exchange(KEY, "What stake?", make_simple(), read=(("a.txt#0-9", 0.5),)))
    assert signed.answer is not None
    altered = [
        replace(signed, key="f" * 16),
        replace(signed, question="Another?"),
        replace(signed, before="0" * 32),
        replace(signed, read=()),
        replace(signed, answer=replace(signed.answer, short="50%")),
        replace(signed, answer=replace(signed.answer, confidence=0.99)),
        replace(signed, signature=""),
        replace(signed, signature="ü"),
    ]
    assert not any(SIGNER.is_genuine(exchange) for exchange in altered)
    assert not Signer(b"l" * 32).is_genuine(signed)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    key = load_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["key"]


def test_a_damaged_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(KeyFileError, match="remove it"):
        load_key(tmp_path / "key")
    with pytest.raises(KeyFileError, match="--data"):
        load_key(tmp_path / "key" / "key")
