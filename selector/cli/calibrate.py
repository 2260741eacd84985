"""`selector calibrate`: factors for later runs out of measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from selector.cli.flags import AsOf, Packs


def calibrate(
    measurements: Annotated[
        list[Path], typer.Argument(help="Points in YAML or CSV, or files of benchmark tools.")
    ],
    from_: Annotated[
        str | None, typer.Option("--from", help="The tool that wrote the files; found by content without it.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Write the calibration to a file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file of --save.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take over what contradicts the estimator by far.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Model, where a file does not say.")] = None,
    hardware: Annotated[str | None, typer.Option(help="Device, where a file does not say.")] = None,
    n_devices: Annotated[int | None, typer.Option(min=1, help="How many of them.")] = None,
    engine: Annotated[str | None, typer.Option(help="Engine, where a file does not say.")] = None,
    precision: Annotated[str | None, typer.Option(help="Weight format, where a file does not say.")] = None,
    tp: Annotated[int | None, typer.Option(min=1, help="Tensor parallel, where a file does not say.")] = None,
    input_tokens: Annotated[float | None, typer.Option(min=1, help="Of a prompt, where not said.")] = None,
    output_tokens: Annotated[float | None, typer.Option(min=1, help="Of an answer, where not said.")] = None,
    quality_metric: Annotated[
        str | None, typer.Option(help="The metric of the requirements that pass rates are of.")
    ] = None,
    date: Annotated[str | None, typer.Option(help="Day of the runs, YYYY-MM-DD, where not said.")] = None,
    as_of: AsOf = None,
    packs: Packs = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Compare measurements with the estimator and say by which factors its figures move."""
    from selector.cli import session
    from selector.errors import Problem, UsageError
    from selector.iterate import calibration_file as files
    from selector.iterate import importers
    from selector.packs.catalog import load
    from selector.packs.schema import near
    from selector.report import calibration as report
    from selector.report.json import dumps
    from selector.report.numbers import plain

    session.check_format(format_, ("table", "json"))
    if from_ is not None and from_ not in importers.NAMES:
        fix = near(from_, importers.NAMES) or f"one of: {', '.join(importers.NAMES)}"
        raise UsageError(Problem(f"--from {from_} is not known", None, fix))
    day, cat = session.day(as_of), load(packs or [])
    stated: dict[str, Any] = {"model": model, "hardware": hardware, "n_devices": n_devices}
    stated |= {"engine": engine, "precision_weights": precision, "quality_metric": quality_metric, "tp": tp}
    stated = {k: v for k, v in stated.items() if v is not None}
    extra = {"input_tokens": input_tokens, "output_tokens": output_tokens, "date": date}
    sources = [importers.source(path, from_, stated, extra, cat) for path in measurements]
    book, found = files.book(sources, cat, accept, day)
    values = files.content(book, found, sources, cat)
    usable = bool(found.readings or found.trials)
    if save is not None and usable:
        session.write_new(save, files.dumps(values), force)
    typer.echo(dumps(plain(values)) if format_ == "json" else report.as_text(values), nl=False)
    if not usable:
        raise typer.Exit(1)
