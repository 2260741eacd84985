"""`selector schema`: the JSON Schema of any file or output."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    name: Annotated[str | None, typer.Argument(help="Name; without it the names are listed.")] = None,
) -> None:
    """Print the JSON Schema of a file or an output."""
    from selector.errors import Problem, UsageError
    from selector.packs import schema as schemas
    from selector.report.json import dumps

    if name is None:
        typer.echo("\n".join(schemas.names()))
        return
    if not schemas.exists(name):
        fix = schemas.near(name, schemas.names()) or f"one of: {', '.join(schemas.names())}"
        raise UsageError(Problem(f"no schema is named {name}", None, fix))
    typer.echo(dumps(schemas.load(name)), nl=False)
