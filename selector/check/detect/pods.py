"""Templates of pods: containers with images, variables, commands and devices; nodes they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from selector.check.detect import argv
from selector.check.detect.argv import Word
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.teller import ALTERNATIVE, At, Teller
from selector.types.detected import Certainty

Path_ = tuple[str | int, ...]
Configs = Mapping[str, Mapping[str, str]]
NODE_TYPES = (
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-tpu-accelerator",
    "nvidia.com/gpu.product",
    "amd.com/gpu.product-name",
    "gpu.nvidia.com/class",
    "karpenter.k8s.aws/instance-gpu-name",
    "k8s.amazonaws.com/accelerator",
)
# Ends of labels of other clouds and labellers; what stands under them counts where it is a device.
NODE_ENDS = ("gpu-name", "gpu.product", "gpu-product", "gpu-type", "gpu-model", "accelerator")
OFFER_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
SERVES = frozenset({"framework", "model", "embedding_model", "reranker_model", "speech_model", "accelerator"})
MOST_DEPTH = 12
MODEL_LABELS = ("ai.gke.io/model", "model", "llm-d.ai/model")


def inner(data: Any, path: Path_) -> Any:
    """A value further in; None where the way ends."""
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def text_of(value: Any) -> str | None:
    """A scalar as text, as a file would write it."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def template(
    data: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs
) -> None:
    """The pods of a template: `spec` with containers, labels beside it."""
    spec = data.get("spec")
    if isinstance(spec, dict):
        pod(spec, (*base, "spec"), document, teller, configs)
    if teller.framework is None:
        return
    labels = inner(data, ("metadata", "labels"))
    for key in MODEL_LABELS:
        value = labels.get(key) if isinstance(labels, dict) else None
        if isinstance(value, str):
            where = (*base, "metadata", "labels", key)
            labelled(value, At(*document.at(where), f"label {key}", steps(where)), teller)


def labelled(value: str, at: At, teller: Teller) -> None:
    """A label that names a model: it says nothing new, but it may contradict the rest."""
    teller.add("served_label", value, at, Certainty.INFERRED)


def pod(spec: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs) -> None:
    """Containers and node selectors of a pod: of several that serve each is a unit; what stands beside one
    that serves and does not serve itself is left out."""
    rows = list(_containers(spec, base))
    serving = [r for r in rows if _serves(*r, document, teller, configs)]
    for i, (one, where) in enumerate(serving or rows):
        own = teller.beside(text_of(one.get("name")) or str(i)) if serving and i else teller
        container(one, where, document, own, configs)
    selector = spec.get("nodeSelector")
    for name, value in selector.items() if isinstance(selector, dict) else ():
        where = (*base, "nodeSelector", name)
        _node(name, value, At(*document.at(where), f"node selector {name}", steps(where)), teller)
    _affinity(spec, base, document, teller)


def _containers(spec: Mapping[str, Any], base: Path_) -> Iterator[tuple[Mapping[str, Any], Path_]]:
    """Containers that run as long as the pod does."""
    for key in ("containers", "initContainers"):
        found = spec.get(key)
        for i, one in enumerate(found if isinstance(found, list) else ()):
            if isinstance(one, dict) and (key == "containers" or one.get("restartPolicy") == "Always"):
                yield one, (*base, key, i)


def _serves(one: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs) -> bool:
    """True for a container of an engine, or one that names a model or asks for devices."""
    alone = Teller(teller.unit, teller.file, teller.tables, teller.known, framework=teller.framework)
    container(one, base, document, alone, configs)
    return any(s.key in SERVES for s in alone.told())


def _node(name: str, value: Any, at: At, teller: Teller) -> None:
    """A label that the node has to carry."""
    if name in NODE_TYPES:
        teller.say("accelerator", text_of(value), at)
    elif name.rsplit("/", 1)[-1] in NODE_ENDS:
        if teller.tables.device_ids(text_of(value) or ""):
            teller.say("accelerator", text_of(value), at)
    elif name in OFFER_TYPES:
        teller.say("offer", text_of(value), at)


