"""The tools for MCP clients: results as JSON, and an error of one sentence for each invalid request.

Without this, the libraries repeat what was sent, answer with pages of validation errors, log them, and also serve two
older transports. This module is imported only if the package mcp is installed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema.validators import validator_for
from mcp import types
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from rag.page.rendering import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    import gradio as gr
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/gradio_api/mcp"
INVALID_JSON, INVALID = -32700, -32602
"""JSON-RPC error codes: not a message; a message with invalid parameters."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Passes on all requests for the page, and valid requests for tools to Gradio's MCP server.

    :param schemas: JSON Schemas of the arguments by tool.
    """

    app: ASGIApp
    schemas: Mapping[str, dict[str, Any]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{PATH}/"):
            await self.app(scope, receive, send)
            return
        refusal, body = None, b""
        if scope["path"].rstrip("/") != PATH:
            refusal = JSONResponse({"error": f"The tools are only at {PATH}/."}, 404)
        elif scope["method"] != "POST":
            refusal = JSONResponse({"error": "This is only for MCP clients, which send POST."}, 405, {"allow": "POST"})
        else:
            try:
                body = await Request(scope, receive).body()
                refusal = self._refuse(body)
            except ClientDisconnect:
                refusal = JSONResponse({"error": "The request is too long or was cut off: send a shorter one."}, 413)
        await (refusal or replay(self.app, body))(scope, receive, send)

    def _refuse(self, body: bytes) -> JSONResponse | None:
        """The response to an invalid message; None if the message is valid."""
        try:
            message = types.JSONRPCMessage.model_validate_json(body).root
        except ValidationError:
            return refuse(None, INVALID_JSON, "This is not a single JSON-RPC 2.0 message.")
        if not isinstance(message, types.JSONRPCRequest | types.JSONRPCNotification):
            return None
        is_request = isinstance(message, types.JSONRPCRequest)
        try:
            kind = types.ClientRequest if is_request else types.ClientNotification
            kind.model_validate(message.model_dump(by_alias=True, mode="json", exclude_none=True))
        except ValidationError:
            said = "There is no such method, or its parameters are wrong: use tools/list or tools/call."
            return refuse(getattr(message, "id", None), INVALID, said)
        if is_request and message.method == "tools/call" and message.params:
            fault = find_fault(message.params["name"], message.params.get("arguments") or {}, self.schemas)
            if fault:
                # It is sent as the result of the call, so that the model reads it.
                result = {"content": [{"type": "text", "text": fault}], "isError": True}
                return JSONResponse({"jsonrpc": "2.0", "id": message.id, "result": result})
        return None


def guard_tools(app: ASGIApp, page: gr.Blocks, address: str) -> Tools:
    """Guards Gradio's MCP server, and makes its results JSON instead of Python's notation.

    :param page: mounted in the app, with its MCP server.
    :param address: of the page. Otherwise Gradio would send all questions to the address that the first request names.
    """
    server = page.mcp_server_obj
    server._local_url = address

    def write_results(data: list[Any], root_url: str) -> list[types.TextContent]:  # noqa: ARG001 (Gradio's parameters)
        return [types.TextContent(type="text", text=json.dumps(one, ensure_ascii=False)) for one in data]

    server.postprocess_output_data = write_results
    return Tools(app, {name: server.get_input_schema(name)[0] for name in server.tool_to_endpoint})


def find_fault(name: str, arguments: Mapping[str, Any], schemas: Mapping[str, dict[str, Any]]) -> str:
    """What is wrong with a call, in one sentence that repeats no part of it; empty if nothing is wrong."""
    if name not in schemas:
        return f"There is no such tool: the tools are {', '.join(schemas)}."
    schema = schemas[name]
    known = list(schema["properties"])
    takes = f"{name} takes {count(len(known), 'argument')}" + (f": {', '.join(known)}." if known else ".")
    if not arguments.keys() <= set(known):
        return takes
    if missing := [argument for argument in schema.get("required", ()) if argument not in arguments]:
        return f"{name} needs the argument {missing[0]}."
    for error in validator_for(schema)(schema).iter_errors(arguments):
        return f"The argument {error.absolute_path[0]} of {name} has the wrong form: tools/list describes it."
    return ""


def refuse(number: object, code: int, said: str) -> JSONResponse:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": said}}, 400)


def replay(app: ASGIApp, body: bytes) -> ASGIApp:
    """The application, given a request body that has already been read."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        first = True

        async def receive_again() -> Message:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": body, "more_body": False}
            return await receive()

        await app(scope, receive_again, send)

    return run
