"""A new pack that lints clean, and the lock of pack digests."""

from __future__ import annotations

import json
import re
from pathlib import Path

from selector.errors import PackError, Problem
from selector.packs.catalog import Catalogue

HEAD = """pack: {{id: {name}, version: 0.1.0, title: {name}, points_budget: 5}}
"""
SOURCES = """sources:
  - {{id: {name}.own, title: decided by us, unpublished: our own decision}}
"""
RULES = """rules:
  - id: {upper}-001
    title: Hosted models are not allowed for confidential data
    effect: veto
    severity: high
    confidence: high
    when: overlaps(req.data_classes, ["confidential"]) and hosting in ["api", "api_batch"]
    why: house rule
    on_unknown: pass
    source: [{name}.own]
    as_of: '2026-11-24'
    review_by: '2027-11-24'
    tests:
      - {{given: {{req.data_classes: [confidential], hosting: api}}, expect: fires}}
      - {{given: {{req.data_classes: [public], hosting: api}}, expect: quiet}}
      - {{given: {{hosting: api}}, expect: unknown}}
"""


NAME = re.compile(r"[a-z][a-z0-9-]*")


def new(parent: Path, name: str) -> list[Path]:
    """Write the files of a new pack into a folder of its name; refuses one that exists."""
    if not NAME.fullmatch(name):
        what = f"{name!r} is no id of a pack"
        raise PackError(
            Problem(what, None, "lower-case letters, digits and -, a letter first; the place is --dir")
        )
    folder = parent / name
    if folder.exists():
        raise PackError(Problem(f"{folder} exists", None, "choose another name"))
    folder.mkdir(parents=True)
    values = {"name": name, "upper": name.upper().replace("-", "")}
    made = []
    for file, text in (("pack.yaml", HEAD), ("sources.yaml", SOURCES), ("rules.yaml", RULES)):
        path = folder / file
        path.write_text(text.format(**values), encoding="utf-8")
        made.append(path)
    return made


def lock_text(catalogue: Catalogue) -> str:
    """The lock: version and digest of every pack."""
    rows = {p.id: {"version": p.version, "sha256": p.digest} for p in catalogue.packs.values()}
    return json.dumps({"lock": 1, "packs": rows}, indent=2, sort_keys=True) + "\n"


def lock_differences(catalogue: Catalogue, text: str) -> list[str]:
    """Packs that are not what the lock says."""
    try:
        wanted = json.loads(text)["packs"]
    except (ValueError, KeyError, TypeError):
        raise PackError(Problem("the lock is not one that `selector pack lock` wrote")) from None
    have = {p.id: p.digest for p in catalogue.packs.values()}
    return [
        f"{name}: {'missing' if name not in have else 'changed'}"
        for name, row in sorted(wanted.items())
        if have.get(name) != row["sha256"]
    ] + [f"{name}: not in the lock" for name in sorted(set(have) - set(wanted))]
