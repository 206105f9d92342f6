"""What a change may not fall below: the last committed result's intervals, over the dev part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eval.summary import BY_NAME, Figure

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_falls(figures: Mapping[str, Figure], last: Mapping[str, Any]) -> list[str]:
    """A sentence for each metric beyond the bad end of its last committed 95 % interval over the dev part.

    :param figures: of the dev part, now.
    :param last: the last result.
    """
    falls = []
    for name, before in last["metrics"]["dev"].items():
        label = BY_NAME[name].label if name in BY_NAME else name
        if name not in figures:
            falls.append(f"{label} ({name}) is measured no more")
        elif BY_NAME[name].higher_is_better and round(figures[name].value, 4) < before["low"]:
            falls.append(f"{label} ({name}) fell to {figures[name].value:.3f}, below {before['low']:.3f}")
        elif not BY_NAME[name].higher_is_better and round(figures[name].value, 4) > before["high"]:
            falls.append(f"{label} ({name}) rose to {figures[name].value:.3f}, above {before['high']:.3f}")
    return falls
