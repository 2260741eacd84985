"""Jurisdictions of regions, as far as the name of the region says it."""

from __future__ import annotations

import re

JURISDICTIONS = frozenset(
    ("us", "eu", "uk", "cn", "jp", "kr", "sg", "in", "au", "ca", "br", "hk", "tw", "me", "row")
)
# First match wins; names of cloud regions by AWS, Azure, Google Cloud, Alibaba and Huawei.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"eu-west-2|europe-west2|uk(south|west).*", "uk"),
    (r"eu-central-2|europe-west6|switzerland.*", "row"),
    (r"me-.*|il-.*|israel.*|uae.*|qatar.*", "me"),
    (r"eu-.*|europe-.*|(west|north)europe|(france|germany|sweden|poland|italy|spain).*", "eu"),
    (r"cn-hongkong|ap-east-1|asia-east2|eastasia", "hk"),
    (r"cn-.*|china.*", "cn"),
    (r"asia-east1|ap-east-2|taiwan.*", "tw"),
    (r"us-.*|(east|west|central|northcentral|southcentral|westcentral)us\d?", "us"),
    (r"ap-northeast-[13]|asia-northeast[12]|japan.*", "jp"),
    (r"ap-northeast-2|asia-northeast3|korea.*", "kr"),
    (r"ap-southeast-1|asia-southeast1|southeastasia", "sg"),
    (r"ap-south-.*|asia-south.*|.*india", "in"),
    (r"ap-southeast-[24]|australia.*", "au"),
    (r"ca-.*|canada.*|northamerica-.*", "ca"),
    (r"sa-east.*|southamerica-east.*|brazil.*", "br"),
)


def jurisdiction(region: str) -> str | None:
    """Jurisdiction of a region or of itself; None where the name does not say."""
    name = region.lower()
    if name in JURISDICTIONS:
        return name
    return next((place for pattern, place in PATTERNS if re.fullmatch(pattern, name)), None)
