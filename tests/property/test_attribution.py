"""Parts of a change sum to it: over synthetic figures through the whole comparison, and over real runs."""

import copy
import math
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from selector.cli import diff as command
from selector.cli import session
from selector.iterate import diff
from selector.iterate.attribution import CAUSES
from selector.iterate.runs import Runs
from selector.iterate.state import GROUPS, Look, Side, State
from selector.needs.load import load_document
from selector.packs.catalog import Catalogue
from selector.packs.compiled import Raw

PAIRS = 1000
REAL_PAIRS = int(os.environ.get("DIFF_PAIRS", "24"))
EXACT = 1e-9
TODAY = date(2026, 11, 24)
SLOTS: dict[str, Any] = {
    "hosting": "api",
    "engine": None,
    "precision": None,
    "hardware": None,
    "n_devices": 0,
    "layout": None,
    "offer": "api.us",
    "adaptation": "none",
    "mitigations": [],
}


def parts_of(row: Mapping[str, Any]) -> list[Any]:
    return [row[c] for c in CAUSES]


@dataclass
class World:
    """A figure for every stack and mixture of inputs; some stacks are missing in some mixtures."""

    rng: random.Random
    names: tuple[str, ...] = ("a", "b", "c")

    def __post_init__(self) -> None:
        self.made: dict[frozenset[str], dict[str, Any]] = {}

    def found(self, groups: frozenset[str]) -> dict[str, Any]:
        if groups not in self.made:
            self.made[groups] = self._recommendation()
        return self.made[groups]

    def _recommendation(self) -> dict[str, Any]:
        present = [n for n in self.names if self.rng.random() < 0.8]
        stacks = sorted((self._stack(n) for n in present), key=lambda s: -s["score"])
        for rank, stack in enumerate(stacks, 1):
            stack["rank"] = rank
        return {
            "stacks": stacks,
            "components": [],
            "assumptions": [],
            "counts": {"feasible": len(stacks)},
            "robustness": {"margin_points": self._number() if len(stacks) > 1 else None},
            "horizon_months": 12,
        }

    def _number(self) -> float:
        return float(f"{self.rng.uniform(-1, 1) * 10 ** self.rng.randint(-3, 5):.6g}")

    def _stack(self, name: str) -> dict[str, Any]:
        figures = ("cost_per_month_usd", "request_p95_ms", "quality_index")
        estimates = {f: {"p50": self._number()} if self.rng.random() < 0.9 else None for f in figures}
        return {
            "id": name,
            "slots": SLOTS | {"model": name},
            "score": self._number(),
            "tied": False,
            "contributions": [],
            "constraints": [],
            "risks": [{"id": "R", "residual": self.rng.choice(["L", "H"])}],
            "estimates": estimates,
        }


@dataclass
class Fake:
    """A run of the synthetic world."""

    found: dict[str, Any]

    def look(self, part: str, slots: Mapping[str, Any], resized: bool = False) -> Look | None:
        stack = next((s for s in self.found["stacks"] if s["slots"] == slots), None)
        return None if stack is None else Look(stack, ())

    def options(self, part: str) -> Mapping[str, frozenset[str]]:
        return {"model": frozenset(s["id"] for s in self.found["stacks"])}

    def incumbent(self, part: str) -> None:
        return None

    def beats(self, part: str, one: object, other: object) -> float:
        return 0.5


def tagged(side: str) -> State:
    """A state whose every group says which side it is from."""
    raw = Raw(
        entries={"models": {side: {}}, "rules": {side: {}}},
        single={"vocabulary": {}},
        packs=[{"id": "p", "facts_digest": side, "rules_digest": side}],
    )
    stated: Any = SimpleNamespace(
        side=side, requirement=SimpleNamespace(incumbent=SimpleNamespace(switching_cost_usd=None))
    )
    return State(stated, Catalogue(raw), TODAY, {}, ({"path": side, "text": ""},))


def sides_in(state: State) -> frozenset[str]:
    """Groups that a mixture has from the new side."""
    stated: Any = state.stated
    taken = {
        "requirements": stated.side,
        "facts": next(iter(state.cat.raw.entries["models"])),
        "rules": next(iter(state.cat.raw.entries["rules"])),
        "measurements": state.measurements[0]["path"],
    }
    return frozenset(g for g, side in taken.items() if side == "new")


def inputs(side: str, changed: list[str], program: bool) -> dict[str, Any]:
    said = {g: side if g in changed else "old" for g in GROUPS}
    packs = {"p": {"version": "1", "facts_sha256": said["facts"], "rules_sha256": said["rules"]}}
    return {
        "requirements_sha256": said["requirements"],
        "packs": packs,
        "measurements": said["measurements"],
        "selector": side if program else "old",
        "settings": {},
        "as_of": "2026-11-24",
    }


def pair(seed: int) -> tuple[dict[str, Any], list[str], Runs]:
    rng = random.Random(seed)
    changed = sorted(rng.sample(GROUPS, rng.randint(1, len(GROUPS))), key=GROUPS.index)
    world, program = World(rng), rng.random() < 0.4
    whole = frozenset(changed)
    ends = [Fake(world.found(s)) for s in (frozenset[str](), whole)]
    # What was recorded is what another program gave.
    recorded = [copy.deepcopy(e.found) for e in ends]
    for found in recorded:
        for stack in found["stacks"] if program else ():
            stack["score"] += float(f"{rng.uniform(-2, 2):.3g}")
    for side, found in zip(("old", "new"), recorded, strict=True):
        found["inputs"] = inputs(side, changed, program)
    runs = Runs(
        ends[0],
        ends[1],
        changed,
        (tagged("old"), tagged("new")),
        lambda state: Fake(world.found(sides_in(state) & whole)),
        0.8,
    )
    made = diff.diff(recorded[0], recorded[1], diff.Basis(runs))
    return made, [*changed, *(["program"] if program else [])], runs


