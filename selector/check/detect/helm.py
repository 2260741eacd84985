"""Values of Helm charts: rows of known charts, and any part that has an image with arguments or a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from selector.check.detect import foreign, pods, serving_objects
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.pods import Path_, inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

MOST_DEPTH = 8
MODEL_KEYS = ("modelURL", "modelUrl", "modelId", "modelID", "model_id", "modelName", "model")
ARGUMENTS = ("containerArgs", "args", "extraArgs", "extraCmdArgs", "command", "vllmArgs", "modelArgs")
VARIABLES = ("env", "extraEnv", "envVars", "environment")
DEVICES = {
    "gaudi": "intel-gaudi",
    "nvidia": "nvidia",
    "rocm": "amd",
    "amd": "amd",
    "tpu": "google-tpu",
    "cpu": "cpu",
}
SERVES = ("framework", "model", "embedding_model", "reranker_model")
RELEASES: tuple[Path_, ...] = (
    ("spec", "values"),
    ("spec", "valuesContent"),
    ("spec", "source", "helm", "values"),
    ("spec", "source", "helm", "valuesObject"),
)
_IMAGE = re.compile(r"\bimage:.*?\.Values\.([\w.]+)")
# Options of vllmConfig in the chart of the production stack.
CONFIG = {
    "tensorParallelSize": "tp", "pipelineParallelSize": "pp", "maxModelLen": "context", "dtype": "precision",
    "maxNumSeqs": "max_sequences", "gpuMemoryUtilization": "memory_fraction", "quantization": "quantization",
}  # fmt: skip


def reads(file: File) -> bool:
    """True for `values.yaml`, `values-gpu.yaml`, `gaudi-values.yaml`; templates of charts are not values."""
    name = file.base.lower()
    if not name.endswith((".yaml", ".yml")) or "templates" in file.parts or name == "chart.yaml":
        return False
    return "values" in name or bool({"chart", "charts", "helm"} & set(file.folders))


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of every part that serves a model."""
    text = tree.text(file)
    if text is None:
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(troubles)
    for document in documents:
        yield from told(document.data, (), document, file.name, tables)


def told(data: Any, base: Path_, document: Foreign, unit: str, tables: Tables) -> Iterator[Seen]:
    """Facts of values that stand at a place of a document."""
    flat = flattened(data)
    for path, part in _parts(data, (), 0):
        name = f"{unit}{'.' if '#' in unit else '#'}{steps(path)}" if path else unit
        teller = Teller(name, document.file, tables, flat)
        _part(part, (*base, *path), document, teller)
        facts = teller.told()
        if any(s.key in SERVES for s in facts):
            yield from facts


def release(
    item: Mapping[str, Any], base: Path_, document: Foreign, unit: str, tables: Tables
) -> Iterator[Seen]:
    """Values inside an object that installs a chart: of Flux, of Argo CD, of K3s."""
    for path in RELEASES:
        values, where = inner(item, path), (*base, *path)
        if isinstance(values, dict):
            yield from told(values, where, document, unit, tables)
        elif isinstance(values, str):
            documents, _ = foreign.read(values, document.file)
            for one in documents:
                one.move(document.word(where, values))
                yield from told(one.data, (), one, unit, tables)


def of_chart(file: File, tree: Tree) -> tuple[File, Mapping[str, str]] | None:
    """The values of the chart that a template belongs to, by the names under which it reads them."""
    parts = file.parts
    if "templates" not in parts:
        return None
    values = tree.at(PurePosixPath(*parts[: parts.index("templates")], "values.yaml"))
    text = tree.text(values) if values is not None else None
    documents = foreign.read(text, file.name)[0] if text else []
    return (values, flattened(documents[0].data)) if values is not None and documents else None


def unit_of(values: File, template: str) -> str:
    """The unit that a template renders: the part of the values that its image comes from."""
    found = _IMAGE.search(template)
    part = re.sub(r"(^|\.)(image(\.\w+)?|repository)$", "", found[1]) if found else ""
    return f"{values.name}#{part}" if part else values.name


def flattened(data: Any) -> Mapping[str, str]:
    """Scalars of values by the name under which a template reads them."""
    return dict(_flat(data, ".Values", 0))


def _parts(data: Any, path: Path_, depth: int) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    """Mappings that describe something that serves, outermost first; what is inside one is part of it."""
    if depth > MOST_DEPTH:
        return
    if isinstance(data, list):
        for i, item in enumerate(data):
            yield from _parts(item, (*path, i), depth + 1)
    elif isinstance(data, dict):
        if data.get("enabled") is False and path:
            return
        if _serves(data):
            yield path, data
            return
        for key, item in data.items():
            yield from _parts(item, (*path, key), depth + 1)


def _serves(data: Mapping[str, Any]) -> bool:
    image = data.get("image")
    if isinstance(image, dict) and ("repository" in image or "name" in image) and _told(data):
        return True
    if isinstance(data.get("repository"), str) and any(k in data for k in MODEL_KEYS):
        return True
    if "resourceProfile" in data and "url" in data:
        return True
    return any(k.endswith("MODEL_ID") for k in data) or inner(data, ("modelArtifacts", "uri")) is not None


