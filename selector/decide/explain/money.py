"""Money and people of one candidate on numbers that remember."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from selector.decide import candidates, people, switching
from selector.decide.axes import HOSTED
from selector.decide.explain.rent import hour, quote
from selector.decide.explain.traced import Candidate
from selector.decide.explain.trained import Trained
from selector.decide.runs import anew
from selector.decide.runs import cost as cost_of
from selector.estimate import cost, effort
from selector.estimate.requests import in_force, request_usd
from selector.estimate.trace import TRACE, named
from selector.types.catalog import Api, Price

if TYPE_CHECKING:
    from datetime import date

PRICES = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "usd_per_audio_hour",
    "usd_per_mchar",
    "usd_per_image",
)
PRICE_UNITS = {
    "usd_per_audio_hour": "USD/hour of audio",
    "usd_per_mchar": "USD/million characters",
    "usd_per_image": "USD/image",
}


class Account:
    """What one candidate costs."""

    def __init__(self, stack: Candidate) -> None:
        self.stack, self.run, self.row, self.p = stack, stack.run, stack.row, stack.p
        months = float(self.run.req.horizon_months or 12)
        self.horizon = stack.leaves.requirement("horizon_months", months, "months")

    @cached_property
    def hosted(self) -> bool:
        """True where a vendor runs the model."""
        return self.stack.place.hosting in HOSTED

    @cached_property
    def units(self) -> Any:
        """Rentable units, or machines."""
        if self.stack.own < 0:
            return 0.0
        tp, pp = self.stack.layout
        group = named(tp * pp, "layout.devices", "devices", "devices of a replica")
        each = self.stack.leaves.choice(
            "offer.count", float(self.stack.place.count), "devices", "of one unit"
        )
        return cost.machines(TRACE, self.stack.replicas, group, each)

    @cached_property
    def infrastructure(self) -> Any:
        """Rent, electricity or the bill of a hosted model, USD a month; None where not known."""
        place, p = self.stack.place, self.p
        if self.hosted:
            found = self._bill()
        elif place.usd_per_month is not None:
            found = self.units * self._quote("usd_per_month", place.usd_per_month, "USD/month")
        elif place.usd_per_hour is not None:
            offline = self.run.load.scenario == "offline"
            active = self.stack.load.active_fraction if offline else 1.0
            found = cost.rented(hour(self.run.cat, self.stack.leaves, place), self.units, active)
            found = found * p["cost.spot_rework"] if place.spot else found
        elif place.hosting == "on_prem" and self.stack.device_option.device.tdp_w:
            tp, pp = self.stack.layout
            devices = named(self.stack.replicas * tp * pp, "n_devices", "devices", "devices in all")
            watts = self.stack.device.tdp_w
            found = cost.power(watts, devices, p["cost.power_overhead"], p["cost.usd_per_kwh"])
        else:
            return None
        if found is None:
            return None
        words = "rent, electricity or the bill of a hosted model"
        return self.stack.adjusted(found, "cost", "cost.infrastructure", "USD/month", words)

    def _quote(self, field: str, usd: float, unit: str) -> Any:
        return quote(self.stack.leaves, self.stack.place, field, usd, unit)

    def _bill(self) -> Any:
        """Bill of a hosted model, as the columns have it."""
        place, load = self.stack.place, self.stack.load
        api = self.stack.option.api
        assert api is not None
        if place.usd_per_month is not None:
            return self._quote("usd_per_month", place.usd_per_month, "USD/month")
        if load.requests_per_month is None:
            return None
        if place.usd_per_mtok is not None:
            price = self._quote("usd_per_mtok", place.usd_per_mtok, "USD/million tokens")
            return candidates.at_one_price(load, price)
        usd = self._request(api, place.hosting == "api_batch")
        return None if usd is None else usd * load.requests_per_month

    def _request(self, api: Api, batch: bool) -> Any:
        """USD of one request over the horizon: months with the same prices are worked out once."""
        days = self.run.axes.days
        listed = self._listed(api)
        spans: dict[tuple[Any, ...], list[date]] = {}
        for day in days:
            prices = () if batch else api.prices
            key = tuple((s, id(q)) for s, q in in_force(prices, day, self.run.load.input_tokens))
            spans.setdefault(key, []).append(day)
        total: Any = 0.0
        for span in spans.values():
            each = request_usd(listed, self.stack.load, batch, span[:1])
            if each is None:
                return None
            named(
                each,
                "cost.request_now",
                "USD",
                f"one request from {span[0].isoformat()}, over the hours of a day",
            )
            total = total + each * float(len(span))
        return named(total / float(len(days)), "cost.request", "USD", "one request, mean over the horizon")

    def _listed(self, api: Api) -> Api:
        """The hosted model with its prices as facts."""

        def one(price: Price, place: str) -> Price:
            changed = {
                field: self.stack.leaves.fact(
                    "apis",
                    api.id,
                    f"{place}.{field}",
                    amount,
                    api.source,
                    price.from_date or api.as_of,
                    PRICE_UNITS.get(field, "USD/million tokens"),
                    _when(price),
                )
                for field in PRICES
                if (amount := getattr(price, field)) is not None
            }
            return replace(price, **changed)

        prices = tuple(one(q, f"prices.{i}") for i, q in enumerate(api.prices))
        return replace(api, prices=prices, batch=api.batch and one(api.batch, "batch"))

    @cached_property
    def running(self) -> Any:
        """Person-months a month."""
        option, hosting = self.stack.option, self.stack.place.hosting
        reserved = hosting == "managed_dedicated"
        own = "on_prem" if hosting == "on_prem" else "self_hosted"
        kind = "managed" if reserved else "api" if self.hosted else own
        base = self.p[f"effort.run.{kind}"]
        if not self.hosted and option.role not in people.GENERATING:
            base = base * self.p["effort.run.one_pass"]
        found = effort.running(TRACE, base, self.units, self.p["effort.run.per_extra_node"])
        found = (found + self._of_engine("effort.run.engine")) * self._skill()
        return named(found + self._again(), "effort.run", "person-months/month", "running and adapting anew")

    def _of_engine(self, name: str) -> Any:
        """What an engine asks for more; 0 where nothing is stated of it."""
        if self.stack.own < 0:
            return 0.0
        key = f"{name}.{self.run.axes.engines[int(self.run.stacks.engine[self.row])].id}"
        return self.p[key] if key in self.run.p else 0.0

    def _skill(self) -> Any:
        """Factor of the team's skill on machines that it runs itself."""
        return 1.0 if self.hosted else self.p[self._skill_key()]

    def _skill_key(self) -> str:
        return f"effort.skill.{self.run.req.team.skills.get('ml', 'medium')}"

    @cached_property
    def _method(self) -> str:
        return str(self.stack.option.method)

    def _sum(self, name: str) -> Any:
        """Sum of a parameter over the methods of adaptation."""
        total: Any = 0.0
        for method in people.parts(self._method):
            if f"{name}.{method}" in self.run.p:
                total = total + self.p[f"{name}.{method}"]
        if people.trained(self._method):
            total = total * self.p[self._skill_key()]
        return total

    def _again(self) -> Any:
        """Person-months a month for adapting anew."""
        pace = people.changes(self.run, self._method)
        return self.p[pace] * self._sum("effort.again") if pace else 0.0

    @cached_property
    def days(self) -> Any:
        """Person-days of the mitigations chosen."""
        leaves, total = self.stack.leaves, 0.0
        for key in self._new:
            m = self.run.cat.mitigations[key]
            low, high = (
                leaves.fact("mitigations", key, f"{key}.{f}", v, (m.source,), m.as_of, "person-days")
                for f, v in (("days_low", m.days_low), ("days_high", m.days_high))
            )
            total = total + named((low + high) / 2.0, f"{key}.days", "person-days", m.name)
        return named(total, "effort.mitigations", "person-days", "mitigations chosen")

    @cached_property
    def mitigations(self) -> Any:
        """USD a month that the mitigations cost to run."""
        leaves, total = self.stack.leaves, 0.0
        for key in self._new:
            m = self.run.cat.mitigations[key]
            if m.usd_per_month:
                total = total + leaves.fact(
                    "mitigations",
                    key,
                    f"{key}.usd_per_month",
                    m.usd_per_month,
                    (m.source,),
                    m.as_of,
                    "USD/month",
                )
        return named(total, "cost.mitigations", "USD/month", "running cost of the mitigations")

    @property
    def _new(self) -> tuple[str, ...]:
        return self.run.risks.assessments[int(self.run.risks.profile[self.row])].new

    @cached_property
    def once_months(self) -> Any:
        """Person-months until the first release."""
        role, reserved = self.stack.option.role, self.stack.place.hosting == "managed_dedicated"
        own = "classical" if role in people.CLASSICAL else "self_hosted"
        kind = "managed" if reserved else "api" if self.hosted else own
        build = (self.p[f"effort.build.{kind}"] + self._of_engine("effort.build.engine")) * self._skill()
        return effort.once(build, self._sum("effort.adapt"), self.days, self.p["effort.working_days"])

    @cached_property
    def effort(self) -> Any:
        """Person-months over the horizon."""
        return effort.total(self.running, self.once_months, self.horizon)

    @cached_property
    def people(self) -> Any:
        """USD a month of people."""
        wage = self.run.req.team.usd_per_engineer_month or 0.0
        paid = (
            self.stack.leaves.requirement("team.usd_per_engineer_month", wage, "USD/month") if wage else 0.0
        )
        return cost.people(self.running, self.once_months, paid, self.horizon)

    @cached_property
    def once(self) -> Any:
        """USD once: bought devices, the move away from the stack in place, and the first training run."""
        return cost.upfront(self.bought, self.move, self.first_run)

    @cached_property
    def bought(self) -> Any:
        """USD once for devices."""
        price = self.stack.place.purchase_usd
        if not price:
            return 0.0
        found = self.units * self._quote("usd_once", price, "USD/unit")
        return named(found, "cost.bought", "USD", "bought devices")

    @cached_property
    def trained(self) -> Trained:
        """The training run of the stack."""
        return Trained(self.stack)

    @cached_property
    def training_run(self) -> Any:
        """USD of one training run, or of a fit; 0 where nothing is trained or nobody knows."""
        found = self.run.training
        if not (found.once_usd[self.row] or found.again_usd[self.row]):
            return 0.0
        return self.trained.usd

    @cached_property
    def first_run(self) -> Any:
        """USD once for the first training run; that of the stack in place is paid already."""
        return self.training_run if self.run.training.once_usd[self.row] else 0.0

    @cached_property
    def training_parts(self) -> tuple[Any, Any]:
        """USD a month of the first run over the horizon, and of the runs anew."""
        first = self.spread_out(self.first_run, "cost.first_run", "the first training run")
        if not self.run.training.again_usd[self.row]:
            return first, 0.0
        found = cost_of.way(self.run, self.stack.option)
        runs = self.p[anew.whole_runs(self.run, self.stack.option, found).id]
        return first, named(runs * self.training_run, "cost.runs_anew", "USD/month", "the runs of a month")

    @cached_property
    def training(self) -> Any:
        """USD a month of training, as far as it is known."""
        first, again = self.training_parts
        missing = cost_of.at(self.run, self.row).missing
        if missing and not float(first + again):
            return self.stack.leaves.choice("cost.training", 0.0, "USD/month", f"not counted: {missing}")
        return named(first + again, "cost.training", "USD/month", "training: the first run, and runs anew")

    @cached_property
    def move(self) -> Any:
        """USD once for leaving the stack in place."""
        price = float(switching.usd(self.run)[self.row])
        return self.stack.leaves.requirement("incumbent.switching_cost_usd", price, "USD") if price else 0.0

    def spread_out(self, once: Any, key: str, words: str) -> Any:
        """USD a month of what is paid once."""
        return named(once / self.horizon, key, "USD/month", words)

    @cached_property
    def total(self) -> Any:
        """USD a month of everything; None where a part is not known."""
        if self.infrastructure is None:
            return None
        return cost.total(*(usd for usd, _ in self._parts))

    @cached_property
    def spread(self) -> Any:
        """p90 over p50 of the total."""
        usd, by = zip(*self._parts, strict=True)
        return cost.spread(TRACE, self.total, usd, by)

    @cached_property
    def _parts(self) -> list[tuple[Any, Any]]:
        """USD a month of each part that costs anything, with its p90 over p50, as in `spending`."""
        own, by_people = self._doubt(), self.p["effort.spread"]
        bought = self.spread_out(self.bought, "cost.purchase", "bought devices")
        move = self.spread_out(self.move, "cost.switching", "leaving the stack in place")
        found = [
            (self.infrastructure, own),
            (bought, own if self.stack.place.guessed else 1.0),
            (move, 1.0),
            (self.training, self._doubt_of_training()),
            (self.people, by_people),
            (self.mitigations, by_people),
        ]
        return [part for part in found if float(part[0])] or found[:1]

    def _doubt_of_run(self) -> Any:
        value = float(self.run.training.once_spread[self.row])
        return self.stack.leaves.choice("training.cost.spread", value, "p90 over p50", "hours of the run")

    def _doubt_of_training(self) -> Any:
        first, again = self.training_parts
        value = float(self.run.training.again_spread[self.row])
        words = "hours of a run, and how many there are"
        often = self.stack.leaves.choice("training.anew.spread", value, "p90 over p50", words)
        if not float(first) or not float(again):
            return often if float(again) else self._doubt_of_run()
        return cost.spread(TRACE, first + again, (first, again), (self._doubt_of_run(), often))

    @cached_property
    def once_spread(self) -> Any:
        """p90 over p50 of what is paid at the start."""
        if not float(self.first_run):
            return 1.0
        sure = self.bought + self.move
        return cost.spread(TRACE, self.once, (sure, self.first_run), (1.0, self._doubt_of_run()))

    def _doubt(self) -> Any:
        """p90 over p50 of the infrastructure: the parameter, or what rules made of it."""
        value = float(self.run.stacks.cost_spread[self.row])
        known = self.p[candidates.doubt_of_cost(self.stack.place)]
        if float(known) == value:
            return known
        return self.stack.leaves.choice("cost.spread.own", value, "p90 over p50", "interval, with rules")


def _when(price: Price) -> str:
    parts = []
    if price.above_input_tokens:
        parts.append(f"prompts above {price.above_input_tokens} tokens")
    if price.daily_utc:
        parts.append(f"{price.daily_utc} UTC")
    return ", ".join(parts)
