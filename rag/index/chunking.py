"""Splits documents into passages of whole sentences with exact offsets.

langchain-text-splitters merges the sentences. Its pieces are kept contiguous and unstripped, so a passage's offset is
the sum of the lengths before it. Searching for a passage's text, as the package does for ``start_index``, finds the
wrong place if the text occurs twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rag.articles.entries import CORRECTION, find_corrections, find_entries
from rag.articles.sentences import split_sentences
from rag.articles.tables import is_named_row
from rag.articles.turns import is_question
from rag.types import Document, Passage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    CountTokens = Callable[[Sequence[str]], list[int]]
    Span = tuple[int, int]

# Separators at which a sentence that is too long for a passage is split, best first.
_CUTS = ("; ", ": ", " – ", "—", ", ", " ", "")
# Bounds the length of a passage in characters: a word of a thousand letters can be a single unknown token.
_MOST_CHARACTERS_A_TOKEN = 12
MOST_HEADING = 300
"""Characters of a heading that a passage is read after, as of a title."""
FEW_ROWS = 3
"""Most rows of a table that are read together. Chosen by hand."""


@dataclass(frozen=True, slots=True)
class ChunkingConfig:
    """The length of passages, in tokens of the encoder.

    A passage gets about half of the encoder's 256 tokens, because the encoder also reads the heading, and the reader
    also reads the question.

    :param max_tokens: most tokens of a passage.
    :param overlap_tokens: most tokens of the sentence that a passage repeats from the passage before; 0 for none.
    :param min_tokens: paragraphs with fewer tokens are merged with their neighbours.
    :raises ValueError: unless 0 <= overlap_tokens < max_tokens and 0 <= min_tokens <= max_tokens.
    """

    max_tokens: int = 128
    overlap_tokens: int = 32
    min_tokens: int = 48

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_tokens < self.max_tokens or not 0 <= self.min_tokens <= self.max_tokens:
            raise ValueError(f"overlap_tokens and min_tokens must be between 0 and max_tokens: {self}")


def chunk_document(
    document: Document, *, count_tokens: CountTokens, config: ChunkingConfig | None = None
) -> list[Passage]:
    """Split a document into passages.

    A passage has whole sentences of one section and at most ``max_tokens`` tokens. It stays within one paragraph,
    unless that has fewer than ``min_tokens`` tokens. Each row of a longer table is a passage. If it fits, the last
    sentence of the passage before is repeated at the start. Headings are not passages; they are the context of the
    passages below them. A leading title is part of the first passage, since news often says it only there, and the
    context of all. A passage stays within one entry of a live blog: its heading begins with the entry's time, and its
    text has the entry's headline. A correction is a passage. The byline is in no passage.

    :param document: a cleaned document.
    :param count_tokens: as :meth:`rag.types.Encoder.count_tokens`.
    :param config: lengths; None for the default.
    :return: passages in document order, with ``document.text[start:end] == text``. Empty only if the document's text
        is empty.
    """
    chunker = _Chunker(document.text, count_tokens, config or ChunkingConfig())
    passages = []
    for start, end, headings in _join_questions(document.text, _find_bodies(document), chunker):
        for first, last in chunker.cut(start, end):
            heading = next(heading for place, heading in reversed(headings) if place <= first)
            passages.append(_make_passage(document, heading, first, last))
    return passages


def _find_bodies(document: Document) -> list[tuple[int, int, str]]:
    """(start, end, heading) of the text below each heading; of the whole text if there are only headings.

    The byline at the end is in none of them.
    """
    text, finish = document.text, document.body_end
    bounds = _find_bounds(document)
    bodies = []
    for (_, below, heading), (end, _, _) in zip(bounds, [*bounds[1:], (finish, 0, "")], strict=True):
        if text[below:end].strip():
            bodies.append((below, end, heading))
    return bodies or [(0, finish, "")]


def _join_questions(
    text: str, bodies: list[tuple[int, int, str]], chunker: _Chunker
) -> list[tuple[int, int, list[tuple[int, str]]]]:
    """Join a question heading and its answer to the body before them, if both fit into one passage.

    In an interview or an explainer every heading may be a question, and each answer a sentence or two.

    :return: (start, end, headings). Each heading has the place from which it is a passage's heading. A question is the
        heading of the text below it if that is a passage of its own, but not of a passage that contains the question.
    """
    joined: list[tuple[int, int, list[tuple[int, str]]]] = []
    for start, end, heading in bodies:
        if joined and is_question(heading) and chunker.fits(heading, text[start:end]):
            first, asked, headings = joined[-1]
            joined[-1] = (first, end, [*headings, (asked, headings[0][1]), (start, heading)])
        else:
            joined.append((start, end, [(start, heading)]))
    return joined


def _find_bounds(document: Document) -> list[tuple[int, int, str]]:
    """(start, start of its text, heading) of each section, entry of a live blog and correction, in order."""
    text, entries = document.text, find_entries(document.text)
    stamped = {entry.start: entry.stamp for entry in entries}
    bounds = []
    for start, heading in ((section.start, section.heading) for section in document.sections):
        entry = next((entry for entry in reversed(entries) if entry.start <= start), None)
        if entry is not None and entry.start == start:
            stamped[start] = heading
        elif entry is not None and not text[entry.body : start].strip():
            stamped[entry.start] = f"{entry.stamp} {heading}"
        else:
            below = start + len(heading) if text.startswith(heading, start) else start
            bounds.append((start, below, f"{entry.stamp} {heading}" if entry else heading))
    bounds = sorted([*bounds, *((start, start, heading) for start, heading in stamped.items())])
    bounds = bounds if bounds and bounds[0][0] == 0 else [(0, 0, ""), *bounds]
    kept, place = [], 0
    starts = [start for start, _, _ in bounds]
    for start, end in find_corrections(text):
        first = bisect_left(starts, start)
        kept += [*bounds[place:first], (start, start, CORRECTION), (end, end, bounds[first - 1][2])]
        place = bisect_right(starts, end)
    return [*kept, *bounds[place:]]


def _make_passage(document: Document, heading: str, start: int, end: int) -> Passage:
    return Passage(
        passage_id=f"{document.document_id}#{start}-{end}",
        document_id=document.document_id,
        title=document.title,
        heading=heading[:MOST_HEADING].rstrip(),
        date=document.date,
        start=start,
        end=end,
        text=document.text[start:end],
    )


class _Chunker:
    """Splits parts of one text. Counts the tokens of each sentence once."""

    def __init__(self, text: str, count_tokens: CountTokens, config: ChunkingConfig) -> None:
        self._text = text
        self._config = config
        self._count_tokens = count_tokens
        self._counts: dict[str, int] = {}
        self._rows: set[int] = set()  # offsets of the sentences in rows that are passages

    def cut(self, start: int, end: int) -> list[Span]:
        """Spans of the passages between two offsets, in order, without surrounding white space."""
        sentences = self._split_sentences(start, end)
        spans: list[Span] = []
        for paragraphs in self._group_paragraphs(sentences):
            spans += self._fill(paragraphs)
        return self._overlap(spans, sentences)

    def fits(self, *texts: str) -> bool:
        """Whether the texts fit into one passage together."""
        return sum(self.count(text.strip()) for text in texts) <= self._config.max_tokens

    def count(self, text: str) -> int:
        """The number of tokens of a text, but at least its characters divided by `_MOST_CHARACTERS_A_TOKEN`."""
        if text not in self._counts:
            self._count_all([text])
        return self._counts[text]

    def _count_all(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._counts]
        for text, tokens in zip(new, self._count_tokens(new) if new else [], strict=True):
            self._counts[text] = max(tokens, -(-len(text) // _MOST_CHARACTERS_A_TOKEN))

    def _split_sentences(self, start: int, end: int) -> list[Span]:
        """Sentences between two offsets. A sentence that is too long for a passage is split."""
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
            # The splitter adds up the tokens of the pieces, which can be fewer than the tokens of their join.
            if self.count(part) > self._config.max_tokens and size > 1:
                parts += self._split_clauses(part, size // 2)
            else:
                parts.append(part)
        return parts

    def _group_paragraphs(self, sentences: list[Span]) -> list[list[Span]]:
        """Merge short paragraphs with their neighbours if they fit into one passage. Long paragraphs stay alone.

        So does each row of a longer table that names its columns, since a reader confuses the rows of one passage. A
        short table stays with the sentence that explains it.
        """
        paragraphs: list[list[Span]] = []
        for span in sentences:
            # A question stays with the paragraph that answers it.
            last = paragraphs[-1][-1] if paragraphs else (0, 0)
            answers = is_question(self._text[slice(*last)])
            if paragraphs and (answers or "\n" not in self._text[last[1] : span[0]]):
                paragraphs[-1].append(span)
            else:
                paragraphs.append([span])
        rows = self._find_rows(paragraphs)
        groups: list[list[Span]] = []
        before = 0
        after_row = False
        for paragraph, row in zip(paragraphs, rows, strict=True):
            size = sum(self.count(self._text[first:last]) for first, last in paragraph)
            short = min(before, size) < self._config.min_tokens
            if groups and short and not (row or after_row) and before + size <= self._config.max_tokens:
                groups[-1] += paragraph
                before += size
            else:
                groups.append(list(paragraph))
                before = size
            after_row = row
            self._rows |= {first for first, _ in paragraph} if row else set()
        return groups

    def _find_rows(self, paragraphs: Sequence[list[Span]]) -> list[bool]:
        """Whether each paragraph is a row of a table with more than `FEW_ROWS` of them."""
        named = [is_named_row(self._text[paragraph[0][0] : paragraph[-1][1]]) for paragraph in paragraphs]
        runs = [(row, len(list(run))) for row, run in groupby(named)]
        return [row and size > FEW_ROWS for row, size in runs for _ in range(size)]

    def _fill(self, sentences: list[Span]) -> list[Span]:
        """Merge sentences into as few passages as possible, of about equal length."""
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
        """Prepend the sentence before a passage, if it is in the same paragraph or is a paragraph by itself."""
        places = {first: n for n, (first, _) in enumerate(sentences)}
        widened = spans[:1]
        for start, end in spans[1:]:
            n = places[start]
            first, last = sentences[n - 1]
            alone = n < 2 or "\n" in self._text[sentences[n - 2][1] : first]
            close = (alone and self._rows.isdisjoint((first, start))) or "\n" not in self._text[last:start]
            fits = self.count(self._text[first:last]) <= self._config.overlap_tokens
            if close and fits and self.count(self._text[first:end]) <= self._config.max_tokens:
                start = first
            widened.append((start, end))
        return widened


def _trim(text: str, offset: int, pieces: Sequence[str]) -> list[Span]:
    """Spans of contiguous pieces that start at an offset, without surrounding white space."""
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
    """The two splitters. Their package is imported when the first document is split.

    :param clauses: (length function, most tokens) to a splitter for one sentence.
    :param sentences: (length function, most tokens, sentences) to contiguous texts of merged sentences.
    """

    clauses: Callable[[Callable[[str], int], int], Any]
    sentences: Callable[[Callable[[str], int], int, list[str]], list[str]]


@lru_cache(maxsize=1)
def _make_splitters() -> _Splitters:
    from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

    class SentenceSplitter(TextSplitter):  # type: ignore[misc]
        """Merges given sentences, as the package's NLTK and spaCy splitters do."""

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
