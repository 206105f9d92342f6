"""What the page answers, in one sentence, to requests that Gradio would answer with an error of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request

UNKNOWN = "This page has no such event or endpoint: reload it, or see /gradio_api/info."
MISSHAPEN = "This request lacks something, or has a value that is not allowed: /gradio_api/info says what to send."
TOO_FEW = "An argument is missing: /gradio_api/info lists the arguments of each endpoint."
BY_NAME = "/gradio_api/call/v2/"
"""Here programs name the arguments, which Gradio checks with a TypeError."""


async def refuse_event(_request: Request, _error: Exception) -> JSONResponse:
    """The response to an event or endpoint that the page does not have."""
    return JSONResponse({"error": UNKNOWN}, 400)


async def refuse_form(_request: Request, _error: Exception) -> JSONResponse:
    """The response to a body of the wrong form. It does not repeat the body, which may hold what JSON cannot: NaN."""
    return JSONResponse({"error": MISSHAPEN}, 422)


async def refuse_arguments(request: Request, error: Exception) -> JSONResponse:
    """The response to named arguments that an endpoint does not have, or that are missing.

    :raises Exception: the given one, if it is not about them.
    """
    if request.url.path.startswith(BY_NAME):
        return JSONResponse({"error": MISSHAPEN}, 422)
    raise error


def check_inputs(event: Any, inputs: list[Any]) -> None:
    """Takes the place of Gradio's own check, whose error says nothing to the program that called.

    :raises gr.Error: if an event gets too few values.
    """
    import gradio as gr

    if len(inputs) < len(event.inputs):
        raise gr.Error(TOO_FEW, print_exception=False)
