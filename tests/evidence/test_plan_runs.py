"""The run that the plan chooses agrees with the runs measured on the same devices, lengths and batch."""

import math
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORST_MEDIAN = 0.20
WORST_ROOM = 0.03  # of the measured runs, those for which the plan finds no room
BAND = (0.72, 0.88)


def test_rates_room_and_band(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import measure_plans as script  # type: ignore[import-not-found]

    from selector.packs.catalog import load

    cat = load([])
    found, left = script.compared(script.shipped(), cat)
    rows = [row for rows in found.values() for row in rows]
    assert len(rows) > 500
    assert statistics.median(abs(math.expm1(off)) for _, off, _ in rows) <= WORST_MEDIAN
    none = sum(n for why, n in left.items() if "no room" in why)
    assert none <= WORST_ROOM * (len(rows) + none)
    for method, own in found.items():
        width = cat.parameters[f"plan.layout_width.{method}"].value
        assert BAND[0] <= script.covered(own, width) <= BAND[1], method
        assert width == pytest.approx(script.fitted(own), abs=0.011), method
