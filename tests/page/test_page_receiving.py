"""Uploads that end early while Gradio receives them leave nothing, and say why in one sentence."""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.requests import ClientDisconnect

from rag.page.receiving import FULL, Receiving

if TYPE_CHECKING:
    from pathlib import Path

FILES = [("files", (f"{name}.txt", f"The town of {name} lies by the sea. " * 9)) for name in ("wick", "ayr")]


def post(folder: Path, monkeypatch: pytest.MonkeyPatch) -> httpx.Response | None:
    """Uploads two files to a page with nothing on it, behind the real guard and through Gradio's real upload."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))

    async def run() -> httpx.Response | None:
        import gradio as gr

        from rag.page.start import Serving, protect

        with gr.Blocks(analytics_enabled=False) as page:
            gr.UploadButton()
        shelf: Any = SimpleNamespace(version=0)
        app: Any = protect(page, shelf, {"show_error": False}, None, Serving())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            with suppress(ClientDisconnect):
                return await client.post("/gradio_api/upload", files=FILES)
        return None

    return asyncio.run(run())


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_upload_is_received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    response = post(tmp_path, monkeypatch)
    assert response is not None
    assert response.status_code == 200
    assert list_files(tmp_path) == ["ayr.txt", "wick.txt"]


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ClientDisconnect()])
def test_an_upload_that_ends_early_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, error: Exception
) -> None:
    from gradio.route_utils import GradioUploadFile

    write, calls = GradioUploadFile.write, 0

    async def fill(self: Any, data: bytes) -> None:
        nonlocal calls
        calls += 1
        await write(self, data[:10] if calls == failing else data)
        if calls == failing:
            raise error

    monkeypatch.setattr(GradioUploadFile, "write", fill)
    response = post(tmp_path, monkeypatch)
    assert calls == failing
    assert list_files(tmp_path) == []
    if isinstance(error, OSError):
        assert response is not None
        assert (response.status_code, response.text) == (507, FULL)


def test_what_another_upload_is_writing_stays(tmp_path: Path) -> None:
    receiving = Receiving(tmp_path)
    (tmp_path / "named.txt").touch()
    with receiving.receive():
        (tmp_path / "tmpabc").touch()
        with receiving.receive():
            pass
        assert (tmp_path / "tmpabc").exists()
    assert list_files(tmp_path) == ["named.txt"]
