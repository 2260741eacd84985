"""Names as people write them, to ids of the catalogue."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from selector.errors import InputError, Position, Problem
from selector.needs.tables import alias

if TYPE_CHECKING:
    from selector.packs.catalog import Catalogue
    from selector.types.catalog import Device, Precision

COUNTED = re.compile(r"\s*(\d+)\s*[x×*]\s*(?=[A-Za-z])(.+)", re.IGNORECASE)
# `H100 x 8` and `h100x8`, but not `rtx6000`.
COUNT_BEHIND = re.compile(r"(.+?)(?:\s+[x×*]\s*|(?<=\d)[x×*]\s*|[×*])(\d+)", re.IGNORECASE)
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(?:gb|gib|g)")
FORM = re.compile(r"(sxm|pcie|nvl|oam)\d?")
MAKERS = frozenset(
    (
        *("nvidia", "amd", "intel", "google", "huawei", "aws", "apple"),
        *("geforce", "tesla", "quadro", "radeon", "instinct", "atlas"),
    )
)
WIDTHS = re.compile(r"w\d+a\d+")
TUNED = re.compile(r"(instruct|chat|it|hf)$")
PACKED = re.compile(r"-(fp8|bf16|awq|gptq(?:-int[48])?|gguf|mlx(?:-[48]bit)?|int[48]|nvfp4|mxfp4)$")
METHOD_OF = {"awq": "int4-awq", "gptq": "int4-gptq", "gguf": "int4-gguf", "mlx": "int4-mlx"}


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """Devices that a name stands for; `count` where the name held one."""

    text: str
    count: int | None
    devices: tuple[str, ...]
    memory_gb: float | None = None  # stated, and less than what these devices come with


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """Open models and hosted ones that a name stands for."""

    text: str
    models: tuple[str, ...]
    apis: tuple[str, ...] = ()
    precision: str | None = None  # where the name is that of a compressed copy

    def __iter__(self) -> Iterator[str]:
        """Ids of the open models, then of the hosted ones."""
        return iter((*self.models, *self.apis))


@dataclass(frozen=True, slots=True)
class EngineQuery:
    """An engine with a version range; an empty range accepts any version."""

    text: str
    engines: tuple[str, ...]
    versions: str = ""

    def __iter__(self) -> Iterator[str]:
        """Ids of the engines."""
        return iter(self.engines)


@functools.cache
def counted(text: str) -> tuple[int | None, str]:
    """Count in front of a hardware name: `8xH100-SXM` -> (8, 'H100-SXM')."""
    match = COUNTED.fullmatch(text)
    return (int(match[1]), match[2].strip()) if match else (None, text.strip())


def compact(text: str) -> str:
    """Lower case without what people vary: spaces, dashes, underscores, dots."""
    return re.sub(r"[\s_.\-]+", "", text.lower())


def bare(name: str) -> str:
    """A model's name without its owner."""
    return name.rpartition("/")[2]


