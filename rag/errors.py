"""Errors that a user can mend. Every message is a sentence that names the fix; only the ways in catch them."""

from __future__ import annotations


class RagError(Exception):
    """Root of all errors a user can cause."""


class CorpusError(RagError):
    """The folder of articles cannot be read."""


class IndexFolderError(RagError):
    """The index cannot be read, built or written."""


class ModelError(RagError):
    """An encoder or a reader cannot be loaded."""


class QuestionError(RagError):
    """A question cannot be asked as it stands."""
