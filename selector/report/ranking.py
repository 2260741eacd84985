"""The ranked stacks as a table: near-duplicates share a row, and narrow terminals get less."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selector.report import cautions, ties
from selector.report.numbers import band
from selector.report.screen import MIDDLE, worse
from selector.report.tabular import Table, alike, describe, middle, prior, quality, runs_on, share
from selector.types.decision import RankedStack, Recommendation
from selector.types.estimate import NOT_COUNTED

TITLE = "Ranking"
POINTS = "? after points: provisional; ? alone: unknown"
PRIOR = "prior: no public score, only class, size and date speak"
TILDE = "~: prior, no public score, only class, size and date speak"
BOUND = ">=: at least, since nobody knows what a part of it costs (named in the table of cost)"
BEST = "best: share of the draws in which it comes first"
RANK = "rank: place among the stacks shown, where equal points share one (1, 1, 3)"
TIES = (
    "equal points stand in the order of their figures, from the criterion with most weight on, then of fewer "
    "limits at risk, less that is unknown, and the id"
)
MARKS = {
    "T": "practically tied with the first",
    "R": "a limit is at risk",
    "U": "a limit is unverified",
    "F": "none betters it on cost, quality and latency together",
}
COLUMNS = ("USD/month", "p95 ms", "quality", "risk", "best", "mark")
RIGHT = frozenset({"rank", "points", "USD/month", "p95 ms", "quality", "risk", "best"})


@dataclass(frozen=True, slots=True)
class Group:
    """A stack and those after it that differ from it in count, offer, engine or layout only."""

    first: RankedStack
    others: tuple[RankedStack, ...]


def groups(stacks: Sequence[RankedStack]) -> list[Group]:
    """Stacks by choice, in order of the best of each."""
    found: dict[object, list[RankedStack]] = {}
    for s in stacks:
        found.setdefault(alike(s), []).append(s)
    return [Group(members[0], tuple(members[1:])) for members in found.values()]


def full(r: Recommendation) -> Table:
    """Every stack in a row of its own, with intervals."""
    best = shares(r)
    rows = tuple(
        (
            str(s.rank),
            s.label,
            _points(s),
            s.slots.model,
            runs_on(s),
            band(s.estimates.get("cost_per_month_usd")),
            band(s.estimates.get("request_p95_ms")),
            quality(s.estimates.get("quality_index")),
            middle(s.estimates.get("risk_index")),
            best.get(s.slots.digest(), "-"),
            marks(s, r),
        )
        for s in r.stacks
    )
    columns = ("rank", "id", "points", "model", "runs on", *COLUMNS)
    words = [*_taken(r), POINTS, *_bound(r), RANK, TIES, PRIOR, *([BEST] if best else []), *_tied(r)]
    note = "; ".join([*words, *_legend(row[-1] for row in rows), *_hosted(r.stacks)])
    return Table(TITLE, columns, rows, RIGHT, note).without(*_empty(rows))


def short_table(r: Recommendation) -> Table:
    """One row a choice; in less width the figures and what they belong to stand one under another."""
    grouped = groups(r.stacks)
    columns = ("id", "points", "stack", *COLUMNS)
    wide = tuple(_row(r, g, whole=True) for g in grouped)
    lean = tuple(_row(r, g, whole=False) for g in grouped)
    less = Table(TITLE, columns, lean, RIGHT, _note(r, grouped, lean, TILDE)).without(*_empty(lean))
    names = Table("", ("id", "stack"), tuple((g.first.label, describe(g.first)) for g in grouped))
    narrow = ((less,), (less.without("stack"), names))
    return Table(TITLE, columns, wide, RIGHT, _note(r, grouped, wide, PRIOR), narrow).without(*_empty(wide))


def _empty(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Of the last two columns those that say nothing."""
    return [name for i, name in ((-2, "best"), (-1, "mark")) if all(row[i] in ("", "-") for row in rows)]


def shares(r: Recommendation) -> dict[str, str]:
    """Share of the draws that each stack wins, by its id."""
    return {x.stack.id: share(x.p_best) for x in r.robustness.shares} if r.robustness else {}


