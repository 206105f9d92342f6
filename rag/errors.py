"""Errors that a user can fix. Every message is one sentence that names the fix. Only the interfaces catch them."""

from __future__ import annotations


class RagError(Exception):
    """Base class of all errors a user can cause."""


class CorpusError(RagError):
    """The folder of articles cannot be read."""


class IndexFolderError(RagError):
    """The index cannot be read, built or written."""


class ModelError(RagError):
    """An encoder or a reader cannot be loaded."""


class QuestionError(RagError):
    """A question is invalid, for example empty."""


class StoreError(RagError):
    """The server that keeps the index cannot be asked, or has no index."""
