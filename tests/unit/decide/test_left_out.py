"""An engine that ended is left out with since when, and what took its place."""

from datetime import date
from pathlib import Path

import yaml

from selector.cli import session
from selector.needs.load import load
from selector.packs.catalog import Catalogue


def test_an_ended_engine_names_its_replacement(tmp_path: Path, catalogue: Catalogue) -> None:
    ended = next(
        f
        for f in catalogue.frameworks.values()
        if f.replaced_by and f.id in {r.engine for r in catalogue.support}
    )
    (tmp_path / "reqs.yaml").write_text(yaml.safe_dump({"application": {"task": "chat"}}))
    found = session.one(load(tmp_path / "reqs.yaml"), catalogue, 1, False, False, date(2026, 11, 24))
    reason = next(e.reason for e in found.excluded if e.reason.startswith(f"engine {ended.id} is"))
    assert reason.endswith(f"replaced by {' or '.join(ended.replaced_by)}")
