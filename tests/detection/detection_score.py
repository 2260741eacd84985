"""Precision and recall of detection against the answer keys of this folder.

    python tests/detection/detection_score.py [--misses]

Each key says by unit what a careful engineer reads off the files. A value that is detected and not in the
key counts against precision; an entry under `unresolved` is right only as a fact that is not resolved. The
vendor of an accelerator counts where the key names no more than a vendor.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from selector.check.detect.run import detect
from selector.packs.catalog import Catalogue, load
from selector.types.detected import Certainty, Seen

HERE = Path(__file__).parent
ATTRIBUTES = ("framework", "model", "accelerator", "precision", "parallelism")
MODELS = ("model", "embedding_model", "reranker_model", "speech_model")
SIZES = ("tp", "pp", "dp", "ep", "n_devices", "n_nodes", "replicas")
VENDORS = frozenset({"nvidia", "amd", "intel-gaudi", "google-tpu", "aws-neuron"})

Item = tuple[str, str]  # unit, value


@dataclass
class Score:
    """Counts of one attribute."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)  # detected, not in the key
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(self.right + len(self.wrong), 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + len(self.missed), 1)


def keyed(key: dict[str, object]) -> dict[str, Counter[Item]]:
    """What is expected, by attribute."""
    found: dict[str, Counter[Item]] = {a: Counter() for a in ATTRIBUTES}
    for unit, facts in (key["units"] or {}).items():  # type: ignore[attr-defined]
        for attribute in ATTRIBUTES[:-1]:
            for value in facts.get(attribute, ()):
                found[attribute][unit, str(value)] += 1
        for name, value in facts.get("parallelism", {}).items():
            found["parallelism"][unit, f"{name} {value}"] += 1
    for unit, attribute in key.get("unresolved", ()):  # type: ignore[attr-defined]
        found[attribute][unit, "unresolved"] += 1
    return found


def detected(facts: Iterable[Seen]) -> dict[str, Counter[Item]]:
    """What was detected, by attribute, each value of a unit once."""
    found: dict[str, set[Item]] = {a: set() for a in ATTRIBUTES}
    rows = list(facts)
    typed = {s.unit for s in rows if s.key == "accelerator" and s.value not in VENDORS}
    for seen in rows:
        value = "unresolved" if seen.certainty is Certainty.UNRESOLVED else str(seen.value)
        if seen.key in MODELS:
            found["model"].add((seen.unit, value))
        elif seen.key in SIZES:
            found["parallelism"].add((seen.unit, f"{seen.key} {value}" if value != "unresolved" else value))
        elif seen.key == "accelerator" and (seen.unit not in typed or seen.value not in VENDORS):
            found["accelerator"].add((seen.unit, value))
        elif seen.key in ("framework", "precision"):
            found[seen.key].add((seen.unit, value))
    return {a: Counter(v) for a, v in found.items()}


def score(cat: Catalogue) -> dict[str, Score]:
    """Counts over all repositories."""
    total = {a: Score() for a in ATTRIBUTES}
    for folder in sorted(p for p in HERE.iterdir() if (p / "key.yaml").is_file()):
        key = keyed(yaml.safe_load((folder / "key.yaml").read_text(encoding="utf-8")))
        got = detected(detect(folder / "repo", cat).facts)
        for attribute in ATTRIBUTES:
            one, expected, seen = total[attribute], key[attribute], got[attribute]
            one.right += sum((expected & seen).values())
            one.wrong += [f"{folder.name}: {u} {v}" for u, v in (seen - expected).elements()]
            one.missed += [f"{folder.name}: {u} {v}" for u, v in (expected - seen).elements()]
    return total


def main() -> None:
    """Print the table; with --misses also what differs."""
    found = score(load())
    print("| attribute | right | precision | recall |\n|---|---|---|---|")
    for attribute, one in found.items():
        print(f"| {attribute} | {one.right} | {one.precision:.0%} | {one.recall:.0%} |")
    if "--misses" in sys.argv:
        for attribute, one in found.items():
            for kind, rows in (("wrong", one.wrong), ("missed", one.missed)):
                for row in rows:
                    print(f"{attribute} {kind}: {row}")


if __name__ == "__main__":
    main()
