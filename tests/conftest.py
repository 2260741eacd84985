"""What all tests share."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from selector.cli.session import decide
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue, load
from selector.types.decision import Recommendation

Decide = Callable[..., Recommendation]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


CHAT: dict[str, Any] = {
    "application": {"task": "chat", "languages": ["en"], "user_regions": ["us"]},
    "organisation": {"region": "us"},
    "workload": {
        "requests_per_month": 1_000_000,
        "peak_requests_per_second": 1,
        "input_tokens": 500,
        "output_tokens": 200,
    },
}


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


@pytest.fixture
def decided(catalogue: Catalogue) -> Decide:
    """Decide on the chat above with some of its keys replaced; `sets` are as for --set."""

    def run(*sets: str, top: int = 10, strict: bool = False, **changes: Any) -> Recommendation:
        stated = load_document(CHAT | changes, "test", sets)
        return decide(stated, catalogue, top, strict, False, date(2026, 11, 24))

    return run


@pytest.fixture
def ranked(catalogue: Catalogue, tmp_path: Path) -> Decide:
    """`ranked("application: {task: chat}", top=3)`; paths in the text start from `tmp_path`."""

    def run(text: str, top: int = 5, provisional: bool = True) -> Recommendation:
        mapping: dict[str, Any] = {"version": 1, **yaml.safe_load(text)}
        stated = load_document(mapping, str(tmp_path / "reqs.yaml"))
        return decide(stated, catalogue, top, False, provisional, date(2026, 11, 24))

    return run
