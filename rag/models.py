"""Which models answer: the only place that knows what kinds of reader and encoder there are."""

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
    """What a pipeline answers with; each is loaded by the first question.

    :param calibration: of the reader's confidence.
    :param resolver: finds what follow-ups leave unsaid: the built-in reader, whichever one answers.
    """

    encoder: Encoder
    reader: Reader
    calibration: Calibration
    resolver: Resolver


def load_models(encoder: str | None, reader: str | None) -> Models:
    """The built-in models, or those that a user names: a sentence-transformers encoder, a Hugging Face seq2seq reader.

    A reader that was named has its own confidence.
    """
    if reader is None:
        built_in = open_reader()
        return Models(load_encoder(encoder), built_in, load_calibration(WEIGHTS / "calibration.json"), built_in)
    return Models(load_encoder(encoder), Seq2SeqReader(reader), UNCALIBRATED, CopyingReader())
