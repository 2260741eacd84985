"""Versions of engines and libraries from a package index with PyPI's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from selector.errors import InputError, Problem
from selector.iterate.feeds import place
from selector.types.refresh import Feed, Row

ID = "pypi"
URL = "https://pypi.org"


def read(index: str | None, names: Sequence[str], today: date) -> Feed:
    """The newest version of each project asked for; one request each."""
    base = (index or URL).rstrip("/")
    rows = tuple(_row(base, name) for name in names)
    return Feed(ID, "version and release date from the package index", base, today.isoformat(), rows)


def _row(base: str, name: str) -> Row:
    at = f"{base}/pypi/{name}/json"
    found = place.as_json(ID, at, place.read(ID, at))
    version = found.get("info", {}).get("version") if isinstance(found, Mapping) else None
    if not isinstance(version, str) or not version:
        raise InputError(Problem(f"{ID}: {at} states no version", None, "name an index with PyPI's JSON"))
    return Row(name, version={"version": version, "released": _released(found, version)})


def _released(found: Mapping[str, Any], version: str) -> str | None:
    files = found.get("releases", {}).get(version) or found.get("urls") or ()
    days = [str(f["upload_time"])[:10] for f in files if f.get("upload_time")]
    return min(days, default=None)
