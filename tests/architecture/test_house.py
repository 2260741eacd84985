"""The house: imports point one way, files and functions stay small, only the cli prints or exits."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "selector"
MAY_USE = {
    "types": set(),
    "errors": set(),
    "packs": {"types", "errors"},
    "estimate": {"types"},
    "needs": {"types", "errors", "packs"},
    "risk": {"types", "errors", "packs"},
    "decide": {"types", "errors", "packs", "needs", "risk", "estimate"},
    "check": {"types", "errors", "packs", "needs", "risk", "estimate"},
    "plan": {"types", "errors", "packs", "needs", "risk", "estimate", "decide"},
    "iterate": {"types", "errors", "packs", "needs", "risk", "estimate", "decide", "check"},
    "report": {"types", "errors", "packs", "needs", "risk", "estimate", "decide", "check", "iterate"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("selector."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.module == "selector":
            found.update(a.name for a in node.names if a.name != "__version__")
        elif isinstance(node, ast.Import):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("selector."))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    name = room(path)
    if name in ("cli", "__init__"):
        return
    used = imported(ast.parse(path.read_text(encoding="utf-8"))) - {name}
    assert used <= MAY_USE[name], f"{name} may not use {used - MAY_USE[name]}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 60, node.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_cli_prints_or_exits(path: Path) -> None:
    if room(path) == "cli":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in ("print", "sys.exit", "exit", "typer.echo")


def test_check_and_estimate_do_not_load_numpy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, selector.check.gate, selector.estimate.sizing, selector.packs.catalog;"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
