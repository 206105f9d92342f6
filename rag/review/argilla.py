"""Exports and imports items and reviews as records of Argilla 2, in the JSON of its ``to_json`` and ``from_json``.

The text of a record is that of the passages, one below the other. Two strings of metadata hold what Argilla has no
field for, so that a record that comes back unchanged is the same review by the same person.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_args
from uuid import NAMESPACE_URL, uuid5

from rag.review.items import Item, Origin, Place, Provenance, Sources, find_topic, read_clock, read_places
from rag.review.joined import cut_texts, describe_places, find_mark, find_place, join_texts, list_shown
from rag.review.judging import LEAST
from rag.review.store import DECISIONS, Review, Reviewer, ReviewError, Role, Way
from rag.types import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.review.store import ReviewStore

LABEL = "answer"
SPAN = ("start", "end", "label")
KEPT = ("created", "origin", "status", "confidence", "margin", "disagrees")
"""Fields of an item that its metadata holds as they are."""


@dataclass(frozen=True, slots=True)
class Response:
    """One person's review in a file.

    :param user: their id in Argilla.
    :param name: empty if the file does not say it.
    """

    user: str
    name: str
    role: Role
    review: Review


def write_records(store: ReviewStore) -> list[dict[str, Any]]:
    """A record for each item, with a response for each review of it."""
    reviewers = store.list_reviewers()
    made: defaultdict[str, list[Review]] = defaultdict(list)
    for review in store.list_reviews():
        if review.decision != "skip":
            made[review.item_id].append(review)
    found = (store.find_item(item.item_id) for item in store.list_items())
    return [write_record(item, made[item.item_id], reviewers) for item in found if item is not None]


def write_record(item: Item, reviews: Sequence[Review], reviewers: dict[str, Reviewer]) -> dict[str, Any]:
    shown = list_shown(item, reviews)
    sources = item.sources or Sources((), (), ())
    kept = {name: getattr(item, name) for name in KEPT} | asdict(item.source)
    kept |= {"places": describe_places(shown), "passages": len(sources.passages), "values": sources.values}
    kept |= {name: [asdict(place) for place in getattr(sources, name)] for name in ("quotes", "answers")}
    responses: dict[str, list[dict[str, Any]]] = {"decision": [], "places": []}
    said = {}
    for review in reviews:
        who = {"user_id": make_user(review.reviewer), "status": "submitted"}
        responses["decision"].append({"value": review.decision, **who})
        if spans := write_spans(review.places, shown):
            responses["places"].append({"value": spans, **who})
        said[who["user_id"]] = {"role": reviewers[review.reviewer].role, **asdict(review)}
    return {
        "id": item.item_id,
        "fields": {"question": item.question, "answer": item.answer, "text": join_texts(shown)},
        "metadata": {"item": _dump(kept), "reviews": _dump(said)},
        "suggestions": {},
        "responses": responses,
        "vectors": {},
        "_server_id": None,
    }


def make_user(name: str) -> str:
    """An id in Argilla's form, which depends on the name alone."""
    return str(uuid5(NAMESPACE_URL, f"ask-articles:{name}"))


def write_spans(places: Sequence[Place], shown: Sequence[Place]) -> list[dict[str, Any]]:
    marks = (find_mark(place, shown) for place in places)
    return [{"start": mark[0], "end": mark[1], "label": LABEL} for mark in marks if mark]


