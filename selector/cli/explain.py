"""`selector explain`: why, why not, what would change it, and what a number is made of."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selector.cli.flags import AsOf, Measurements, Packs, Sets

if TYPE_CHECKING:
    from selector.decide.explain.study import Study
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue


def explain(
    subject: Annotated[
        Path, typer.Argument(metavar="REQS_OR_DECISION", help="reqs.yaml or a saved decision.")
    ],
    stack: Annotated[
        str | None,
        typer.Option(help="S-2, an id, model:NAME, or model=...,hardware=...; default the winner."),
    ] = None,
    vs: Annotated[str | None, typer.Option(help="Compare with this stack; default the winner.")] = None,
    numbers: Annotated[
        list[str] | None,
        typer.Option("--number", help="The formula behind one number, e.g. estimates.request_p95_ms."),
    ] = None,
    risks: Annotated[
        list[str] | None, typer.Option("--risk", help="One risk of the register, e.g. R-OUTAGE.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="How to train, tune and compress it, with settings to copy.")
    ] = False,
    component: Annotated[str | None, typer.Option(help="Of an application of several models.")] = None,
    set_: Sets = None,
    packs: Packs = None,
    measurements: Measurements = None,
    as_of: AsOf = None,
    format_: Annotated[str, typer.Option("--format", help="table, json or markdown.")] = "table",
) -> None:
    """Why a stack is where it is, and what would change it."""
    from selector.cli import session

    session.check_format(format_, ("table", "json", "markdown"))
    number, risk = _one("--number", numbers), _one("--risk", risks)
    _consistent(vs, number, risk, plan or None)
    with tempfile.TemporaryDirectory() as folder:
        decision, cat, why = _packs(subject, packs, Path(folder))
        asked = _asked(subject, decision, set_ or [], as_of, measurements or [], cat, Path(folder))
        cat = session.measured(cat, asked.measurements, asked.today)
        name, found = _study(asked, component, cat)
    notes = (*_notes(asked, found, subject, name, why), *_old(found))
    if number is not None:
        _number(asked, found, stack, number, name, notes, format_)
    elif risk is not None:
        _risk(found, stack, risk, notes, format_)
    elif plan:
        _plan(found, stack, notes, format_)
    else:
        _whole(found, stack, vs, name, notes, format_)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be computed: requirements with settings, and the decision they come from if any."""

    stated: Stated
    top: int
    strict: bool
    provisional: bool
    today: date
    decision: dict[str, Any] | None
    measurements: list[Path]


def _one(flag: str, given: list[str] | None) -> str | None:
    """The only value of an option that would otherwise silently take the last one."""
    from selector.errors import Problem, UsageError

    if given and len(given) > 1:
        what = f"{flag} stands {len(given)} times: {', '.join(given)}"
        raise UsageError(Problem(what, None, "ask for one at a time"))
    return given[0] if given else None


def _consistent(vs: str | None, number: str | None, risk: str | None, plan: bool | None) -> None:
    from selector.errors import Problem, UsageError

    given = (("--number", number), ("--risk", risk), ("--vs", vs), ("--plan", plan))
    clash = [flag for flag, value in given if value is not None]
    if len(clash) > 1:
        what = f"{' and '.join(clash)} ask for different things"
        raise UsageError(Problem(what, None, "ask for one at a time"))


def _packs(
    subject: Path, packs: list[Path] | None, folder: Path
) -> tuple[dict[str, Any] | None, Catalogue, str]:
    """The decision if it is one, and the packs: its own, or those installed with --packs over them, and
    then why the own ones are not used."""
    from selector.iterate import decision as saved
    from selector.packs import sealed
    from selector.packs.catalog import load as load_catalogue

    if not saved.is_one(subject):
        return None, load_catalogue(packs or []), ""
    decision = sealed.read(subject)
    if packs:
        return decision, load_catalogue(packs), "--packs was given"
    found, why = saved.catalogue(decision, folder / "packs", str(subject))
    return decision, found or load_catalogue(), why


def _asked(
    subject: Path,
    decision: dict[str, Any] | None,
    sets: list[str],
    as_of: str | None,
    measured: list[Path],
    cat: Catalogue,
    folder: Path,
) -> Asked:
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.iterate import decision as saved
    from selector.needs import partial
    from selector.needs.load import load_document

    if decision is None:
        return Asked(partial.read(subject, sets, cat), 10, False, False, session.day(as_of), None, measured)
    flags = (("--set", bool(sets)), ("--as-of", as_of is not None), ("--measurements", bool(measured)))
    fixed = [f for f, given in flags if given]
    if fixed:
        what = f"{' and '.join(fixed)}: a saved decision has its own requirements, date and measurements"
        raise UsageError(Problem(what, None, "give the requirements file instead"))
    stated = load_document(saved.restore(decision, folder), str(folder / subject.name))
    given = decision["inputs"]
    settings = given["settings"]
    return Asked(
        stated,
        settings["top"],
        settings["strict"],
        settings["allow_provisional"],
        date.fromisoformat(given["as_of"]),
        decision,
        saved.measurements(decision.get("measured_files", ()), folder),
    )


