"""Places to run: cheapest offer of each kind, own inventory, regions of hosted models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from selector.decide.axes import Axes, Place
from selector.decide.options import hosting as hosting_of
from selector.needs.options import Options, Owned, expand_hosting
from selector.needs.regions import jurisdiction
from selector.packs.catalog import Catalogue
from selector.types import facts
from selector.types.catalog import Offer
from selector.types.requirement import Requirement

GB = 1e9
UNNAMED = frozenset({"unspecified", "any"})


def build(axes: Axes, req: Requirement, wanted: Options, cat: Catalogue) -> None:
    """Add all places that the requirement allows to the axes."""
    hosting = hosting_of(req, wanted)
    if "on_prem" in hosting:
        for number, item in enumerate(wanted.inventory):
            axes.places += _owned(axes, req, wanted, item, number)
    if "self_hosted_cloud" in hosting and (not wanted.inventory or req.deployment.clouds):
        axes.places += _rented(axes, req, cat)
    axes.places += _hosted(axes, req, cat, hosting)
    _pools(axes, wanted)


def _pools(axes: Axes, wanted: Options) -> None:
    """Each device once for all that rent it and once for each own pool; without a place it goes."""
    pools: dict[str, list[str]] = {}
    for place in axes.places:
        if place.device is not None and place.pool not in pools.setdefault(place.device, []):
            pools[place.device].append(place.pool)
    if wanted.devices:
        for device in axes.devices:
            if device.id not in pools:
                axes.leave_out("no offer and no inventory has this hardware", device.id)
    axes.devices = [replace(d, pool=pool) for d in axes.devices for pool in pools.get(d.id, ())]


def _owned(axes: Axes, req: Requirement, wanted: Options, owned: Owned, number: int) -> Iterable[Place]:
    query, item, count = owned.query, owned.item, owned.count
    nodes = item.nodes or 1
    free = item.free_memory_gb or query.memory_gb
    pinned = {d: q.count for q in wanted.devices for d in q.devices if q.count}
    region = next(iter(req.deployment.regions), req.organisation.region or "unspecified")
    have = {d.id for d in axes.devices}
    for device in query.devices:
        if device not in have:
            continue
        yield Place(
            id=f"own:{number}:{device}",
            hosting="on_prem",
            region=region,
            offer=None,
            device=device,
            count=max(count // nodes, 1),
            available=min(count, pinned.get(device, count)),
            usd_per_hour=None,
            facts=_place_facts("on_prem", region, req) | facts.of_offer(None),
            host_ram_gb=item.host_ram_gb,
            free_memory_bytes=free * GB if free else None,
            shared_desktop=item.shared_desktop,
            source="inventory of the requirements",
        )


def _rented(axes: Axes, req: Requirement, cat: Catalogue) -> list[Place]:
    devices = {d.id for d in axes.devices}
    rates = {r.currency: r.usd_per_unit for r in cat.exchange_rates.values()}
    best: dict[tuple[str, str, str, int, bool], tuple[float, Offer]] = {}
    for offer in cat.offers.values():
        if offer.device not in devices or offer.on_demand_per_hour is None:
            continue
        if reason := _elsewhere(offer, req):
            axes.leave_out(reason, offer.id)
            continue
        rate = 1.0 if offer.currency == "USD" else rates.get(offer.currency)
        if rate is None:
            axes.leave_out(f"no exchange rate for {offer.currency}", offer.id)
            continue
        usd = offer.on_demand_per_hour * rate
        key = (offer.device, offer.jurisdiction, offer.tier, offer.count, offer.as_of is not None)
        if key not in best or (usd, offer.id) < (best[key][0], best[key][1].id):
            best[key] = (usd, offer)
    dated = {k[:4] for k in best if k[4]}
    # An offer without a date stands in only where no dated one exists, and says so.
    kept = [pair for key, pair in sorted(best.items()) if key[4] or key[:4] not in dated]
    return [_offer_place(usd, offer, req) for usd, offer in kept]


def _elsewhere(offer: Offer, req: Requirement) -> str | None:
    """Why an offer is not considered: another cloud, or another part of the world."""
    if req.deployment.clouds and offer.provider not in req.deployment.clouds:
        return "offer of a cloud that is not listed"
    if req.deployment.regions:
        wanted = {jurisdiction(r) or r for r in req.deployment.regions}
        if offer.region in req.deployment.regions or offer.jurisdiction in wanted:
            return None
        return "offer outside the regions listed"
    # Nobody stated a region: serve from where users and organisation are, or where data must be.
    home = set(req.data.residency or req.application.user_regions or ())
    if not req.data.residency and req.organisation.region:
        home.add(req.organisation.region)
    if home and offer.jurisdiction not in home | UNNAMED:
        return "offer outside the regions of users and organisation"
    return None


def _offer_place(usd: float, offer: Offer, req: Requirement) -> Place:
    return Place(
        id=offer.id,
        hosting="self_hosted_cloud",
        region=offer.jurisdiction,
        offer=offer,
        device=offer.device,
        count=offer.count,
        available=None,
        usd_per_hour=usd,
        facts=_place_facts("self_hosted_cloud", offer.jurisdiction, req) | facts.of_offer(offer),
        host_ram_gb=offer.host_ram_gib,
        source=offer.source,
        as_of=offer.as_of,
    )


def _hosted(axes: Axes, req: Requirement, cat: Catalogue, hosting: set[str]) -> list[Place]:
    found = []
    vendors = {alias: v for v in cat.vendors.values() for alias in (v.id, *v.aliases)}
    offline = req.workload.scenario == "offline"
    batch_wanted = "api_batch" in hosting or ("api" in hosting and offline)
    batch_wanted = batch_wanted and "api_batch" not in expand_hosting(req.exclude.hosting)
    for option in axes.models:
        api = option.api
        if api is None:
            continue
        kinds = ["api"] if "api" in hosting else []
        if api.batch is not None and batch_wanted:
            if offline:
                kinds.append("api_batch")
            else:
                axes.leave_out("a batch is answered within a day: only for offline work", option.id)
        vendor = vendors.get(api.vendor)
        for kind in kinds:
            for region in api.regions or ("unspecified",):
                found.append(
                    Place(
                        id=f"api:{option.id}@{kind}.{region}",
                        hosting=kind,
                        region=region,
                        offer=None,
                        device=None,
                        count=0,
                        available=None,
                        usd_per_hour=None,
                        facts=_place_facts(kind, region, req)
                        | facts.of_vendor(vendor)
                        | {"offer.tier": "api", "offer.date_known": True, "offer.spot": False},
                        source=", ".join(api.source),
                        as_of=api.as_of,
                    )
                )
    return found


def _place_facts(hosting: str, region: str, req: Requirement) -> dict[str, object]:
    found: dict[str, object] = {"hosting": hosting}
    if region not in UNNAMED:
        found["region"] = region
    residency = req.data.residency
    if residency is not None and region not in UNNAMED:
        found["residency_ok"] = not residency or region in residency
    users = req.application.user_regions
    if users is not None and region not in UNNAMED:
        found["in_user_region"] = region in users
    return found
