"""Shared by all tests: the real seeds, indexed once with the real encoder, and the real reader, loaded once."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from serving import serve_page
from tiny import finish_run, write_mpnet, write_training_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Served
    from tiny import Finished

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Before any model library is imported: a test that reaches for a hub must fail, not wait.
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
# eval/ is no part of the package that is installed; behind it, so that the tests meet the package as users do.
sys.path.append(str(ROOT))


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What is kept between runs is kept apart from the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder))
        patched.setenv("XDG_DATA_HOME", str(folder / "data"))  # the user's corrections change no test
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def training_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of small files in the place of everything that the reader is trained on."""
    return write_training_data(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a frozen base in blocks, made of an MPNet of a few thousand weights."""
    from rag.training.blocks import main

    folder = tmp_path_factory.mktemp("base")
    assert main(["--model", str(write_mpnet(folder / "mpnet")), "--out", str(folder / "blocks")]) == 0
    return folder / "blocks"


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, training_data: Path, tiny_base: Path) -> Finished:
    """A run on the tiny base that was stopped, went on and was finished, and its weights with their graphs."""
    return finish_run(tmp_path_factory.mktemp("finished"), training_data, tiny_base)


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an up-to-date index of the seeds."""
    from rag.index.chunking import ChunkingConfig
    from rag.index.encoder import load_encoder
    from rag.index.update import update_index

    folder = tmp_path_factory.mktemp("seeds") / "index"
    update_index(SEEDS, folder, load_encoder(None), ChunkingConfig())
    return folder


@pytest.fixture(scope="session")
def pipeline(seed_index: Path) -> Iterator[object]:
    """The whole product over the seeds, models loaded once for all tests. It reads for each question."""
    from rag.pipeline import Config, Pipeline

    opened = Pipeline.open(Config(corpus=SEEDS, index=seed_index, fresh=True))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def served(seed_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The chat page, started once for all tests that talk to it."""
    with serve_page(tmp_path_factory.mktemp("page"), SEEDS, seed_index) as found:
        yield found
