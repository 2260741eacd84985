"""Flags that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Sets = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE over the file; may be repeated.")]
Packs = Annotated[list[Path] | None, typer.Option("--packs", help="Folder of packs that add or override.")]
Measurements = Annotated[
    list[Path] | None,
    typer.Option("--measurements", help="Calibration or measured points; may be repeated."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Leave out stacks with an unverified limit.")]
Provisional = Annotated[
    bool, typer.Option("--allow-provisional", help="Rank little-known stacks among the others.")
]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Judge ages at YYYY-MM-DD.")]
