"""A stack: one option in each slot."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """How one replica spreads over devices, and how many replicas run."""

    tp: int = 1
    pp: int = 1
    ep: int = 1
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Slots:
    """String ids of the chosen options; None where a slot does not apply (an API has no engine)."""

    model: str
    hosting: str
    engine: str | None
    precision: str | None
    hardware: str | None
    n_devices: int
    layout: Layout | None
    offer: str | None
    adaptation: str
    mitigations: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain mapping in the order of the contract."""
        layout = self.layout
        return {
            "model": self.model,
            "hosting": self.hosting,
            "engine": self.engine,
            "precision": self.precision,
            "hardware": self.hardware,
            "n_devices": self.n_devices,
            "layout": layout
            and {"tp": layout.tp, "pp": layout.pp, "ep": layout.ep, "replicas": layout.replicas},
            "offer": self.offer,
            "adaptation": self.adaptation,
            "mitigations": sorted(self.mitigations),
        }

    def digest(self) -> str:
        """First ten hex digits of the SHA-256 of the canonical slots."""
        text = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:10]
