"""Prices of rented devices from gpuhunt: its package, or its catalogues as CSV files."""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from selector.errors import InputError, Problem
from selector.iterate.feeds import place
from selector.types.refresh import Feed, Row

ID = "gpuhunt"
COLUMNS = ("instance_name", "location", "price", "gpu_count", "spot")
SPOT = ("true", "false")
WHOLE = "take a whole copy of the catalogue"


def installed() -> bool:
    """True where the package is there."""
    from importlib.util import find_spec

    return find_spec(ID) is not None


def read(where: str | None, url: str, said: date | None, today: date) -> Feed:
    """Offers with devices; `where` is a CSV file named after its provider, or a folder of such, `url` where
    they are published."""
    if where is None:
        return _feed(_package(), url, today.isoformat())
    folder = Path(where)
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else None
    if files is not None and not files:
        raise InputError(Problem(f"{ID}: {where} holds no CSV files", None, "name a folder of catalogues"))
    rows: list[dict[str, Any]] = []
    days = []
    for path in [where] if files is None else map(str, files):
        fetched = place.read(ID, path)
        days.append(place.dated(ID, path, fetched, said))
        rows += _csv(path, fetched.data)
    return _feed(iter(rows), url, min(days))


def _feed(rows: Iterator[Mapping[str, Any]], url: str, as_of: str) -> Feed:
    """One row for each instance in each place, on-demand and spot together, each at its least."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for r in rows:
        key = (r["provider"], r["instance"], r["region"])
        offer = found.setdefault(key, {"count": r["count"]})
        price = "spot_per_hour" if r["spot"] else "on_demand_per_hour"
        offer[price] = min(r["price"], offer.get(price, r["price"]))
    made = tuple(
        Row(p, offer={"instance": instance, "region": region} | offer)
        for (p, instance, region), offer in sorted(found.items())
    )
    return Feed(ID, "gpuhunt catalogues (MPL-2.0)", url, as_of, made)


def _csv(path: str, data: bytes) -> Iterator[dict[str, Any]]:
    shown = place.shown(path)
    try:
        table = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        lacking = [c for c in COLUMNS if c not in (table.fieldnames or ())]
        if lacking:
            raise InputError(
                Problem(f"{ID}: {shown} lacks the columns {', '.join(lacking)}", None, "name a catalogue")
            )
        provider = Path(shown).stem
        for row in table:
            where = f"{shown}:{table.line_num}"
            if made := _one(row.get("provider") or provider, row, where):
                yield made
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(f"{ID}: {shown} is no CSV: {error}", None, "name a catalogue")) from None


def _one(provider: str, row: Mapping[str, str], where: str) -> dict[str, Any] | None:
    """None of a machine without devices."""
    if any(row[c] is None for c in COLUMNS) or row["spot"].strip().lower() not in SPOT:
        raise InputError(Problem(f"{ID}: {where}: the row is cut off", None, WHOLE))
    try:
        count, price = int(row["gpu_count"] or 0), float(row["price"])
    except (TypeError, ValueError):
        what = f"{ID}: {where}: gpu_count {row['gpu_count']!r} or price {row['price']!r} is no number"
        raise InputError(Problem(what, None, WHOLE)) from None
    if count < 1 or not 0.0 < price < math.inf:
        return None
    return {
        "provider": provider,
        "instance": row["instance_name"],
        "region": row["location"],
        "count": count,
        "price": price,
        "spot": row["spot"].strip().lower() == "true",
    }


def _package() -> Iterator[dict[str, Any]]:
    """What the package downloads."""
    try:
        package = import_module(ID)
    except ImportError as error:
        what = f"{ID} could not be reached: the package is not installed ({error})"
        fix = "pip install gpuhunt, or give a catalogue with --from FILE.csv"
        raise InputError(Problem(what, None, fix)) from None
    # It logs a traceback for each provider that it cannot load.
    logging.getLogger(ID).setLevel(logging.CRITICAL + 1)
    try:
        items = package.query(min_gpu_count=1)
    except Exception as error:  # the package raises whatever its providers do
        what = f"{ID} could not be reached: {str(error)[:200] or type(error).__name__}"
        raise InputError(Problem(what, None, place.OFFLINE)) from None
    if not items:
        raise InputError(Problem(f"{ID} could not be reached: it has no offers", None, place.OFFLINE))
    for i in items:
        if i.price > 0:
            yield {
                "provider": i.provider,
                "instance": i.instance_name,
                "region": i.location,
                "count": i.gpu_count,
                "price": float(i.price),
                "spot": bool(i.spot),
            }
