"""Where the shipped packs lie: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def rules_dir() -> Path:
    """Folder of the shipped packs."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_rules"
    return inside if inside.is_dir() else package.parent / "rules"


def schema_path(name: str) -> Path:
    """File of a JSON Schema."""
    return rules_dir() / "schemas" / f"{name}.json"
