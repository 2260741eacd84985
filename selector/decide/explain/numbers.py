"""Every printed number of a stack by its path, and the formula tree behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from selector.decide import show, tuning
from selector.decide.explain.graph import nodes
from selector.decide.explain.money import Account
from selector.decide.explain.risks import Register
from selector.decide.explain.traced import NEAR, Candidate
from selector.decide.explain.trained import Make
from selector.decide.explain.worth import Worth
from selector.decide.judge import TRUE
from selector.errors import Problem, UsageError
from selector.estimate import effort, serving
from selector.estimate.sizing import alone
from selector.estimate.trace import TRACE, Traced, named
from selector.packs.schema import near
from selector.types.explain import Figure
from selector.types.robust import StackRef

if TYPE_CHECKING:
    from selector.risk.assess import Scoring

GIB = 2.0**30
# As the number stands in a stack of the JSON of `recommend`.
AROUND = re.compile(r"^(?P<path>.*?)(\.(p50|points|residual_score|usd_per_month))*$")
QUANTILES = ("p10", "p90")
FIRST = {"cost": "costs", "memory": "memory_gib_per_device"}
ALIASES = {"cost.per_month_usd": "estimates.cost_per_month_usd", "n_devices": "slots.n_devices"}
Spread = Callable[[str], Any]  # of p10 or p90
TIMES = ("first_token_ms", "first_token_p95_ms", "per_output_token_ms", "request_p95_ms")
INTERVALS = {f"{name}_ms": by for name, by in show.TIMES.items()} | {"requests_per_s": "rate_spread"}
UNITS = {"requests_per_s": "requests/s", "quality_index": "index", "effort_person_months": "person-months"}


class Numbers:
    """The numbers of one candidate that can be asked for; each is made when it is."""

    def __init__(self, stack: Candidate, scoring: Scoring) -> None:
        self.stack, self.run = stack, stack.run
        self.account = Account(stack)
        self.register = Register(stack, scoring)
        self._worth: Worth | None = None
        self.made: dict[str, Make] = self._all()
        self.spreads: dict[str, Spread] = {}

    @property
    def worth(self) -> Worth:
        """Values and points; the risk index is worked out first."""
        if self._worth is None:
            self._worth = Worth(self.account, self.register.index)
        return self._worth

    def add(self, made: Mapping[str, Make], spreads: Mapping[str, Spread]) -> None:
        """Numbers that something else prints of the stack, and the ratio of p90 to the middle, or of that
        to p10, of those with an interval."""
        self.made |= made
        self.spreads |= spreads

    def _all(self) -> dict[str, Make]:
        account, stack = self.account, self.stack
        found: dict[str, Make] = {
            "score": self._score,
            "estimates.cost_per_month_usd": lambda: account.total,
            "estimates.upfront_usd": lambda: account.once,
            "estimates.quality_index": lambda: self.worth.quality.index,
            "estimates.risk_index": lambda: self.register.index,
            "estimates.effort_person_months": lambda: account.effort,
            "costs.infrastructure": lambda: account.infrastructure,
            "costs.people": lambda: account.people,
            "costs.mitigations": lambda: account.mitigations,
            "costs.purchase": lambda: account.spread_out(account.bought, "cost.purchase", "bought devices"),
            "costs.switching": lambda: account.spread_out(account.move, "cost.switching", "moving away"),
            "costs.training": lambda: account.training,
            "constraints.launch_weeks": self._weeks,
        }
        for name in TIMES:
            found[f"estimates.{name}"] = lambda name=name: stack.times.get(name)  # type: ignore[misc]
        if stack.own >= 0:
            found["estimates.requests_per_s"] = self._served
            found["slots.n_devices"] = self._devices
            found["slots.layout.replicas"] = lambda: stack.replicas
            if stack.option.role == "llm":
                for part in MEMORY:
                    found[f"memory_gib_per_device.{part}"] = lambda part=part: self._memory(part)  # type: ignore[misc]
        for name in stack.scored.scales:
            found[f"contributions.{name}"] = lambda name=name: self.worth.points(name)  # type: ignore[misc]
            found[f"weights.{name}"] = lambda name=name: self.worth.weight(name)  # type: ignore[misc]
        for rule, column, weight in self.run.gates.points:
            if int(column[stack.group]) == TRUE:
                found[f"contributions.{rule.id}"] = lambda r=rule, w=weight: self.worth.given(r, w)  # type: ignore[misc]
        for row in self.register.assessment.rows:
            found[f"risks.{row.id}"] = lambda key=row.id: self._risk(key)  # type: ignore[misc]
        return found | account.trained.made

    def find(self, path: str) -> tuple[str, str]:
        """The path in full and the quantile asked for; raises `UsageError` with near misses."""
        base, _, last = path.rpartition(".")
        quantile = last if last in QUANTILES else "p50"
        text = base if last in QUANTILES else path
        match = AROUND.match(text)
        text = match["path"] if match else text
        first, dot, rest = text.partition(".")
        tries = [text, ALIASES.get(text, text), f"{FIRST.get(first, first)}{dot}{rest}", f"plan.{text}"]
        ends = [p for p in self.made if p.rpartition(".")[2] == text]
        hit = next((t for t in [*tries, *ends] if t in self.made), None)
        if hit is None:
            known = sorted(self.made)
            short = {p.rpartition(".")[2] for p in known}
            fix = near(text, known) or near(text, short) or f"one of: {', '.join(known)}"
            raise UsageError(
                Problem(f"--number {path}: no printed number of this stack has this name", None, fix)
            )
        if quantile in QUANTILES and self._spread(hit, quantile) is None:
            what = f"--number {path}: only p50 of this number is explained"
            raise UsageError(Problem(what, None, f"ask for {hit}"))
        return hit, quantile

    def figure(self, path: str, ref: StackRef) -> Figure:
        """The formula tree behind a number."""
        full, quantile = self.find(path)
        found = self.made[full]()
        if found is None or math.isnan(float(found)):
            why = "a figure that the formula needs is not published or not stated"
            return Figure(full, ref, None, UNITS.get(full.rpartition(".")[2], ""), None, (), why)
        if not isinstance(found, Traced):
            found = self.stack.leaves.choice(full, found, _unit(full), "nothing adds to it")
        if quantile in QUANTILES:
            by = self._spread(full, quantile)
            made = found * by if quantile == "p90" else found / by
            found = named(made, f"{full}.{quantile}", found.label.unit if found.label else "", WORD[quantile])
            full = f"{full}.{quantile}"
        if found.label is None:
            named(found, full, _unit(full))
        whole = nodes(found)
        return Figure(full, ref, found.value, whole[0].unit, whole[0].id, whole)

    def _spread(self, path: str, quantile: str) -> Any:
        """Ratio of a quantile and the middle of an estimate; None where only the middle is explained."""
        name, p, s, row = path.rpartition(".")[2], self.stack.p, self.run.stacks, self.stack.row
        if path in self.spreads:
            return self.spreads[path](quantile)
        if not path.startswith("estimates."):
            return self.account.trained.spread(path, quantile)
        if name == "effort_person_months":
            return p["effort.spread"]
        if name == "upfront_usd":
            return self.account.once_spread
        if name == "cost_per_month_usd":
            return self.worth.account.spread
        if name in INTERVALS:
            return self._time_spread(INTERVALS[name], float(getattr(s, INTERVALS[name])[row]))
        return None

    def _time_spread(self, which: str, value: float) -> Any:
        """p90 over p50 in a column of the candidates: by its formula where nothing else bears on it."""
        stack = self.stack
        if stack.own < 0 and value == float(stack.p["api.spread"]):
            return stack.p["api.spread"]
        if stack.own >= 0 and stack.option.role == "llm":
            found = self._of_request() if which == "request_spread" else self._fitted(which)
            if abs(float(found) / value - 1.0) < NEAR:
                return found
        words = "interval with rules and measurements"
        return stack.leaves.choice(which.replace("_spread", ".spread"), value, "p90 over p50", words)

    def _fitted(self, which: str) -> Any:
        """Interval of what the formulas predict of a cell, before measurements and rules."""
        stack = self.stack
        devices = int(stack.layout[0]) * int(stack.layout[1])
        keys = tuning.keys(stack.device, stack.engine, stack.shape, devices, stack.precision)
        first = "first_token" if alone(float(stack.held)) else "first_token_loaded"
        what = {"token_spread": "step", "rate_spread": "rate"}.get(which, first)
        width = named(tuning.width(what, keys, stack.p), f"serving.width.{what}", "ln(p90 over p50)")
        return named(TRACE.exp(width), f"serving.spread.{what}", "p90 over p50")

    def _of_request(self) -> Any:
        """Interval of a request out of those of its first token and of its tokens."""
        s, row, times = self.run.stacks, self.stack.row, self.stack.times
        first, token = (
            self._time_spread(name, float(getattr(s, name)[row]))
            for name in ("first_token_spread", "token_spread")
        )
        tokens = self.stack.serving_load.output_tokens * times["per_output_token_ms"]
        return serving.request_spread(TRACE, times["first_token_p95_ms"], first, tokens, token)

    def _score(self) -> Any:
        return self.worth.score()

    def _served(self) -> Any:
        found = self.stack.capacity * self.stack.replicas
        return named(found, "serving.capacity", "requests/s", "all replicas at capacity")

    def _devices(self) -> Any:
        tp, pp = self.stack.layout
        return named(self.stack.replicas * tp * pp, "n_devices", "devices", "replicas times devices of each")

    def _weeks(self) -> Any:
        team = self.run.req.team.engineers
        if not team:
            return None
        have = self.stack.leaves.requirement("team.engineers", team, "engineers")
        hands = effort.hands(TRACE, have, self.stack.p["effort.parallel_engineers"])
        return effort.weeks(self.account.once_months, hands, self.stack.p["effort.weeks_per_month"])

    def _risk(self, key: str) -> Any:
        item = self.register.trigger(self.run.cat.risks[key])
        assert item is not None
        return self.register.residual(item)

    def _memory(self, part: str) -> Any:
        m = self.stack.memory
        room = m.usable - m.weights - m.activations - m.reserve
        each = self.stack.load.concurrency or 1.0
        cache = TRACE.maximum(TRACE.minimum(m.per_sequence * TRACE.maximum(each, 1.0), room), 0.0)
        named(cache, "memory.ledger.kv_cache", "bytes", "cache of the requests in flight, as far as it fits")
        parts = {
            "weights": m.weights,
            "kv_cache": cache,
            "activations": m.activations,
            "reserve": m.reserve,
            "usable": m.usable,
        }
        if part == "total":
            total: Any = 0.0
            for name in ("weights", "kv_cache", "activations", "reserve"):
                total = total + parts[name]
            return named(total / GIB, "memory.total", "GiB", "all that a device holds")
        return named(parts[part] / GIB, f"memory.gib.{part}", "GiB", MEMORY[part])


MEMORY = {
    "weights": "weights on one device",
    "kv_cache": "cache on one device",
    "activations": "temporary tensors on one device",
    "reserve": "what the engine keeps for itself",
    "total": "all that a device holds",
    "usable": "what can be used of a device",
}
WORD = {"p10": "one in ten is lower", "p90": "nine in ten are lower"}


def _unit(path: str) -> str:
    name = path.rpartition(".")[2]
    return "ms" if name.endswith("_ms") else UNITS.get(name, "USD/month" if path.startswith("costs.") else "")
