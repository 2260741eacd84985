"""`selector validate`: predicted against measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selector.cli.flags import Packs


def validate(
    measurements: Annotated[list[Path], typer.Argument(help="Files of measured points, YAML or CSV.")],
    by: Annotated[str | None, typer.Option(help="Group by this field as well, such as engine.")] = None,
    packs: Packs = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    plot: Annotated[Path | None, typer.Option(help="Write predicted against measured as SVG.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --plot.")] = False,
) -> None:
    """Compare predictions with measured points; errors and interval coverage by group."""
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.iterate import measurements as files
    from selector.iterate.validate import summary
    from selector.iterate.validate import validate as run
    from selector.packs.catalog import load
    from selector.report import scatter
    from selector.report import validate as report
    from selector.report.json import dumps

    session.check_format(format_, ("table", "json"))
    points = [point for path in measurements for point in files.read(path)]
    columns = sorted({name for point in points for name in point.fields})
    if by is not None and by not in columns:
        raise UsageError(
            Problem(f"--by {by}: no point has this field", None, f"one of: {', '.join(columns)}")
        )
    outcomes = run(points, load(packs or []))
    groups = summary(outcomes, by)
    if plot is not None:
        session.write_new(plot, scatter.picture(outcomes), force)
    if format_ == "json":
        typer.echo(dumps(report.as_json(outcomes, groups)), nl=False)
    else:
        typer.echo(report.as_text(outcomes, groups), nl=False)
