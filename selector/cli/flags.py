"""Flags that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Measurements = Annotated[
    list[Path] | None,
    typer.Option("--measurements", help="Calibration or measured points; may be repeated."),
]
