"""Runs of the examples that are kept whole."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from selector.cli import session
from selector.decide.explain.study import Study
from selector.needs.components import expand
from selector.needs.load import load
from selector.packs.catalog import Catalogue

ROOT = Path(__file__).parents[3]
Studied = Callable[..., Study]


@pytest.fixture(scope="session")
def studied(catalogue: Catalogue) -> Studied:
    """`studied("chat-api-or-gpus", "risk_attitude=cautious", part=0)`."""

    @cache
    def run(example: str, *sets: str, part: int = 0) -> Study:
        stated = expand(load(ROOT / "examples" / example / "reqs.yaml", sets))[part]
        return session.study(stated, catalogue, 10, False, False, date(2026, 11, 24))

    return run
