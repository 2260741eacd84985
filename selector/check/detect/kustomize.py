"""Kustomizations: images and replicas that they put in place of those of their base."""

from __future__ import annotations

from collections.abc import Iterable

from selector.check.detect import foreign, variables
from selector.check.detect.foreign import steps
from selector.check.detect.overlays import NAMES
from selector.check.detect.pods import inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen


def generated(tree: Tree) -> dict[str, dict[str, str]]:
    """Data of the ConfigMaps that kustomizations generate, by name; none where two of a name differ."""
    found: dict[str, dict[str, str]] = {}
    twice: set[str] = set()
    for file in (f for f in tree.files if f.base in NAMES):
        text = tree.text(file)
        documents = foreign.read(text, file.name)[0] if text else []
        rows = inner(documents[0].data, ("configMapGenerator",)) if documents else None
        for row in rows if isinstance(rows, list) else ():
            name, data = text_of(inner(row, ("name",))) or "", _data(row, file, tree)
            if found.get(name, data) != data:
                twice.add(name)
            found[name] = data
    return {k: v for k, v in found.items() if k not in twice}


def _data(row: object, file: File, tree: Tree) -> dict[str, str]:
    """Names and values of a generator: of its env files, then of its literals."""
    data: dict[str, str] = {}
    for name in _names(row):
        env = tree.at(file.path.parent / name)
        data |= variables.env_file((tree.text(env) if env else None) or "")
    literals = inner(row, ("literals",))
    for one in literals if isinstance(literals, list) else ():
        key, equals, value = str(one).partition("=")
        if equals:
            data[key] = value
    return data


def _names(row: object) -> list[str]:
    envs = inner(row, ("envs",))
    return [str(e) for e in envs] if isinstance(envs, list) else [str(e) for e in [inner(row, ("env",))] if e]


def reads(file: File) -> bool:
    """True for the file of a kustomization."""
    return file.base.lower() in ("kustomization.yaml", "kustomization.yml", "kustomization")


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of the images that are engines, and replicas beside them."""
    text = tree.text(file)
    if text is None:
        return []
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    teller = Teller(file.name, file.name, tables)
    for document in documents:
        images = inner(document.data, ("images",))
        for i, row in enumerate(images if isinstance(images, list) else ()):
            name = text_of(inner(row, ("newName",))) or text_of(inner(row, ("name",))) or ""
            tag, digest = text_of(inner(row, ("newTag",))), text_of(inner(row, ("digest",)))
            if tables.image(name) is None:
                continue
            whole = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
            teller.image(whole, At(*document.at(("images", i)), "images", steps(("images", i))))
        rows = inner(document.data, ("replicas",))
        for i, row in enumerate(rows if isinstance(rows, list) else ()):
            if teller.framework:
                where = ("replicas", i, "count")
                teller.say(
                    "replicas",
                    text_of(inner(row, ("count",))),
                    At(*document.at(where), "replicas", steps(where)),
                )
    return teller.told()
