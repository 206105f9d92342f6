"""Chooses the models. Only this module knows which kinds of reader and encoder there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.answers.confidence import UNCALIBRATED, load_calibration
from rag.index.encoder import load_encoder
from rag.reader.choosing import open_reader
from rag.reader.copying import WEIGHTS, CopyingReader
from rag.reader.seq2seq import Seq2SeqReader

if TYPE_CHECKING:
    from rag.answers.confidence import Calibration
    from rag.question.followup import Resolver
    from rag.types import Encoder, Reader


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a pipeline. The first question loads their weights.

    :param calibration: turns the reader's scores into confidence.
    :param resolver: resolves references in follow-ups. Always the built-in reader, even with another ``reader``.
    """

    encoder: Encoder
    reader: Reader
    calibration: Calibration
    resolver: Resolver


def load_models(encoder: str | None, reader: str | None) -> Models:
    """The models that a user names, or the built-in ones for None. A reader that a user names is not calibrated.

    :param encoder: name or folder of a sentence-transformers model.
    :param reader: name or folder of a Hugging Face seq2seq model.
    :raises ModelError: if there is no such model.
    """
    if reader is None:
        built_in = open_reader()
        return Models(load_encoder(encoder), built_in, load_calibration(WEIGHTS / "calibration.json"), built_in)
    return Models(load_encoder(encoder), Seq2SeqReader(reader), UNCALIBRATED, CopyingReader())
