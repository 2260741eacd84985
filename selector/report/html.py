"""HTML of a recommendation: one file that loads nothing, from a template beside this module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from selector.report import composites, legal, pictures, plan, ranking, sections
from selector.report.numbers import band, short
from selector.report.screen import LEVELS, Line, screens, together
from selector.report.tabular import Table, describe
from selector.types.decision import RankedStack, Recommendation, RiskRow

if TYPE_CHECKING:
    from jinja2 import Template

    from selector.packs.catalog import Catalogue

SHORT = 8  # characters
LONG = 24  # characters of a word, from which on it may be broken
STEPS = (1, 2, 3, 4, 5)
SURE = (
    ("samples", "draws"),
    ("seed", "seed of the draws"),
    ("screened", "stacks that entered the draws, one for each choice"),
    ("rivals", "choices compared with"),
    ("necessarily_preferred", "of them beaten under all weights in the stated order"),
    ("max_regret_points", "points lost at most within the box of weights"),
    ("l2_radius", "distance of the nearest weights (sum 1) at which a rival ties"),
    ("regret_points", "expected loss of taking the first, points"),
    ("evpi_points", "worth of knowing every figure, points"),
    ("evpi_usd_per_month", "worth of knowing every figure, USD/month"),
    ("disappointment_points", "expected shortfall of the printed points"),
    ("entropy_bits", "entropy of the first place, bits"),
    ("p_best_any_weights", "share of the first under any weights at all"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the risk matrix: its level, and the risks in it."""

    level: str
    risks: tuple[RiskRow, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, what it shows and how to read it."""

    title: str
    svg: str
    about: str
    key: tuple[tuple[str, str], ...] = ()  # class of the mark, words


def recommendation(r: Recommendation, cat: Catalogue) -> str:
    """The whole page; the catalogue has the names of mitigations, the risk scale and the sources."""
    parts = [_part(name, part, said, cat) for name, part, said in screens(r)]
    return template("recommendation.html").render(
        name=r.name,
        several=bool(r.components),
        feasible=r.feasible,
        together=_lines(together(r)) if r.components else [],
        joint=[laid(t) for t in (sections.together(r), *composites.tables(r.joint.composites))]
        if r.joint
        else [],
        parts=parts,
        inputs=_inputs(r.inputs),
        as_of=r.inputs.get("as_of"),
        sources=_sources(r, cat),
        steps=STEPS,
    )


@cache
def template(name: str) -> Template:
    """A template of the folder beside this module."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    place = PackageLoader("selector.report", "templates")
    env = Environment(
        loader=place, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return env.get_template(name)


def _part(name: str, r: Recommendation, said: Sequence[Line], cat: Catalogue) -> dict[str, Any]:
    """What the template shows of one application or component."""
    first = r.stacks[0] if r.stacks else None
    tables = [
        sections.relaxations(r.relaxations),
        sections.costs(r),
        sections.payments(r),
        sections.limits(r),
        sections.accepted(r),
        sections.duties(r),
        legal.licence(r),
        sections.findings(r),
        plan.brief(r),
        *(plan.whole(r.plan) if r.plan else []),
        sections.advice(r),
        sections.excluded(r.excluded, shown=None),
        sections.notices(r),
        sections.assumptions(r),
    ]
    return {
        "name": name,
        "first": first,
        "what": describe(first) if first else "",
        "score": f"{first.score:.1f}" if first else "",
        "cost": band(first.estimates.get("cost_per_month_usd")) if first else "",
        "lines": _lines(said),
        "ranking": laid(ranking.full(r)) if first else None,
        "pictures": _pictures(r),
        "sure": laid(_sure(r)),
        "composites": [laid(t) for t in composites.tables(r.composites)],
        "points": laid(_points(r.stacks)),
        "matrices": _matrices(first, cat.scoring["matrix"]) if first else [],
        "risks": laid(_risks(first, cat)) if first else None,
        "tables": [laid(t) for t in tables if t.rows],
    }


def _lines(found: Sequence[Line]) -> list[dict[str, Any]]:
    """Lines by label; those without one belong to the label before them."""
    made: list[dict[str, Any]] = []
    for line in found:
        if line.label or not made:
            made.append({"label": line.label, "rows": []})
        if line.pieces:
            made[-1]["rows"].append("; ".join(line.pieces))
    return [x for x in made if x["rows"]]


def laid(t: Table) -> dict[str, Any] | None:
    """A table for the macro of the template."""
    if not t.rows:
        return None
    return {
        "title": t.title,
        "heads": [(c, "n" if c in t.right else "") for c in t.columns],
        "rows": [
            [
                (*_halves(cell, c in t.right), _kind(cell, c in t.right))
                for cell, c in zip(row, t.columns, strict=True)
            ]
            for row in t.rows
        ],
        "note": t.note,
    }


def _kind(cell: str, right: bool) -> str:
    """Class of a cell: figures stand right; short words such as labels are not broken, long ones are."""
    if right:
        return "n"
    return "k" if len(cell) <= SHORT else "w" if max(map(len, cell.split())) > LONG else ""


def _halves(cell: str, right: bool) -> tuple[str, str]:
    """A figure and its interval, which stands under it."""
    value, gap, interval = cell.partition(" [") if right else (cell, "", "")
    return value, f"[{interval}" if gap else ""


def _pictures(r: Recommendation) -> list[Picture]:
    found = [
        Picture(
            "Cost, quality and latency",
            pictures.cost_and_quality(r),
            "Filled: no stack betters it on all three. Open: shown in the ranking, and bettered by another."
            + pictures.dearer(r),
            tuple((f"speed{i}", words) for i, words in pictures.speeds(r)),
        ),
        Picture(
            "Who comes first in the draws",
            pictures.acceptability(r),
            "Figures and weights drawn from their intervals. Full: first; pale: among the first three.",
        ),
        Picture(
            "Weights that keep the winner",
            pictures.stability(r),
            "One weight moves, the others are scaled in proportion. The line is the weight now; "
            "beyond an end the stack named there takes over.",
        ),
    ]
    return [p for p in found if p.svg]


def _sure(r: Recommendation) -> Table:
    """The figures behind the words on stability."""
    if r.robustness is None:
        return sections.NOTHING
    found = ((words, getattr(r.robustness, name)) for name, words in SURE)
    # Counts and the seed are exact.
    rows = tuple((words, str(x) if isinstance(x, int) else short(x)) for words, x in found)
    return Table("Figures of stability", ("what", "value"), rows, frozenset({"value"}))


def _points(stacks: Sequence[RankedStack]) -> Table:
    """Points of each stack by criterion and rule; they sum to the score."""
    ids = list(dict.fromkeys(c.id for s in stacks for c in s.contributions))
    weights = {c.id: c.weight for s in stacks for c in s.contributions if c.weight is not None}
    heads = tuple(f"{i} (of {short(weights[i])})" if i in weights else i for i in ids)
    rows = []
    for s in stacks:
        own = {c.id: f"{c.points:.1f}" + ("" if c.known else "?") for c in s.contributions}
        rows.append((s.label, *(own.get(i, "0.0") for i in ids), f"{s.score:.1f}"))
    note = "? after points: no figure is known, a fixed value stands in"
    columns = ("id", *heads, "sum")
    return Table("Points by criterion", columns, tuple(rows), frozenset(columns[1:]), note)


def _matrices(s: RankedStack, levels: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Inherent and residual 5 x 5, likelihood downwards from 5."""
    return [
        {"title": title, "rows": [(step, _cells(s.risks, step, kind, levels)) for step in reversed(STEPS)]}
        for title, kind in (("Before mitigations", "inherent_at"), ("After mitigations", "residual_at"))
    ]


def _cells(
    risks: Sequence[RiskRow], likelihood: int, kind: str, levels: Sequence[Sequence[str]]
) -> list[Cell]:
    return [
        Cell(
            levels[likelihood - 1][impact - 1],
            tuple(x for x in risks if getattr(x, kind) == (likelihood, impact)),
        )
        for impact in STEPS
    ]


def _risks(s: RankedStack, cat: Catalogue) -> Table:
    """All risk rows with the names of the mitigations."""
    rows = tuple(
        (
            x.id,
            x.name,
            x.category.replace("_", " "),
            x.inherent,
            x.residual,
            "; ".join(f"{m} {cat.mitigations[m].name}" if m in cat.mitigations else m for m in x.mitigations)
            or "-",
            x.owner,
            "" if x.certain else "possible: a fact is unknown",
            x.source,
        )
        for x in sorted(sections.by_level(s.risks), key=lambda x: LEVELS.index(x.residual))
    )
    columns = (
        "risk",
        "name",
        "category",
        "inherent",
        "residual",
        "mitigations",
        "owner",
        "note",
        "source",
    )
    return Table(f"Risks of {s.label}", columns, rows)


def _inputs(inputs: Mapping[str, object], head: str = "") -> list[tuple[str, str]]:
    """Digests and settings as dotted names."""
    rows: list[tuple[str, str]] = []
    for key, value in inputs.items():
        name = f"{head}{key}"
        rows += _inputs(value, f"{name}.") if isinstance(value, Mapping) else [(name, str(value))]
    return rows


def _sources(r: Recommendation, cat: Catalogue) -> list[dict[str, Any]]:
    """Sources of the stacks, costs, risks and assumptions shown; only web addresses become links."""
    used: set[str] = set()
    for _, part in r.parts:
        for s in (*part.stacks, *part.counterparts):
            used.update(
                s.sources,
                (c.source for c in s.costs),
                (x.source for x in s.risks),
                *(d.source for d in s.duties),
            )
        used.update(a.source for a in part.assumptions)
        beside = (*part.composites, *(part.joint.composites if part.joint else ()))
        used.update(e.source for c in beside for e in c.published)
    rows = []
    for name in sorted(used):
        row = cat.sources.get(name, {})
        url = str(row.get("url", ""))
        rows.append(
            {
                "id": name,
                "title": str(row.get("title", "")),
                "url": url if url.startswith(("https://", "http://")) else "",
                "why": str(row.get("unpublished", "")),
                "as_of": str(row.get("as_of", "")),
            }
        )
    return rows
