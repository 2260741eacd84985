"""What several commands need: the catalogue, the scoring, a resolved requirement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selector import __version__
from selector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue
    from selector.risk.assess import Scoring
    from selector.types.decision import Recommendation
    from selector.types.requirement import Requirement

FORMATS = ("table", "json", "markdown", "html")


def day(text: str | None) -> date:
    """The date that ages are judged at; today without the flag."""
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(Problem(f"--as-of {text} is not a date", None, "write YYYY-MM-DD")) from None


def check_format(text: str, allowed: Sequence[str] = FORMATS) -> str:
    """A known format, or an error with near misses."""
    from selector.packs.schema import near

    if text in allowed:
        return text
    fix = near(text, allowed) or f"one of: {', '.join(allowed)}"
    raise UsageError(Problem(f"--format {text} is not known", None, fix))


def scoring(cat: Catalogue, need: Requirement) -> Scoring:
    """Numbers of the risk scales, the controls in place, and what a day of work on others costs."""
    from selector.needs.risks import held
    from selector.risk.assess import Scoring

    raw = cat.scoring
    return Scoring(
        steps=tuple(raw["steps"]),
        matrix=tuple(tuple(row) for row in raw["matrix"]),
        floor=float(raw["floor"]),
        evidence={k: float(v) for k, v in raw["evidence"].items()},
        held=held(need, cat),
        usd_per_day=(need.team.usd_per_engineer_month or 0.0) / cat.parameters["effort.working_days"].value,
        months=float(need.horizon_months or 12),
    )


def decide(
    stated: Stated, cat: Catalogue, top: int, strict: bool, provisional: bool, today: date
) -> Recommendation:
    """Recommendation for a document; several components are ranked one by one and paid together."""
    from dataclasses import replace

    from selector.decide import joint, limits
    from selector.needs.components import expand
    from selector.needs.defaults import complete

    check(expand(stated), cat, today)
    parts = [one(s, cat, top, strict, provisional, today) for s in expand(stated)]
    if len(parts) == 1:
        return parts[0]
    whole = parts[0]
    need = complete(stated, usd_per_unit=cat.usd_per_unit).requirement
    together = joint.of(parts, need.budget.per_month_usd, need.confidence.get("budget", limits.MIDDLE))
    return replace(
        whole,
        relaxations=(*joint.relaxations(together), *whole.relaxations),
        name=stated.requirement.name or "application of several models",
        component=whole.name,
        components=tuple(parts[1:]),
        joint=together,
        inputs={**whole.inputs, "requirements_sha256": _sha256(stated)},
    )


def check(parts: Sequence[Stated], cat: Catalogue, today: date) -> None:
    """Every contradiction and unknown name of all components together."""
    from selector.needs import risks
    from selector.needs.contradictions import contradictions

    found = {
        str(p): p for part in parts for p in (*contradictions(part, cat), *risks.problems(part, cat, today))
    }
    if found:
        raise InputError(list(found.values()))


def one(
    stated: Stated, cat: Catalogue, top: int, strict: bool, provisional: bool, today: date
) -> Recommendation:
    """Recommendation for one application."""
    from selector.decide.recommend import recommend
    from selector.needs.defaults import complete
    from selector.needs.options import resolve_options

    resolved = complete(stated, usd_per_unit=cat.usd_per_unit)
    options = resolve_options(stated, cat)
    need = _accepting(resolved.requirement, today)
    return recommend(
        need,
        resolved.assumptions,
        options,
        cat,
        cat.condition,
        scoring(cat, need),
        top=top,
        strict=strict,
        allow_provisional=provisional,
        today=today,
        inputs=inputs(stated, cat, today)
        | {"settings": {"top": top, "strict": strict, "allow_provisional": provisional}},
    )


def _accepting(need: Requirement, today: date) -> Requirement:
    """The requirement with the risks that are accepted today by their ids."""
    from dataclasses import replace

    from selector.needs.risks import accepted

    return replace(need, risk=replace(need.risk, accepted=accepted(need, today)))


def study(stated: Stated, cat: Catalogue, top: int, strict: bool, provisional: bool, today: date) -> Study:
    """A run of one application that is kept whole, to ask questions of it."""
    from selector.decide.explain.study import Given
    from selector.decide.explain.study import study as kept
    from selector.decide.rank import Settings
    from selector.needs.defaults import complete
    from selector.needs.options import resolve_options

    resolved = complete(stated, usd_per_unit=cat.usd_per_unit)
    need = _accepting(resolved.requirement, today)
    given = Given(
        need,
        resolved.assumptions,
        resolve_options(stated, cat),
        cat,
        cat.condition,
        scoring(cat, need),
        Settings(top, strict, provisional),
        today,
    )
    settings = {"top": top, "strict": strict, "allow_provisional": provisional}
    return kept(given, inputs(stated, cat, today) | {"settings": settings})


def inputs(stated: Stated, cat: Catalogue, today: date) -> dict[str, Any]:
    """Digests of everything that the outcome depends on."""
    return {
        "requirements_sha256": _sha256(stated),
        "packs": {
            p.id: {
                "version": p.version,
                "sha256": p.digest,
                "facts_sha256": p.facts_digest,
                "rules_sha256": p.rules_digest,
            }
            for p in cat.packs.values()
        },
        "selector": __version__,
        "as_of": today.isoformat(),
        **({"measurements": cat.measured.inputs} if cat.measured.files else {}),
    }


def _sha256(stated: Stated) -> str:
    text = json.dumps(stated.mapping, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def measure(cat: Catalogue, paths: Sequence[Path] | None, today: date) -> None:
    """Give the run what was measured; the catalogue stays as it is without files."""
    if paths:
        from selector.iterate import calibration_file

        cat.measured = calibration_file.gathered(paths, cat, today)


def write_new(path: Path, text: str, force: bool) -> None:
    """Write a file of the user's; never over an existing one without --force."""
    if path.exists() and not force:
        raise UsageError(Problem(f"{path} exists", None, "name another file or add --force"))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(Problem(f"{path} cannot be written: {problem.strerror}")) from None
