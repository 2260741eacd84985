"""Write the tables of errors into the README and `docs/errors.md`.

Reads `tests/evidence/errors/*.csv`, which the fit scripts write: logarithms of predicted over
measured, fitted and with the point's model x device or its source left out.

    python scripts/error_table.py            # rewrite both files
    python scripts/error_table.py --check    # exit 1 where they differ
"""

from __future__ import annotations

import csv
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ERRORS = ROOT / "tests" / "evidence" / "errors"
BEGIN, END = "<!-- errors: written by scripts/error_table.py -->", "<!-- end of errors -->"
TABLES = ("memory", "one-pass", "serving", "training", "training-memory")
LEAST = 20  # points below which nothing is claimed
Row = dict[str, str]
NAMES = {"moe": "mixture of experts", "adapter": "LoRA and QLoRA"}
RATES = ("output_tok_s", "total_tok_s", "decode_tok_s", "req_s")


def row_of(r: Row) -> str | None:
    """Which line of the table a point belongs to."""
    metric, kind = r["metric"], r.get("class", "")
    if r["table"] == "training":
        what, _, kind_ = r["what"].partition(".")
        return f"training, {'rates' if what == 'rate' else 'device hours'}, {NAMES.get(kind_, kind_)}"
    if r["table"] in ("memory", "training-memory"):
        return f"memory, {r['what']}"
    if r["table"] == "one-pass":
        return f"one pass, {'latency' if metric.startswith('latency') else 'items a second'}"
    if metric == "tpot_ms":
        return f"time per output token, {'mixture of experts' if kind == 'moe' else 'dense'}"
    if metric in RATES:
        return f"throughput, {'mixture of experts' if kind == 'moe' else 'dense'}"
    if r["what"] in ("first_token", "prefill"):
        return "first token alone, prefill rate"
    if r["what"] == "first_token_loaded":
        return "first token under load (a range)"
    return "energy per output token" if metric.startswith("energy") else metric


def rows() -> list[Row]:
    """Every point of every table."""
    found = []
    for name in TABLES:
        path = ERRORS / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as handle:
            found += [r | {"table": path.stem} for r in csv.DictReader(handle)]
    return found


def median(found: Sequence[Row], column: str) -> str:
    """Median of |predicted - measured| / measured."""
    if column not in found[0]:
        return "-"
    return f"{100 * statistics.median(abs(math.expm1(float(r[column]))) for r in found):.1f} %"


def covered(found: Sequence[Row], column: str) -> str:
    """Share of the points between p10 and p90."""
    if column not in found[0]:
        return "-"
    inside = sum(abs(float(r[column])) <= float(r["width"]) for r in found)
    return f"{100 * inside / len(found):.0f} %"


def table(found: Iterable[Row], by: Callable[[Row], str | None], head: str, least: int = 1) -> list[str]:
    """A Markdown table of the groups."""
    groups: dict[str, list[Row]] = {}
    for r in found:
        if (name := by(r)) is not None:
            groups.setdefault(name, []).append(r)
    lines = [
        f"| {head} | n | fitted | model x device left out | interval covers | source left out | interval covers |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, members in sorted(groups.items()):
        if len(members) >= least:
            cells = [median(members, "fitted")]
            for column in ("stack_left_out", "source_left_out"):
                cells += [median(members, column), covered(members, column)]
            lines.append(f"| {name} | {len(members)} | {' | '.join(cells)} |")
    return lines


def page(found: list[Row]) -> str:
    """The long page: by engine, vendor and source."""
    lines = [
        "# Errors of the estimates",
        "",
        "Median of |p50 - measured| / measured; written by `scripts/error_table.py` from what the fit scripts left",
        f"out. Groups of fewer than {LEAST} points are not listed.",
    ]
    for head, column in (("engine", "engine"), ("vendor of the device", "vendor"), ("source", "source")):
        lines += ["", f"## By {head}", ""]

        def by(r: Row, column: str = column) -> str | None:
            row = row_of(r)
            return f"{row}: {r[column]}" if row and r.get(column) else None

        lines += table(found, by, f"row: {head}", LEAST)
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or compare."""
    found = rows()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    short = "\n".join(table(found, row_of, "quantity"))
    wanted = {
        ROOT / "README.md": f"{before}{BEGIN}\n{short}\n{END}{after}",
        ROOT / "docs" / "errors.md": page(found),
    }
    if "--check" in sys.argv:
        stale = [p.name for p, text in wanted.items() if p.read_text(encoding="utf-8") != text]
        print("\n".join(f"{name} is not what scripts/error_table.py writes" for name in stale))
        return bool(stale)
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