def _told(data: Mapping[str, Any]) -> bool:
    return any(k in data for k in (*MODEL_KEYS, *ARGUMENTS, *VARIABLES, "resources"))


def _part(part: Mapping[str, Any], path: Path_, document: Foreign, teller: Teller) -> None:
    def at(inside: Path_, how: str) -> At:
        return At(*document.at((*path, *inside)), how, steps((*path, *inside)))

    if "resourceProfile" in part and "url" in part:
        serving_objects.kubeai(part, path, document, teller)
        return
    _image(part, teller, at)
    for key in MODEL_KEYS:
        value = part.get(key)
        if isinstance(value, str):
            teller.say("model", value, at((key,), key))
            break
    uri = text_of(inner(part, ("modelArtifacts", "uri")))
    teller.say("model", uri, at(("modelArtifacts", "uri"), "modelArtifacts.uri"))
    for key, value in part.items():
        if key.isupper() and text_of(value):
            teller.variable(key, text_of(value), at((key,), f"variable {key}"))
    _environment(part, teller, at)
    for key in ARGUMENTS:
        words = list(pods.words_of(part.get(key), (*path, key), document))
        if words:
            teller.command(words)
    _config(part, path, document, teller, at)
    _devices(part, path, document, teller, at)


def _image(part: Mapping[str, Any], teller: Teller, at: Any) -> None:
    image = part.get("image")
    if isinstance(image, dict):
        name = text_of(image.get("repository")) or text_of(image.get("name"))
        registry, tag = text_of(image.get("registry")), text_of(image.get("tag"))
        name = f"{registry}/{name}" if registry and name else name
        where = at(("image", "repository"), "image")
    else:
        name, tag = text_of(part.get("repository")), text_of(part.get("tag"))
        where = at(("repository",), "image")
    if isinstance(image, str):
        name, tag, where = image, None, at(("image",), "image")
    if name:
        teller.image(f"{name}:{tag}" if tag else name, where)


def _environment(part: Mapping[str, Any], teller: Teller, at: Any) -> None:
    for key in VARIABLES:
        found = part.get(key)
        if isinstance(found, dict):
            for name, value in found.items():
                teller.variable(name, text_of(value), at((key, name), f"variable {name}"))
        for i, row in enumerate(found if isinstance(found, list) else ()):
            name = text_of(inner(row, ("name",)))
            if name:
                teller.variable(
                    name, text_of(inner(row, ("value",))), at((key, i, "value"), f"variable {name}")
                )


def _config(part: Mapping[str, Any], path: Path_, document: Foreign, teller: Teller, at: Any) -> None:
    config = part.get("vllmConfig")
    if not isinstance(config, dict):
        return
    if teller.framework is None:
        teller.framework = "vllm"
        teller.add("framework", "vllm", at(("vllmConfig",), "vllmConfig"), Certainty.INFERRED)
    for name, key in CONFIG.items():
        if name in config:
            teller.say(key, text_of(config[name]), at(("vllmConfig", name), f"vllmConfig.{name}"))
    words = list(pods.words_of(config.get("extraArgs"), (*path, "vllmConfig", "extraArgs"), document))
    if words:
        teller.command(words)


def _devices(part: Mapping[str, Any], path: Path_, document: Foreign, teller: Teller, at: Any) -> None:
    if text_of(part.get("requestGPU")) not in (None, "0"):
        kind = text_of(part.get("requestGPUType")) or "nvidia.com/gpu"
        teller.resource(kind, text_of(part["requestGPU"]), at(("requestGPU",), "requestGPU"))
    vendor = DEVICES.get(str(part.get("accelDevice")))
    if vendor:
        teller.add("accelerator", vendor, at(("accelDevice",), "accelDevice"), Certainty.DECLARED)
    pods.resources(part.get("resources"), (*path, "resources"), document, teller)
    selector = part.get("nodeSelector")
    for name, value in selector.items() if isinstance(selector, dict) else ():
        if name in pods.NODE_TYPES:
            teller.say("accelerator", text_of(value), at(("nodeSelector", name), f"node selector {name}"))
    for key in ("replicaCount", "replicas", "minReplicas"):
        if part.get(key) is not None:
            teller.say("replicas", part[key], at((key,), key))
            break
    for key, name in (("tensor", "tp"), ("data", "dp")):
        where: Path_ = ("decode", "parallelism", key)
        teller.say(name, inner(part, where), at(where, f"decode.parallelism.{key}"))


def _flat(data: Any, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    """Scalars by the name under which a template reads them."""
    if depth > MOST_DEPTH or not isinstance(data, dict):
        return
    for key, value in data.items():
        text = text_of(value)
        if text is not None:
            yield f"{prefix}.{key}", text
        yield from _flat(value, f"{prefix}.{key}", depth + 1)
