"""What several commands need: the catalogue, the scoring, a resolved requirement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selector import __version__
from selector.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.needs.defaults import Resolved
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue
    from selector.risk.assess import Scoring
    from selector.types.decision import RankedStack, Recommendation
    from selector.types.plan import Plan
    from selector.types.requirement import Requirement

TOGETHER = "the components as taken together ask for"
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
    from dataclasses import replace

    from selector.needs.areas import required
    from selector.needs.risks import held
    from selector.risk import assess

    scales = assess.scales(
        cat.scoring,
        held(need, cat),
        (need.team.usd_per_engineer_month or 0.0) / cat.parameters["effort.working_days"].value,
        float(need.horizon_months or 12),
    )
    return replace(scales, required=tuple(r.mitigation for r in required(need, cat)))


def decide(
    stated: Stated, cat: Catalogue, top: int, strict: bool, provisional: bool, today: date
) -> Recommendation:
    """Recommendation for a document; several components are ranked one by one and paid together."""
    from selector.needs.components import expand

    documents = expand(stated)
    check(documents, cat, today)
    several = len(documents) > 1
    parts = [one(s, cat, top, strict, provisional, today, front=several) for s in documents]
    found = together(stated, cat, parts)

    def again(document: Stated) -> Study:
        return study(document, cat, top, strict, provisional, today)

    return found if found.joint is None else _planned(found, documents, again)


def _planned(
    found: Recommendation, documents: Sequence[Stated], again: Callable[[Stated], Study]
) -> Recommendation:
    """An application with the plans of the stacks that it takes: that of a component's first stack stands
    where no other is taken."""
    from dataclasses import replace

    assert found.joint is not None
    taken = [x.stack for x in found.joint.parts]
    plan, *others = (
        part.plan if part.stacks[0].slots == own.slots else _plan(again(document), own)
        for (_, part), own, document in zip(found.parts, taken, documents, strict=True)
    )
    components = tuple(replace(c, plan=p) for c, p in zip(found.components, others, strict=True))
    return replace(found, plan=plan, components=components)


def _plan(kept: Study, stack: RankedStack) -> Plan:
    """The plan of a stack of a run that is named by its slots."""
    from selector.decide.explain import ask
    from selector.plan import build

    return build.of(kept.run, ask.row_of(kept, stack.slots), stack)


def completed(stated: Stated, cat: Catalogue) -> Resolved:
    """The document with what its packs assume where nothing is stated."""
    from selector.needs.areas import defaults
    from selector.needs.defaults import complete

    return complete(stated, defaults(cat), cat.usd_per_unit)


def together(stated: Stated, cat: Catalogue, parts: Sequence[Recommendation]) -> Recommendation:
    """Components paid for together; a single application is its only part."""
    from dataclasses import replace

    if len(parts) == 1:
        return parts[0]
    from selector.decide import joint, limits
    from selector.decide.composite import mixed, shared

    resolved = completed(stated, cat)
    need, assumed = resolved.requirement, {a.key for a in resolved.assumptions}
    budget, sure = need.budget.per_month_usd, need.confidence.get("budget", limits.MIDDLE)
    start = None if "budget.upfront_usd" in assumed else need.budget.upfront_usd
    together = joint.of(parts, budget, sure, start)
    if together is not None:
        beside = mixed.of(parts, together, budget, sure, cat), shared.of(together, budget, sure, cat)
        together = replace(together, composites=beside[0] + beside[1])
    whole, *others = joint.shown(parts, together)
    taken = [x.stack for x in together.parts] if together else []
    over, paid = joint.short(parts, taken), joint.at_start(taken)
    told = [f"{TOGETHER} {over}: not all of them can run at once"] if over else []
    if start is not None and paid > start:
        told.append(f"{TOGETHER} {paid:,.6g} USD at the start, and budget.upfront_usd is {start:,.6g}")
    return replace(
        whole,
        relaxations=(*joint.relaxations(together), *whole.relaxations),
        name=stated.requirement.name or "application of several models",
        notes=(*whole.notes, *told),
        component=whole.name,
        components=tuple(others),
        joint=together,
        inputs={**whole.inputs, "requirements_sha256": _sha256(stated)},
    )


def check(parts: Sequence[Stated], cat: Catalogue, today: date) -> None:
    """Every contradiction and unknown name of all components together."""
    from selector.needs import areas, known, risks
    from selector.needs.contradictions import contradictions

    known.check_sources(cat)
    found = {
        str(p): p
        for part in parts
        for p in (
            *contradictions(part, cat),
            *known.problems(part, cat),
            *areas.problems(part, cat),
            *risks.problems(part, cat, today),
        )
    }
    if found:
        raise InputError(list(found.values()))


def one(
    stated: Stated,
    cat: Catalogue,
    top: int,
    strict: bool,
    provisional: bool,
    today: date,
    *,
    front: bool = False,
) -> Recommendation:
    """Recommendation for one application; `front` adds what a component could run for less."""
    return outcome(study(stated, cat, top, strict, provisional, today, front=front))


def outcome(kept: Study) -> Recommendation:
    """What is printed of a run, with who answers for the risks that are accepted."""
    from dataclasses import replace

    from selector.decide import rank
    from selector.plan import build
    from selector.types.decision import AssumptionRow

    given = kept.given
    rows = tuple(AssumptionRow(a.key, a.value, a.rule, a.why, a.source) for a in given.assumptions)
    found = rank.told(kept.run, kept.ranking, given.settings, rows, kept.inputs)
    first = kept.first
    made = None if first is None else build.of(kept.run, first, found.stacks[0])
    return replace(found, acceptances=kept.acceptances, plan=made)


def _accepting(need: Requirement, today: date) -> Requirement:
    """The requirement with the risks that are accepted today by their ids."""
    from dataclasses import replace

    from selector.needs.risks import accepted

    return replace(need, risk=replace(need.risk, accepted=accepted(need, today)))


def study(
    stated: Stated,
    cat: Catalogue,
    top: int,
    strict: bool,
    provisional: bool,
    today: date,
    *,
    front: bool = False,
) -> Study:
    """A run of one application that is kept whole, to ask questions of it; `front` as of `one`."""
    from selector.decide.explain.study import Given
    from selector.decide.explain.study import study as kept
    from selector.decide.rank import Settings
    from selector.needs import ambiguous, areas, risks
    from selector.needs.options import resolve_options

    resolved = completed(stated, cat)
    need = _accepting(resolved.requirement, today)
    wanted = resolve_options(stated, cat)
    given = Given(
        need,
        (*resolved.assumptions, *ambiguous.assumed(wanted, cat)),
        wanted,
        cat,
        cat.condition,
        scoring(cat, need),
        Settings(top, strict, provisional, front),
        today,
    )
    settings = {"top": top, "strict": strict, "allow_provisional": provisional}
    lines = (*risks.told(resolved.requirement, cat, today), *areas.told(resolved.requirement, cat))
    return kept(given, inputs(stated, cat, today) | {"settings": settings}, lines)


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


def measured(cat: Catalogue, paths: Sequence[Path] | None, today: date) -> Catalogue:
    """The catalogue with what was measured; without files it stays as it is."""
    if not paths:
        return cat
    from selector.iterate import calibration_file

    return cat.measuring(calibration_file.gathered(paths, cat, today))


def write_new(path: Path, text: str, force: bool) -> None:
    """Write a file of the user's; never over an existing one without --force."""
    if path.exists() and not force:
        raise UsageError(Problem(f"{path} exists", None, "name another file or add --force"))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(Problem(f"{path} cannot be written: {problem.strerror}")) from None
