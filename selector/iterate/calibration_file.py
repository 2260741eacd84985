"""Files of calibrations: raw points, what they said of which estimator, and a digest over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from selector import __version__
from selector.decide.calibrated import FACTORS, Applied, Stack, first_day
from selector.errors import InputError, Position, Problem, UsageError
from selector.iterate import calibrate
from selector.iterate.measurements import Point
from selector.iterate.measurements import read as read_points
from selector.packs.catalog import Catalogue
from selector.packs.reader import parse, read_text
from selector.packs.schema import validate
from selector.packs.sealed import digest
from selector.types.calibration import Book, Group, MeasuredFile, Reading, Trials

VERSION = 1
KIND = "calibration"
MARK = "kind: calibration"
AGAIN = "write it anew: selector calibrate MEASUREMENTS --save FILE"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of measurements as it was read: its points in the form of the contract."""

    file: str
    sha256: str
    points: tuple[Point, ...]
    text: str


def estimator(cat: Catalogue) -> str:
    """Digest of all that an estimate depends on: program, facts and parameters."""
    packs = {p.id: p.digest for p in cat.packs.values()}
    text = json.dumps({"selector": __version__, "packs": packs}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def source(path: Path) -> Source:
    """A file of points in the form of the contract."""
    text = read_text(path)
    return Source(path.name, sha256(text), tuple(read_points(path)), text)


def sha256(text: str) -> str:
    """Digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def book(sources: Sequence[Source], cat: Catalogue, accepted: bool, day: date) -> tuple[Book, calibrate.Read]:
    """What files of points say of the estimator as it is now."""
    twice = {s.file for s in sources if sum(t.file == s.file for t in sources) > 1}
    if twice:
        what = f"two files of measurements are called {min(twice)}"
        raise UsageError(Problem(what, None, "give them different names"))
    _check_days(sources, day)
    found = calibrate.read([(s.file, p) for s in sources for p in s.points], cat)
    used = [*(r.file for r in found.readings), *(t.file for t in found.trials)]
    files = tuple(MeasuredFile(s.file, s.sha256, len(s.points), used.count(s.file)) for s in sources)
    texts = {s.file: s.text for s in sources}
    taken = frozenset(texts) if accepted else frozenset()
    return Book(found.readings, found.trials, files, taken, day, texts), found


def _check_days(sources: Sequence[Source], day: date) -> None:
    """Raises `InputError` where a point is of no day, or of one that is still to come."""
    wrong = []
    for source_ in sources:
        for point in source_.points:
            text = point.text("date")
            try:
                began = first_day(text)
            except ValueError:
                what, fix = f"{point.id}: date {text} is none", "write YYYY-MM-DD, YYYY-MM or YYYY"
            else:
                if began is None or began <= day or day == date.min:
                    continue
                what, fix = f"{point.id}: date {text} is after {day}", "correct it, or the day of --as-of"
            wrong.append(Problem(what, Position(source_.file, point.line), fix))
    if wrong:
        raise InputError(wrong)


def content(made: Book, found: calibrate.Read, sources: Sequence[Source], cat: Catalogue) -> dict[str, Any]:
    """What a calibration file holds."""
    day = made.day or date.min
    plain = {
        "schema_version": VERSION,
        "kind": KIND,
        "selector": __version__,
        "estimator_sha256": estimator(cat),
        "as_of": day.isoformat(),
        "accepted": bool(made.accepted),
        "files": made.inputs,
        "factors": factors(Applied(made, {k: v.value for k, v in cat.parameters.items()}, day)),
        "readings": [_flat(r) for r in found.readings],
        "trials": [asdict(t) for t in found.trials],
        "unused": [asdict(u) for u in found.unused],
        "points": [{"file": s.file, "id": p.id, "fields": dict(p.fields)} for s in sources for p in s.points],
    }
    return {**plain, "digest": digest(plain)}


def dumps(values: Mapping[str, Any]) -> str:
    """YAML in the order of the fields; equal content gives equal bytes."""
    import yaml

    head = f"# Written by selector calibrate; factors follow from points, which are kept below. {AGAIN}\n"
    return head + yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=100)


def factors(applied: Applied) -> list[dict[str, Any]]:
    """For every measured group and quantity the factor of a stack of it that nobody measured."""
    rows = []
    apart = {(r.id, r.quantity) for r in applied.conflicting}
    every = dict.fromkeys((r.quantity, r.group) for r in applied.book.readings)
    for quantity, group in every:
        own = [r for r in applied.book.readings if (r.quantity, r.group) == (quantity, group)]
        prior = sum(r.prior_sd for r in own) / len(own)
        belief = applied.belief(quantity, Stack(group, "", 0, 0), prior)
        low, high = belief.value.band if belief else (None, None)
        rows.append(
            {
                "quantity": quantity,
                **asdict(group),
                "points": len(own),
                "stacks": len({(r.model, r.tp, r.pp) for r in own}),
                "prior_sd": prior,
                "factor": belief.value.factor if belief else None,
                "p10": low,
                "p90": high,
                "applied": quantity in FACTORS or quantity == "training",
                "contradicting": sum((r.id, quantity) in apart for r in own),
            }
        )
    return rows


def _flat(r: Reading) -> dict[str, Any]:
    rest = asdict(r)
    return {**{k: rest[k] for k in ("id", "file", "quantity")}, **rest["group"]} | {
        k: v for k, v in rest.items() if k not in ("id", "file", "quantity", "group")
    }


def is_one(text: str) -> bool:
    """True for a text that means to be a calibration."""
    return any(line.startswith(MARK) for line in text[:2000].splitlines())


def read(path: Path, cat: Catalogue) -> tuple[Book, tuple[Source, ...]]:
    """A calibration that is whole: its readings where the estimator is still the same, else what its
    points say of the present one."""
    text = read_text(path)
    document = parse(text, str(path))
    problems = validate(document, KIND)
    if problems:
        raise InputError(problems)
    values: dict[str, Any] = document.data
    if digest(values) != values["digest"]:
        where = document.where(("digest",))
        raise InputError(Problem("its digest is another, so the file was edited", where, AGAIN))
    sources = tuple(Source(f["file"], f["sha256"], _points(values, f["file"]), "") for f in values["files"])
    accepted, day = bool(values["accepted"]), None
    if values["estimator_sha256"] != estimator(cat):
        return book(sources, cat, accepted, date.min)[0], sources
    names = tuple(Group.__dataclass_fields__)
    readings = tuple(
        Reading(**{k: v for k, v in r.items() if k not in names}, group=Group(*(r[n] for n in names)))
        for r in values["readings"]
    )
    files = tuple(MeasuredFile(**f) for f in values["files"])
    trials = tuple(Trials(**t) for t in values["trials"])
    taken = frozenset(f.file for f in files) if accepted else frozenset()
    return Book(readings, trials, files, taken, day), sources


def _points(values: Mapping[str, Any], file: str) -> tuple[Point, ...]:
    return tuple(Point(str(p["id"]), p["fields"]) for p in values["points"] if p["file"] == file)


def gathered(paths: Sequence[Path], cat: Catalogue, day: date) -> Book:
    """All measurements of a run: calibrations and files of points."""
    whole = Book(day=day)
    raw: list[Source] = []
    texts: dict[str, str] = {}
    for path in paths:
        text = read_text(path)
        if path.name in texts:
            what = f"two files of measurements are called {path.name}"
            raise UsageError(Problem(what, Position(str(path)), "give them different names"))
        texts[path.name] = text
        if is_one(text):
            whole = _joined(whole, read(path, cat)[0])
        else:
            raw.append(source(path))
    if raw:
        whole = _joined(whole, book(raw, cat, False, day)[0])
    return replace(whole, texts=texts)


def _joined(a: Book, b: Book) -> Book:
    """Both; a file that stands in both counts once."""
    known = {f.sha256 for f in a.files}
    new = {f.file for f in b.files if f.sha256 not in known}
    return replace(
        a,
        readings=(*a.readings, *(r for r in b.readings if r.file in new)),
        trials=(*a.trials, *(t for t in b.trials if t.file in new)),
        files=(*a.files, *(f for f in b.files if f.file in new)),
        accepted=a.accepted | b.accepted,
    )