def _study(asked: Asked, component: str | None, cat: Catalogue) -> tuple[str | None, Study]:
    """The component that is asked about, and its run."""
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.needs.components import expand
    from selector.packs.schema import near

    parts = expand(asked.stated)
    session.check(parts, cat, asked.today)
    names = [str(p.requirement.name) for p in parts] if len(parts) > 1 else []
    if component is not None and component not in names:
        fix = near(component, names) or (f"one of: {', '.join(names)}" if names else "leave it out")
        raise UsageError(Problem(f"--component {component}: there is no such component", None, fix))
    part = parts[names.index(component)] if component else parts[0]
    found = session.study(part, cat, asked.top, asked.strict, asked.provisional, asked.today)
    return (component or names[0]) if names else None, found


def _notes(asked: Asked, found: Study, subject: Path, component: str | None, why: str) -> tuple[str, ...]:
    """What the reader has to know: other packs or program than in the decision, other components."""
    from selector.iterate import decision as saved

    notes = []
    if asked.decision is not None:
        differs = saved.differences(asked.decision, found.inputs)
        if differs:
            used = f"what is installed now: {why}" if why else "its own packs with this program"
            notes.append(f"not as in {subject.name}: {'; '.join(differs)}. Explained is {used}")
    if component is not None:
        notes.append(f"component {component}; --component names another")
    return tuple(notes)


def _old(found: Study) -> tuple[str, ...]:
    """Prices of the stacks shown that are beyond their time to live."""
    from selector.packs import fresh
    from selector.report.fresh import words

    run = found.run
    places = [run.axes.places[int(run.stacks.place[row])] for row in found.rows]
    dated = [(fresh.OFFER if q.device else fresh.API, q.source, q.as_of) for q in places]
    said = words(fresh.stale(dated, run.p, run.today))
    return (said,) if said else ()


def _number(
    asked: Asked,
    found: Study,
    stack: str | None,
    path: str,
    component: str | None,
    notes: tuple[str, ...],
    format_: str,
) -> None:
    from selector.decide.explain import answer, ask
    from selector.errors import Problem, UsageError
    from selector.iterate import decision as saved
    from selector.plan import repeated
    from selector.report import explain as report

    named, rest = ask.in_path(found, path)
    row = named if named is not None else answer.nearest(found)
    if stack is not None:
        row = ask.stack(found, stack)
        if named not in (None, row):
            what = f"--number {path} and --stack {stack} name different stacks"
            raise UsageError(Problem(what, None, "name one"))
    numbers = found.numbers(row)
    repeated.add(numbers)
    figure = numbers.figure(rest, ask.ref(found, row))
    if asked.decision is not None:
        saved.same_number(asked.decision, component, figure, notes)
    _print(report.number(figure, dict(found.inputs), notes), format_)


def _risk(found: Study, stack: str | None, key: str, notes: tuple[str, ...], format_: str) -> None:
    from selector.decide.explain import answer, ask
    from selector.errors import Problem, UsageError
    from selector.packs.schema import near
    from selector.report import explain_risk as report

    known = found.run.cat.risks
    by_alias = {a: r.id for r in known.values() for a in r.aliases}
    name = by_alias.get(key, key)
    if name not in known:
        fix = near(key, [*known, *by_alias]) or "`selector pack show risks` lists them"
        raise UsageError(Problem(f"--risk {key}: no such risk in the register", None, fix))
    row = answer.nearest(found) if stack is None else ask.stack(found, stack)
    view = found.numbers(row).register.view(known[name])
    _print(report.risk(view, ask.ref(found, row), dict(found.inputs), notes), format_)


def _plan(found: Study, stack: str | None, notes: tuple[str, ...], format_: str) -> None:
    from selector.decide import show
    from selector.decide.explain import answer, ask
    from selector.plan import build
    from selector.report import explain as report

    row = answer.nearest(found) if stack is None else ask.stack(found, stack)
    ref = ask.ref(found, row)
    if not len(found.ranking.order.rows):
        notes = (*notes, "no stack satisfies the requirements: this is the plan of the nearest to them")
    shown = show.one(found.run, found.ranking.scored, row, ref.label or ref.id, 1, ())
    _print(report.plan(build.of(found.run, row, shown), ref, dict(found.inputs), notes), format_)


def _whole(
    found: Study,
    stack: str | None,
    vs: str | None,
    component: str | None,
    notes: tuple[str, ...],
    format_: str,
) -> None:
    from selector.decide.explain import answer
    from selector.report import explain as report

    made = answer.explain(found, stack, vs, component, found.inputs, notes)
    _print(report.explanation(made), format_)
    if found.first is None:
        raise typer.Exit(1)


def _print(made: Any, format_: str) -> None:
    from selector.cli.recommend import width
    from selector.report import explain as report
    from selector.report.json import dumps

    if format_ == "json":
        typer.echo(dumps(made.data), nl=False)
    elif format_ == "markdown":
        typer.echo(report.markdown(made), nl=False)
    else:
        terminal = sys.stdout.isatty()
        typer.echo(report.text(made, terminal, width(terminal)), nl=False)
