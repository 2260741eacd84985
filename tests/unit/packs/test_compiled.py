"""The compiled packs are shared by installs, so they hold no path of the one that wrote them."""

import shutil
from pathlib import Path

import pytest

from selector.packs import compiled


def test_two_installs_share_one_cache(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELECTOR_CACHE_DIR", str(tmp_path / "cache"))
    found = []
    for name in ("first", "second"):
        rules = tmp_path / name / "rules"
        shutil.copytree(root / "rules", rules)
        monkeypatch.setattr(compiled, "rules_dir", lambda rules=rules: rules)
        raw = compiled.shipped()
        again = compiled.shipped()  # from the cache
        assert again == raw
        assert {str(Path(f).is_relative_to(rules)) for f in raw.files["devices"].values()} == {"True"}
        found.append(raw)
    assert len(list((tmp_path / "cache").iterdir())) == 1
    shutil.rmtree(tmp_path / "first")
    for kind, rows in found[1].files.items():
        key = next(iter(rows))
        where = compiled.position(found[1], kind, key)
        assert where.file.startswith(str(tmp_path / "second"))
        assert where.line > 1
    assert found[1].owner("rules", "PRIV-001") == "privacy"
