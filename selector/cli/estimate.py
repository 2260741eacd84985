"""`selector estimate`: one stack sized."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selector.cli.flags import AsOf, Measurements, Packs

if TYPE_CHECKING:
    from selector.cli.named_row import Named
    from selector.decide.single import Sizing
    from selector.packs.catalog import Catalogue
    from selector.packs.reader import Document
    from selector.types.load import Load

TOKENS = 1024  # of a prompt where nothing is said
TABLES = (".csv", ".tsv", ".xlsx")


def estimate(
    model: Annotated[str | None, typer.Argument(help="Model, or path of its config.json.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="Devices, such as 8xH100-SXM.")] = None,
    engine: Annotated[str | None, typer.Option(help="Engine.")] = None,
    precision: Annotated[str | None, typer.Option(help="Weight format.")] = None,
    kv_precision: Annotated[str, typer.Option(help="Cache format: bf16, fp8, int8, int4.")] = "bf16",
    input_: Annotated[
        float | None,
        typer.Option("--input", min=0.0, help="Tokens (1024), seconds of audio or megapixels of a request."),
    ] = None,
    output: Annotated[int, typer.Option(min=1, help="Tokens of an answer.")] = 256,
    context: Annotated[int | None, typer.Option(min=1, help="Longest context that must fit.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Requests in flight.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.0, help="Requests a second instead.")] = None,
    tp: Annotated[int | None, typer.Option(min=1, help="Tensor parallel.")] = None,
    pp: Annotated[int | None, typer.Option(min=1, help="Pipeline parallel.")] = None,
    train: Annotated[str | None, typer.Option(help="Train instead: pretrain, full, lora, qlora.")] = None,
    tokens: Annotated[float | None, typer.Option(min=1, help="Tokens of the training run.")] = None,
    samples: Annotated[float | None, typer.Option(min=1, help="Sequences of the run instead.")] = None,
    seq_len: Annotated[int | None, typer.Option(min=1, help="Tokens of a training sequence.")] = None,
    micro_batch: Annotated[int | None, typer.Option(min=1, help="Sequences of a micro-step.")] = None,
    global_batch: Annotated[int | None, typer.Option(min=1, help="Sequences of an optimizer step.")] = None,
    strategy: Annotated[str | None, typer.Option(help="ddp, zero1, zero2, zero3 or fsdp.")] = None,
    recompute: Annotated[str | None, typer.Option(help="full, selective or none.")] = None,
    framework: Annotated[str | None, typer.Option(help="Framework of the training run.")] = None,
    points: Annotated[Path | None, typer.Option(help="File of points to size, YAML.")] = None,
    measurements: Measurements = None,
    packs: Packs = None,
    as_of: AsOf = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Say whether a stack fits, its memory ledger, latency, throughput and cost; with --train a run."""
    from selector.cli import fresh, named_row, session
    from selector.packs.catalog import load as load_catalogue

    session.check_format(format_, ("table", "json"))
    today = session.day(as_of)
    _check_flags(rate, points is not None or (model is not None and on is not None))
    cat = session.measured(load_catalogue(packs or []), measurements, today)
    if train is not None:
        from selector.cli.training import show

        run = (train, precision, seq_len, micro_batch, global_batch, strategy, recompute, framework)
        show(cat, model, on, run, (tokens, samples, tp, pp), format_, today)
        return
    load = _load(input_, output, context, concurrency, rate, kv_precision)
    document = _points(points) if points is not None else None
    if document is not None:
        rows = document.data["points"]
    else:
        stated = {"engine": engine, "precision": precision, "tp": tp, "pp": pp, "input_tokens": input_}
        rows = [{"model": model, "hardware": on, **stated}]
    named = named_row.resolve(cat, rows, document)
    found = [_one(cat, what, row, load) for what, row in zip(named, rows, strict=True)]
    if format_ == "table" and points is None and "items_per_s" not in found[0].estimates:
        typer.echo(_said(load, kv_precision))
    _print(found, format_, many=points is not None)
    fresh.warn(cat, fresh.of_rent(cat, (s.price_source for s in found)), today)
    if any(s.fits is False for s in found):
        raise typer.Exit(1)


