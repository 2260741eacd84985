"""Find what a repository declares: every file to the detectors that know its form, facts by unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

from selector.check.detect import MODULES, secrets
from selector.check.detect.tables import Tables
from selector.check.detect.teller import ALTERNATIVE
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
# Folders whose files are run by tests and not deployed.
TESTS = frozenset({"tests", "test", "testing", "testdata", "fixtures", "__tests__", "spec"})
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
        if TESTS & set(file.folders):
            continue
        asked = [d for d in detectors if d.reads(file)]
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
    return Detection(units, tuple(s for u in units for s in u.facts), tuple(dict.fromkeys(tree.troubles)))


def _secrets(file: File, tree: Tree) -> Iterable[Seen]:
    """Secrets of a file that some detector reads: kind and name, never the value."""
    for one in secrets.found(tree.text(file) or ""):
        value = f"{one.kind} {one.name}".strip()
        place = (file.name, one.line, one.column)
        yield Seen(file.name, "secret", value, Certainty.DECLARED, *place, one.kind, one.mark)


def settled(facts: Iterable[Seen]) -> list[Seen]:
    """Facts of one unit: what is declared beats what is inferred, and contradictions are marked."""
    found = list(dict.fromkeys(facts))
    declared: dict[str, set[str]] = {}
    inferred: dict[str, set[str]] = {}
    for seen in found:
        if seen.certainty is Certainty.INFERRED:
            inferred.setdefault(seen.key, set()).add(str(seen.value))
        elif seen.certainty is not Certainty.UNRESOLVED:
            declared.setdefault(seen.key, set()).add(str(seen.value))
    foreign = _foreign_versions(found)
    clash = _label_clash(found)
    kept: list[Seen] = []
    for seen in found:
        if seen.key == "framework_version" and (seen.line, seen.column) in foreign:
            continue
        if seen in clash:
            kept.append(replace(seen, certainty=Certainty.CONFLICT))
            continue
        single = seen.key in SINGLE and not seen.file.endswith(CODE) and ALTERNATIVE not in seen.how
        if not single or seen.certainty is Certainty.UNRESOLVED:
            kept.append(seen)
        elif seen.certainty is not Certainty.INFERRED or seen.key not in declared:
            values = declared.get(seen.key) or inferred[seen.key]
            kept.append(replace(seen, certainty=Certainty.CONFLICT) if len(values) > 1 else seen)
    return sorted(kept, key=lambda s: (s.file, s.line, s.column, s.key, str(s.value)))


def _label_clash(facts: Iterable[Seen]) -> set[Seen]:
    """A label that names a model of another size or name than the one that runs, and that model."""
    labels = [s for s in facts if s.key == "served_label" and re.search(r"\d+b", str(s.value), re.I)]
    models = [s for s in facts if s.key == "model" and s.certainty is not Certainty.UNRESOLVED]
    found: set[Seen] = set()
    for label in labels:
        plain = _bare(label.value)
        if models and not any(plain in _bare(m.value) or _bare(m.value) in plain for m in models):
            sizes = [re.findall(r"\d+(?:\.\d+)?b", str(s.value).lower()) for s in (label, *models)]
            if not any(set(sizes[0]) & set(other) for other in sizes[1:]):
                found |= {label, *models}
    return found


def _bare(value: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(value).rsplit("/", 1)[-1].lower())


def _foreign_versions(facts: Iterable[Seen]) -> set[tuple[int, int]]:
    """Places of images whose framework is not the one that is started in them: their version is another's."""
    frameworks = [s for s in facts if s.key == "framework"]
    declared = {s.value for s in frameworks if s.certainty is Certainty.DECLARED}
    implied: dict[tuple[int, int], set[object]] = {}
    for seen in frameworks:
        if seen.certainty is Certainty.INFERRED:
            implied.setdefault((seen.line, seen.column), set()).add(seen.value)
    return {place for place, values in implied.items() if declared and not values & declared}
