"""Reads robots.txt, in which a site says what programs may fetch (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

AGENT = "ask-articles"
"""The name by which a site may address this product."""
MOST_BYTES = 500_000
"""What lies beyond is ignored, as the RFC allows."""


@dataclass(frozen=True, slots=True)
class Robots:
    """What a site allows.

    :param rules: (path pattern, whether it is allowed).
    """

    rules: tuple[tuple[str, bool], ...] = ()

    def allows(self, path: str) -> bool:
        """Whether a path, with its query, may be fetched: the longest rule that matches decides."""
        found = [(len(pattern), allowed) for pattern, allowed in self.rules if _matches(pattern, _decode(path))]
        return max(found, default=(0, True))[1]


ALL = Robots()
NOTHING = Robots((("/", False),))


def parse_robots(text: str) -> Robots:
    """The rules for this product, or else those for all programs."""
    own: list[tuple[str, bool]] = []
    others: list[tuple[str, bool]] = []
    agents: set[str] = set()
    named, open_group = False, False
    for line in text.splitlines():
        field, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        field = field.lower()
        if field == "user-agent":
            agents = agents | {value.lower()} if open_group else {value.lower()}
            open_group = True
            named = named or AGENT in agents
        elif field in ("allow", "disallow"):
            open_group = False
            for agent, rules in ((AGENT, own), ("*", others)):
                if agent in agents and value:
                    rules.append((_decode(value), field == "allow"))
    return Robots(tuple(own if named else others))


def _decode(path: str) -> str:
    return unquote(path, errors="replace")


def _matches(pattern: str, path: str) -> bool:
    """Whether a path begins like a pattern, in which ``*`` stands for any characters and a last ``$`` for the end."""
    ended = pattern.endswith("$")
    first, *parts = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    for number, part in enumerate(parts, 1):
        if ended and number == len(parts):
            return path.endswith(part) and len(path) - len(part) >= place
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return not ended or place == len(path)
