"""The tools for MCP clients: their results as JSON, and a sentence for each request that is wrong.

Without this, the libraries repeat what was sent, answer with pages of validation errors and log them, and serve two
older ways in. This module is imported only where the package mcp is installed.
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
"""Codes of JSON-RPC for what is not a message, and for one whose parameters are wrong."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Lets valid requests for tools through to Gradio's MCP server, and everything that is for the page.

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
            refusal = JSONResponse({"error": f"The tools are at {PATH}/ alone."}, 404)
        elif scope["method"] != "POST":
            refusal = JSONResponse({"error": "This is for MCP clients, which send POST."}, 405, {"allow": "POST"})
        else:
            try:
                body = await Request(scope, receive).body()
                refusal = self._refuse(body)
            except ClientDisconnect:
                refusal = JSONResponse({"error": "The request is too long, or ended early: send less."}, 413)
        await (refusal or replay(self.app, body))(scope, receive, send)

    def _refuse(self, body: bytes) -> JSONResponse | None:
        """The response to a message that is wrong; None if it is right."""
        try:
            message = types.JSONRPCMessage.model_validate_json(body).root
        except ValidationError:
            return refuse(None, INVALID_JSON, "This is not one message of JSON-RPC 2.0.")
        if not isinstance(message, types.JSONRPCRequest | types.JSONRPCNotification):
            return None
        is_request = isinstance(message, types.JSONRPCRequest)
        try:
            kind = types.ClientRequest if is_request else types.ClientNotification
            kind.model_validate(message.model_dump(by_alias=True, mode="json", exclude_none=True))
        except ValidationError:
            said = "There is no such method, or its parameters are wrong: tools/list and tools/call are offered."
            return refuse(getattr(message, "id", None), INVALID, said)
        if is_request and message.method == "tools/call" and message.params:
            fault = find_fault(message.params["name"], message.params.get("arguments") or {}, self.schemas)
            if fault:
                # As the result of a call, so that a model reads it.
                result = {"content": [{"type": "text", "text": fault}], "isError": True}
                return JSONResponse({"jsonrpc": "2.0", "id": message.id, "result": result})
        return None


def guard_tools(app: ASGIApp, page: gr.Blocks, address: str) -> Tools:
    """Puts itself before Gradio's MCP server, whose results become JSON instead of Python's notation.

    :param page: mounted in the app, with its MCP server.
    :param address: of the page. Gradio would call the one that the first request names, with all later questions.
    """
    server = page.mcp_server_obj
    server._local_url = address

    def write_results(data: list[Any], root_url: str) -> list[types.TextContent]:  # noqa: ARG001 (Gradio's parameters)
        return [types.TextContent(type="text", text=json.dumps(one, ensure_ascii=False)) for one in data]

    server.postprocess_output_data = write_results
    return Tools(app, {name: server.get_input_schema(name)[0] for name in server.tool_to_endpoint})


def find_fault(name: str, arguments: Mapping[str, Any], schemas: Mapping[str, dict[str, Any]]) -> str:
    """What is wrong with a call, in one sentence that repeats nothing of it; empty if nothing is."""
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
        return f"The argument {error.absolute_path[0]} of {name} has a wrong form: tools/list says what it must be."
    return ""


def refuse(number: object, code: int, said: str) -> JSONResponse:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": said}}, 400)


def replay(app: ASGIApp, body: bytes) -> ASGIApp:
    """An application that receives a body which has already been read."""

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
