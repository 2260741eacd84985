"""Files of benchmark tools as measured points: one module a tool, found by name or by content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from selector.errors import InputError, Position, Problem, UsageError
from selector.iterate.calibration_file import Source, is_one, sha256
from selector.iterate.importers import (
    aiconfigurator,
    aisimulate,
    genai_perf,
    guidellm,
    llama_bench,
    lm_eval,
    mlperf,
    sglang_bench,
    vllm_bench,
)
from selector.iterate.importers.base import Foreign
from selector.iterate.measurements import Point, read
from selector.needs import names
from selector.packs.catalog import Catalogue
from selector.packs.reader import read_text

MODULES: tuple[ModuleType, ...] = (
    *(sglang_bench, vllm_bench, genai_perf, guidellm, llama_bench, lm_eval, mlperf),
    *(aiconfigurator, aisimulate),
)
POINTS = "points"  # the form of the contract
NAMES = (POINTS, *(m.NAME for m in MODULES))
# Flag -> field of a point that a tool's file may lack.
FLAGS = {
    "model": "model",
    "hardware": "hardware",
    "n-devices": "n_devices",
    "engine": "engine",
    "precision": "precision_weights",
}
OF_TRIALS = ("model",)
# Field -> ids behind a name, as people and tools write it.
NAMED: Mapping[str, Callable[[str, Catalogue], Iterable[str]]] = {
    "model": lambda text, cat: names.find_models(text, cat) or (),
    "hardware": lambda text, cat: names.match_devices(text, cat).devices,
    "engine": names.match_engines,
    "precision_weights": lambda text, cat: names.match_precisions(text.lower(), cat),
}


def detect(path: Path, text: str) -> str:
    """Name of the form of a file; raises `InputError` where it is none of them."""
    given = Foreign(str(path), text)
    for module in MODULES:
        if module.detect(given):
            return str(module.NAME)
    if path.suffix.lower() in (".yaml", ".yml", ".csv"):
        return POINTS
    fix = f"name the tool with --from: {', '.join(NAMES)}"
    raise InputError(Problem("no form of measurements that is known", Position(str(path)), fix))


def source(
    path: Path, tool: str | None, stated: Mapping[str, Any], extra: Mapping[str, Any], cat: Catalogue
) -> Source:
    """The points of a file. Flags fill gaps: `stated` holds the fields of a stack, which may not contradict
    the file, `extra` those that may differ from row to row."""
    text = read_text(path)
    if is_one(text):
        fix = "calibrate the files that it was made of; it serves as it is with --measurements"
        raise UsageError(Problem(f"{path} is a calibration already", None, fix))
    name = tool or detect(path, text)
    if name == POINTS:
        return Source(path.name, sha256(text), tuple(read(path)), text)
    module = next(m for m in MODULES if name == m.NAME)
    rows = module.read(Foreign(str(path), text))
    if not rows:
        raise InputError(Problem(f"no figures of {name} in the file", Position(str(path))))
    _agreeing(path, rows, stated, cat)
    filled = [_filled(row, stated, extra, cat) for row in rows]
    _complete(path, filled)
    points = (Point(f"{path.stem}:{i + 1}", {**row, "source": name}) for i, row in enumerate(filled))
    return Source(path.name, sha256(text), tuple(points), text)


def _filled(
    row: Mapping[str, Any], stated: Mapping[str, Any], extra: Mapping[str, Any], cat: Catalogue
) -> dict[str, Any]:
    """A row with what flags say where the file does not, or where it is less exact or no name of ours."""
    told = {k: v for k, v in row.items() if v is not None}
    for field, value in stated.items():
        ours, theirs = _means(field, value, cat), _means(field, told.get(field), cat)
        if field not in told or not theirs or ours < theirs:
            told[field] = value
    return {k: v for k, v in extra.items() if v is not None} | told


def _agreeing(
    path: Path, rows: Sequence[Mapping[str, Any]], stated: Mapping[str, Any], cat: Catalogue
) -> None:
    """Raises `InputError` where a flag says something else than the file."""
    flags = {field: flag for flag, field in FLAGS.items()}
    problems: dict[str, Problem] = {}
    for field, value in stated.items():
        flag, ours = flags.get(field, field.replace("_", "-")), _means(field, value, cat)
        for said in (row[field] for row in rows if row.get(field) is not None):
            theirs = _means(field, said, cat)
            if ours and theirs and not ours & theirs:
                what = f"the file says {flag} {said}, and --{flag} {value}"
                fix = f"leave out --{flag}, or correct the file"
                problems.setdefault(field, Problem(what, Position(str(path)), fix))
    if problems:
        raise InputError(list(problems.values()))


def _means(field: str, value: Any, cat: Catalogue) -> frozenset[Any]:
    """What a value stands for: ids of the packs where the field holds names, empty where they have none."""
    if value is None:
        return frozenset()
    match = NAMED.get(field)
    if match is None:
        return frozenset((value,))
    try:
        return frozenset(match(str(value).strip(), cat))
    except InputError:
        return frozenset()


def _complete(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Every field that a point needs, or an error that names the flag for it."""
    missing = []
    for flag, field in FLAGS.items():
        if any(field not in r and (r["metric"] != "pass_rate" or flag in OF_TRIALS) for r in rows):
            missing.append(f"--{flag}")
    if any(r["metric"] == "pass_rate" and "quality_metric" not in r for r in rows):
        missing.append("--quality-metric")
    if missing:
        what = f"the file does not say {', '.join(m[2:] for m in missing)}"
        raise InputError(Problem(what, Position(str(path)), f"add {' '.join(missing)}"))
