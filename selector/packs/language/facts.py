"""Facts that conditions may name, with type, values and unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: bool, number, string, set or version; `values` closes a string or a set."""

    name: str
    type: str
    axis: str
    values: frozenset[str] = frozenset()
    unit: str | None = None

    def takes(self, value: object) -> bool:
        """True for a value of its type, and of its values where they are closed."""
        if self.type == "bool":
            return isinstance(value, bool)
        if self.type == "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        members = value if isinstance(value, list | tuple | frozenset) else (value,)
        if self.type != "set" and len(members) != 1:
            return False
        return all(isinstance(v, str) and (not self.values or v in self.values) for v in members)


class Registry:
    """All facts by name."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = {f.name: f for f in facts}

    @classmethod
    def of(
        cls, facts: Mapping[str, Mapping[str, object]], vocabularies: Mapping[str, Iterable[str]]
    ) -> Registry:
        """Registry out of `rules/vocabulary.yaml`."""
        made = []
        for name, row in facts.items():
            values = row.get("values", ())
            known = vocabularies[values] if isinstance(values, str) else values
            made.append(
                Fact(
                    name,
                    str(row["type"]),
                    str(row["axis"]),
                    frozenset(map(str, known)),  # type: ignore[call-overload]
                    str(row["unit"]) if "unit" in row else None,
                )
            )
        return cls(made)

    def get(self, name: str) -> Fact | None:
        """The fact of this name."""
        return self._facts.get(name)

    def names(self) -> list[str]:
        """All names."""
        return sorted(self._facts)