def _affinity(spec: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller) -> None:
    """Labels of nodes that a required affinity names; several values are alternatives."""
    path = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    terms = inner(spec, path)
    for i, term in enumerate(terms if isinstance(terms, list) else ()):
        rows = inner(term, ("matchExpressions",))
        for j, row in enumerate(rows if isinstance(rows, list) else ()):
            values = inner(row, ("values",))
            if inner(row, ("operator",)) != "In" or not isinstance(values, list):
                continue
            name = str(inner(row, ("key",)))
            several = f", {ALTERNATIVE} {len(values)}" if len(values) * len(terms) > 1 else ""
            for k, value in enumerate(values):
                where = (*base, *path, i, "matchExpressions", j, "values", k)
                at = At(*document.at(where), f"node affinity {name}{several}", steps(where))
                _node(name, value, at, teller)


def nested(
    data: Any, base: Path_, document: Foreign, teller: Teller, configs: Configs, depth: int = 0
) -> None:
    """Every template of pods inside an object of a kind that is not known: jobs of trainers, services of
    Knative, graphs of Dynamo, whose pods have one `mainContainer`."""
    if depth > MOST_DEPTH:
        return
    if isinstance(data, list):
        for i, item in enumerate(data):
            nested(item, (*base, i), document, teller, configs, depth + 1)
    elif isinstance(data, dict):
        if isinstance(data.get("containers"), list):
            pod(data, base, document, teller, configs)
            return
        if isinstance(data.get("mainContainer"), dict):
            container(data["mainContainer"], (*base, "mainContainer"), document, teller, configs)
        for key, item in data.items():
            nested(item, (*base, key), document, teller, configs, depth + 1)


def container(
    one: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs
) -> None:
    """One container of the unit."""
    own = dict(_variables(one, base, configs))
    before = teller.known
    teller.known = {**before, **{k: v for k, (v, _) in own.items()}}
    teller.image(one.get("image"), At(*document.at((*base, "image")), "image", steps((*base, "image"))))
    for name, (value, path) in own.items():
        teller.variable(name, value, At(*document.at(path), f"variable {name}", steps(path)))
    words = [w for key in ("command", "args") for w in words_of(one.get(key), (*base, key), document)]
    if words:
        teller.command(words)
    resources(one.get("resources"), (*base, "resources"), document, teller)


def resources(found: Any, base: Path_, document: Foreign, teller: Teller) -> None:
    """Accelerators among limits, or among requests where there are no limits."""
    for part in ("limits", "requests"):
        rows = inner(found, (part,))
        known = False
        for name, count in rows.items() if isinstance(rows, dict) else ():
            where = (*base, part, name)
            at = At(*document.at(where), f"resource {name}", steps(where))
            known = teller.resource(name, text_of(count), at) or known
        if known:
            return


def words_of(value: Any, path: Path_, document: Foreign) -> Iterator[Word]:
    """Words of a command that is a list or a text."""
    if isinstance(value, str):
        for command in argv.inside(document.word(path, value)):
            yield from command
    for i, item in enumerate(value if isinstance(value, list) else ()):
        yield document.word((*path, i), text_of(item) or "")


def _variables(
    one: Mapping[str, Any], base: Path_, configs: Configs
) -> Iterator[tuple[str, tuple[str, Path_]]]:
    """Variables of a container, those of ConfigMaps of the same file among them."""
    from_maps = one.get("envFrom")
    for i, row in enumerate(from_maps if isinstance(from_maps, list) else ()):
        name = text_of(inner(row, ("configMapRef", "name")))
        for key, value in configs.get(name or "", {}).items():
            yield key, (value, (*base, "envFrom", i))
    env = one.get("env")
    for i, row in enumerate(env if isinstance(env, list) else ()):
        name, stated = text_of(inner(row, ("name",))), text_of(inner(row, ("value",)))
        ref = inner(row, ("valueFrom", "configMapKeyRef"))
        if stated is None and isinstance(ref, dict):
            stated = configs.get(str(ref.get("name")), {}).get(str(ref.get("key")))
        if name and stated is not None:
            yield name, (stated, (*base, "env", i, "value"))
