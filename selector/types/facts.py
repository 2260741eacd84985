"""Facts that rules may test, by the axis they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from selector.types.catalog import OF_USER, ROLES, Api, Device, Framework, Model, Offer, Precision
from selector.types.legal import Licence, Vendor


def known_only(facts: Mapping[str, Any]) -> dict[str, object]:
    """Drop what is not known, so that a rule sees unknown and not a stand-in."""
    return {k: frozenset(v) if isinstance(v, tuple) else v for k, v in facts.items() if v is not None}


def of_licence(licence: Licence | None) -> dict[str, object]:
    """Conditions of a licence."""
    if licence is None:
        return {}
    return known_only(
        {
            "licence.licence_class": licence.licence_class,
            "licence.commercial": licence.commercial,
            "licence.monthly_users_limit": licence.monthly_users_limit,
            "licence.annual_revenue_usd_limit": licence.annual_revenue_usd_limit,
            "licence.limit_applies": licence.limit_applies,
            "licence.model_as_service": licence.model_as_service
            or ("free" if licence.commercial != "review" else None),
            "licence.output_training": licence.output_training,
            "licence.excluded_regions": licence.excluded_regions,
            "licence.forbidden_uses": licence.forbidden_uses,
            "licence.network_copyleft": licence.network_copyleft,
        }
    )


def of_model(model: Model, licence: Licence | None, origin: str | None = None) -> dict[str, object]:
    """An open model and its licence; `origin` is its publisher's jurisdiction."""
    facts = known_only(
        {
            "model.id": model.id,
            "model.vendor": model.vendor,
            "model.model_class": model.model_class,
            "model.role": ROLES.get(model.model_class, "llm"),
            "model.params_b": model.params_b,
            "model.normalisation": model.normalisation,
            "model.image_px": model.image_px,
            "model.train_px": model.train_px or model.image_px,
            "model.licence": model.licence or None,
            "model.access": "open_weights",
            "model.of_user": model.source == OF_USER,
            "model.origin": origin,
            "model.multimodal": model.model_class == "vlm" or "vision-language" in model.tasks,
            "model.languages": model.languages,
        }
    )
    return facts | of_licence(licence)


def of_api(api: Api, origin: str | None = None) -> dict[str, object]:
    """A hosted model; `origin` is the jurisdiction of who published the weights it serves."""
    return known_only(
        {
            "model.id": api.id,
            "model.vendor": api.vendor,
            "model.model_class": api.model_class,
            "model.role": ROLES.get(api.model_class, "llm"),
            "model.access": "closed_api" if api.open_model is None else "open_weights",
            "model.of_user": False,
            "model.origin": origin,
            "model.multimodal": "vision-language" in api.tasks,
            "model.languages": api.languages or None,
        }
    )


def of_vendor(vendor: Vendor | None, today: date) -> dict[str, object]:
    """Terms of a hosted API's vendor, with their age in days."""
    if vendor is None:
        return {}
    return known_only(
        {
            "vendor.id": vendor.id,
            "vendor.trains_on_inputs": vendor.trains_on_inputs,
            "vendor.retention_days": vendor.retention_days,
            "vendor.baa": vendor.baa,
            "vendor.regions": vendor.regions or None,
            "vendor.not_offered_in": vendor.not_offered_in,
            "vendor.age_days": age_days(vendor.as_of, today),
        }
    )


def shared(each: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """What all that a name can mean have in common; empty where it means nothing."""
    return {k: v for k, v in each[0].items() if all(e.get(k) == v for e in each)} if each else {}


def of_engine(framework: Framework) -> dict[str, object]:
    """A serving engine."""
    return known_only(
        {
            "engine.id": framework.id,
            "engine.version": framework.version,
            "engine.status": framework.status,
        }
    )


def of_precision(precision: Precision) -> dict[str, object]:
    """A weight format; its width is the nearest of 16, 8, 4 and fewer bits, group scales or not."""
    power = round(math.log2(precision.bits_weights))
    return {
        "precision.width": "wide"
        if power >= 4
        else "eight"
        if power == 3
        else "four"
        if power == 2
        else "less",
        "precision.id": precision.id,
        "precision.base": precision.base,
        "precision.bits_weights": precision.bits_weights,
        "precision.weight_only": precision.bits_activations > precision.bits_weights,
        "precision.published": precision.needs_checkpoint,
    }


ARITHMETIC = ("bf16", "fp8", "fp4")  # formats that rules ask of a device


def of_device(device: Device) -> dict[str, object]:
    """A device."""
    return known_only(
        {
            "device.id": device.id,
            "device.kind": device.kind,
            **{f"device.{x}": x in device.tflops_dense for x in ARITHMETIC if device.tflops_dense},
            "device.vendor": device.vendor.lower(),
            "device.arch": device.arch,
            "device.status": device.status,
        }
    )


def of_own() -> dict[str, object]:
    """Devices at hand, or at a price in hand."""
    return {"offer.tier": "owned", "offer.date_known": True, "offer.spot": False}


def of_quote(as_of: str | None, today: date) -> dict[str, object]:
    """Age of a price in hand; one without a date is of today."""
    return {"offer.date_known": True, "offer.age_days": age_days(as_of, today) or 0.0}


def of_offer(offer: Offer, today: date, spot: bool = False) -> dict[str, object]:
    """A price in the catalogue, with its age in days where it has a date."""
    return known_only(
        {
            "offer.tier": offer.tier,
            "offer.date_known": offer.as_of is not None,
            "offer.age_days": age_days(offer.as_of, today),
            "offer.spot": spot,
        }
    )


def of_api_price(api: Api, today: date) -> dict[str, object]:
    """The price list of a hosted model."""
    return known_only(
        {
            "offer.tier": "api",
            "offer.date_known": True,
            "offer.age_days": age_days(api.as_of, today),
            "offer.spot": False,
        }
    )


def age_days(as_of: str | None, today: date) -> float | None:
    """Days since a fact was read, from the first day of a month or year; one to come is new."""
    if as_of is None:
        return None
    whole = date.fromisoformat(as_of + "-01" * (2 - as_of.count("-")))
    return float(max((today - whole).days, 0))