def near(text: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Known names that look like `text`."""
    import difflib

    by_key = {compact(bare(name)): name for name in known}
    wanted = compact(bare(text))
    found = difflib.get_close_matches(wanted, by_key, n, 0.6)
    longer = sorted(key for key in by_key if key.startswith(wanted) and wanted)
    return [by_key[key] for key in dict.fromkeys([*found, *longer])][:n]


def _unknown(kind: str, text: str, known: Iterable[str], where: Position | None, more: str) -> NoReturn:
    close = near(text, known)
    fix = "did you mean " + " or ".join(repr(name) for name in close) + "?" if close else more
    raise InputError([Problem(f"unknown {kind} {text!r}", where, fix)])


# Devices


def match_devices(text: str, catalogue: Catalogue, where: Position | None = None) -> DeviceQuery:
    """Devices behind `8xH100-SXM`, `nvidia-t4`, `gpu-16gb`, `ascend`, `gpu+npu`."""
    if len(apart := [part for part in text.split("+") if part.strip()]) > 1:
        # Some names hold a plus that is no "and", such as Xeon Platinum 8592+.
        many, rest = counted(text)
        if named := _by_alias(rest, catalogue):
            return DeviceQuery(text, many, named)
        parts = [match_devices(part, catalogue, where) for part in apart]
        ids = tuple(dict.fromkeys(i for part in parts for i in part.devices))
        return DeviceQuery(text, None, ids)
    count, name = counted(text)
    behind = COUNT_BEHIND.fullmatch(name) if count is None else None
    if behind:
        name, count = behind[1], int(behind[2])
    if count == 0:
        raise InputError([Problem(f"{text!r} asks for no device", where, "give a count above 0")])
    family, form, memory = _device_parts(alias("hardware", name) or name)
    found = _of_family(family, catalogue.devices)
    found = [d for d in found if form is None or form in _forms(d)]
    exact = [d for d in found if memory is None or _memory(d) == memory]
    if exact:
        return DeviceQuery(text, count, tuple(d.id for d in exact))
    # A figure in an alias need not be the memory that the catalogue holds (B300-SXM-270GB).
    if whole := _by_alias(name, catalogue):
        return DeviceQuery(text, count, whole)
    # Machines with unified memory are sold with less of it than the largest the catalogue lists.
    less = [d for d in found if d.unified_memory and memory and (_memory(d) or 0) > memory]
    if less:
        return DeviceQuery(text, count, tuple(d.id for d in less), memory)
    names = [*catalogue.devices, *{d.family for d in catalogue.devices.values()}]
    _unknown("hardware", name, names, where, "`selector pack show hardware` lists the devices")


def _by_alias(name: str, catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(d.id for d in catalogue.devices.values() if compact(name) in map(compact, d.aliases))


def _device_parts(name: str) -> tuple[str, str | None, float | None]:
    """Family without separators, form, memory in GB."""
    tokens = [t for t in re.split(r"[\s_\-/]+", name.lower()) if t]
    memory = form = None
    kept: list[str] = []
    for position, token in enumerate(tokens):
        if position and (size := MEMORY.fullmatch(token)):
            memory = float(size[1])
        elif position and (shape := FORM.fullmatch(token)):
            form = shape[1]
        else:
            kept.append(token)
    while len(kept) > 1 and kept[0] in MAKERS:
        kept.pop(0)
    return compact("".join(kept)), form, memory


def _of_family(key: str, devices: Mapping[str, Device]) -> list[Device]:
    """By kind, by id or alias, by family with or without its series name, by a family's start."""
    rows = list(devices.values()) if key else []
    if key in ("gpu", "tpu", "npu", "cpu", "soc"):
        return [d for d in rows if d.kind == key]
    vendors = {"applesilicon": "apple", "silicon": "apple", "ascend": "huawei", "apple": "apple"}
    if key in vendors:
        return [d for d in rows if d.vendor.lower() == vendors[key]]
    named = [d for d in rows if key in {compact(d.id), *map(compact, d.aliases)}]
    same = [d for d in rows if compact(d.family) == key or compact(d.family) in _with_series(key)]
    if same or named:
        return list({d.id: d for d in (*named, *same)}.values())
    starts = [d for d in rows if compact(d.family).startswith(key)]
    # `a10` must not become an A100, `gaudi` may become a Gaudi 3.
    return [d for d in starts if not (key[-1:].isdigit() and compact(d.family)[len(key)].isdigit())]


def _with_series(key: str) -> set[str]:
    return {prefix + key for prefix in ("rtx", "tpu", "ascend", "apple", "cpu", "arc")}


def _forms(device: Device) -> set[str]:
    names = [*device.id.split("-"), (device.form or "").lower()]
    return {match[1] for name in names if (match := FORM.fullmatch(name))}


def _memory(device: Device) -> float | None:
    """Memory as the name states it; ids carry the vendor's figure."""
    sizes = [float(m[1]) for t in device.id.split("-") if (m := MEMORY.fullmatch(t))]
    return sizes[-1] if sizes else device.memory_gb


# Models


def match_models(text: str, catalogue: Catalogue, where: Position | None = None) -> ModelQuery:
    """Open and hosted models behind a Hugging Face id, a name without owner, or an alias."""
    query = find_models(text, catalogue)
    if query is None:
        more = "add params_b to pin a model that the catalogue lacks, or give its config.json"
        _unknown("model", text, [*catalogue.models, *catalogue.apis], where, more)
    return query


def find_models(text: str, catalogue: Catalogue) -> ModelQuery | None:
    """As `match_models`, None for a name that the catalogue lacks."""
    wanted = text.strip()
    models = _first_match(wanted, _model_names(catalogue))
    apis = _first_match(wanted, _api_names(catalogue))
    if models or apis:
        return ModelQuery(text, models, apis)
    packed = PACKED.search(wanted.lower().replace("_", "-"))
    inner = find_models(wanted[: packed.start()], catalogue) if packed else None
    if packed is None or inner is None:
        return None
    return ModelQuery(text, inner.models, (), _packed_precision(packed[1]))


def _first_match(wanted: str, known: list[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Ids that a name means in the strictest form that any of them has."""
    for form in (_as_written, _short, _untuned):
        if found := tuple(i for i, names in known if _same(form, wanted, names)):
            return found
    return ()


def _packed_precision(suffix: str) -> str:
    """Normal form of the ending of a compressed copy's name."""
    method = suffix.partition("-")[0]
    if method == "mlx" and "8" in suffix:
        return "int8-mlx"
    if suffix == "gptq-int8":
        return "int8-w8a16"
    return METHOD_OF.get(method, suffix)


def _model_names(catalogue: Catalogue) -> list[tuple[str, tuple[str, ...]]]:
    return [(m.id, (m.id, *m.aliases)) for m in catalogue.models.values()]


def _api_names(catalogue: Catalogue) -> list[tuple[str, tuple[str, ...]]]:
    return [(a.id, (a.id, a.model, *a.aliases)) for a in catalogue.apis.values()]


def _as_written(name: str) -> str:
    return name.lower()


def _short(name: str) -> str:
    short = compact(bare(name))
    return short.removeprefix("meta") if short.startswith("metallama") else short


def _untuned(name: str) -> str:
    return TUNED.sub("", _short(name))


def _same(form: object, wanted: str, names: tuple[str, ...]) -> bool:
    assert callable(form)
    return any(form(wanted) == form(name) for name in names)


# Engines


def match_engines(text: str, catalogue: Catalogue, where: Position | None = None) -> EngineQuery:
    """An engine with its version range: `vllm<0.7.0`, `tensorrt_llm`, `llamacpp`."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    match = re.fullmatch(r"\s*([^<>=!~\s]+)\s*([<>=!~].*)?", text)
    if match is None:
        raise InputError([Problem(f"{text!r} is no engine", where, "write e.g. vllm or vllm<0.7")])
    name, versions = match[1], (match[2] or "").strip()
    try:
        SpecifierSet(versions)
    except InvalidSpecifier as error:
        fix = "write the range as in vllm>=0.6,<0.8"
        raise InputError([Problem(f"{versions!r} is no version range", where, fix)]) from error
    key = compact(alias("engine", name) or name)
    found = tuple(i for i in catalogue.frameworks if compact(i) == key)
    if not found:
        serving = [i for i, f in catalogue.frameworks.items() if f.kind != "training"]
        _unknown("engine", name, serving, where, "`selector pack show frameworks` lists them")
    return EngineQuery(text, found, versions)


# Precisions


def match_precisions(text: str, catalogue: Catalogue, where: Position | None = None) -> tuple[str, ...]:
    """Ids of the formats that a name accepts; a part left out accepts any."""
    known = catalogue.precisions
    name = (alias("precision", text) or text).strip().lower().replace("_", "-")
    by_alias = [p.id for p in known.values() if compact(name) in map(compact, p.aliases)]
    wanted = _precision_parts(name, known)
    if wanted is None:
        if by_alias:
            return tuple(by_alias)
        _unknown("precision", text, known, where, "`selector pack show compression` lists them")
    base, method, widths = wanted
    rows = [(p, _precision_parts(p.id, known)) for p in known.values()]
    same = [
        (p, parts)
        for p, parts in rows
        if parts and parts[0] == base and (not method or method in (parts[1], p.method))
    ]
    found = [p.id for p, parts in same if widths is None or parts[2] == widths]
    # An id without widths has those of its activations: nvfp4 is computed as w4a4.
    found = found or [p.id for p, parts in same if parts[2] is None and _widths(p) == widths]
    if not found:
        return tuple(by_alias) or _unknown(
            "precision", text, known, where, "`selector pack show compression` lists them"
        )
    return tuple(found)


def _precision_parts(name: str, known: Mapping[str, Precision]) -> tuple[str, str | None, str | None] | None:
    """Base, method and widths of a name; None where the base is not known."""
    bases = {p.base for p in known.values()} | {p.id.split("-")[0] for p in known.values()}
    starts = [b for b in bases if name == b or name.startswith(b + "-")]
    if not starts:
        return None
    base = max(starts, key=len)
    rest = [t for t in name[len(base) :].split("-") if t]
    widths = next((t for t in rest if WIDTHS.fullmatch(t)), None)
    method = next((t for t in rest if not WIDTHS.fullmatch(t)), None)
    return base, method, widths


def _widths(precision: Precision) -> str:
    # Scales count in bits_weights, so 4.5 bits are a 4-bit format.
    return f"w{int(precision.bits_weights)}a{int(precision.bits_activations)}"
