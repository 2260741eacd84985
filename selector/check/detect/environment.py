"""Variables that files of the repository set for others."""

from __future__ import annotations

from selector.check.detect import variables
from selector.check.detect.tree import File, Tree

# What a shell or a tool reads by itself before it starts what stands beside it.
BESIDE = (".env", "set_env.sh", "env.sh")


def beside(file: File, tree: Tree) -> dict[str, str]:
    """Variables of the files of the same folder that are read without being named."""
    found: dict[str, str] = {}
    for name in BESIDE:
        found |= _read(tree.beside(file, name), tree)
    return found


def files(named: object, file: File, tree: Tree) -> dict[str, str]:
    """Variables of the files that `env_file` names."""
    found: dict[str, str] = {}
    for one in named if isinstance(named, list) else [named]:
        path = one.get("path") if isinstance(one, dict) else one
        if isinstance(path, str):
            found |= _read(tree.at(file.path.parent / path), tree)
    return found


def _read(file: File | None, tree: Tree) -> dict[str, str]:
    text = tree.text(file) if file is not None else None
    return variables.env_file(text) if text else {}
