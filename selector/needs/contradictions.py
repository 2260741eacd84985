"""Requirements that cannot all hold, each named with where it stands and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from selector.errors import InputError, Problem
from selector.needs.names import compact, counted
from selector.needs.options import Options, expand_hosting, resolve_options
from selector.needs.regions import jurisdiction
from selector.needs.tables import defaults
from selector.types.catalog import Metric
from selector.types.requirement import LatencyLimits

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue

REMOTE = frozenset({"api", "api_batch", "managed_dedicated", "managed_app"})
# Providers with regions on the Chinese mainland, whose names begin alike.
CN_CLOUDS = ("alibaba", "aliyun", "huawei", "tencent", "volcengine", "aws", "aws-cn")
Found = Iterator[Problem]


def contradictions(stated: Stated, catalogue: Catalogue | None = None) -> list[Problem]:
    """All contradictions in what the user stated; with a catalogue also of metrics, and names it lacks."""
    checks: tuple[Callable[[Stated], Found], ...] = (
        _hosting,
        _pins_in_hosting,
        _excluded_pins,
        _money,
        _sizes,
        _weights,
        _confidence,
        _places,
        _inventory,
        _quotes,
        _components,
    )
    problems = [p for check in checks for p in check(stated)]
    if catalogue is not None:
        problems.extend(_quality(stated, catalogue))
        try:
            options = resolve_options(stated, catalogue)
        except InputError as error:
            problems.extend(error.problems)
        else:
            problems.extend(_pins_not_on_hand(stated, options))
            problems.extend(_nothing_left(stated, options))
    return sorted(problems, key=lambda p: (p.where.line, p.where.column) if p.where else (0, 0))


def check(stated: Stated, catalogue: Catalogue | None = None) -> None:
    """Raise `InputError` with every contradiction."""
    problems = contradictions(stated, catalogue)
    if problems:
        raise InputError(problems)


def _at(stated: Stated, key: str, what: str, fix: str) -> Problem:
    return Problem(what, stated.where(key), fix)


def _hosting(stated: Stated) -> Found:
    need = stated.requirement
    wanted = need.deployment.hosting
    if wanted is None:
        return
    key = "deployment.hosting"
    if not wanted:
        yield _at(stated, key, f"{key} is empty: nothing may run", "leave it out or name one")
        return
    if not REMOTE.issuperset(wanted):
        return
    said = ", ".join(wanted)
    if need.data.may_leave_premises is False:
        what = f"{key} allows only {said}, but data.may_leave_premises is false"
        yield _at(stated, key, what, "add self_hosted, or let data leave the premises")
    if need.deployment.internet is False:
        what = f"{key} allows only {said}, but deployment.internet is false"
        yield _at(stated, key, what, "add on_prem, or set internet: true")
    if need.data.provider_may_see_plaintext is False:
        what = f"{key} allows only {said}, but data.provider_may_see_plaintext is false"
        yield _at(stated, key, what, "add self_hosted or confidential_gpu")


def _pins_in_hosting(stated: Stated) -> Found:
    need = stated.requirement
    allowed = set(expand_hosting(need.deployment.hosting or ()))
    pinned = set(expand_hosting(need.pins.hosting))
    if allowed and pinned and not allowed & pinned:
        what = "pins.hosting names nothing that deployment.hosting allows"
        yield _at(stated, "pins.hosting", what, "make the two lists agree")
    own = {"self_hosted_cloud", "on_prem", "serverless_gpu", "confidential_gpu", "hybrid"}
    effective = pinned or allowed
    if effective and not effective & own:
        for axis in ("hardware", "engine", "precision", "layout"):
            if getattr(need.pins, axis) and effective <= {"api", "api_batch"}:
                what = f"pins.{axis} is set, but only a hosted API is allowed"
                yield _at(stated, f"pins.{axis}", what, f"allow self_hosted or drop pins.{axis}")


def _excluded_pins(stated: Stated) -> Found:
    pins, out = stated.requirement.pins, stated.requirement.exclude
    pairs: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
        ("model", [m.name for m in pins.model if m.name], out.model),
        ("engine", pins.engine, out.engine),
        ("hardware", [counted(h)[1] for h in pins.hardware], out.hardware),
        ("precision", pins.precision, out.precision),
        ("hosting", pins.hosting, out.hosting),
    )
    for axis, pinned, excluded in pairs:
        ruled_out = {compact(e.split("/")[-1]) for e in excluded}
        both = [p for p in pinned if compact(p.split("/")[-1]) in ruled_out]
        if both and len(both) == len(pinned):
            what = f"{', '.join(both)}: both in pins.{axis} and in exclude.{axis}"
            yield _at(stated, f"exclude.{axis}", what, "drop one of the two")
    excluded_hosting = set(expand_hosting(out.hosting))
    allowed = set(expand_hosting(stated.requirement.deployment.hosting or ()))
    if allowed and allowed <= excluded_hosting:
        what = "exclude.hosting rules out everything in deployment.hosting"
        yield _at(stated, "exclude.hosting", what, "leave one way of running it")


def _money(stated: Stated) -> Found:
    need = stated.requirement
    if need.budget.per_month_usd != 0 and need.budget.per_month != 0:
        return
    hosting = need.pins.hosting or need.deployment.hosting
    if hosting is not None and "on_prem" not in expand_hosting(hosting):
        what = f"the monthly budget is 0, but {', '.join(hosting)} is paid by month or use"
        yield _at(stated, "budget", what, "raise the budget, or allow on_prem with an inventory")
    elif not need.deployment.inventory and not need.budget.upfront_usd and not need.budget.upfront:
        what = "the monthly budget is 0 and there is no hardware on hand"
        yield _at(stated, "budget", what, "state deployment.inventory or budget.upfront_usd")


def _quality(stated: Stated, catalogue: Catalogue) -> Found:
    want = stated.requirement.quality
    lowest, target = want.minimum, want.target
    if lowest is None and target is None:
        return
    metric = catalogue.metrics.get(want.metric or "", Metric())
    # There may be more errors than words.
    if metric.share_of and not metric.error:
        for name, value in (("minimum", lowest), ("target", target)):
            if value is not None and value > 1:
                what = f"quality.{name} is {value:g}, but {want.metric} is a share of 0 to 1"
                fix = f"write {value / 100:g}" if value <= 100 else "write a share"
                yield _at(stated, f"quality.{name}", what, fix)
    if lowest is None or target is None:
        return
    if (lowest < target) if metric.lower_is_better else (lowest > target):
        word = "below" if metric.lower_is_better else "above"
        what = f"quality.minimum {lowest:g} is {word} quality.target {target:g}"
        yield _at(stated, "quality.minimum", what, "swap them; minimum is the worst allowed")


def _sizes(stated: Stated) -> Found:
    work, limits = stated.requirement.workload, stated.requirement.latency
    for name in ("input_tokens", "output_tokens"):
        size = getattr(work, name)
        if size is None:
            continue
        if size.p50 is not None and size.p95 is not None and size.p95 < size.p50:
            what = f"workload.{name}: p95 {size.p95:g} is below p50 {size.p50:g}"
            yield _at(stated, f"workload.{name}", what, "swap them")
        least = size.p95 if size.p95 is not None else size.p50
        longest = work.context_tokens_max
        if longest is not None and least is not None and least > longest:
            what = f"workload.{name} of {least:g} exceeds context_tokens_max {longest}"
            yield _at(stated, "workload.context_tokens_max", what, "raise context_tokens_max")
    first, whole = limits.first_token_p95_ms, limits.request_p95_ms
    if first is not None and whole is not None and first > whole:
        what = f"latency.first_token_p95_ms {first:g} exceeds request_p95_ms {whole:g}"
        yield _at(stated, "latency.first_token_p95_ms", what, "first tokens come first")
    if work.peak_requests_per_second == 0 and (work.requests_per_month or 0) > 0:
        what = "workload.peak_requests_per_second is 0, but there are requests in the month"
        yield _at(stated, "workload.peak_requests_per_second", what, "leave the peak out")
    if work.requests_per_month == 0:
        what = "workload.requests_per_month is 0: there is nothing to serve"
        fix = "give the requests of a month, or leave it out to have it assumed"
        yield _at(stated, "workload.requests_per_month", what, fix)
    if work.active_hours_fraction == 0:
        what = "workload.active_hours_fraction is 0: there is never any load"
        key = "workload.active_hours_fraction"
        yield _at(stated, key, what, "give the share of hours with load")
    yield from _scale(stated)


def _scale(stated: Stated) -> Found:
    work = stated.requirement.workload
    peak, scale = work.peak_requests_per_second, work.scale
    if peak is None or scale is None:
        return
    starts = next(d.value for d in defaults() if d.key == "workload.scale")
    low = float(starts.get(scale, 0.0))
    high = min((float(s) for s in starts.values() if s > low), default=float("inf"))
    # A band says roughly how much; only what is off by more than its width contradicts it.
    if peak < low / 2 or peak > high * 2:
        what = f"workload.scale is {scale}, but the peak is {peak:g} requests per second"
        yield _at(stated, "workload.scale", what, "leave scale out; the rate says it")


def _weights(stated: Stated) -> Found:
    weights = stated.requirement.weights
    points = {c: v for c, v in weights.points.items() if c != "energy"}
    key = "weights" if weights.form == "points" else f"weights.{weights.form}"
    given = {"points": points, "swing": weights.swing, "pay": weights.pay}.get(weights.form, {})
    stated_as = stated.mapping.get("weights")
    if isinstance(stated_as, dict) and not stated_as:
        yield _at(stated, "weights", "weights is empty", "weigh a criterion, or leave weights out")
    if weights.points and not points:
        yield _at(stated, key, "weights name only energy, which is not scored yet", "weigh another criterion")
    elif given and not any(given.values()):
        yield _at(stated, key, "all weights are 0", "give at least one criterion a weight")
    if weights.pay.get("cost", 1.0) != 1.0:
        what = f"weights.pay.cost is {weights.pay['cost']:g}, but cost is what the others are paid in"
        yield _at(stated, "weights.pay.cost", what, "leave it out")


def _confidence(stated: Stated) -> Found:
    need = stated.requirement
    limits: dict[str, object] = {
        "latency": need.latency != LatencyLimits(),
        "budget": (need.budget.per_month_usd, need.budget.per_month) != (None, None),
        "launch_weeks": need.launch_weeks is not None,
    }
    if need.confidence and not any(limits.values()):
        what = "confidence asks how surely limits are kept, but none is stated"
        yield _at(stated, "confidence", what, "state a budget or a latency limit, or drop it")
    elif len({need.confidence.get(k) for k in limits}) == 1:
        return  # one for all
    for name in need.confidence:
        if any(limits.values()) and not limits[name]:
            key = f"confidence.{name}"
            what = f"{key} asks how surely a limit is kept that is not stated"
            yield _at(stated, key, what, f"state {name}, or drop {key}")


def _places(stated: Stated) -> Found:
    need = stated.requirement
    residency = set(need.data.residency or ())
    places = {r: jurisdiction(r) for r in need.deployment.regions}
    outside = [r for r, place in places.items() if place and residency and place not in residency]
    if outside and len(outside) == len(places):
        stay = ", ".join(sorted(residency))
        what = f"deployment.regions {', '.join(outside)} lie outside data.residency {stay}"
        yield _at(stated, "deployment.regions", what, "name a region inside, or change residency")
    clouds = need.deployment.clouds
    for region in need.deployment.regions:
        if region.startswith("cn-") and clouds and not set(CN_CLOUDS).intersection(clouds):
            what = f"deployment.regions {region}: {', '.join(clouds)} has no such region"
            fix = f"add one of {', '.join(CN_CLOUDS)} to deployment.clouds"
            yield _at(stated, "deployment.regions", what, fix)


def _inventory(stated: Stated) -> Found:
    need = stated.requirement
    parts = {"deployment": need.deployment.inventory or (), "adaptation": need.adaptation.inventory}
    for key, item in ((f"{p}.inventory.{i}", x) for p, items in parts.items() for i, x in enumerate(items)):
        count, _ = counted(item.hardware)
        if count is not None and item.count is not None and count != item.count:
            what = f"{item.hardware}: the name says {count}, count says {item.count}"
            yield _at(stated, key, what, "keep one of the two")
        devices = item.count or count
        if item.nodes and devices and devices % item.nodes:
            what = f"{devices} devices do not divide into {item.nodes} nodes that are alike"
            near = max(round(devices / item.nodes), 1) * item.nodes
            fix = f"count is over all nodes: state {near}, or an entry for the machines of each size"
            yield _at(stated, key, what, fix)


def _quotes(stated: Stated) -> Found:
    prices = ("usd_per_mtok", "usd_per_month", "usd_per_hour", "usd_once", "relative_price")
    for index, quote in enumerate(stated.requirement.quotes):
        given = [p for p in prices if getattr(quote, p) is not None]
        if len(given) != 1:
            what = f"quotes.{index} holds {len(given)} prices"
            yield _at(stated, f"quotes.{index}", what, f"give exactly one of {', '.join(prices)}")
        if not (quote.hosting or quote.hardware or quote.model):
            what = f"quotes.{index} does not say what the price is for"
            yield _at(stated, f"quotes.{index}", what, "add hosting, hardware or model")


def _components(stated: Stated) -> Found:
    # Also where this is one of them: its document is that of the whole.
    names = [c["name"] for c in stated.document.data.get("components", ())]
    for name in sorted({n for n in names if names.count(n) > 1}):
        what = f"two components are called {name!r}"
        yield _at(stated, "components", what, "give each a name of its own")


def _pins_not_on_hand(stated: Stated, options: Options) -> Found:
    """Hardware that is pinned, on one's own premises only, but not on hand."""
    hosting = stated.requirement.pins.hosting or stated.requirement.deployment.hosting or ()
    if tuple(hosting) != ("on_prem",) or not options.devices or not options.inventory:
        return
    have = {device for owned in options.inventory for device in owned.query.devices}
    if not any(have.intersection(query.devices) for query in options.devices):
        what = "pins.hardware names nothing that is in deployment.inventory"
        yield _at(stated, "pins.hardware", what, "pin what is on hand, or allow self_hosted_cloud")


def _nothing_left(stated: Stated, options: Options) -> Found:
    """Other spellings of what is both pinned and excluded."""
    devices = {device for query in options.devices for device in query.devices}
    for axis, pinned, excluded in (
        ("model", set(options.models), options.no_models),
        ("precision", set(options.precisions), options.no_precisions),
        ("hardware", devices, options.no_devices),
    ):
        if pinned and pinned.issubset(excluded):
            what = f"exclude.{axis} rules out everything in pins.{axis}"
            yield _at(stated, f"exclude.{axis}", what, "drop one of the two")
