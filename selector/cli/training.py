"""`selector estimate --train`: one training run sized."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue

METHODS = ("pretrain", "full", "lora", "qlora")
STRATEGIES = ("ddp", "zero1", "zero2", "zero3", "fsdp")
RECOMPUTE = ("full", "selective", "none")
PRECISIONS = ("bf16", "fp16", "tf32", "fp32", "fp8", "mxfp8", "nvfp4")
Run = tuple[str, str | None, int | None, int | None, int | None, str | None, str | None, str | None]
Size = tuple[float | None, float | None, int | None, int | None]


def show(
    cat: Catalogue, model: str | None, on: str | None, run: Run, size: Size, format_: str, today: date
) -> None:
    """Size a run and print it; exit code 1 where it does not fit."""
    from selector.cli import fresh, named_row
    from selector.decide import train_plan
    from selector.report import training as report
    from selector.report.json import dumps

    method, precision, seq_len, micro_batch, global_batch, strategy, recompute, framework = run
    for value, known, flag in (
        (method, METHODS, "--train"),
        (precision, PRECISIONS, "--precision"),
        (strategy, STRATEGIES, "--strategy"),
        (recompute, RECOMPUTE, "--recompute"),
    ):
        _known(value, known, flag)
    _consistent(framework, size)
    [what] = named_row.resolve(cat, [{"model": model, "hardware": on}])
    wanted = train_plan.Wanted(
        method,
        precision or "bf16",
        seq_len,
        micro_batch,
        global_batch,
        strategy,
        recompute,
        framework,
        *size,
    )
    found = train_plan.size(cat, what.model, what.device, what.count, wanted)
    typer.echo(dumps(report.as_json(found)) if format_ == "json" else report.as_text(found), nl=False)
    fresh.warn(cat, fresh.of_rent(cat, (found.price_source,)), today)
    if found.fits is False:
        raise typer.Exit(1)


def _consistent(framework: str | None, size: Size) -> None:
    from selector.errors import Problem, UsageError
    from selector.needs.tables import spelled

    if framework is not None and spelled("training", framework) is None:
        fix = "name the library, such as trl, megatron-lm, torchtitan or maxtext"
        raise UsageError(Problem(f"--framework {framework} is not known", None, fix))
    if size[0] is not None and size[1] is not None:
        raise UsageError(Problem("--tokens and --samples both say how long a run is", None, "state one"))


def _known(value: str | None, known: tuple[str, ...], flag: str) -> None:
    from selector.errors import Problem, UsageError

    if value is not None and value not in known:
        raise UsageError(Problem(f"{flag} {value} is not known", None, f"one of: {', '.join(known)}"))
