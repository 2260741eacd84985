"""What all tests share."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from selector.packs.catalog import Catalogue, load

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The shipped packs."""
    return load()


@pytest.fixture
def root() -> Path:
    """Root of the repository."""
    return Path(__file__).parents[1]


@pytest.fixture
def cli() -> Run:
    """Run the command line as a user does."""

    def run(*args: object) -> "subprocess.CompletedProcess[str]":
        code = "from selector.cli.main import run; run()"
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=False
        )

    return run
