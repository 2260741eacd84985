"""`selector diff`: what changed between two decisions or requirements, and which input did it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selector.cli.flags import Measurements

if TYPE_CHECKING:
    from selector.cli.sides import How
    from selector.iterate.state import Evaluated, Side

FORMATS = ("table", "json", "markdown", "html")
Packs = Annotated[list[Path] | None, typer.Option(help="Packs of both sides, as for recommend.")]


def diff(
    old: Annotated[str, typer.Argument(help="Saved decision, requirements file, or REVISION:FILE of git.")],
    new: Annotated[
        str | None,
        typer.Argument(help="The same; left out: the old one under --packs-new or --measurements-new."),
    ] = None,
    packs: Packs = None,
    packs_old: Annotated[
        list[Path] | None, typer.Option(help="Packs of the old side, over the shipped or a complete set.")
    ] = None,
    packs_new: Annotated[
        list[Path] | None, typer.Option(help="Packs of the new side, over the shipped or a complete set.")
    ] = None,
    measurements: Measurements = None,
    measurements_old: Annotated[
        list[Path] | None, typer.Option(help="Measurements of the old side alone.")
    ] = None,
    measurements_new: Annotated[
        list[Path] | None, typer.Option(help="Measurements of the new side alone.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            help="Exit 1 on any of a comma list: winner-change, new-high-risk, infeasible, switch-advised, "
            "cost>+10%, latency>+5%, quality<-5%."
        ),
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Judge ages of requirements at YYYY-MM-DD.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compare what is not about the same application.")
    ] = False,
    format_: Annotated[str, typer.Option("--format", help="table, json, markdown or html.")] = "table",
) -> None:
    """Compare: winner, ranks, figures, risks, feasibility, and what each change is due to."""
    from selector.cli import session
    from selector.iterate import triggers

    session.check_format(format_, FORMATS)
    wanted = triggers.parse(fail_on) if fail_on is not None else []
    with tempfile.TemporaryDirectory() as folder:
        sides = _sides(
            (old, old if new is None else new),
            (_both(packs, packs_old), _both(packs, packs_new)),
            (_both(measurements, measurements_old), _both(measurements, measurements_new)),
            as_of,
            Path(folder),
        )
        _related(*sides, force)
        found = compare(*sides)
    typer.echo(_written(found, sides, format_), nl=False)
    said = triggers.pulled(found, wanted)
    for line in said:
        typer.echo(f"fail-on {line}", err=True)
    if said:
        raise typer.Exit(1)


def _both(common: list[Path] | None, own: list[Path] | None) -> list[Path]:
    return [*(common or []), *(own or [])]


def _sides(
    texts: tuple[str, str],
    packs: tuple[list[Path], list[Path]],
    measurements: tuple[list[Path], list[Path]],
    as_of: str | None,
    folder: Path,
) -> tuple[Side, Side]:
    """Both sides; one without settings of its own takes those of the other."""
    from selector.cli import session, sides
    from selector.iterate import decision
    from selector.packs import sealed

    settings: dict[str, Any] = {"top": 10, "strict": False, "allow_provisional": False}
    for text in texts:
        if Path(text).is_file() and decision.is_one(Path(text)):
            settings = dict(sealed.read(Path(text))["inputs"]["settings"])
    today = session.day(as_of)
    how = [sides.How(p, m, today, settings) for p, m in zip(packs, measurements, strict=True)]
    made = [_side(t, h, folder / str(i)) for i, (t, h) in enumerate(zip(texts, how, strict=True))]
    return made[0], made[1]


def _side(text: str, how: How, folder: Path) -> Side:
    from selector.cli import sides

    folder.mkdir()
    return sides.read(text, how, folder)


def _related(old: Side, new: Side, force: bool) -> None:
    from selector.errors import Problem, UsageError
    from selector.iterate import related

    why = related.strangers(old, new)
    if why and force:
        typer.echo(f"not the same application: {why}", err=True)
    elif why:
        raise UsageError(
            Problem(f"not the same application: {why}", None, "--force compares them all the same")
        )


def compare(old: Side, new: Side) -> dict[str, Any]:
    """The differences of two sides, computed where both can be."""
    from selector.cli import fresh, states
    from selector.iterate import attribution, related
    from selector.iterate import diff as run
    from selector.iterate.runs import Runs
    from selector.packs.catalog import load

    differ = old.files != new.files
    causes = run.causes(old.inputs, new.inputs, differ)
    names = [g for g in attribution.groups(causes) if g != "program"]
    ends, why = [], ""
    for side in (old, new):
        made, said = _end(side) if causes or side.recorded is None else (None, "")
        ends.append(made)
        why = why or said
    runs = None
    if ends[0] and ends[1] and old.state and new.state:
        threshold = load().parameters["iterate.switch_probability"].value
        runs = Runs(ends[0], ends[1], names, (old.state, new.state), states.evaluate, threshold)
    said_by = [s.recorded or (e.found if e else {}) for s, e in zip((old, new), ends, strict=True)]
    fresh.repeat(said_by[1])
    found = run.diff(said_by[0], said_by[1], run.Basis(runs, why, differ))
    return found | {"requirements": related.stated(old, new), "waivers": related.waivers(old, new)}


def _end(side: Side) -> tuple[Evaluated | None, str]:
    """The run of a side, or why there is none."""
    from selector.cli import sides, states
    from selector.iterate.runs import UncomputedError, end

    places = {side.state.stated.document.file: side.name} if side.state else {}
    try:
        with sides.named(places):
            return end(side, states.evaluate), ""
    except UncomputedError as problem:
        return None, str(problem)


def _written(found: dict[str, Any], sides: tuple[Side, Side], format_: str) -> str:
    from selector.report import diff as report
    from selector.report.diff import as_json

    titles = (sides[0].name, sides[1].name)
    if format_ == "json":
        return as_json(found)
    if format_ == "markdown":
        from selector.report import diff_markdown

        return diff_markdown.as_markdown(found, titles)
    if format_ == "html":
        from selector.report import diff_html

        return diff_html.page(found, titles)
    return report.as_text(found)