def read_records(store: ReviewStore, path: Path, reviewer: str) -> int:
    """Adds the items and reviews of a file; returns how many reviews are new.

    If nobody has reviewed here before, people come with their roles, and reviews with the reason why they were made.
    Otherwise new people become reviewers.

    :param reviewer: who made the reviews of the person that the file does not name. If there are several such persons,
        each has the beginning of their id behind that name.
    :raises ReviewError: if the file has another form, or a text is not where it says. Nothing is then added.
    """
    try:
        found = [read_record(record) for record in json.loads(path.read_text(encoding="utf-8-sig"))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReviewError(f"{path} is not an Argilla export with these records ({error}): name another file.") from None
    responses = [response for _, some in found for response in some]
    strangers = sorted({response.user for response in responses if not response.name})
    names = {user: reviewer if len(strangers) == 1 else f"{reviewer} {user[:8]}" for user in strangers}
    known = store.list_reviewers()
    fresh = not known
    for response in responses:
        name = response.name or names[response.user]
        if name not in known:
            known[name] = Reviewer(name, response.role)
            if fresh and response.name:
                store.add_reviewer(known[name])
            else:
                store.join(name)
    store.keep(item for item, _ in found)
    held = {(review.item_id, review.reviewer) for review in store.list_reviews()}
    new: dict[tuple[str, str], Review] = {}
    for response in responses:
        review, name = response.review, response.name or names[response.user]
        way = review.way if fresh else "imported"
        made = Review(review.item_id, name, way, review.decision, review.places, review.guidelines, review.created)
        if (made.item_id, name) not in held:
            new.setdefault((made.item_id, name), made)
    for review in sorted(new.values(), key=lambda review: review.created or "~"):
        store.record(review)
    return len(new)


def read_record(record: dict[str, Any]) -> tuple[Item, list[Response]]:
    """:raises KeyError, TypeError, ValueError: if it has another form."""
    kept, said = (json.loads(record["metadata"][name]) for name in ("item", "reviews"))
    shown = cut_texts(str(record["fields"]["text"]), kept["places"])
    item = read_item(record, kept, shown)
    responses = record["responses"]
    spans = {one["user_id"]: one["value"] for one in responses.get("places") or () if is_submitted(one)}
    found = [
        read_response(str(one["user_id"]), str(one["value"]), spans.get(one["user_id"], []), said, item, shown)
        for one in responses.get("decision") or ()
        if is_submitted(one)
    ]
    return item, found


def is_submitted(response: dict[str, Any]) -> bool:
    """Whether it is neither a draft nor discarded. Argilla 2.8 does not write which."""
    return response.get("status") in (None, "submitted")


def read_item(record: dict[str, Any], kept: dict[str, Any], shown: Sequence[Place]) -> Item:
    """:raises KeyError, TypeError, ValueError: if it has another form."""
    if kept["status"] not in get_args(Status) or kept["origin"] not in get_args(Origin):
        raise ValueError(f"{record['id']} has an unknown status or origin")
    passages = tuple(shown[: int(kept["passages"])])
    quotes, answers = read_places(kept["quotes"]), read_places(kept["answers"])
    named = [place.document_id for place in (*quotes, *passages)]
    return Item(
        item_id=str(record["id"]),
        created=str(kept["created"]),
        origin=kept["origin"],
        question=str(record["fields"]["question"]),
        status=kept["status"],
        answer=str(record["fields"].get("answer") or ""),
        confidence=float(kept["confidence"]),
        margin=float(kept["margin"]),
        disagrees=bool(kept["disagrees"]),
        topic=find_topic(named[0]) if named else "",
        source=Provenance(str(kept["product"]), str(kept["reader"]), str(kept["encoder"])),
        sources=Sources(quotes, passages, tuple(map(str, kept["values"])), answers),
    )


def read_response(
    user: str, decision: str, spans: list[dict[str, Any]], said: dict[str, Any], item: Item, shown: Sequence[Place]
) -> Response:
    """:param said: the reviews as they were exported, by user. :raises KeyError, TypeError, ValueError: as above."""
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    before = said.get(user) or {}
    name, role = str(before.get("reviewer", "")), before.get("role", "reviewer")
    if role not in get_args(Role):
        raise ValueError(f"{role} is no role")
    if before.get("decision") == decision:
        places = read_places(before["places"])
        marks = write_spans(places, shown)
        if len(marks) == len(places) and marks == [{key: span[key] for key in SPAN} for span in spans]:
            way, created = before["way"], str(before["created"])
            if way not in get_args(Way):
                raise ValueError(f"{way} is no way of being given an item")
            review = Review(item.item_id, name, way, before["decision"], places, int(before["guidelines"]), created)
            return Response(user, name, role, review)
    marked = [find_place(int(span["start"]), int(span["end"]), shown) for span in spans]
    least = LEAST.get(decision, 0)
    if len(marked) < least:
        raise ValueError(f"the decision {decision} about {item.item_id} needs a text")
    chosen = tuple(marked) if least else ()
    review = Review(item.item_id, name, "imported", decision, chosen, created=read_clock())
    return Response(user, name, role, review)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
