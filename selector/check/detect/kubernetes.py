"""Kubernetes objects: workloads, and the objects of KServe, Ray, NIM and KubeAI that serve models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from selector.check.detect import foreign, helm, kustomize, overlays, pods, serving_objects
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.pods import Path_
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Seen

# Where the template of pods stands in an object of each kind.
TEMPLATES: dict[str, tuple[Path_, ...]] = {
    "Deployment": (("spec", "template"),),
    "StatefulSet": (("spec", "template"),),
    "DaemonSet": (("spec", "template"),),
    "ReplicaSet": (("spec", "template"),),
    "Job": (("spec", "template"),),
    "CronJob": (("spec", "jobTemplate", "spec", "template"),),
    "Pod": ((),),
    "LeaderWorkerSet": (
        ("spec", "leaderWorkerTemplate", "leaderTemplate"),
        ("spec", "leaderWorkerTemplate", "workerTemplate"),
    ),
}
_KIND = re.compile(r"\bkind\"?\s*:")
INSTALLS = frozenset({"HelmRelease", "HelmChart", "Application"})


def reads(file: File) -> bool:
    """True for YAML and JSON that may hold objects; compose files and values of charts have detectors."""
    name = file.base.lower()
    return (
        name.endswith((".yaml", ".yml", ".json")) and "compose" not in name and not name.startswith("values")
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of all objects of a file."""
    text = tree.text(file)
    if text is None or "apiVersion" not in text or not _KIND.search(text):
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(troubles)
    configs = {**_generated(tree), **_config_maps(documents)}
    chart = helm.of_chart(file, tree)
    overlay = overlays.patched(tree).get(file.path)
    for document in documents:
        for base, item in _objects(document.data):
            if item["kind"] in INSTALLS:
                yield from helm.release(item, base, document, _name(item, file), tables)
            elif chart is not None:
                teller = Teller(helm.unit_of(chart[0], text), file.name, tables, chart[1])
                told = _told(item, base, document, teller, configs)
                yield from told if any(s.key in helm.SERVES for s in told) else ()
            else:
                teller = Teller(_name(item, file), file.name, tables)
                under = _under(item, overlay.bases, tree, tables) if overlay else None
                if under is not None:
                    teller.framework = under.framework
                told = _told(item, base, document, teller, configs)
                if under is not None and overlay is not None:
                    told = overlays.merged(told, under.facts, teller.unit, overlay)
                yield from told


def _under(item: Mapping[str, Any], bases: Iterable[File], tree: Tree, tables: Tables) -> Teller | None:
    """The object of that kind and name that a patch changes, told already."""
    for file in bases:
        documents, _ = foreign.read(tree.text(file) or "", file.name)
        for document in documents:
            for base, other in _objects(document.data):
                if _name(other, file) == _name(item, file):
                    teller = Teller(_name(other, file), file.name, tables)
                    _told(other, base, document, teller, {**_generated(tree), **_config_maps(documents)})
                    return teller
    return None


def _name(item: Mapping[str, Any], file: File) -> str:
    """Name of the unit of an object; one that is rendered goes by its kind."""
    kind, name = str(item["kind"]), pods.text_of(pods.inner(item, ("metadata", "name"))) or "unnamed"
    return f"{file.name}#{kind}" + (f"/{name}" if "$" not in name else "")


def _objects(data: Any) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    """Objects of a document, those of a List one by one."""
    if not isinstance(data, dict):
        return
    if data.get("kind") == "List" and isinstance(data.get("items"), list):
        for i, item in enumerate(data["items"]):
            if isinstance(item, dict):
                yield ("items", i), item
    elif isinstance(data.get("kind"), str):
        yield (), data


def _told(
    item: Mapping[str, Any],
    base: Path_,
    document: Foreign,
    teller: Teller,
    configs: Mapping[str, Mapping[str, str]],
) -> list[Seen]:
    kind = str(item["kind"])
    if kind in TEMPLATES:
        _workload(kind, item, base, document, teller, configs)
    else:
        serving_objects.tell(kind, item, base, document, teller, configs)
    return teller.told()


def _workload(
    kind: str,
    item: Mapping[str, Any],
    base: Path_,
    document: Foreign,
    teller: Teller,
    known: Mapping[str, Mapping[str, str]],
) -> None:
    for path in TEMPLATES[kind]:
        template = pods.inner(item, path) if path else item
        if isinstance(template, dict):
            pods.template(template, (*base, *path), document, teller, known)
    size: Path_ = ("spec", "leaderWorkerTemplate", "size") if kind == "LeaderWorkerSet" else ()
    for key, path in (("replicas", ("spec", "replicas")), ("n_nodes", size)):
        value = pods.inner(item, path) if path else None
        if value is not None and teller.facts:
            where = (*base, *path)
            teller.say(key, value, At(*document.at(where), steps(path), steps(where)))


def _generated(tree: Tree) -> Mapping[str, Mapping[str, str]]:
    """ConfigMaps of kustomizations, looked for once a tree."""
    if tree.config_maps is None:
        tree.config_maps = kustomize.generated(tree)
    return tree.config_maps


def _config_maps(documents: list[Foreign]) -> dict[str, Mapping[str, str]]:
    """Data of the ConfigMaps of a file, by name; secrets are not read."""
    found: dict[str, Mapping[str, str]] = {}
    for document in documents:
        for _, item in _objects(document.data):
            data = item.get("data")
            if item.get("kind") == "ConfigMap" and isinstance(data, dict):
                name = pods.text_of(pods.inner(item, ("metadata", "name"))) or ""
                found[name] = {k: v if isinstance(v, str) else str(v) for k, v in data.items()}
    return found
