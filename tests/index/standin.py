"""A stand-in for a Qdrant server: its routes, over the client's local mode: `standin.py PORT-FILE [KEY]`.

It speaks the REST interface as the client does, so that several processes can share an index. It keeps nothing on disk.
"""

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter
from qdrant_client import QdrantClient, models

ROUTE = re.compile(r"/collections/(?P<name>[\w-]+)(?P<rest>/[a-z/]+)?(\?.*)?")


class Server:
    """The collections, and what each route does to them."""

    def __init__(self) -> None:
        self.client = QdrantClient(":memory:")
        self.lock = Lock()
        self.writes = 0

    def answer(self, method: str, name: str, rest: str, body: Any) -> Any:
        self.writes += method == "PUT" or rest.endswith(("/delete", "/payload"))
        return getattr(self, f"{method}{rest}".replace("/", "_").lower())(name, body)

    def get(self, name: str, _: Any) -> Any:
        return self.client.get_collection(name)

    def get_exists(self, name: str, _: Any) -> Any:
        return {"exists": self.client.collection_exists(name)}

    def put(self, name: str, body: Any) -> Any:
        asked = models.CreateCollection.model_validate(body)
        self.client.create_collection(name, asked.vectors or {}, asked.sparse_vectors)
        return True

    def put_index(self, *_: Any) -> Any:
        return {"status": "completed"}

    def put_points(self, name: str, body: Any) -> Any:
        asked = models.PointsList.model_validate(body)
        return self.client.upsert(name, asked.points, update_filter=asked.update_filter)

    def post_points(self, name: str, body: Any) -> Any:
        asked = models.PointRequest.model_validate(body)
        return self.client.retrieve(name, asked.ids, asked.with_payload, asked.with_vector or False)

    def post_points_payload(self, name: str, body: Any) -> Any:
        asked = models.SetPayload.model_validate(body)
        return self.client.set_payload(name, asked.payload, asked.filter)

    def post_points_delete(self, name: str, body: Any) -> Any:
        return self.client.delete(name, models.FilterSelector.model_validate(body))

    def post_points_scroll(self, name: str, body: Any) -> Any:
        asked = models.ScrollRequest.model_validate(body)
        points, offset = self.client.scroll(
            name,
            asked.filter,
            limit=asked.limit or 10,
            order_by=asked.order_by,
            offset=asked.offset,
            with_payload=asked.with_payload,
            with_vectors=asked.with_vector or False,
        )
        return {"points": points, "next_page_offset": offset}

    def post_points_count(self, name: str, body: Any) -> Any:
        return self.client.count(name, models.CountRequest.model_validate(body).filter)

    def post_points_query(self, name: str, body: Any) -> Any:
        return self.client.query_batch_points(name, [models.QueryRequest.model_validate(body)])[0]

    def post_points_query_batch(self, name: str, body: Any) -> Any:
        return self.client.query_batch_points(name, models.QueryRequestBatch.model_validate(body).searches)


def make_handler(server: Server, key: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = ROUTE.fullmatch(self.path)
            if key and self.headers.get("api-key") != key:
                self.reply(401, {"status": {"error": "Invalid API key"}})
            elif found is None:
                self.reply(404, {"status": {"error": self.path}})
            else:
                with server.lock:
                    result = server.answer(
                        self.command, found["name"], found["rest"] or "", json.loads(body) if body else None
                    )
                plain = TypeAdapter(Any).dump_python(result, mode="json", exclude_none=True)
                self.reply(200, {"result": plain, "status": "ok", "time": 0.0})

        def reply(self, status: int, value: Any) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = handle_any  # noqa: N815 (their names are the library's)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def main(file: str, key: str = "") -> None:
    http = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(Server(), key))
    new = Path(file + ".new")
    new.write_text(str(http.server_address[1]), encoding="utf-8")
    new.rename(file)
    http.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
