"""Numbers at the ends of formulas, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from selector.decide import weighing
from selector.estimate.trace import Label, Traced
from selector.packs.compiled import BASE, WITHOUT_ID
from selector.types.explain import Origin

if TYPE_CHECKING:
    from selector.decide.recommend import Run
    from selector.types.decision import AssumptionRow

T = TypeVar("T")
UNITS = {
    "params_b": "billion parameters",
    "active_params_b": "billion parameters",
    "kv_bytes_per_token_16bit": "bytes/token",
    "state_bytes_per_sequence": "bytes",
    "sliding_window_tokens": "tokens",
    "attended_tokens": "tokens",
    "gflops_per_item": "1e9 operations",
    "measured_ms": "ms at batch 1",
    "image_px": "px",
    "train_px": "px",
    "memory_bytes": "bytes",
    "memory_gb": "GB",
    "gb_per_s": "GB/s",
    "tdp_w": "W",
    "bits_weights": "bits",
    "score": "score",
    "usd_per_hour": "USD/hour",
}


class Leaves:
    """Makes each leaf once, so that a number used twice is one node."""

    def __init__(self, run: Run, assumptions: Sequence[AssumptionRow]) -> None:
        self._run = run
        self._made: dict[tuple[str, str], Traced] = {}
        self._assumed = {a.key: a for a in assumptions}
        self.parameters = Parameters(self)

    def _leaf(self, key: str, value: float, unit: str, words: str, origin: Origin) -> Any:
        found = self._made.get((origin.where, key))
        if found is None or found.value != float(value):
            found = Traced(value, Label(key, unit, words, origin))
            self._made[origin.where, key] = found
        return found

    def fact(
        self,
        kind: str,
        entry: str,
        field: str,
        value: float,
        source: Sequence[str],
        as_of: str | None,
        unit: str = "",
        why: str = "",
    ) -> Any:
        """A fact of the packs: the field of an entry."""
        where = self.file(kind, entry)
        origin = Origin("fact", f"{where}: {entry}", tuple(source), as_of, why)
        known = UNITS.get(field.rpartition(".")[2]) or UNITS.get(field.partition(".")[0], "")
        return self._leaf(field, value, unit or known, "", origin)

    def parameter(self, key: str) -> Any:
        """A parameter, with its range and what it was fitted on."""
        known = self._run.cat.parameters[key]
        return self._leaf(key, self._run.p[key], known.unit, "", self._registry(key))

    def bound(self, key: str, end: str) -> Any:
        """The `low` or `high` end of a parameter."""
        known = self._run.cat.parameters[key]
        return self._leaf(f"{key}.{end}", getattr(known, end), known.unit, "", self._registry(key))

    def _registry(self, key: str) -> Origin:
        known = self._run.cat.parameters[key]
        return Origin(
            "parameter",
            self.file("parameters", key),
            (known.source,) if known.source else (),
            known.as_of,
            known.note or "",
            known.low,
            known.high,
            known.judgement,
            known.fitted_on,
            known.n,
        )

    def requirement(self, key: str, value: float, unit: str) -> Any:
        """A value of the requirements, stated or assumed."""
        made = self._assumed.get(key)
        if made is None:
            return self._leaf(key, value, unit, "", Origin("requirement", "stated in the requirements"))
        origin = Origin("assumption", f"default {made.rule}", (made.source,), None, made.why)
        return self._leaf(key, value, unit, "", origin)

    def weight(self, criterion: str, value: float) -> Any:
        """An effective weight in percent: of the weights stated, else of the defaults and what moved them."""
        run, made = self._run, self._assumed.get("weights")
        if made is not None and ("weights" in run.assumed or not value):
            moved = [f"{r.id} x{r.factor:g}: {r.title}" for r in run.reweighing if r.criterion == criterion]
            origin = Origin(
                "assumption", f"default {made.rule}", (made.source,), None, "; ".join([made.why, *moved])
            )
        else:
            origin = Origin(
                "requirement",
                "stated in the requirements",
                why=f"{weighing.WORDS[run.weights_form]}, made to sum to 100",
            )
        return self._leaf(f"weights.{criterion}", value, "percent", "", origin)

    def choice(self, key: str, value: float, unit: str, words: str) -> Any:
        """What the search settled on."""
        return self._leaf(key, value, unit, words, Origin("choice", "search", why=words))

    def measured(self, key: str, value: float, unit: str, origin: Origin) -> Any:
        """What the user's measurements tell."""
        return self._leaf(key, value, unit, "", origin)

    def scoring(self, key: str, value: float) -> Any:
        """A number of the risk scales."""
        raw = self._run.cat.scoring
        origin = Origin("parameter", "rules/privacy/scoring.yaml", (str(raw["source"]),), str(raw["as_of"]))
        return self._leaf(f"scoring.{key}", value, "", "", origin)

    def rule(self, key: str, value: float, unit: str) -> Any:
        """A number that a rule states."""
        rule = self._run.cat.rules[key]
        origin = Origin("rule", self.file("rules", key), rule.source, rule.as_of, f"{rule.title}: {rule.why}")
        return self._leaf(key, value, unit, rule.title, origin)

    def of(
        self, kind: str, entry: str, thing: T, source: Sequence[str], as_of: str | None, only: Sequence[str]
    ) -> T:
        """A copy of a fact sheet whose numbers, of the fields named, are leaves."""
        changed: dict[str, Any] = {}
        for f in fields(thing):  # type: ignore[arg-type]
            value = getattr(thing, f.name)
            if f.name in only and isinstance(value, int | float) and not isinstance(value, bool):
                changed[f.name] = self.fact(kind, entry, f.name, value, source, as_of)
            elif f.name in only and isinstance(value, Mapping):
                changed[f.name] = {
                    k: self.fact(kind, entry, f"{f.name}.{k}", v, source, as_of) for k, v in value.items()
                }
        return replace(thing, **changed)  # type: ignore[type-var]

    def file(self, kind: str, entry: str) -> str:
        """File of an entry, below the rules folder where it ships; the user's own by its path."""
        raw = self._run.cat.raw
        path = raw.files.get(kind, {}).get(entry)
        if path is None and kind in WITHOUT_ID:
            rows = raw.entries[kind]
            path = next((raw.files[kind][k] for k, row in rows.items() if entry in row.values()), None)
        if path is None:
            return "requirements"
        base = next(x["path"] for x in raw.packs if x["id"] == BASE)
        return f"rules/{Path(path).relative_to(base)}" if Path(path).is_relative_to(base) else path


class Parameters(Mapping[str, float]):
    """The parameters of a run as leaves."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves
        self._known = leaves._run.p

    def __getitem__(self, key: str) -> Any:
        self._known[key]
        return self._leaves.parameter(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
