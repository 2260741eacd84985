"""Versions of engines and libraries from a package index with PyPI's JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from selector.errors import InputError, Problem
from selector.iterate.feeds import place
from selector.types.refresh import Feed, Row

ID = "pypi"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read(index: str, names: Sequence[str], today: date) -> Feed:
    """The newest version of each project asked for; one request each."""
    base = index.rstrip("/")
    rows = tuple(_row(base, name) for name in names)
    return Feed(
        ID, "version and release date from the package index", place.shown(base), today.isoformat(), rows
    )


def _row(base: str, name: str) -> Row:
    at = f"{base}/pypi/{name}/json"
    found = place.as_json(ID, at, place.read(ID, at))
    info = found.get("info") if isinstance(found, Mapping) else None
    version = info.get("version") if isinstance(info, Mapping) else None
    if not isinstance(version, str) or not version:
        raise _damaged(at, "states no version")
    return Row(name, version={"version": version, "released": _released(found, version, at)})


def _released(found: Mapping[str, Any], version: str, at: str) -> str | None:
    releases = found.get("releases") or {}
    if not isinstance(releases, Mapping):
        raise _damaged(at, "has releases in another form")
    files = releases.get(version) or found.get("urls") or ()
    if not isinstance(files, list | tuple) or not all(isinstance(f, Mapping) for f in files):
        raise _damaged(at, f"has files of {version} in another form")
    days = [str(f["upload_time"])[:10] for f in files if f.get("upload_time")]
    if not all(DAY.fullmatch(d) for d in days):
        raise _damaged(at, f"has files of {version} without a day")
    return min(days, default=None)


def _damaged(at: str, why: str) -> InputError:
    return InputError(Problem(f"{ID}: {place.shown(at)} {why}", None, "name an index with PyPI's JSON"))
