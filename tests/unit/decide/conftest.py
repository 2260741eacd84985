"""Recommendations from a few lines of requirements, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from selector.cli.session import decide
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue
from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]
TODAY = date(2026, 11, 24)


@pytest.fixture
def ranked(catalogue: Catalogue, tmp_path: Path) -> Ranked:
    """`ranked("application: {task: chat}", top=3)`; paths in the text start from `tmp_path`."""

    def run(text: str, top: int = 5, provisional: bool = True) -> Recommendation:
        mapping: Mapping[str, Any] = {"version": 1, **yaml.safe_load(text)}
        stated = load_document(mapping, str(tmp_path / "reqs.yaml"))
        return decide(stated, catalogue, top, False, provisional, TODAY)

    return run
