"""`selector pack`: list, show, lint, test, new, lock, refresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selector.cli import refresh
from selector.cli.flags import AsOf, Packs

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue
    from selector.packs.fresh import Dated

app = typer.Typer(help="Packs of facts and rules.", no_args_is_help=True)
app.command("refresh")(refresh.refresh)
KINDS = (
    "models",
    "apis",
    "devices",
    "offers",
    "frameworks",
    "precisions",
    "licences",
    "uses",
    "regulations",
    "advisories",
    "vendors",
    "mitigations",
    "risks",
    "rules",
    "domains",
    "parameters",
    "benchmarks",
    "sources",
    "exchange_rates",
)
RATES = "exchange_rates"


def _load(packs: list[Path] | None) -> Catalogue:
    from selector.packs.catalog import load

    return load(packs or [])


@app.command("list")
def list_(packs: Packs = None) -> None:
    """List the packs with version and number of entries."""
    cat = _load(packs)
    for pack in cat.packs.values():
        counts = {
            kind: sum(str(Path(f).parent) == pack.path for f in files.values())
            for kind, files in cat.raw.files.items()
        }
        text = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()) if n)
        typer.echo(f"{pack.id} {pack.version}  {pack.title}\n  {text}\n  sha256 {pack.digest[:16]}")


@app.command("show")
def show(
    entry: Annotated[
        str,
        typer.Argument(help="Id of an entry or a pack, kind:id, a currency, a file of the packs, or a kind."),
    ],
    packs: Packs = None,
    as_of: Annotated[str | None, typer.Option(help="Judge ages of prices at YYYY-MM-DD.")] = None,
) -> None:
    """Show an entry with its source, date and place; a pack, a file or a kind lists its ids."""
    from selector.cli import fresh, session
    from selector.errors import Problem, UsageError
    from selector.packs.schema import near
    from selector.report.json import dumps

    today = session.day(as_of)
    cat = _load(packs)
    entry = entry.removesuffix(" (spot)")  # as rankings print the offer
    if entry.removesuffix(" pack") in cat.packs:
        _show_pack(cat, entry.removesuffix(" pack"))
        return
    kind, _, key = entry.partition(":") if entry.split(":")[0] in KINDS else ("", "", entry)
    found = [
        (k, i, fields)
        for k, entries in cat.raw.entries.items()
        for i, fields in entries.items()
        if key in (i, fields.get("currency") if k == RATES else None) and kind in ("", k)
    ]
    listed = [] if found else _listed(cat, entry)
    if not found and not listed:
        names = [n for k in KINDS for n in cat.raw.entries.get(k, {})] + [*cat.packs, *cat.exchange_rates]
        raise UsageError(Problem(f"no entry has the id {key}", None, near(key, names)))
    for line in listed:
        typer.echo(line)
    for name, id_, fields in found:
        typer.echo(f"# {name}, {cat.where(name, id_)}")
        typer.echo(dumps(fields), nl=False)
        _show_sources(cat, fields)
    fresh.warn(cat, _dated(found), today)


def _dated(found: list[tuple[str, str, dict[str, Any]]]) -> Iterator[Dated]:
    """Prices among some entries."""
    from selector.packs import fresh

    for kind, name in (("apis", fresh.API), ("offers", fresh.OFFER)):
        for fields in (f for k, _, f in found if k == kind):
            source = fields["source"]
            yield name, source if isinstance(source, str) else source[-1], fields.get("as_of")


SAID = {
    "judgement": "a value that this project chose; its entry says `judgement: true`, its range and why",
    "inventory of the requirements": "hardware that deployment.inventory of the requirements names",
}


def _listed(cat: Catalogue, name: str) -> list[str]:
    """What a name stands for that is no entry: a kind, a file, the start of an id, or `api.us`."""
    from selector.packs.locate import rules_dir

    if name in SAID:
        return [f"{name}: {SAID[name]}"]
    kind = name.replace(" ", "_")
    if kind == RATES:
        return [f"{r.currency}: {r.usd_per_unit:g} USD, {r.as_of}" for r in cat.exchange_rates.values()]
    if kind in cat.raw.entries and kind in KINDS:
        return sorted(cat.raw.entries[kind])
    hosting, _, region = name.partition(".")
    if hosting in ("api", "api_batch") and region:
        there = sorted(a.id for a in cat.apis.values() if region in (a.regions or ("unspecified",)))
        return (
            [f"hosted models that are processed in {region}; each has its own prices:", *there]
            if there
            else []
        )
    rows = [(f, f"{k}: {i}") for k, files in cat.raw.files.items() for i, f in files.items() if "#" not in i]
    path = str(rules_dir() / name.removeprefix("rules/"))
    in_file = [text for file, text in rows if file in (name, path)]
    return in_file or [
        text for _, text in rows if name.endswith(".") and text.partition(": ")[2].startswith(name)
    ]


def _show_pack(cat: Catalogue, pack: str) -> None:
    folder = cat.packs[pack].path
    for kind, files in sorted(cat.raw.files.items()):
        mine = sorted(k for k, f in files.items() if str(Path(f).parent) == folder and "#" not in k)
        if mine and kind != "sources":
            typer.echo(f"{kind}: {', '.join(mine)}")


def _show_sources(cat: Catalogue, fields: dict[str, Any]) -> None:
    named = fields.get("source", [])
    for source in [named] if isinstance(named, str) else named:
        row = cat.sources.get(source, {})
        parts = [str(row[k]) for k in ("title", "url", "as_of") if k in row]
        typer.echo(f"source {source}: {', '.join(parts) or 'not known'}")


@app.command("lint")
def lint(
    packs: Packs = None,
    as_of: AsOf = None,
) -> None:
    """Find what schemas cannot see; exit 1 on any fault."""
    from selector.cli.session import day
    from selector.packs.lint import lint as run

    cat = _load(packs)
    faults = run(cat, day(as_of))
    for fault in faults:
        typer.echo(fault.text(cat))
    typer.echo(f"{len(faults)} faults in {len(cat.packs)} packs", err=True)
    if faults:
        raise typer.Exit(1)


@app.command("test")
def test(
    packs: Packs = None,
    pack: Annotated[str | None, typer.Option(help="Only this pack.")] = None,
    decisions: Annotated[Path | None, typer.Option(help="Decision cases, YAML.")] = None,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    as_of: AsOf = None,
) -> None:
    """Run the tests inside the rules, and decision cases."""
    from selector.cli import session
    from selector.packs.ruletest import run
    from selector.report.json import dumps

    session.check_format(format_, ("table", "json"))
    cat = _load(packs)
    if decisions is not None:
        _decisions(cat, decisions, format_, as_of)
        return
    outcomes = run(cat, pack)
    failed = [o for o in outcomes if not o.passed]
    if format_ == "json":
        typer.echo(
            dumps({"tests": len(outcomes), "failed": [f"{o.name}#{o.number}" for o in failed]}),
            nl=False,
        )
    else:
        for o in failed:
            typer.echo(
                f"{cat.where(o.kind, o.key)}: {o.name} test {o.number}: expected {o.expect}, got {o.got}"
            )
        typer.echo(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(1)


def _decisions(cat: Catalogue, path: Path, format_: str, as_of: str | None) -> None:
    from selector.cli import session
    from selector.iterate import cases
    from selector.report.json import dumps

    today = session.day(as_of)
    found = cases.run(path, lambda stated: session.decide(stated, cat, 1, False, True, today))
    if format_ == "json":
        typer.echo(dumps(cases.as_json(found)), nl=False)
    else:
        for case in found:
            typer.echo(f"{'pass' if case.passed else 'FAIL'}  {case.kind:14} {case.id}: {case.reason}")
        for line in cases.summary(found):
            typer.echo(line)
    if any(c.judgeable and not c.passed for c in found):
        raise typer.Exit(1)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Id of the pack, lower case.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where to put it.")] = Path(),
) -> None:
    """Start a pack of your own."""
    from selector.packs.scaffold import new as make

    for path in make(directory, name):
        typer.echo(str(path))


@app.command("lock")
def lock(
    path: Annotated[Path, typer.Argument(help="Lock file.")] = Path("selector.lock"),
    packs: Packs = None,
    verify: Annotated[bool, typer.Option("--verify", help="Compare instead of writing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite.")] = False,
) -> None:
    """Write the digests of all packs, or compare with a lock."""
    from selector.cli import session
    from selector.packs.reader import read_text
    from selector.packs.scaffold import lock_differences, lock_text

    cat = _load(packs)
    if not verify:
        session.write_new(path, lock_text(cat), force)
        return
    differences = lock_differences(cat, read_text(path))
    for line in differences:
        typer.echo(line)
    if differences:
        raise typer.Exit(1)
