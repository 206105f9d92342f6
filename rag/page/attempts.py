"""Slows password guessing: after a few wrong passwords from an address, each further try has to wait longer."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FREE = 5
"""Wrong passwords before the first wait. Chosen by hand: people mistype."""
LONGEST = 300
"""Seconds. Each wrong password doubles the wait, from one second."""
MOST_CLIENTS = 10_000
"""Addresses remembered; the one that failed longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Wrong passwords by address.

    :param clock: seconds, never going back.
    """

    clock: Callable[[], float] = time.monotonic
    failed: dict[str, tuple[int, float]] = field(default_factory=dict)

    def begin(self, client: str) -> int:
        """Whole seconds until this address may try; 0 if it may now.

        The try counts as wrong until it turns out right, so tries that arrive at the same time are all counted.
        """
        count, last = self.failed.pop(client, (0, 0.0))
        pause = 0 if count < FREE else min(LONGEST, 2 ** min(count - FREE, 20))
        wait = max(0, math.ceil(last + pause - self.clock())) if pause else 0
        self.failed[client] = (count, last) if wait else (count + 1, self.clock())
        if len(self.failed) > MOST_CLIENTS:
            del self.failed[next(iter(self.failed))]
        return wait

    def forgive(self, client: str) -> None:
        """Forgets the wrong passwords of an address that gave the right one."""
        self.failed.pop(client, None)
