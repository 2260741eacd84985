"""Figures that are worth measuring first (sections 3.5 and 3.7 f)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selector.decide.gate import CRITERIA
from selector.decide.robust import acceptability
from selector.decide.robust.sampling import Draws, Figure
from selector.estimate.numeric import Z90
from selector.types.robust import Decisive

if TYPE_CHECKING:
    from selector.decide.robust.field import Field

LEADERS = 5  # stacks whose known figures are looked at
UNKNOWN = 10  # further stacks with a figure that nobody knows
MOST = 8
LEAST_POINTS = 0.01


def worth_a_look(f: Field) -> list[int]:
    """Positions in the screen: the first few, and those that an unknown figure may lift to the top."""
    scored = f.scored
    top = float(scored.score[f.first])
    found = []
    for i, row in enumerate(f.screen):
        missing = [c for c in CRITERIA if not scored.known[c][row]]
        most = float(scored.score[row]) + sum(
            scored.weights[c] * (1.0 - float(scored.values[c][row])) for c in missing
        )
        if i < LEADERS or (missing and most > top):
            found.append(i)
    return found[: LEADERS + UNKNOWN]


def first(
    f: Field, figures: Sequence[Figure], draws: Draws, watch: Sequence[int], usd_per_point: float | None
) -> tuple[Decisive, ...]:
    """Figures by what knowing them is worth; those of the same weights once."""
    rivals = draws.score[:, acceptability.contenders(draws.score)].astype(float)
    found: list[Decisive] = []
    seen: set[tuple[str, int]] = set()
    for m, position in enumerate(watch):
        for j, name in enumerate(CRITERIA):
            figure = figures[j]
            same = _same(figure, position)
            key = (name, int(same[0]))
            known = bool(f.scored.known[name][f.screen[position]])
            if key in seen or (known and not figure.errors):
                continue
            seen.add(key)
            points = acceptability.partial_evpi(rivals, draws.watched[j, :, m])
            turns = _turns(f, figure, j, same)
            if points < LEAST_POINTS and not turns:
                continue
            usd = None if usd_per_point is None else points * usd_per_point
            why = _why(f, figure, name, position)
            found.append(Decisive(f.ref(f.screen[position]), name, known, points, usd, turns, why))
    found.sort(key=lambda d: -d.evpi_points)
    return tuple(found[:MOST])


def _same(figure: Figure, position: int) -> Any:
    """Positions whose figure is the same one: the quality of the same weights, an unknown figure of
    the same origin, and else one that shares every error."""
    import numpy as np

    missing = np.isnan(figure.middle)
    alike = missing == missing[position]
    if figure.bounded or missing[position]:
        alike &= figure.unknown == figure.unknown[position]
    else:
        for e in figure.errors:
            alike &= e.group == e.group[position]
    return np.nonzero(alike)[0]


def _turns(f: Field, figure: Figure, j: int, same: Any) -> bool:
    """True where the first place changes between the adverse and the favourable end of a figure."""
    import numpy as np

    rows = np.array(f.screen)
    score, now = f.chain.score[rows], f.scored.values[CRITERIA[j]][rows]
    for end in _ends(f, figure, same):
        at: Any = score.copy()
        at[same] += f.weights[j] * (end - now[same])
        if at.max() > at[0] + 1e-9:
            return True
    return False


def _ends(f: Field, figure: Figure, same: Any) -> list[Any]:
    """Values at p10 and p90 of a known figure, at the two test points of an unknown one."""
    import numpy as np

    middle = figure.middle[same]
    if np.isnan(middle).any():
        return [np.full(len(same), f.run.p[f"robust.unknown_{end}"]) for end in ("low", "high")]
    sd = np.sqrt(sum(e.sd[same] ** 2 for e in figure.errors))
    start = np.log(middle / (1.0 - middle)) if figure.bounded else np.log(middle)
    moved = [np.exp(start + sign * Z90 * sd) for sign in (-1.0, 1.0)]
    return [figure.value(x / (1.0 + x) if figure.bounded else x) for x in moved]


def _why(f: Field, figure: Figure, name: str, position: int) -> str:
    if math.isnan(figure.middle[position]):
        return "nobody knows it: any value is possible"
    if name == "quality":
        return str(f.run.quality_of[int(f.run.stacks.model[f.screen[position]])].why)
    sd = math.sqrt(sum(float(e.sd[position]) ** 2 for e in figure.errors))
    return f"p90 is {math.exp(Z90 * sd):.2f} times p50"
