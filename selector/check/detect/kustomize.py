"""Kustomizations: images and replicas that they put in place of those of their base."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from selector.check.detect import foreign
from selector.check.detect.foreign import steps
from selector.check.detect.pods import inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen


def reads(path: PurePosixPath) -> bool:
    """True for the file of a kustomization."""
    return path.name.lower() in ("kustomization.yaml", "kustomization.yml", "kustomization")


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
