"""Questions that name a time, over Wikipedia's current events: whether an article of that time is found first.

Each event is an article under the heading of its topic, which has events of several months. So the words of a question
fit all of them equally, and only the time tells them apart.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.results import describe_origin, write_benchmark
from rag.errors import RagError
from rag.index.chunking import ChunkingConfig
from rag.index.encoder import load_encoder
from rag.index.meter import Meter
from rag.index.retrieval import HybridRetriever
from rag.index.update import open_index, update_index
from rag.question.times import find_period, find_time

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from rag.index.update import Index
    from rag.types import Encoder

MONTHS = 3
"""Months of which a topic must have events."""
TOPICS = 91
"""Topics that are asked about, chosen by hash. More would only take longer."""
DEPTH = 15


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on a day, in ISO 8601."""

    date: str
    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Timed:
    """A question and the names of the articles that are right: all of its topic and its time.

    :param part: ``dev`` to choose the size of the preference on, ``test`` to report.
    """

    question: str
    kind: str
    right: frozenset[str]
    part: str


def run(arguments: argparse.Namespace) -> None:
    origin = describe_origin()
    events = choose_events(load_events(arguments.path))
    asked = make_questions(events)[:: arguments.every]
    encoder = load_encoder(None)
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        write_corpus(events, corpus)
        update_index(corpus, Path(name) / "index", encoder, ChunkingConfig(), tell=Meter())
        with open_index(Path(name) / "index") as index:
            found = {told: search(index, encoder, asked, told=told) for told in (False, True)}
    figures = {"with": count_right(asked, found[True]), "without": count_right(asked, found[False])}
    shown = f"{figures['with']['all']} of {len(asked)}, without the preference {figures['without']['all']}"
    command = f"python -m eval timely {arguments.path.name}"
    every = f" --every {arguments.every}" if arguments.every > 1 else ""
    title = f"an article of the time asked about comes first, {len(asked)} questions"
    described = {"benchmark": "timely", "title": title, "figure": shown, "command": command + every}
    write_benchmark({**described, "articles": len(events), **figures}, origin, arguments.save)


def load_events(path: Path) -> list[Event]:
    """:raises RagError: if the file is missing or has another format."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        # "Gaza war / Israeli invasion": the last is the narrowest.
        return [Event(r["date"], r["topic"].split(" / ")[-1], r["text"]) for r in records if r["topic"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RagError(f"{path} holds no current events ({error}): name news-current-events.jsonl.gz.") from None


def choose_events(events: Iterable[Event]) -> list[Event]:
    """The events of some topics, in their order."""
    topics: dict[str, list[Event]] = {}
    for event in events:
        topics.setdefault(event.topic, []).append(event)
    spread = [topic for topic, own in topics.items() if len({event.date[:7] for event in own}) >= MONTHS]
    chosen = sorted(spread, key=_hash)[:TOPICS]
    return [event for topic in chosen for event in topics[topic]]


def make_questions(events: Sequence[Event]) -> list[Timed]:
    """One question on each topic. The kinds take turns."""
    topics: dict[str, dict[str, str]] = {}
    for name, event in name_events(events).items():
        topics.setdefault(event.topic, {})[name] = event.date
    newest = max(event.date for event in events)
    made = []
    for number, (topic, dates) in enumerate(topics.items()):
        part = "dev" if number % 2 else "test"
        days = sorted(dates.values())
        day = days[_hash(f"day {topic}") % len(days)]
        kind = ("month and year", "latest", "day", "month")[number // 2 % 4]
        if kind == "month" and (day[:7] == newest[:7] or _count_months(day, newest) >= 12):
            kind = "month and year"
        asks, fits = _ask(kind, day, days[-1])
        right = frozenset(name for name, when in dates.items() if when.startswith(fits))
        made.append(Timed(asks.format(topic), kind, right, part))
    return made


def _ask(kind: str, day: str, last: str) -> tuple[str, str]:
    """The question without its topic, and how the dates that are right begin."""
    when = date.fromisoformat(day)
    return {
        "month and year": (f"What happened in {when:%B %Y} in the {{}}?", day[:7]),
        "month": (f"What happened in the {{}} in {when:%B}?", day[:7]),
        "day": (f"What happened on {when.day} {when:%B %Y} in the {{}}?", day),
        "latest": ("What is the latest news on the {}?", last),
    }[kind]


def _count_months(day: str, newest: str) -> int:
    one, other = date.fromisoformat(day), date.fromisoformat(newest)
    return (other.year - one.year) * 12 + other.month - one.month


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def name_events(events: Sequence[Event]) -> dict[str, Event]:
    """Each event with the name of its article."""
    return {f"{number:05d}.txt": event for number, event in enumerate(events)}


def write_corpus(events: Sequence[Event], corpus: Path) -> None:
    corpus.mkdir()
    for name, event in name_events(events).items():
        text = f"---\ntitle: {event.topic}\ndate: {event.date}\n---\n\n{event.text}\n"
        (corpus / name).write_text(text, encoding="utf-8")


def search(index: Index, encoder: Encoder, asked: Sequence[Timed], *, told: bool) -> list[list[str]]:
    """The articles found for each question, best first.

    :param told: whether retrieval knows of the times.
    """
    newest = index.find_newest_day(date.max.isoformat())
    now = date.fromisoformat(newest or "2000-01-01")
    times = [find_time(each.question) if told else None for each in asked]
    periods = [find_period(time, now) if time else None for time in times]
    found = HybridRetriever(index, encoder).retrieve([each.question for each in asked], DEPTH, periods)
    return [[scored.passage.document_id for scored in ranked] for ranked in found]


def count_right(asked: Sequence[Timed], found: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The number of questions whose first article is right, by part and kind, and of those with one among all."""
    first = [each for each, names in zip(asked, found, strict=True) if names and names[0] in each.right]
    among = [each for each, names in zip(asked, found, strict=True) if each.right.intersection(names)]
    kinds = {kind: sum(each.kind == kind for each in first) for kind in sorted({each.kind for each in asked})}
    parts = {part: sum(each.part == part for each in first) for part in ("dev", "test")}
    return {"all": len(first), **parts, **kinds, f"among {DEPTH}": len(among)}
