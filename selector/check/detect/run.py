"""Find what a repository declares: every file to the detectors that know its form, facts by unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

from selector.check.detect import MODULES, secrets
from selector.check.detect.tables import Tables
from selector.check.detect.tree import File, Tree, walk
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty, Seen, Trouble

# Keys of which a unit has one value: two of them contradict each other.
SINGLE = frozenset(
    {"model", "model_revision", "image_tag", "tp", "pp", "dp", "ep",
     "replicas", "n_devices", "precision", "kv_precision", "context", "trust_remote_code"}
)  # fmt: skip
# What any container has; a unit of which nothing else is known runs no model.
BESIDE = frozenset(
    {"image", "image_tag", "image_digest", "replicas", "n_nodes", "region", "cloud", "endpoint"}
)
ALTERNATIVE = "one of"
CODE = (".py", ".ts", ".tsx", ".js", ".mjs")  # code asks several models, one after another


class Detector(Protocol):
    """A module of this folder."""

    def reads(self, path: object) -> bool:
        """True for a file that may be of its form."""

    def find(self, file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
        """The facts of a file."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One deployable thing and what is said of it."""

    name: str
    file: str
    facts: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """What a repository declares."""

    units: tuple[Unit, ...]
    facts: tuple[Seen, ...]
    troubles: tuple[Trouble, ...]


def detect(root: Path, cat: Catalogue) -> Detection:
    """Everything that the files under `root` declare; nothing is run, no link is followed."""
    tree, tables = walk(root), Tables(cat)
    detectors = [import_module(f"selector.check.detect.{name}") for name in MODULES]
    found: list[Seen] = []
    for file in tree.files:
        asked = [d for d in detectors if d.reads(file.path)]
        for detector in asked:
            found.extend(detector.find(file, tree, tables))
        if asked:
            found.extend(_secrets(file, tree))
    by_unit: dict[str, list[Seen]] = {}
    for seen in found:
        by_unit.setdefault(seen.unit, []).append(seen)
    units = tuple(
        Unit(n, f[0].file, tuple(settled(f)))
        for n, f in sorted(by_unit.items())
        if any(s.key not in BESIDE for s in f)
    )
    return Detection(units, tuple(s for u in units for s in u.facts), tuple(tree.troubles))


def _secrets(file: File, tree: Tree) -> Iterable[Seen]:
    """Secrets of a file that some detector reads: kind and name, never the value."""
    for kind, name, line, column in secrets.found(tree.text(file) or ""):
        value = f"{kind} {name}".strip()
        yield Seen(file.name, "secret", value, Certainty.DECLARED, file.name, line, column, kind)


def settled(facts: Iterable[Seen]) -> list[Seen]:
    """Facts of one unit: what is declared beats what is inferred, and contradictions are marked."""
    found = list(dict.fromkeys(facts))
    kept: list[Seen] = []
    for seen in found:
        rivals = [s for s in found if s.key == seen.key and s.certainty is not Certainty.UNRESOLVED]
        if (
            seen.key not in SINGLE
            or seen.file.endswith(CODE)
            or seen.certainty is Certainty.UNRESOLVED
            or ALTERNATIVE in seen.how
        ):
            kept.append(seen)
            continue
        declared = [s for s in rivals if s.certainty is not Certainty.INFERRED]
        if seen.certainty is Certainty.INFERRED and declared:
            continue
        values = {str(s.value) for s in (declared or rivals)}
        kept.append(replace(seen, certainty=Certainty.CONFLICT) if len(values) > 1 else seen)
    return sorted(kept, key=lambda s: (s.file, s.line, s.column, s.key, str(s.value)))


def _not_its(version: Seen, facts: Iterable[Seen]) -> bool:
    """True for the version of an image whose framework is not the one that runs in it."""
    here = [s for s in facts if s.key == "framework" and (s.line, s.column) == (version.line, version.column)]
    declared = [s for s in facts if s.key == "framework" and s.certainty is Certainty.DECLARED]
    return (
        version.certainty is Certainty.INFERRED
        and bool(declared)
        and all(s.value not in {d.value for d in declared} for s in here)
    )
