"""Answers carry the signature of the page that gave them, so that nobody can rate what it never said.

The conversation lives in the browser and comes back from there, which makes it a stranger's word.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.page.exchange import write_record

if TYPE_CHECKING:
    from pathlib import Path

    from rag.page.exchange import Exchange

KEY_BYTES = 32
"""As long as the SHA-256 that it keys."""
UNSIGNED = ("rating", "correction", "signature")
"""Fields of a record that are the browser's own."""


class KeyFileError(RagError):
    """The key that answers are signed with cannot be read or made."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs answers with a key that no browser knows."""

    key: bytes

    def sign(self, exchange: Exchange) -> Exchange:
        return replace(exchange, signature=self._digest(exchange))

    def is_genuine(self, exchange: Exchange) -> bool:
        """Whether it is, but for rating and correction, what was signed with this key."""
        return hmac.compare_digest(self._digest(exchange).encode(), exchange.signature.encode())

    def _digest(self, exchange: Exchange) -> str:
        record = {name: value for name, value in write_record(exchange).items() if name not in UNSIGNED}
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


def load_key(path: Path) -> bytes:
    """The key in a file, which is made where there is none, readable for its owner alone.

    :raises KeyFileError: where it cannot be read or made, or holds no key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole at once: of two pages that start together, both must read the same.
        new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        if not path.exists():
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(new, path)
            except FileExistsError:
                pass
            finally:
                new.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            f"{path} cannot be read or made ({error.strerror}): name another folder with --data."
        ) from None
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path} holds no key: remove it, and the next start makes a new one.")
    return key
