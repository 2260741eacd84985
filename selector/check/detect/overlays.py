"""Overlays of Kustomize: which objects a file of patches changes, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from selector.check.detect import foreign
from selector.check.detect.pods import inner, text_of
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MOST_DEPTH = 6
OF_IMAGE = frozenset({"image", "image_tag", "image_digest", "framework_version"})
COMMAND = ("argument ", "word after ", "command ")


@dataclass(frozen=True, slots=True)
class Overlay:
    """Files of the objects that a patch may change, and images that the kustomization puts others for."""

    bases: tuple[File, ...]
    images: frozenset[str]


def patched(tree: Tree) -> Mapping[PurePosixPath, Overlay]:
    """Files of patches with what they change; looked for once a tree."""
    if ("overlays", "patched") not in tree.memo:
        tree.memo["overlays", "patched"] = dict(_overlays(tree))
    found: Mapping[PurePosixPath, Overlay] = tree.memo["overlays", "patched"]
    return found


def _overlays(tree: Tree) -> Iterator[tuple[PurePosixPath, Overlay]]:
    for file in (f for f in tree.files if f.base in NAMES):
        data = _data(file, tree)
        patches = list(_patches(data, file, tree))
        if not patches:
            continue
        bases = dict.fromkeys(_resources(data, file, tree, 0))
        rows = inner(data, ("images",))
        images = (inner(r, ("name",)) for r in rows) if isinstance(rows, list) else ()
        overlay = Overlay(tuple(b for b in bases if b not in patches), frozenset(str(i) for i in images))
        yield from ((p.path, overlay) for p in patches)


def _data(file: File, tree: Tree) -> Any:
    text = tree.text(file)
    documents = foreign.read(text, file.name)[0] if text else []
    return documents[0].data if documents else None


def _patches(data: Any, file: File, tree: Tree) -> Iterator[File]:
    """Files that `patches` and `patchesStrategicMerge` name; patches of single values are not objects."""
    for key in ("patches", "patchesStrategicMerge"):
        rows = inner(data, (key,))
        for row in rows if isinstance(rows, list) else ():
            name = text_of(inner(row, ("path",))) or text_of(row)
            found = tree.at(file.path.parent / name) if name and "\n" not in name else None
            if found is not None:
                yield found


def _resources(data: Any, file: File, tree: Tree, depth: int) -> Iterator[File]:
    """Files of objects that a kustomization takes, through those that it rests on."""
    for key in ("resources", "bases", "components"):
        rows = inner(data, (key,))
        for row in rows if isinstance(rows, list) else ():
            path = file.path.parent / str(row)
            one = tree.at(path)
            if one is not None:
                yield one
            inside = next((f for n in NAMES if (f := tree.at(path / n)) is not None), None)
            if inside is not None and depth < MOST_DEPTH:
                yield from _resources(_data(inside, tree), inside, tree, depth + 1)


def merged(patch: Sequence[Seen], base: Iterable[Seen], unit: str, overlay: Overlay) -> list[Seen]:
    """Facts of a patched object: those of the patch, and of the base where the patch says nothing. A command
    of the patch takes the place of the whole command of the base; of an image that is replaced only the
    framework is left, since the kustomization tells the rest."""
    base = list(base)
    keys = {s.key for s in patch}
    commands = any(s.how.startswith(COMMAND) for s in patch)
    gone = {(s.line, s.column) for s in base if s.key == "image" and s.value in overlay.images}
    kept = (
        s
        for s in base
        if s.key not in keys
        and not (commands and s.how.startswith(COMMAND))
        and not (s.key in OF_IMAGE and (s.line, s.column) in gone)
    )
    return [*patch, *(replace(s, unit=unit) for s in kept)]