def _said(load: Load, kv_precision: str) -> str:
    """The load that a stack is sized for."""
    rate = load.peak_requests_per_second
    flight = f"{rate:g} requests/s" if rate else f"{load.concurrency:g} in flight"
    lengths = f"{load.input_tokens:g} tokens in, {load.output_tokens:g} out"
    return f"load: {lengths}, {flight}, longest context {load.context_tokens:g}, cache {kv_precision}"


def _load(
    input_: float | None,
    output: int,
    context: int | None,
    concurrency: int | None,
    rate: float | None,
    kv: str,
) -> Load:
    from selector.types.load import Load

    tokens = input_ if input_ is not None else float(TOKENS)
    return Load(
        tokens,
        tokens,
        float(output),
        float(context or tokens + output),
        concurrency=float(concurrency) if concurrency else (None if rate else 1.0),
        peak_requests_per_second=rate,
        kv_bits=_kv(kv),
    )


def _check_flags(rate: float | None, named: bool) -> None:
    from selector.errors import Problem, UsageError

    problems = []
    if rate == 0.0:
        problems.append(Problem("--rate 0: there is no load", None, "give more than 0, or leave it out"))
    if not named:
        fix = "selector estimate Qwen/Qwen3-32B --on 2xH100-SXM"
        problems.append(Problem("name a model and its devices", None, fix))
    if problems:
        raise UsageError(problems)


def _kv(text: str) -> float:
    from selector.cli.session import check_format
    from selector.decide.single import KV_BITS
    from selector.errors import Problem, UsageError

    if text not in KV_BITS:
        raise UsageError(
            Problem(f"--kv-precision {text} is not known", None, f"one of: {', '.join(KV_BITS)}")
        )
    check_format("table")
    return KV_BITS[text]


def _points(path: Path) -> Document:
    from selector.errors import InputError, Position, Problem
    from selector.packs.reader import read_yaml
    from selector.packs.schema import validate

    if path.suffix.lower() in TABLES:
        what = "this is a table, not the YAML of points to size"
        fix = (
            "write points: [{model: Qwen/Qwen3-32B, hardware: 2xH100-SXM}]; "
            "`selector validate FILE` reads tables of measured points"
        )
        raise InputError(Problem(what, Position(str(path)), fix))
    document = read_yaml(path)
    problems = validate(document, "points")
    if problems:
        raise InputError(problems)
    return document


def _one(cat: Catalogue, named: Named, row: dict[str, Any], load: Load) -> Sizing:
    from selector.decide.single import size

    own = {
        "input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
        "context_tokens": "context_tokens",
        "concurrency": "concurrency",
        "requests_per_second": "peak_requests_per_second",
    }
    stated: dict[str, Any] = {f: float(row[k]) for k, f in own.items() if row.get(k) is not None}
    if "peak_requests_per_second" in stated:
        stated.setdefault("concurrency", None)
    load = replace(load, **stated)
    return size(
        cat,
        named.model,
        named.device,
        named.count,
        load,
        engines=named.engines,
        precisions=named.precisions,
        tp=row.get("tp"),
        pp=row.get("pp"),
        item=stated.get("input_tokens"),
    )


def _print(found: list[Sizing], format_: str, many: bool) -> None:
    from selector.report import estimate as report
    from selector.report.json import dumps

    if format_ == "json":
        values = [report.as_json(s) for s in found]
        typer.echo(
            dumps({"schema_version": 1, "kind": "estimates", "estimates": values} if many else values[0]),
            nl=False,
        )
    else:
        typer.echo("\n".join(report.as_text(s) for s in found), nl=False)
