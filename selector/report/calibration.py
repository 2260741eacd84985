"""A calibration for people: factors by group, pass rates, and points that move nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from selector.report.numbers import short

HEADS = ("quantity", "engine", "device", "precision", "family", "points", "factor", "p10-p90", "")


def as_text(values: Mapping[str, Any]) -> str:
    """Factors first, then what stands apart or is not used."""
    lines = [f"{f['file']}: {f['used']} of {f['points']} points used" for f in values["files"]]
    if values["factors"]:
        lines += ["", *_table([HEADS, *(_factor(f, values["accepted"]) for f in values["factors"])])]
        lines.append(
            "a factor is that of a stack of the group that nobody measured; measured stacks take their own"
        )
    if undated := sum(not r["dated"] for r in values["readings"]):
        lines.append(
            f"without a day: {undated}, which count as old (calibration.undated_months); --date says it"
        )
    lines += [_trial(t) for t in values["trials"]]
    reasons = Counter((u["metric"], u["reason"]) for u in values["unused"])
    if reasons:
        lines += ["", "unsupported:", *(f"  {n:4}  {metric}: {why}" for (metric, why), n in reasons.items())]
    return "\n".join(lines) + "\n"


def _factor(f: Mapping[str, Any], accepted: bool) -> tuple[str, ...]:
    factor, low, high = f["factor"], f["p10"], f["p90"]
    said = []
    if f["contradicting"]:
        said.append(f"{f['contradicting']} contradict the estimate")
        said.append("taken over" if accepted else "--accept takes them over")
    if not f["applied"]:
        said.append("kept, moves no printed figure")
    return (
        *(f["quantity"], f["engine"], f["hardware"], f["precision"], f["family"], str(f["points"])),
        *(short(factor), f"{short(low)}-{short(high)}" if factor is not None else "-"),
        "; ".join(said),
    )


def _trial(t: Mapping[str, Any]) -> str:
    share = 100.0 * t["successes"] / t["trials"]
    return f"{t['model']}: {t['successes']:g} of {t['trials']:g} pass ({share:.1f} %), metric {t['metric']}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return ["  ".join(f"{c:{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
