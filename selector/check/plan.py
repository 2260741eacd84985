"""What a stack names, whether a file for the purpose declares it or detection read it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from selector.errors import Position
from selector.types.catalog import Api, Device, Framework, Model, Offer, Precision

FILE = "selector.stack.yaml"  # in which a repository declares its stack
HOSTED = ("api", "api_batch")


@dataclass(frozen=True, slots=True)
class Plan:
    """Options of one stack; empty where nothing names any. `places` say where each slot stands."""

    unit: str
    places: Mapping[str, Position]
    model: Model | None = None
    api: Api | None = None
    engine: Framework | None = None
    engine_version: str | None = None
    precisions: tuple[Precision, ...] = ()
    devices: tuple[Device, ...] = ()
    n_devices: int | None = None  # of the whole stack; None where nothing says it
    layout: Mapping[str, int] = field(default_factory=dict)  # tp pp ep replicas
    offer: Offer | None = None
    hosting: str | None = None
    region: str | None = None  # as written
    context: int | None = None  # tokens of the longest sequence, where it is stated
    default_tp: int | None = None  # of the engine, where it is told no parallel size
    replicas: int | None = None  # where a file and not the layout says it

    @property
    def group(self) -> int | None:
        """Devices of one replica."""
        if self.layout:
            return self.layout.get("tp", 1) * self.layout.get("pp", 1)
        return self.n_devices

    @property
    def shards(self) -> int | None:
        """Devices that one copy of the weights is spread over."""
        return self.group if self.layout or self.default_tp is None else self.default_tp

    def where(self, *slots: str) -> Position:
        """Place of the first of some slots that is named, else of the stack itself."""
        return next((self.places[s] for s in (*slots, "stack") if s in self.places), Position(self.unit))
