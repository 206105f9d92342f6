"""Earlier answers, so that the same question is not read again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.types import Answer

MOST_REMEMBERED = 256
"""Answers. With its passages, one takes about 30 kB."""


class Memory:
    """The answers that were used last. It is thread-safe.

    :param most: the number of answers; an older one makes room for a new one.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._answers: OrderedDict[bytes, tuple[object, Answer]] = OrderedDict()
        self._lock = Lock()

    def recall(self, key: bytes, models: object) -> Answer | None:
        """The answer that these models gave; None if there is none."""
        with self._lock:
            made, answer = self._answers.get(key, (None, None))
            if answer is None or made is not models:
                return None
            self._answers.move_to_end(key)
            return answer

    def keep(self, key: bytes, models: object, answer: Answer) -> None:
        with self._lock:
            self._answers[key] = models, answer
            self._answers.move_to_end(key)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
