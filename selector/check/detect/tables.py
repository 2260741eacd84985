"""The words of the detection pack, as the detectors ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from selector.errors import InputError
from selector.needs import names
from selector.packs.catalog import Catalogue


@dataclass(frozen=True, slots=True)
class Command:
    """A command that serves or trains; `starts` are runs of words, `options` and `switches` name keys."""

    framework: str
    starts: tuple[tuple[str, ...], ...]
    positional: Mapping[str, str]
    options: Mapping[str, str]
    switches: Mapping[str, str]
    default_tp: int | None = None  # devices that weights are spread over where no option says it


class Tables:
    """Words by kind; one for a whole run."""

    def __init__(self, cat: Catalogue) -> None:
        """Take them from the catalogue."""
        self._entries, self._words = cat.raw.entries, cat.raw.single.get("words", {})
        self._cat, self._ids = cat, dict[str, tuple[str, ...]]()

    def words(self, kind: str) -> Mapping[str, str]:
        """Words of one kind and what they mean."""
        found: Mapping[str, str] = self._words.get(kind, {})
        return found

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that files of packs hold, each under its name."""
        return frozenset(self._entries)

    @cached_property
    def images(self) -> Mapping[str, Mapping[str, Any]]:
        """Images by the end of their name."""
        return self._entries.get("images", {})

    @cached_property
    def packages(self) -> Mapping[str, Mapping[str, Any]]:
        """Packages of registries by `registry:name`."""
        return self._entries.get("packages", {})

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """All commands."""
        return tuple(
            Command(
                e["framework"],
                tuple(tuple(s.split()) for s in e["starts"]),
                e["positional"],
                e["options"],
                e["switches"],
                e.get("default_tp"),
            )
            for e in self._entries.get("commands", {}).values()
        )

    @cached_property
    def _machines(self) -> Mapping[str, tuple[str, int]]:
        """Instance types with the device in them and how many; none where regions disagree."""
        found: dict[str, set[tuple[str, int]]] = {}
        for offer in self._entries.get("offers", {}).values():
            if offer.get("instance"):
                found.setdefault(offer["instance"], set()).add((offer["device"], offer["count"]))
        return {name: next(iter(each)) for name, each in found.items() if len(each) == 1}

    def machine(self, instance: str) -> tuple[str, int] | None:
        """The device of an instance type and their number; SageMaker writes `ml.` before it."""
        return self._machines.get(instance.removeprefix("ml."))

    def device_ids(self, name: str) -> tuple[str, ...]:
        """Devices of the catalogue that a name can mean, as labels of nodes and clouds write it too."""
        if name not in self._ids:
            try:
                found = names.match_devices(self.words("devices").get(name, name), self._cat).devices
            except InputError:
                found = ()
            self._ids[name] = found
        return self._ids[name]

    def command_of(self, framework: str | None) -> Command | None:
        """How the entry point of an image of a framework is told what to do."""
        return next((c for c in self.commands if c.framework == framework), None)

    def image(self, name: str) -> Mapping[str, Any] | None:
        """What an image is, by the longest end of its name that is known."""
        parts = name.lower().split("/")
        for start in range(len(parts)):
            found = self.images.get("/".join(parts[start:]))
            if found is not None:
                return found
        for stop in range(len(parts) - 1, 0, -1):
            found = self.images.get("/".join(parts[:stop]))
            if found is not None and found.get("names_model"):
                return found
        return None
