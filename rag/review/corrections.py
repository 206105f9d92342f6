"""Finds what people decided about a question when the same question is asked again.

It never hinders asking: the file is only read and never created. If it cannot be read, one warning says so.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING

from rag.metrics import score_token_f1
from rag.question.sameness import key_question
from rag.review.database import REVIEWED, VERSION, FeedbackError, read_version
from rag.review.store import select_item, select_reviewers, select_reviews
from rag.review.verdicts import SAME, list_verdicts, measure_accuracies
from rag.types import Correction, Mark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rag.review.items import Item
    from rag.review.verdicts import Verdict

BUSY_SECONDS = 0.5
"""How long a question waits while another process writes."""
COARSE_SECONDS = 2.0
"""The coarsest clock of a file system: two changes may have the same time."""
UNREADABLE = (OSError, sqlite3.Error, FeedbackError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What a damaged file can cause."""
_LOG = logging.getLogger(__name__)


class StoredCorrections:
    """The corrections in the file of ratings and reviews, as they are now. Threads may share it.

    A correction is a settled decision (rag/review/verdicts.py) that an answer was wrong, that its question cannot be
    answered, or that the articles differ. The last one about nearly equal questions counts, unless somebody found a
    different answer right since.
    """

    def __init__(self, path: Path, warn: Callable[[str], None] = _LOG.warning) -> None:
        """Opens nothing yet.

        :param path: the file; there may be none.
        :param warn: told once, in one sentence, if the file cannot be read.
        """
        self._path = path
        self._warn = warn
        self._lock = Lock()
        self._stamp: tuple[int, ...] | None = None
        self._held: dict[str, Correction] = {}
        self._version = ""
        self._said = ""

    @property
    def version(self) -> str:
        """As :class:`rag.types.Corrections` says: a digest of all corrections."""
        with self._lock:
            self._read()
            return self._version

    def find(self, question: str) -> Correction | None:
        """As :class:`rag.types.Corrections` says."""
        key = key_question(question)
        with self._lock:
            self._read()
            return self._held.get(key) if key else None

    def _read(self) -> None:
        """Reads the file again if it has changed.

        If it cannot be read, what was read before still counts.
        """
        try:
            stamp = self._look()
            if stamp is None or stamp != self._stamp:
                self._held = load_corrections(self._path) if stamp else {}
                self._version = digest_corrections(self._held)
                # If it has just changed, it may change again without a difference in time.
                self._stamp = stamp if stamp and time.time() - stamp[1] / 1e9 > COARSE_SECONDS else None
        except UNREADABLE as error:
            said = f"Corrections are ignored, because {self._path} cannot be read ({error})."
            if said != self._said:
                self._warn(said)
            self._said = said

    def _look(self) -> tuple[int, ...] | None:
        """A value that differs for each state of the file; None without a file.

        :raises OSError: if it cannot be reached.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def digest_corrections(held: dict[str, Correction]) -> str:
    """Empty without any."""
    return hashlib.sha256(repr(sorted(held.items())).encode("utf-8", "replace")).hexdigest()[:16] if held else ""


def load_corrections(path: Path) -> dict[str, Correction]:
    """All corrections in a file, by the key of their question.

    :raises FeedbackError: if a later version of the product wrote the file.
    :raises OSError, sqlite3.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError: if it is damaged.
    """
    # Not read-only: after a crash, SQLite first has to undo what was half written.
    uri = f"{path.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")  # everything below is of one moment
        version = read_version(connection)
        if version > VERSION:
            raise FeedbackError("a later version of this product wrote it: update this product")
        if version < REVIEWED:
            return {}
        reviews, reviewers = select_reviews(connection), select_reviewers(connection)
        verdicts = list_verdicts(reviews, reviewers, measure_accuracies(reviews, reviewers))
        settled = sorted((v for v in verdicts.values() if v.settled), key=lambda v: (v.on, v.item_id))
        found: dict[str, Correction] = {}
        for verdict in settled:
            item = select_item(connection, verdict.item_id)
            key = key_question(item.question) if item else ""
            if item is None or not key:
                continue
            if verdict.decision in ("wrong", "unanswerable", "differ"):
                found[key] = make_correction(item, verdict)
            elif key in found and not (verdict.decision == "right" and says_the_same(item, found[key])):
                del found[key]
        return found


def make_correction(item: Item, verdict: Verdict) -> Correction:
    """:raises TypeError: if a place has no offsets or no text."""
    seen = item.sources.passages if item.sources else ()
    for place in (*verdict.places, *seen):
        if not (isinstance(place.start, int) and isinstance(place.end, int) and isinstance(place.text, str)):
            raise TypeError(f"a place of {item.item_id} is damaged")
    return Correction(
        question=item.question,
        mark=Mark(verdict.by, verdict.on[:10]),
        places=verdict.places,
        differ=verdict.decision == "differ",
        seen=seen,
    )


def says_the_same(item: Item, correction: Correction) -> bool:
    """Whether an answer is what was decided before; it may be that correction, shown again."""
    if not correction.places:
        return item.status == "abstained"
    return score_token_f1(item.answer, [place.text for place in correction.places]) >= SAME
