"""How long `selector recommend` takes, and what memory, from 10,000 candidates to more than a million.

    python benchmarks/recommend.py [--runs 7] [--enlarge 2] [--peer NAME=COMMAND ...] [--python PATH ...]

Every run is a whole process: start, packs from their compiled form, enumeration, sizing, rules, risks,
values, ranking, JSON. The three needs are one chat service on the shipped packs, with fewer clouds
allowed each time. `--enlarge N` adds a run in which models, devices and offers stand N times in the
packs, with numbers a little apart, made in memory while the process runs (its time counts).

`--peer` times another command the same way. `--python` names further interpreters that have selector
installed; their JSON has to be equal to the byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

AS_OF = "2026-11-24"
NEED = """version: 1
application: {task: chat, languages: [en]}
workload: {peak_requests_per_second: 10, requests_per_month: 8_000_000, input_tokens: 900, output_tokens: 250}
deployment: {hosting: [self_hosted, api]%s}
"""
NEEDS = {"10k": ", clouds: [coreweave]", "100k": ", clouds: [oci, gcp]", "1M": ""}
ENTRY = "from selector.cli.main import run; run()"
EMPTY = "import typer\napp = typer.Typer()\n\n@app.command()\ndef main() -> None:\n    pass\n\napp()\n"
# Distort the BLAS of numpy where somebody set them for another machine.
UNWANTED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Run:
    """One process: seconds on the clock and of the processor, megabytes at the peak."""

    wall: float
    cpu: float
    megabytes: float
    out: bytes


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; its own resources only."""
    env = {k: v for k, v in os.environ.items() if k not in UNWANTED}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, out)


def several(command: Sequence[str], runs: int) -> tuple[Run, float, float]:
    """First run, which writes caches and is not counted; median seconds on the clock and of the
    processor of the others, with the highest peak in the first's place."""
    first = run(command)
    found = [run(command) for _ in range(runs)]
    peak = max(r.megabytes for r in found)
    wall, cpu = (statistics.median(x) for x in ([r.wall for r in found], [r.cpu for r in found]))
    return Run(first.wall, first.cpu, peak, found[-1].out), wall, cpu


def line(name: str, cells: object, candidates: object, wall: float, cpu: float, megabytes: float) -> None:
    print(f"{name:<28}{cells:>9}{candidates:>12}{wall:>9.2f} s{cpu:>8.2f} s{megabytes:>8.0f} MB")


def recommend(python: str, need: Path) -> list[str]:
    return [python, "-c", ENTRY, "recommend", str(need), "--as-of", AS_OF, "--format", "json"]


def growth(runs: int, folder: Path, enlarge: int) -> None:
    print(f"{'need':<28}{'cells':>9}{'candidates':>12}{'clock':>11}{'processor':>10}{'peak':>11}")
    before = 0.0
    for name, clouds in NEEDS.items():
        need = folder / f"{name}.yaml"
        need.write_text(NEED % clouds)
        found, wall, cpu = several(recommend(sys.executable, need), runs)
        counts = json.loads(found.out)["counts"]
        line(name, counts["cells"], counts["candidates"], wall, cpu, found.megabytes)
        if before:
            print(f"{'':<28}{wall / before:.2f}x the time of the step before")
        before = wall
    if enlarge > 1:
        command = [sys.executable, __file__, "--child", str(enlarge), str(folder / "1M.yaml")]
        found, wall, cpu = several(command, runs)
        counts = json.loads(found.out)["counts"]
        line(f"packs x{enlarge}", counts["cells"], counts["candidates"], wall, cpu, found.megabytes)


def start(runs: int, folder: Path) -> None:
    empty = folder / "empty.py"
    empty.write_text(EMPTY)
    _, one, _ = several([sys.executable, "-c", ENTRY, "--version"], runs * 3)
    _, other, _ = several([sys.executable, str(empty)], runs * 3)
    print(
        f"selector --version {one * 1e3:.0f} ms, empty typer program {other * 1e3:.0f} ms: {one / other:.2f}x"
    )


def same(pythons: Sequence[str], folder: Path) -> bool:
    """Equal bytes from all interpreters, for all needs; the digests tell."""
    equal = True
    for name in NEEDS:
        digests = {
            python: hashlib.sha256(run(recommend(python, folder / f"{name}.yaml")).out).hexdigest()
            for python in (sys.executable, *pythons)
        }
        distinct = sorted(set(digests.values()))
        equal &= len(distinct) == 1
        print(name, "equal" if len(distinct) == 1 else "different", *distinct)
    return equal


def child(times: int, need: str) -> None:
    """`recommend` over packs in which models, devices and offers stand several times."""
    from selector.cli.main import app
    from selector.packs import compiled

    shipped = compiled.shipped

    def enlarged() -> compiled.Raw:
        raw = shipped()
        for kind in ("devices", "offers", "models"):
            rows = raw.entries[kind]
            for key, entry in list(rows.items()):
                for k in range(1, times):
                    rows[f"{key}~{k}"] = _apart(kind, entry, k)
                    raw.files[kind][f"{key}~{k}"] = raw.files[kind][key]
        return raw

    compiled.shipped = enlarged
    app(["recommend", need, "--as-of", AS_OF, "--format", "json"])


def _apart(kind: str, entry: dict[str, object], k: int) -> dict[str, object]:
    """A copy under another id, a thousandth apart in what it is sized and paid by."""
    found = entry | {"id": f"{entry['id']}~{k}"}
    for key in ("params_b", "active_params_b", "gb_per_s", "on_demand_per_hour", "spot_per_hour"):
        value = entry.get(key)
        if isinstance(value, int | float):
            found[key] = value * (1.0 + k / 1000.0)
    if kind == "offers":
        found["device"] = f"{entry['device']}~{k}"
    return found


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--enlarge", type=int, default=1)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(int(asked.child[0]), asked.child[1])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        growth(asked.runs, folder, asked.enlarge)
        start(asked.runs, folder)
        for peer in asked.peer:
            title, _, command = peer.partition("=")
            found, wall, cpu = several(command.split(), asked.runs)
            line(title, "", "", wall, cpu, found.megabytes)
        if asked.python and not same(asked.python, folder):
            sys.exit("outputs differ between interpreters")


if __name__ == "__main__":
    main()
