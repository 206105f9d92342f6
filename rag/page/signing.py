"""Signs each answer, so that only answers that this page gave can be rated.

The browser keeps the conversation and could send back anything.
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
"""As long as a SHA-256 digest."""
UNSIGNED = ("rating", "correction", "signature")
"""Fields of a record that the browser may set."""


class KeyFileError(RagError):
    """The signing key cannot be read or created."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs answers with a secret key."""

    key: bytes

    def sign(self, exchange: Exchange) -> Exchange:
        return replace(exchange, signature=self._digest(exchange))

    def is_genuine(self, exchange: Exchange) -> bool:
        """Whether the exchange, apart from rating and correction, was signed with this key."""
        return hmac.compare_digest(self._digest(exchange).encode(), exchange.signature.encode())

    def _digest(self, exchange: Exchange) -> str:
        record = {name: value for name, value in write_record(exchange).items() if name not in UNSIGNED}
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


def load_key(path: Path) -> bytes:
    """The key in a file. A missing file is created, readable only by its owner.

    :raises KeyFileError: if the file cannot be read or created, or is not a key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Linked into place when complete, so that two pages starting together read the same key.
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
            f"{path} cannot be read or created ({error.strerror}): name another folder with --data."
        ) from None
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path} is not a valid key: remove it, and the next start creates a new one.")
    return key
