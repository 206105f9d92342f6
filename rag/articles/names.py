"""The forms of names in bylines: of people, of newspapers and agencies, and roles. No rule knows a name."""

from __future__ import annotations

import re

from rag.articles.dates import is_calendar_word

WORD = r"(?:(?:al|el)-|d['’])?[^\W\d_a-z][\w'’.-]*"
_PARTICLE = r"(?:d[aeiou]|dos|del|della|de[nr]|van|von|zu|la|le|el|al|bin|ibn|te[nr]|y)"
NAME = rf"(?:{_PARTICLE} )*{WORD}(?: (?:{_PARTICLE} ){{0,2}}{WORD}){{0,3}}"
ROLE = re.compile(
    r"(?:[\w'’&/-]+ ){0,5}(?:correspondents?|reporters?|editors?|(?:staff|sports?|news|feature|senior|science) writers?"
    r"|columnists?|critics?|journalists?|contributors?|photographers?|bureau(?: chief)?|desk|newsroom|staff)"
    r"(?: (?:in|at) [\w'’. -]{1,30})?",
    re.IGNORECASE,
)
_NAME = re.compile(NAME)
_PAPER = re.compile(
    rf"(?:{WORD} (?:of )?){{1,4}}(?i:press|news|wire|agency|service|times|post|herald|tribune|journal|gazette|register"
    r"|chronicle|sentinel|ledger|courier|telegraph|examiner|advertiser|observer|reporter|bulletin|standard|mail|echo)"
)


def is_name(text: str) -> bool:
    """Whether a text has the form of a person's full name. A newspaper's name may have it too."""
    first = text.split(" ")[0]
    other = is_calendar_word(first) or first.casefold() in {"by", "from"}
    return " " in text and _NAME.fullmatch(text) is not None and not other


def is_paper(text: str) -> bool:
    """Whether a text has the form of a newspaper's or a news agency's name, such as "The Harbour Post"."""
    return _PAPER.fullmatch(text) is not None
