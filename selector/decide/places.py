"""Places to run: cheapest offer of each kind, own inventory, regions of hosted models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from selector.decide import quotes
from selector.decide.axes import Axes, Place
from selector.decide.options import hosting as hosting_of
from selector.needs.facts import UNNAMED, own_region, place_facts
from selector.needs.options import Options, Owned, expand_hosting
from selector.needs.regions import jurisdiction
from selector.needs.tables import alias
from selector.packs.catalog import Catalogue
from selector.types import facts
from selector.types.catalog import Device, Offer
from selector.types.legal import Vendor
from selector.types.requirement import InventoryItem, Requirement

GB = 1e9


def build(axes: Axes, req: Requirement, wanted: Options, cat: Catalogue) -> None:
    """Add all places that the requirement allows to the axes."""
    hosting = hosting_of(req, wanted)
    if "on_prem" in hosting:
        kept = {d.id for d in axes.devices}
        pinned = {d: q.count for q in wanted.devices for d in q.devices if q.count}
        for place, device in _owned(req, wanted.inventory, pinned, "own", cat):
            axes.places += [place] if device.id in kept else []
    if "on_prem" in hosting and not wanted.inventory and _premises_only(req, hosting):
        axes.places += _bought(axes, req, wanted, cat)
    if "self_hosted_cloud" in hosting and (not wanted.inventory or req.deployment.clouds):
        axes.places += _rented(axes, req, cat)
    axes.places += _hosted(axes, req, cat, hosting)
    quotes.add(axes, req, wanted)
    _pools(axes, wanted)
    axes.trainers = list(_owned(req, wanted.trainers, {}, "trains", cat))


def _premises_only(req: Requirement, hosting: set[str]) -> bool:
    return req.data.may_leave_premises is False or "self_hosted_cloud" not in hosting


def _bought(axes: Axes, req: Requirement, wanted: Options, cat: Catalogue) -> Iterable[Place]:
    """Devices that would have to be bought, since nothing is on hand and nothing may be rented.

    The packs hold no prices of servers: one follows from the lowest rent of the device anywhere.
    """
    hours = cat.parameters["cost.purchase_rent_hours"].value
    rates = {"USD": 1.0} | {r.currency: r.usd_per_unit for r in cat.exchange_rates.values()}
    lowest: dict[str, tuple[float, Offer]] = {}
    for offer in cat.offers.values():
        if offer.on_demand_per_hour is not None and offer.currency in rates:
            each = offer.on_demand_per_hour * rates[offer.currency] / offer.count
            if offer.device not in lowest or each < lowest[offer.device][0]:
                lowest[offer.device] = (each, offer)
    region = own_region(req)
    quoted = {d for q in wanted.quotes if q.devices for d in q.devices.devices}
    for device in axes.devices:
        if device.id in lowest and device.id not in quoted:
            each, offer = lowest[device.id]
            yield Place(
                id=f"buy:{device.id}",
                hosting="on_prem",
                region=region,
                offer=None,
                device=device.id,
                count=offer.count,
                available=None,
                usd_per_hour=None,
                facts=place_facts("on_prem", region, req) | facts.of_own(),
                purchase_usd=each * offer.count * hours,
                guessed=True,
                source=offer.source,
                as_of=offer.as_of,
            )


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


def _owned(
    req: Requirement, items: Iterable[Owned], pinned: Mapping[str, int], prefix: str, cat: Catalogue
) -> Iterable[tuple[Place, Device]]:
    """Machines at hand, one place for each device that a name may mean."""
    region = own_region(req)
    for number, owned in enumerate(items):
        query, item, count = owned.query, owned.item, owned.count
        for device in (cat.devices[name] for name in query.devices):
            place = Place(
                id=f"{prefix}:{number}:{device.id}",
                hosting="on_prem",
                region=region,
                offer=None,
                device=device.id,
                count=max(count // (item.nodes or 1), 1),
                available=min(count, pinned.get(device.id, count)),
                usd_per_hour=None,
                facts=place_facts("on_prem", region, req) | facts.of_own(),
                host_ram_gb=item.host_ram_gb,
                free_memory_bytes=_free(item, query.memory_gb, device.kind == "cpu"),
                shared_desktop=item.shared_desktop,
                source="inventory of the requirements",
            )
            yield place, device


def _rented(axes: Axes, req: Requirement, cat: Catalogue) -> list[Place]:
    devices = {d.id for d in axes.devices}
    rates = {r.currency: r.usd_per_unit for r in cat.exchange_rates.values()}
    fresh = cat.parameters["price.fresh_days"].value
    best: dict[tuple[str, str, str, int, bool, int], tuple[float, Offer]] = {}
    for offer in cat.offers.values():
        if offer.device not in devices:
            continue
        if reason := _elsewhere(offer, req):
            axes.leave_out(reason, offer.id)
            continue
        rate = 1.0 if offer.currency == "USD" else rates.get(offer.currency)
        if rate is None:
            axes.leave_out(f"no exchange rate for {offer.currency}", offer.id)
            continue
        doubt = _doubt(offer, axes.days[0], fresh)
        for spot, price in ((False, offer.on_demand_per_hour), (True, offer.spot_per_hour)):
            if price is None or (spot and not req.deployment.spot):
                continue
            key = (offer.device, offer.jurisdiction, offer.tier, offer.count, spot, doubt)
            if key not in best or (price * rate, offer.id) < (best[key][0], best[key][1].id):
                best[key] = (price * rate, offer)
    least: dict[tuple[object, ...], int] = {}
    for one in best:
        least[one[:-1]] = min(one[-1], least.get(one[:-1], one[-1]))
    # An old offer, or one without a date, stands in only where no fresher one exists, and says so.
    kept = [(one[4], *pair) for one, pair in sorted(best.items()) if one[-1] == least[one[:-1]]]
    return [
        _offer_place(usd, offer, spot, req, axes.days[0], cat.vendor(offer.provider))
        for spot, usd, offer in kept
    ]


def _doubt(offer: Offer, today: date, fresh_days: float) -> int:
    """How little a price can be trusted for its age: 0 fresh, 1 old, 2 without a date."""
    age = facts.age_days(offer.as_of, today)
    return 2 if age is None else int(age > fresh_days)


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


def _offer_place(
    usd: float, offer: Offer, spot: bool, req: Requirement, today: date, host: Vendor | None
) -> Place:
    return Place(
        id=f"{offer.id} (spot)" if spot else offer.id,
        hosting="self_hosted_cloud",
        region=offer.jurisdiction,
        offer=offer,
        device=offer.device,
        count=offer.count,
        available=None,
        usd_per_hour=usd,
        facts=place_facts("self_hosted_cloud", offer.jurisdiction, req)
        | facts.of_offer(offer, today, spot)
        | facts.of_vendor(host, today),
        host_ram_gb=offer.host_ram_gib,
        spot=spot,
        source=offer.source,
        as_of=offer.as_of,
    )


def _hosted(axes: Axes, req: Requirement, cat: Catalogue, hosting: set[str]) -> list[Place]:
    found = []
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
        if api.dedicated and "managed_dedicated" in hosting:
            kinds.append("managed_dedicated")
        if not _listed(api.provider, req):
            axes.leave_out("hosted by a provider that is not listed", option.id)
            continue
        vendor = cat.vendor(api.vendor)
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
                        facts=place_facts(kind, region, req)
                        | facts.of_vendor(vendor, axes.days[0])
                        | ({} if kind == "managed_dedicated" else facts.of_api_price(api, axes.days[0])),
                        source=", ".join(api.source),
                        as_of=api.as_of,
                    )
                )
    return found


def _listed(provider: str, req: Requirement) -> bool:
    """True where the provider of a hosted model, or the cloud that it belongs to, may be used."""
    clouds = req.deployment.clouds
    return not clouds or provider in clouds or alias("provider", provider) in clouds


def _free(item: InventoryItem, named_gb: float | None, processor: bool) -> float | None:
    """Bytes of a device that can be used, where less or other than the catalogue's; the memory of
    a processor is that of its machine."""
    free = item.free_memory_gb or named_gb or (item.host_ram_gb if processor else None)
    return free * GB if free else None
