"""The folder of what the page keeps: the key, the feedback, and a corpus that starts with the examples."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.articles.formats import EXAMPLES
from rag.errors import CorpusError, RagError
from rag.index.manifest import DATABASE, MANIFEST, VECTORS
from rag.pipeline import find_checkout


class DataFolderError(RagError):
    """The data folder cannot be written."""


@dataclass(frozen=True, slots=True)
class UserData:
    """Paths in the data folder. Nothing is created before it is needed.

    :param folder: :func:`default_folder`, unless the user names one.
    """

    folder: Path

    @property
    def feedback(self) -> Path:
        return self.folder / "feedback.sqlite"

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def index(self) -> Path:
        """The index of the corpus that starts with the examples."""
        return self.folder / "index"

    def copy_examples(self) -> Path:
        """The user's own corpus, which starts as a copy of the checkout's seeds/.

        :raises CorpusError: outside a checkout, if the corpus does not exist yet.
        :raises DataFolderError: if it cannot be written.
        """
        corpus = self.folder / "corpus"
        checkout = find_checkout(Path.cwd()) or find_checkout(Path(__file__).parent)
        if checkout is None:
            if not corpus.is_dir():
                raise CorpusError(f"No articles given: name a folder of {EXAMPLES} with --corpus.")
            return corpus
        try:
            corpus.mkdir(parents=True, exist_ok=True)
            for path in sorted((checkout / "seeds").glob("*.txt")):
                copied = corpus / path.name
                if not copied.is_file() or copied.read_bytes() != path.read_bytes():
                    shutil.copyfile(path, copied)
            self._copy_index(checkout / "index")
        except OSError as error:
            raise DataFolderError(
                f"{corpus} cannot be written ({error.strerror}): name another folder with --data."
            ) from None
        return corpus

    def _copy_index(self, ready: Path) -> None:
        """Starts with a copy of the checkout's index, if there is one, so that an update has little to do.

        :raises OSError: if it cannot be written.
        """
        if (ready / MANIFEST).is_file() and not (self.index / MANIFEST).exists():
            self.index.mkdir(parents=True, exist_ok=True)
            for name in (DATABASE, VECTORS, MANIFEST):
                with suppress(FileNotFoundError):
                    shutil.copyfile(ready / name, self.index / name)


def default_folder() -> Path:
    """The user's data folder on this system."""
    from platformdirs import user_data_path

    return user_data_path("ask-articles", appauthor=False)