def test_parts_sum_to_the_change_on_random_pairs() -> None:
    told = untold = 0
    for seed in range(PAIRS):
        found, changed, _ = pair(seed)
        for row in found["attribution"]["figures"]:
            if None in parts_of(row):
                untold += 1
                continue
            told += 1
            assert math.fsum(parts_of(row)) == pytest.approx(row["change"], abs=EXACT)
            if len(changed) == 1:
                assert row[changed[0]] == row["change"]
            assert all(row[c] == 0.0 for c in CAUSES if c not in changed)
    assert told > 3 * PAIRS
    assert untold < told / 3


def test_each_mixture_runs_once_and_all_figures_share_it() -> None:
    for seed in range(50):
        _, changed, runs = pair(seed)
        assert len(runs.at) == 2 ** len([c for c in changed if c != "program"])


def test_sets_that_flip_the_winner_are_the_smallest() -> None:
    seen = 0
    for seed in range(300):
        found, _, runs = pair(seed)
        leaders = runs.leaders("")
        for row in found["attribution"]["winner"]:
            chosen = frozenset(row["inputs"])
            if chosen == {"program"}:
                continue
            seen += 1
            assert leaders[chosen] != leaders[frozenset()]
            smaller = [s for s in leaders if s < chosen]
            assert all(leaders[s] == leaders[frozenset()] for s in smaller)
    assert seen > 100


NEED: dict[str, Any] = {
    "name": "help desk",
    "application": {"task": "chat", "languages": ["en"], "user_regions": ["us"]},
    "organisation": {"region": "us"},
    "workload": {
        "requests_per_month": 1_000_000,
        "peak_requests_per_second": 1,
        "input_tokens": 500,
        "output_tokens": 200,
    },
    "pins": {
        "model": ["Qwen/Qwen3-8B", "Qwen/Qwen3-14B"],
        "engine": ["vllm"],
        "hardware": ["h100-sxm-80gb", "l40s-48gb"],
    },
}


def changed_need(rng: random.Random) -> dict[str, Any]:
    found = copy.deepcopy(NEED)
    load = found["workload"]
    load["requests_per_month"] = rng.choice([300_000, 3_000_000, 12_000_000])
    load["output_tokens"] = rng.choice([100, 400])
    if rng.random() < 0.5:
        found["budget"] = {"per_month_usd": rng.choice([2000, 9000])}
    if rng.random() < 0.5:
        found["weights"] = {"quality": 20, "cost": rng.choice([10, 50]), "risk": 30}
    return found


def changed_packs(cat: Catalogue, rng: random.Random, facts: bool, rules: bool) -> Catalogue:
    """Other prices, or another parameter and other default weights."""
    raw = replace(cat.raw, entries=dict(cat.raw.entries), packs=[dict(p) for p in cat.raw.packs])
    if facts:
        offers = copy.deepcopy(raw.entries["offers"])
        for row in offers.values():
            for key in [k for k in row if k.endswith("_per_hour") and row[k]]:
                row[key] *= rng.uniform(0.5, 2.0)
        raw.entries["offers"] = offers
    if rules:
        parameters = copy.deepcopy(raw.entries["parameters"])
        parameters["effort.working_days"]["value"] *= rng.uniform(0.8, 1.2)
        parameters["effort.adapt.prompt"]["value"] *= rng.uniform(0.5, 3.0)
        raw.entries["parameters"] = parameters
    for pack in raw.packs:
        pack["facts_digest"] = "f" * 64 if facts else pack["facts_digest"]
        pack["rules_digest"] = "e" * 64 if rules else pack["rules_digest"]
    return Catalogue(raw)


def side(name: str, need: dict[str, Any], cat: Catalogue, today: date) -> Side:
    stated = load_document(need, name)
    settings = {"top": 5, "strict": False, "allow_provisional": False}
    given = session.inputs(stated, cat, today) | {"settings": settings}
    return Side(name, given, need, {}, State(stated, cat, today, settings))


@pytest.mark.parametrize("seed", range(REAL_PAIRS))
def test_parts_of_real_runs_sum_to_the_change(seed: int, catalogue: Catalogue) -> None:
    rng = random.Random(seed)
    changed = rng.sample(("requirements", "facts", "rules"), 1 + seed % 3)
    need = changed_need(rng) if "requirements" in changed else NEED
    cat = changed_packs(catalogue, rng, "facts" in changed, "rules" in changed)
    found = command.compare(side("old", NEED, catalogue, TODAY), side("new", need, cat, TODAY))
    assert found["attribution"]["changed"] == [c for c in CAUSES if c in changed]
    assert found["attribution"]["not_computed"] == 0
    rows = found["attribution"]["figures"]
    assert rows or not found["feasibility"]["new"]
    for row in rows:
        assert None not in parts_of(row)
        assert math.fsum(parts_of(row)) == pytest.approx(row["change"], abs=EXACT)
        assert all(row[c] == 0.0 for c in CAUSES if c not in changed)
        assert len(changed) > 1 or row[changed[0]] == row["change"]
