"""`selector sweep`: requirements varied, and the regions in which each stack comes first."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selector.cli.flags import AsOf, Measurements, Packs, Provisional, Sets, Strict

if TYPE_CHECKING:
    from selector.cli.sweeping import Points
    from selector.packs.catalog import Catalogue
    from selector.types.sweep import Axis, Sweep

LONG = 20  # points from which progress is shown


def sweep(
    reqs: Annotated[Path, typer.Argument(help="Requirements, reqs.yaml.")],
    vary: Annotated[
        list[str],
        typer.Option(help="KEY=LOW..HIGH:POINTS, KEY=log:LOW..HIGH:POINTS or KEY=V,V,...; may be repeated."),
    ],
    set_: Sets = None,
    packs: Packs = None,
    measurements: Measurements = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default one a processor.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Compute however many points there are.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table, json, markdown or html.")] = "table",
    strict: Strict = False,
    allow_provisional: Provisional = False,
    as_of: AsOf = None,
) -> None:
    """Vary requirements, and show in which regions each stack comes first."""
    from selector.cli import fresh, session
    from selector.cli.sweeping import Ask, Points, cores
    from selector.iterate import axes
    from selector.needs import partial
    from selector.packs.reader import read_yaml

    session.check_format(format_)
    today = session.day(as_of)
    found = axes.axes(vary, set_ or [])
    given = tuple(set_ or ()), found, tuple(packs or ()), tuple(measurements or ())
    ask = Ask(read_yaml(reqs), *given, strict, allow_provisional, today)
    cat = ask.catalogue()
    _allowed(found, cat, force)
    stated = partial.read(reqs, set_ or [], cat)
    name = stated.requirement.name or stated.requirement.application.task
    settings = {"top": 1, "strict": strict, "allow_provisional": allow_provisional}
    inputs = session.inputs(stated, cat, today) | {"settings": settings, "vary": list(vary)}
    result = _computed(Points(ask, cat), jobs or cores(), name, inputs)
    typer.echo(_written(result, format_), nl=False)
    fresh.warn(cat, (x for p in result.points if p.first for x in p.first.prices), today)
    if not result.feasible:
        raise typer.Exit(1)


def _allowed(found: tuple[Axis, ...], cat: Catalogue, force: bool) -> None:
    """No more points than somebody waits for without asking for it."""
    from selector.errors import Problem, UsageError

    count = math.prod(len(a.values) for a in found)
    most = int(cat.parameters["iterate.sweep_points"].value)
    if count > most and not force:
        what = f"{count:,} points are more than {most:,}"
        raise UsageError(Problem(what, None, "take fewer points, or add --force"))


def _computed(points: Points, jobs: int, name: str, inputs: dict[str, object]) -> Sweep:
    from selector.cli.sweeping import Crew
    from selector.iterate import axes
    from selector.iterate import sweep as regions

    ask = points.ask
    wanted = list(axes.grid(ask.axes))
    for at in wanted:
        points.check(at)
    with progress(len(wanted)) as done, Crew(points, jobs) as crew:
        made = crew.compute(wanted, done)
        on_grid = len(made)
        if len(ask.axes) == 1 and ask.axes[0].numeric:
            p = points.cat.parameters
            tolerance, most = p["iterate.sweep_tolerance"].value, int(p["iterate.sweep_refined"].value)
            made, wide = regions.refine(
                ask.axes[0], made, tolerance, most, lambda more: crew.compute(more, done)
            )
            if wide:
                said = f"{wide} boundaries are left wider than {tolerance:.0%}"
                typer.echo(f"{said}: {most:,} points were added to find them", err=True)
    return regions.sweep(name, ask.axes, made, inputs, len(made) - on_grid)


@contextmanager
def progress(count: int) -> Iterator[Callable[[int], object]]:
    """A bar on stderr for long work, in a terminal only; it also counts points added on the way."""
    if count < LONG or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("points"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, seen = bar.add_task("points", total=count), 0

        def done(new: int) -> None:
            nonlocal seen
            seen += new
            bar.update(task, completed=seen, total=max(count, seen))

        yield done


def _written(found: Sweep, format_: str) -> str:
    """The result in a format; libraries of the other formats are not loaded."""
    if format_ == "json":
        from selector.report import json as as_json
        from selector.report.sweep import as_dict

        return as_json.dumps(as_dict(found))
    if format_ == "html":
        from selector.report.sweep_html import page

        return page(found)
    from selector.cli.recommend import width
    from selector.report import sweep as report

    if format_ == "markdown":
        return report.as_markdown(found)
    terminal = sys.stdout.isatty()
    return report.as_text(found, terminal, width(terminal))
