"""``ask review prefer``: two answers to one question side by side in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.answers.rendering import printable
from rag.review.preferences import next_comparison, prefer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.review.preferences import Better
    from rag.review.store import ReviewStore


def compare_sides(store: ReviewStore, name: str, ask: Callable[[str], str], tell: Callable[[str], None]) -> int:
    """Compares until there is nothing left, q or the end of the input; returns how many were compared."""
    done = 0
    try:
        while comparison := next_comparison(store):
            keys: dict[str, Better] = {"0": "same"}
            tell(f"\n{printable(comparison.question)}")
            for number, (better, answer) in enumerate(comparison.sides, 1):
                keys[str(number)] = better
                tell(f"  {number}: {printable(answer)}")
            key = ask("1 or 2 is better · 0 the same · q quit\n> ").strip().lower()
            while key not in (*keys, "q"):
                key = ask("Type 1, 2, 0 or q and Enter.\n> ").strip().lower()
            if key == "q":
                return done
            prefer(store, comparison, name, keys[key], ask("why (Enter for no reason): ").strip())
            done += 1
    except EOFError:
        return done
    tell("Nothing left to compare." if done else "Nothing to compare.")
    return done
