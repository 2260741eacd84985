"""Values that follow from other values; the constants come from `rules/needs/defaults.yaml`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from selector.needs import paths
from selector.needs.regions import jurisdiction

SECONDS_PER_MONTH = 730 * 3600
LEVELS = ("none", "low", "medium", "high")
CRITERIA = ("quality", "cost", "latency", "risk", "effort")

Document = Mapping[str, Any]
Formula = Callable[[Document, Any], Any]


def _number(doc: Document, key: str) -> float | None:
    value = paths.get(doc, key)
    return float(value) if isinstance(value, int | float) else None


def _tidy(value: float) -> float:
    """Six significant digits, whole where it is whole."""
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() else rounded


def _size(doc: Document) -> float | None:
    """Mean tokens of a request and its answer."""
    into, out = (_mean(doc, f"workload.{key}") for key in ("input_tokens", "output_tokens"))
    return None if into is None or out is None else into + out


def _mean(doc: Document, key: str) -> float | None:
    mean = _number(doc, f"{key}.mean")
    return _number(doc, f"{key}.p50") if mean is None else mean


def task_name(doc: Document, _: Any) -> Any:
    """A name for the document."""
    return paths.get(doc, "application.task")


def region_of_deployment(doc: Document, _: Any) -> Any:
    """The one jurisdiction that all regions of the deployment lie in."""
    found = {jurisdiction(r) for r in paths.get(doc, "deployment.regions") or ()}
    return found.pop() if len(found) == 1 else None


def region_of_users(doc: Document, _: Any) -> Any:
    """The one region where all users are."""
    regions = paths.get(doc, "application.user_regions")
    regions = [regions] if isinstance(regions, str) else regions
    return regions[0] if regions and len(regions) == 1 else None


def users_of_organisation(doc: Document, _: Any) -> Any:
    """Users are taken to be where the organisation is."""
    region = paths.get(doc, "organisation.region")
    return [region] if region else None


def same_as_p50_in(doc: Document, _: Any) -> Any:
    """One number was given for the input."""
    return paths.get(doc, "workload.input_tokens.p50")


def same_as_p50_out(doc: Document, _: Any) -> Any:
    """One number was given for the output."""
    return paths.get(doc, "workload.output_tokens.p50")


def mean_size_in(doc: Document, z95: Any) -> Any:
    """Mean size of the requests."""
    return _lognormal_mean(doc, "workload.input_tokens", z95)


def mean_size_out(doc: Document, z95: Any) -> Any:
    """Mean size of the answers."""
    return _lognormal_mean(doc, "workload.output_tokens", z95)


def _lognormal_mean(doc: Document, key: str, z95: float) -> Any:
    """Mean of a lognormal size by its p50 and p95; nothing where all have one size."""
    p50, p95 = _number(doc, f"{key}.p50"), _number(doc, f"{key}.p95")
    if not p50 or not p95 or p95 <= p50:
        return None
    return _tidy(p50 * math.exp((math.log(p95 / p50) / z95) ** 2 / 2.0))


def skill_of_tools(doc: Document, tools: Any) -> Any:
    """The best skill in a library that trains; nothing where none is stated above none."""
    skills = paths.get(doc, "team.skills") or {}
    found = max((LEVELS.index(skills[t]) for t in tools if skills.get(t) in LEVELS), default=0)
    return LEVELS[found] if found else None


def context_of_sizes(doc: Document, least: Any) -> Any:
    """The longest input and output together, and at least `least`."""
    into = _number(doc, "workload.input_tokens.p95")
    out = _number(doc, "workload.output_tokens.p95")
    return None if into is None or out is None else max(int(least), int(into + out))


def requests_from_tokens(doc: Document, _: Any) -> Any:
    """Requests a month from tokens a month."""
    tokens, size = _number(doc, "workload.tokens_per_month"), _size(doc)
    return _tidy(tokens / size) if tokens is not None and size else None


def tokens_from_requests(doc: Document, _: Any) -> Any:
    """Tokens a month from requests a month."""
    requests, size = _number(doc, "workload.requests_per_month"), _size(doc)
    return _tidy(requests * size) if requests is not None and size is not None else None


def _active_seconds(doc: Document) -> float | None:
    share = _number(doc, "workload.active_hours_fraction")
    return share * SECONDS_PER_MONTH if share else None


def peak_from_month(doc: Document, mean_over_peak: Any) -> Any:
    """Peak rate from requests a month."""
    requests, seconds = _number(doc, "workload.requests_per_month"), _active_seconds(doc)
    return _tidy(requests / seconds / mean_over_peak) if requests is not None and seconds else None


def month_from_peak(doc: Document, mean_over_peak: Any) -> Any:
    """Requests a month from the peak rate."""
    peak, seconds = _number(doc, "workload.peak_requests_per_second"), _active_seconds(doc)
    return _tidy(peak * seconds * mean_over_peak) if peak is not None and seconds else None


def month_from_concurrency(doc: Document, busy: Any) -> Any:
    """Requests a month by Little's law, each taking as long as its limit allows."""
    concurrency, seconds = _number(doc, "workload.concurrency"), _active_seconds(doc)
    request = _number(doc, "latency.request_p95_ms")
    if request is None:
        first = _number(doc, "latency.first_token_p95_ms")
        step = _number(doc, "latency.per_output_token_p95_ms")
        out = _number(doc, "workload.output_tokens.p50")
        if first is None or step is None or out is None:
            return None
        request = first + step * out
    if not concurrency or not seconds or not request:
        return None
    return _tidy(concurrency / (request / 1e3) * seconds * busy)


def concurrency_of_inventory(doc: Document, per_device: Any) -> Any:
    """Requests in work at once, for each device on hand."""
    items = paths.get(doc, "deployment.inventory") or ()
    return sum(item.get("count", 1) for item in items) * per_device or None


def scale_of_rate(doc: Document, bands: Any) -> Any:
    """Band of the peak rate: the highest one whose lower end it reaches."""
    peak = _number(doc, "workload.peak_requests_per_second")
    if peak is None:
        return None
    reached = [name for name, least in sorted(bands.items(), key=_second) if peak >= least]
    return reached[-1] if reached else "low"


def _second(pair: tuple[str, float]) -> float:
    return pair[1]


def unnamed_weights(doc: Document, _: Any) -> Any:
    """Criteria that stated weights leave out count nothing; those left out of an order need no value."""
    stated = dict(paths.get(doc, "weights") or {})
    for form in ("swing", "pay"):
        if form in stated:
            whole = _with_rest(stated[form], "cost" if form == "pay" else "")
            return {form: whole} if whole else None
    return _with_rest(stated, "") if stated and "rank" not in stated else None


def _with_rest(stated: Mapping[str, Any], but: str) -> Mapping[str, Any] | None:
    """Values by criterion with 0 for those that are missing; None where none is."""
    missing = {name: 0 for name in CRITERIA if name not in stated and name != but}
    return {**stated, **missing} if missing else None


FORMULAS: Mapping[str, Formula] = {
    f.__name__: f
    for f in (
        task_name,
        region_of_deployment,
        region_of_users,
        users_of_organisation,
        same_as_p50_in,
        same_as_p50_out,
        mean_size_in,
        mean_size_out,
        skill_of_tools,
        context_of_sizes,
        requests_from_tokens,
        tokens_from_requests,
        peak_from_month,
        month_from_peak,
        month_from_concurrency,
        concurrency_of_inventory,
        scale_of_rate,
        unnamed_weights,
    )
}
