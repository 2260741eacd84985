"""`.env` files: models, endpoints and regions that code reads from the environment; `serving.properties`,
whose `option.model_id` is the variable OPTION_MODEL_ID of the same server."""

from __future__ import annotations

import re
from collections.abc import Iterable

from selector.check.detect import overlays, variables
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen

PROPERTIES = "serving.properties"
_OPTION = re.compile(r"^option\.(\w+)(?=\s*=)", re.MULTILINE)
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$")


def reads(file: File) -> bool:
    """True for `.env`, `.env.production`, `gpu.env`, `serving.properties`."""
    return file.base in (PROPERTIES, ".env") or file.base.startswith(".env.") or file.suffix == ".env"


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one file, a unit of its own."""
    text = tree.text(file)
    if text is None or any(tree.beside(file, name) for name in overlays.NAMES):
        return []  # what a kustomization hands on belongs to the workload that asks for it
    teller = Teller(file.name, file.name, tables, variables.env_file(text))
    for number, line in enumerate(text.splitlines(), 1):
        option = _OPTION.sub(lambda m: f"OPTION_{m[1].upper()}", line) if file.base == PROPERTIES else line
        match = _LINE.match(option)
        if match:
            value = variables.bare(match[2])
            teller.variable(match[1], value, At(number, match.start(2) + 1, f"variable {match[1]}"))
    return teller.told()
