"""Documents to passages: whole sentences, with exact offsets.

langchain-text-splitters puts the sentences together. Its pieces are kept contiguous and untrimmed, so a
passage's offset is the sum of the lengths before it; searching for a passage's text, as the package does
for ``start_index``, finds the wrong place as soon as two passages share words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rag.articles.sentences import split_sentences
from rag.types import Document, Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    CountTokens = Callable[[Sequence[str]], list[int]]
    Span = tuple[int, int]

# Where a sentence too long for a passage is cut, best first.
_CUTS = ("; ", ": ", " – ", "—", ", ", " ", "")
# A word of a thousand letters is one unknown token; a passage of it still has to be read on a screen.
_MOST_CHARACTERS_A_TOKEN = 12


@dataclass(frozen=True, slots=True)
class ChunkingConfig:
    """How long passages are, in tokens of the encoder.

    The encoder's 256 tokens must hold the heading in front of the passage too, and the
    reader's the question: about half of them is left to the passage.

    :param max_tokens: most tokens of a passage.
    :param overlap_tokens: most tokens that a passage repeats of the one before it; 0 for none.
    :param min_tokens: paragraphs of fewer tokens are put together with their neighbours.
    :raises ValueError: unless 0 <= overlap_tokens < max_tokens and 0 <= min_tokens <= max_tokens.
    """

    max_tokens: int = 128
    overlap_tokens: int = 32
    min_tokens: int = 48

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_tokens < self.max_tokens or not 0 <= self.min_tokens <= self.max_tokens:
            raise ValueError(f"overlap_tokens and min_tokens must lie between 0 and max_tokens: {self}")


def chunk_document(
    document: Document, *, count_tokens: CountTokens, config: ChunkingConfig | None = None
) -> list[Passage]:
    """Cut a document into passages.

    A passage holds whole sentences, at most ``max_tokens`` tokens, of one section. It keeps within its
    paragraph unless that is shorter than ``min_tokens``. Where the budget allows it begins with the last
    sentence of the passage before it. Headings and the title are no passages of their own: they are the
    context of those below.

    :param document: a cleaned document.
    :param count_tokens: tokens of each of several texts, without special tokens, as
        :meth:`rag.types.Encoder.count_tokens`.
    :param config: lengths; the default ones where None.
    :return: in the document's order; ``document.text[start:end] == text``. Empty only where the document's
        text is.
    """
    chunker = _Chunker(document.text, count_tokens, config or ChunkingConfig())
    passages = []
    for start, end, heading in _find_bodies(document):
        for first, last in chunker.cut(start, end):
            passages.append(_make_passage(document, heading, first, last))
    return passages


def _find_bodies(document: Document) -> list[tuple[int, int, str]]:
    """(start, end, heading) of the text below each heading; all of the text where there are only headings."""
    text = document.text
    bounds = [(section.start, section.heading) for section in document.sections]
    if not bounds or bounds[0][0] > 0:
        title = document.title if re.match(re.escape(document.title) + r"(?:\n|$)", text) else ""
        bounds.insert(0, (0, title))
    bodies = []
    for (start, heading), (end, _) in zip(bounds, [*bounds[1:], (len(text), "")], strict=True):
        below = start + len(heading) if text.startswith(heading, start) else start
        if text[below:end].strip():
            bodies.append((below, end, "" if start == 0 and heading == document.title else heading))
    return bodies or [(0, len(text), "")]


def _make_passage(document: Document, heading: str, start: int, end: int) -> Passage:
    return Passage(
        passage_id=f"{document.document_id}#{start}-{end}",
        document_id=document.document_id,
        title=document.title,
        heading=heading,
        date=document.date,
        start=start,
        end=end,
        text=document.text[start:end],
    )


class _Chunker:
    """Cuts parts of one text; counts each sentence's tokens once."""

    def __init__(self, text: str, count_tokens: CountTokens, config: ChunkingConfig) -> None:
        self._text = text
        self._config = config
        self._count_tokens = count_tokens
        self._counts: dict[str, int] = {}

    def cut(self, start: int, end: int) -> list[Span]:
        """Spans of the passages between two offsets, trimmed, in order."""
        sentences = self._split_sentences(start, end)
        spans: list[Span] = []
        for paragraphs in self._group_paragraphs(sentences):
            spans += self._fill(paragraphs)
        return self._overlap(spans, sentences)

    def count(self, text: str) -> int:
        """Tokens of a text, and more where it has more characters than tokens can account for."""
        if text not in self._counts:
            self._count_all([text])
        return self._counts[text]

    def _count_all(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._counts]
        for text, tokens in zip(new, self._count_tokens(new) if new else [], strict=True):
            self._counts[text] = max(tokens, -(-len(text) // _MOST_CHARACTERS_A_TOKEN))

    def _split_sentences(self, start: int, end: int) -> list[Span]:
        """Sentences between two offsets; one too long for a passage in parts."""
        found = [(start + first, start + last) for first, last in split_sentences(self._text[start:end])]
        self._count_all([self._text[first:last] for first, last in found])
        spans: list[Span] = []
        for first, last in found:
            sentence = self._text[first:last]
            if self.count(sentence) <= self._config.max_tokens:
                spans.append((first, last))
                continue
            spans += _trim(self._text, first, self._split_clauses(sentence, self._config.max_tokens))
        return spans

    def _split_clauses(self, sentence: str, size: int) -> list[str]:
        """Contiguous parts of a sentence, each short enough for a passage."""
        parts: list[str] = []
        for part in _make_splitters().clauses(self.count, size).split_text(sentence):
            # Tokens of the parts can be fewer than tokens of the whole.
            if self.count(part) > self._config.max_tokens and size > 1:
                parts += self._split_clauses(part, size // 2)
            else:
                parts.append(part)
        return parts

    def _group_paragraphs(self, sentences: list[Span]) -> list[list[Span]]:
        """Each long paragraph by itself, short ones with their neighbours as far as a passage holds them."""
        paragraphs: list[list[Span]] = []
        for span in sentences:
            if paragraphs and "\n" not in self._text[paragraphs[-1][-1][1] : span[0]]:
                paragraphs[-1].append(span)
            else:
                paragraphs.append([span])
        groups: list[list[Span]] = []
        before = 0
        for paragraph in paragraphs:
            size = sum(self.count(self._text[first:last]) for first, last in paragraph)
            short = min(before, size) < self._config.min_tokens
            if groups and short and before + size <= self._config.max_tokens:
                groups[-1] += paragraph
                before += size
            else:
                groups.append(list(paragraph))
                before = size
        return groups

    def _fill(self, sentences: list[Span]) -> list[Span]:
        """Put sentences together into as few passages as hold them, of about equal length."""
        starts = [first for first, _ in sentences]
        ends = [*starts[1:], sentences[-1][1]]
        pieces = [self._text[first:last] for first, last in zip(starts, ends, strict=True)]
        most = self._config.max_tokens
        whole = sum(self.count(piece.strip()) for piece in pieces)
        merge = _make_splitters().sentences
        fewest = len(merge(self.count, most, pieces))
        merged: list[str] = []
        least = max(-(-whole // fewest), *(self.count(piece.strip()) for piece in pieces))
        for size in (*range(min(most, least), most, 4), most):
            merged = merge(self.count, size, pieces)
            if len(merged) == fewest and all(self.count(text.strip()) <= most for text in merged):
                break
        if any(self.count(text.strip()) > most for text in merged) and len(sentences) > 1:
            middle = len(sentences) // 2
            return self._fill(sentences[:middle]) + self._fill(sentences[middle:])
        return _trim(self._text, starts[0], merged)

    def _overlap(self, spans: list[Span], sentences: list[Span]) -> list[Span]:
        """Begin a passage with the sentence before it, if that was in its paragraph or was one by itself."""
        places = {first: n for n, (first, _) in enumerate(sentences)}
        widened = spans[:1]
        for start, end in spans[1:]:
            n = places[start]
            first, last = sentences[n - 1]
            alone = n < 2 or "\n" in self._text[sentences[n - 2][1] : first]
            close = alone or "\n" not in self._text[last:start]
            fits = self.count(self._text[first:last]) <= self._config.overlap_tokens
            if close and fits and self.count(self._text[first:end]) <= self._config.max_tokens:
                start = first
            widened.append((start, end))
        return widened


def _trim(text: str, offset: int, pieces: Sequence[str]) -> list[Span]:
    """Spans of contiguous pieces that begin at an offset, without the white space round each."""
    spans = []
    for piece in pieces:
        end = offset + len(piece)
        if text[offset:end] != piece:
            raise AssertionError("The splitter's pieces are not contiguous.")
        if piece.strip():
            spans.append((offset + len(piece) - len(piece.lstrip()), offset + len(piece.rstrip())))
        offset = end
    return spans


@dataclass(frozen=True, slots=True)
class _Splitters:
    """The two ways of splitting, whose package is imported where the first document is cut.

    :param clauses: (length function, most tokens) to a splitter of one sentence.
    :param sentences: (length function, most tokens, sentences) to contiguous texts of several.
    """

    clauses: Callable[[Callable[[str], int], int], Any]
    sentences: Callable[[Callable[[str], int], int, list[str]], list[str]]


@lru_cache(maxsize=1)
def _make_splitters() -> _Splitters:
    from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

    class SentenceSplitter(TextSplitter):  # type: ignore[misc]
        """Sentences found elsewhere, put together by the package as its NLTK and spaCy splitters do."""

        def __init__(self, sentences: list[str], count: Callable[[str], int], size: int) -> None:
            super().__init__(
                chunk_size=size,
                chunk_overlap=0,
                length_function=lambda text: count(text.strip()) if text.strip() else 0,
                strip_whitespace=False,
            )
            self._sentences = sentences

        def split_text(self, text: str) -> list[str]:  # noqa: ARG002
            return list(self._merge_splits(self._sentences, ""))

    def split_clauses(count: Callable[[str], int], size: int) -> Any:
        return RecursiveCharacterTextSplitter(
            separators=list(_CUTS),
            keep_separator="end",
            chunk_size=size,
            chunk_overlap=0,
            length_function=lambda text: count(text) if text else 0,
            strip_whitespace=False,
        )

    def merge_sentences(count: Callable[[str], int], size: int, sentences: list[str]) -> list[str]:
        return list(SentenceSplitter(sentences, count, size).split_text(""))

    return _Splitters(split_clauses, merge_sentences)
