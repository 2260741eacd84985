"""What no rule needs to say: a stack whose parts contradict each other, or that cannot hold its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from selector.check.plan import HOSTED, Plan
from selector.estimate import memory
from selector.estimate.numeric import SCALAR
from selector.needs.regions import jurisdiction
from selector.packs.catalog import Catalogue
from selector.packs.support import SupportTable, newest
from selector.types.catalog import ROLES, Device, Model, Precision
from selector.types.rule import Finding, Severity

GB = 1e9
UNTOLD = "bf16"  # of a model whose checkpoints nobody lists


def findings(found: Plan, cat: Catalogue) -> tuple[Finding, ...]:
    """Faults of the stack itself; each judges only what is declared."""
    return (*_support(found, cat), *_layout(found), *_weights(found, cat), *_offer(found))


def _fault(
    found: Plan, code: str, title: str, key: str, message: str, why: str, fix: str, outcome: str = "fail"
) -> Finding:
    at = found.where(key)
    place = (at.file, at.line, at.column)
    return Finding(
        code, title, Severity.CRITICAL, "high", outcome, message, why, fix, *place, found.unit, message
    )


def _support(found: Plan, cat: Catalogue) -> Iterator[Finding]:
    """STACK-001: the support table, at the version that is declared or else the newest, says no to
    all that the names can mean, or the model asks for a later version."""
    if not (found.engine and found.precisions and found.devices and found.model):
        return
    model, engine = found.model, found.engine.id
    version = found.engine_version
    meant = newest(cat.frameworks) | ({engine: f"=={version}"} if version else {})
    table, role = SupportTable(cat.support, meant), ROLES.get(model.model_class, "llm")
    if (old := table.too_old(engine, model)) is not None:
        yield _fault(
            found,
            "STACK-001",
            "The engine is older than the model asks for",
            "engine_version" if version else "engine",
            old,
            "The version that first runs the model, as its publisher or the engine names it.",
            "a newer engine, or an older model",
        )
        return
    answers = [
        table.look_up(engine, device, precision.id, model, role)
        for device in found.devices
        for precision in found.precisions
    ]
    if any(a.status == "yes" for a in answers):
        return
    refused = all(a.status == "no" for a in answers)
    row = answers[0].row
    what = f"{engine} {found.precisions[0].id} on {found.devices[0].id} for {model.id}"
    yield _fault(
        found,
        "STACK-001",
        "The engine does not run this precision on this device",
        "precision",
        f"{what}: support {answers[0].status}",
        (row.note if row and row.note else f"{row.source}, {row.as_of}" if row else "no row speaks of it"),
        "another precision, engine or device; `selector estimate` says which run",
        "fail" if refused else "unknown",
    )


def _layout(found: Plan) -> Iterator[Finding]:
    """STACK-002: a layout that asks for more devices than there are."""
    layout, count = found.layout, found.n_devices
    if not layout or count is None:
        return
    asked = layout.get("tp", 1) * layout.get("pp", 1) * layout.get("replicas", 1)
    if asked > count:
        yield _fault(
            found,
            "STACK-002",
            "The layout needs more devices than the stack has",
            "layout",
            f"tp x pp x replicas is {asked}, devices are {count}",
            "Every shard of every replica runs on a device of its own.",
            "a smaller layout, or more devices",
        )


def _weights(found: Plan, cat: Catalogue) -> Iterator[Finding]:
    """STACK-003: the weights, and the cache of one sequence of the stated length, are more than the devices
    of a replica hold. A name that can mean several formats or devices fails where none of them holds them,
    and is unknown where some do."""
    if not (found.model and found.devices):
        return
    model, group = found.model, found.shards or 1
    formats, taken = _formats(found, model, cat)
    needed = [w for q in formats if (w := _bytes(model, q)) > 0.0]
    rooms = [(r, d.id) for d in found.devices if (r := _room(d, cat)) > 0.0]
    if not needed or not rooms:
        return
    cache = _cache(model, found.context or 0)
    fits = [(weights + cache) / group <= room for weights in needed for room, _ in rooms]
    if all(fits):
        return
    room, device = max(rooms) if not any(fits) else min(rooms)
    weights = min(needed) if not any(fits) else max(needed)
    parts = f"weights take {weights / group / GB:.1f} GB"
    if cache and weights / group <= room:
        parts += f" and the cache of one sequence of {found.context} tokens {cache / group / GB:.1f} GB"
    parts += f" a device of {room / GB:.1f} GB ({device})"
    open_ = ["n_devices is not stated, 1 taken"] if found.shards is None else []
    open_ += [f"the names can mean others, of which some fit: {_meant(found)}"] if any(fits) else []
    yield _fault(
        found,
        "STACK-003",
        "The weights do not fit" if not cache or weights / group > room else "The cache does not fit",
        "hardware",
        "; ".join([parts, *open_, *_unspread(found), *([taken] if taken else [])]),
        "Formulas memory.weights, memory.kv_cache over tp x pp, against the memory an engine may be given.",
        "fewer bits, more devices, or a smaller model; `selector estimate` names the nearest"
        + ("; or state what is not known" if open_ else ""),
        "unknown" if open_ else "fail",
    )


def _unspread(found: Plan) -> list[str]:
    """What is taken where nobody says over how many devices the weights are spread."""
    if found.layout or found.default_tp is None or found.engine is None:
        return []
    held = f" of {found.n_devices} devices" if (found.n_devices or 1) > 1 else ""
    return [
        f"no tensor parallel size is stated, {found.default_tp}{held} taken, the default of {found.engine.id}"
    ]


def _meant(found: Plan) -> str:
    return ", ".join(
        [d.id for d in found.devices] + [q.id for q in found.precisions if len(found.precisions) > 1]
    )


def _formats(found: Plan, model: Model, cat: Catalogue) -> tuple[tuple[Precision, ...], str]:
    """Formats that are stated; else what the engine loads that is told none, which is said."""
    if found.precisions:
        return found.precisions, ""
    words: Mapping[str, str] = cat.raw.single["words"].get("default_precision", {})
    engine = found.engine.id if found.engine is not None else ""
    own = next((c for c in model.checkpoints if c in cat.precisions), UNTOLD)
    name, whose = (words[engine], f"the default of {engine}") if engine in words else (own, "the checkpoint")
    return (cat.precisions[name],), f"precision is not stated, {name} of {whose} taken"


def _cache(model: Model, context: int) -> float:
    """Bytes of the cache of one sequence at 16 bit, least of what the architecture allows; 0 if unknown."""
    return float(model.kv_bytes_per_token_16bit or 0) * min(context, model.context_tokens or context) / 2.0


def _bytes(model: Model, precision: Precision) -> float:
    """Bytes of the checkpoint: as published, else by the formula with embeddings as narrow as the rest."""
    published = model.weights_gb.get(precision.id)
    if published:
        return published * GB
    return float(memory.weight_bytes(SCALAR, (model.params_b or 0.0) * 1e9, 0.0, precision.bits_weights))


def _room(device: Device, cat: Catalogue) -> float:
    """Bytes that an engine may be given on one device; 0 where its memory is not known."""
    name = "memory.unified_fraction" if device.unified_memory else "memory.usable_fraction"
    return float(device.memory_bytes or (device.memory_gb or 0.0) * GB) * cat.parameters[name].value


def _offer(found: Plan) -> Iterator[Finding]:
    """STACK-004: an offer of other hardware, another kind of hosting or another region than stated."""
    offer = found.offer
    if offer is None:
        return
    wrong = []
    if found.devices and offer.device not in {d.id for d in found.devices}:
        wrong.append(f"it rents {offer.device}, the stack says {found.devices[0].id}")
    if found.hosting == "on_prem" or found.hosting in HOSTED:
        wrong.append(f"it rents machines, the stack says hosting {found.hosting}")
    if found.region and offer.jurisdiction not in ("unspecified", jurisdiction(found.region)):
        wrong.append(f"it lies in {offer.jurisdiction}, the stack says {found.region}")
    for text in wrong:
        yield _fault(
            found,
            "STACK-004",
            "The offer is not what the stack says",
            "offer",
            f"{offer.id}: {text}",
            "An offer is a price of certain devices in a certain place.",
            "name the offer that is meant, or correct the other slot",
        )
