"""Three measurements of a group lower the error of its other points, and do no harm where it was small."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_draws_of_three_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import measure_calibration as script  # type: ignore[import-not-found]

    from selector.packs.catalog import load

    found = script.left_out()
    p = {k: v.value for k, v in load().parameters.items()}
    less, more = script.judged(script.run(p, found))
    assert less >= script.THIRD
    assert more <= script.HARM
    shares = [p[f"calibration.share.{s}"] for s in ("family", "stack", "load")]
    assert p["calibration.omega"] == pytest.approx(script.apart(found, 1)[1], abs=0.01)
    assert shares == pytest.approx(script.shares(found), abs=0.01)