def marks(s: RankedStack, r: Recommendation) -> str:
    """Letters for what holds for a stack."""
    sure = r.robustness
    tied = {x.id for x in sure.tied} if sure else set()
    front = {x.stack.id for x in sure.pareto} if sure else set()
    status = {c.status for c in s.constraints}
    id_ = s.slots.digest()
    holds = {
        "T": s.tied or id_ in tied,
        "R": "at_risk" in status,
        "U": "unverified" in status,
        "F": id_ in front,
    }
    return "".join(letter for letter, holds_ in holds.items() if holds_)


def _row(r: Recommendation, g: Group, whole: bool) -> tuple[str, ...]:
    s, est = g.first, g.first.estimates
    figure = band if whole else middle
    index = est.get("quality_index")
    more = f" +{len(g.others)} alike" if g.others else ""
    return (
        s.label,
        _points(s),
        f"{s.slots.model}, {runs_on(s) if whole else _briefly(s)}",
        figure(est.get("cost_per_month_usd")),
        figure(est.get("request_p95_ms")),
        quality(index) if whole else ("~" if prior(index) else "") + middle(index),
        middle(est.get("risk_index")),
        shares(r).get(s.slots.digest(), "-"),
        (marks(s, r) + more).strip(),
    )


def _briefly(s: RankedStack) -> str:
    """How it runs, with the provider in place of the whole offer."""
    if s.slots.hardware is None:
        return runs_on(s)
    where = (s.slots.offer or s.slots.hosting).partition("/")[0]
    return f"{s.slots.precision} {s.slots.engine}, {s.slots.n_devices}x {s.slots.hardware}, {where}"


def _note(r: Recommendation, grouped: Sequence[Group], rows: Sequence[tuple[str, ...]], words: str) -> str:
    level = [TIES] if len({_points(g.first) for g in grouped}) < len(grouped) else []
    parts = [
        *_taken(r),
        POINTS,
        *_bound(r),
        *level,
        words,
        *([BEST] if shares(r) else []),
        *_tied(r),
        *_legend(row[-1].split(" ")[0] for row in rows),
    ]
    parts += _hosted(r.stacks)
    doubles = [f"{g.first.label}: {', '.join(s.label for s in g.others)}" for g in grouped if g.others]
    if doubles:
        parts.append(
            f"alike but for count, offer, engine or layout (rows: --format html): {'; '.join(doubles)}"
        )
    return "; ".join(parts)


def _hosted(stacks: Sequence[RankedStack]) -> list[str]:
    """Under whose law hosted models run: where requests are processed, and the seat of the vendor."""
    found: dict[str, list[str]] = {}
    for s in stacks:
        if where := cautions.place(s):
            found.setdefault(where, []).append(s.label)
    told = [f"{where}: {', '.join(labels)}" for where, labels in found.items()]
    return [f"hosted models are processed {' | '.join(told)}"] if told else []


def _bound(r: Recommendation) -> list[str]:
    costs = (s.estimates.get("cost_per_month_usd") for s in r.stacks)
    return [BOUND] if any(e is not None and NOT_COUNTED in e.inputs for e in costs) else []


def _taken(r: Recommendation) -> list[str]:
    """What the points are taken of where that is not the middle of the estimates."""
    if r.points_quantile == MIDDLE:
        return []
    return [f"points: {worse(r)}; shares and spans of points are of draws around the middle"]


def _tied(r: Recommendation) -> list[str]:
    """The rule by which stacks are practically tied, shown or not."""
    return [f"practically tied: {ties.rule(r.robustness)}"] if r.robustness and r.robustness.tied else []


def _legend(marked: Iterable[str]) -> list[str]:
    used = {letter for m in marked for letter in m}
    return [f"{letter}: {text}" for letter, text in MARKS.items() if letter in used]


def _points(s: RankedStack) -> str:
    return f"{s.score:.1f}" + ("?" if s.provisional else "")
