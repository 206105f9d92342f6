"""Calls of a Qdrant server. Each failure becomes an error of one sentence."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from rag.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AT_ONCE = 1000
"""Points that are read at once."""
REFUSED = (401, 403)


class Calls:
    """The methods of a client, and what they raise as a :class:`StoreError`.

    :param shown: the store's address, for messages.
    """

    def __init__(self, client: QdrantClient, shown: str) -> None:
        self._client = client
        self.shown = shown
        self.is_local = client.init_options.get("location") == ":memory:" or client.init_options.get("path") is not None
        # The client that keeps its points in this process is not thread-safe.
        self._lock = Lock() if self.is_local else None

    def __getattr__(self, name: str) -> Any:
        return partial(self._call, getattr(self._client, name))

    def _call(self, method: Any, *given: Any, **named: Any) -> Any:
        try:
            if self._lock is None:
                return method(*given, **named)
            with self._lock:
                return method(*given, **named)
        except ResponseHandlingException as error:
            raise StoreError(
                f"The store at {self.shown} does not answer ({error}): start it, or name another with --store."
            ) from error
        except UnexpectedResponse as error:
            if error.status_code in REFUSED:
                raise StoreError(
                    f"The store at {self.shown} refuses access: set ASK_STORE_KEY to a key that it accepts."
                ) from error
            reason = f"{error.status_code} {error.reason_phrase}".strip()
            raise StoreError(
                f"The store at {self.shown} failed ({reason}): see its log, or name another with --store."
            ) from error
        except (ApiException, QdrantException) as error:
            raise StoreError(
                f"The store at {self.shown} failed ({error}): see its log, or name another with --store."
            ) from error

    def scroll_all(
        self,
        collection: str,
        conditions: Sequence[models.Condition],
        *,
        fields: bool | Sequence[str] | models.PayloadSelector = True,
        vectors: bool | list[str] = False,
        at_once: int = AT_ONCE,
    ) -> Iterator[models.Record]:
        """All points that meet the conditions, in no order.

        :param fields: of their payload.
        :param at_once: points that are read at once; fewer if they are large.
        """
        offset = None
        while True:
            records, offset = self.scroll(
                collection,
                models.Filter(must=list(conditions)),
                limit=at_once,
                offset=offset,
                with_payload=fields,
                with_vectors=vectors,
            )
            yield from records
            if offset is None:
                return
