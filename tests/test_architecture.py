"""The tree keeps its promises: imports point one way, heavy ones wait, the README names every flag."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys

import pytest
from conftest import ROOT, SEEDS

from rag.options import build_parser

# What each room may import from.
ROOMS: dict[str, set[str]] = {
    "machine": set(),
    "articles": {"machine"},
    "fetch": {"articles"},
    "index": {"articles", "machine"},
    "question": {"articles"},
    "reader": {"articles", "question", "machine"},
    "answers": {"question", "articles"},
    "review": {"question", "articles", "answers"},
    "page": {"review", "index", "articles", "question", "answers", "machine"},
    "training": {"reader", "answers", "question", "index", "articles", "machine"},
}
COMMON = {"rag", "rag.types", "rag.documents", "rag.errors", "rag.metrics"}
"""Open to every room."""
ON_TOP: dict[str, set[str]] = {
    "rag.models": {"page"},
    "rag.pipeline": {"page"},
    **{
        f"rag.{name}": set()
        for name in ("arriving", "json_lines", "options", "commands", "review_commands", "server", "cli", "client")
    },
}
"""May import from every room but training, and which rooms may import them."""
SEED_HASHES = {
    "000_e8defafe19a1604d.txt": "83a76a5b4162969d0010de181b38c888ed340f4d0e181c556e76c777b8be9171",
    "001_5fbfa80d08cfb18c.txt": "eff494bfaf68b2f3cefcf5a2301c7981d514170e77fa9937f074c07125f43702",
    "002_0cd24ffb8956bbb1.txt": "44049d36494b47eb64fdf6077a275656fd23f764dbad0afe30fab6c9ceb58777",
    "003_8f901e4bfba2ee08.txt": "7f43b44a4e23b5461736da3556f81b719ad375d9455353efe2615bcd0986bf09",
    "004_eef30f730183d976.txt": "887181ad511bbe7cb9e8d377f314bedc1ee1475dd1c5ca2eb66eef0c404bb64a",
}


def list_imports() -> dict[str, set[str]]:
    """Module to the rag, eval and app modules it imports anywhere in it."""
    imports = {}
    for path in sorted((ROOT / "rag").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "rag":
                found |= {f"rag.{alias.name}" for alias in node.names if (ROOT / "rag" / f"{alias.name}.py").exists()}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
        imports[module] = {name for name in found if name.split(".")[0] in ("rag", "eval", "app")}
    return imports


def find_room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""


def is_allowed(module: str, name: str) -> bool:
    room, other = find_room(module), find_room(name)
    if module in ON_TOP:
        return other != "training"
    return name in COMMON or room in ON_TOP.get(name, set()) or other in {room, *ROOMS.get(room, set())} - {""}


def test_rooms_import_only_from_the_rooms_before_them() -> None:
    imports = list_imports()
    assert [f"{m} imports {n}" for m, names in imports.items() for n in names if not is_allowed(m, n)] == []
    assert {find_room(module) for module in imports} == {*ROOMS, ""}
    assert {module for module in imports if not find_room(module)} == COMMON | ON_TOP.keys()


def test_no_modules_import_each_other_in_a_ring() -> None:
    left = {module: set(names) for module, names in list_imports().items()}
    while free := {module for module, names in left.items() if not names & left.keys() - {module}}:
        left = {module: names for module, names in left.items() if module not in free}
    assert left == {}


def test_every_room_says_in_three_lines_what_it_is_for() -> None:
    for room in ROOMS:
        text = ast.get_docstring(ast.parse((ROOT / "rag" / room / "__init__.py").read_text(encoding="utf-8")))
        assert text, room
        assert len(text.splitlines()) == 3, room


def test_help_and_version_load_no_heavy_library() -> None:
    heavy = (
        "torch",
        "transformers",
        "sentence_transformers",
        "faiss",
        "numpy",
        "langchain_text_splitters",
        "tqdm",
        "gradio",
    )
    code = (
        "import sys\nfrom rag.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit: pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    for flag in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", code, flag], capture_output=True, text=True, check=True, cwd=ROOT)
        assert done.stderr.strip() == "[]"
        assert done.stdout


def test_every_flag_has_help_and_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for action in build_parser()._actions:
        assert action.help
        for flag in action.option_strings[-1:]:
            assert re.search(rf"`[^`]*{re.escape(flag)}\b", readme), f"{flag} is not in README.md"


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (finds,) = re.findall(r"^command=.*$", script, re.MULTILINE)
    told = subprocess.run(
        ["bash", "-c", f'{finds}\necho "$command"'], capture_output=True, text=True, check=True, cwd=ROOT
    )
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^    (python3 -m venv .*)$", readme, re.MULTILINE)
    assert told.stdout.strip() == second
    assert second.endswith("&& .venv/bin/pytest")
    assert ".venv/bin/ask" in first
    # It is run as it stands, and nothing that fails is passed over.
    assert script.index("set -euo pipefail") < script.index(finds) < script.index('\nbash -c "$command"\n')


@pytest.mark.parametrize("name", sorted(SEED_HASHES))
def test_seeds_are_byte_for_byte_as_found(name: str) -> None:
    assert hashlib.sha256((SEEDS / name).read_bytes()).hexdigest() == SEED_HASHES[name]


def test_every_module_stands_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in (ROOT / "rag").rglob("*.py"):
        if path.name not in ("__init__.py",):
            assert path.name in text or f"rag/{path.name}" in text, f"{path.name} is not in docs/architecture.md"


def test_every_decision_is_listed_once() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("0*.md")):
        number, title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").split(" – ", 1)
        assert listed.count(f"- [{number}]({path.name}) {title}\n") == 1, f"{path.name} is not in the list once"
