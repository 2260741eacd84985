"""Compose files: each service is a unit, with its image, variables, command and devices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from selector.check.detect import environment, foreign, pods
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

_SERVICES = re.compile(r"^services\s*:", re.MULTILINE)
Path_ = tuple[str | int, ...]
DEVICES = {
    "/dev/kfd": "amd",
    "/dev/dri": "",
    "/dev/accel": "google-tpu",
    "/dev/neuron0": "aws-neuron",
    "/dev/davinci0": "ascend",
}


def reads(file: File) -> bool:
    """True for YAML: a compose file may have any name, its content tells."""
    return file.suffix.lower() in (".yaml", ".yml")


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of all services."""
    text = tree.text(file)
    if text is None or not _SERVICES.search(text):
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(troubles)
    for document in documents:
        services = _services(document.data, file)
        for name, service in services.items():
            yield from _service(name, service, document, file, tree, tables)
        if services:
            yield from _models(document, file, tables)


def _services(data: object, file: File) -> Mapping[str, Mapping[str, Any]]:
    """Services of a document; under another name only where one of them has an image or a build."""
    found = data.get("services") if isinstance(data, dict) else None
    services = {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}
    named = "compose" in file.base.lower()
    return services if named or any("image" in s or "build" in s for s in services.values()) else {}


def _models(document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    """Models that compose itself runs for services, by the model runner of Docker: `models` of the file."""
    models = document.data.get("models")
    for name, model in models.items() if isinstance(models, dict) else ():
        base: Path_ = ("models", name)
        teller = Teller(f"{file.name}#models.{name}", file.name, tables)
        for key, inside in (("model", "model"), ("context", "context_size")):
            where = (*base, inside)
            value = pods.text_of(pods.inner(model, (inside,)))
            teller.say(key, value, At(*document.at(where), inside, steps(where)))
        yield from teller.told()


def _service(
    name: str, service: Mapping[str, Any], document: Foreign, file: File, tree: Tree, tables: Tables
) -> Iterable[Seen]:
    base: Path_ = ("services", name)
    outer = environment.beside(file, tree)
    own = list(_variables(service.get("environment"), (*base, "environment")))
    outer = outer | environment.files(service.get("env_file"), file, tree)
    known = outer | {k: v for k, v, _ in own if f"${{{k}" not in v}
    teller = Teller(f"{file.name}#{name}", file.name, tables, known)

    def at(path: Path_, how: str) -> At:
        return At(*document.at(path), how, steps(path))

    teller.image(service.get("image"), at((*base, "image"), "image"))
    for key, value, path in own:
        teller.variable(key, value, at(path, f"variable {key}"))
    words = [
        w
        for key in ("entrypoint", "command")
        for w in pods.words_of(service.get(key), (*base, key), document)
    ]
    if words:
        teller.command(words)
    if service.get("runtime") == "habana":
        teller.add("accelerator", "intel-gaudi", at((*base, "runtime"), "runtime habana"), Certainty.INFERRED)
    if service.get("runtime") == "nvidia":
        teller.add("accelerator", "nvidia", at((*base, "runtime"), "runtime nvidia"), Certainty.INFERRED)
    for i, device in enumerate(_list(service.get("devices"))):
        vendor = DEVICES.get(str(device).split(":")[0])
        if vendor:
            teller.add(
                "accelerator", vendor, at((*base, "devices", i), f"device {device}"), Certainty.INFERRED
            )
    _reserved(service, base, teller, document)
    yield from teller.told()


def _reserved(service: Mapping[str, Any], base: Path_, teller: Teller, document: Foreign) -> None:
    """`deploy.resources.reservations.devices` and replicas; `gpus` of newer files."""
    deploy = service.get("deploy")
    deploy = deploy if isinstance(deploy, dict) else {}
    path: Path_ = (*base, "deploy", "resources", "reservations", "devices")
    found: Any = deploy
    for key in path[3:]:
        found = found.get(key) if isinstance(found, dict) else None
    if service.get("gpus") == "all":
        where = (*base, "gpus")
        at = At(*document.at(where), "all devices", steps(where))
        teller.add("accelerator", "nvidia", at, Certainty.INFERRED)
    rows = [(i, path, d) for i, d in enumerate(_list(found))]
    rows += [(i, (*base, "gpus"), d) for i, d in enumerate(_list(service.get("gpus")))]
    for i, where, device in rows:
        if not isinstance(device, dict):
            continue
        here = (*where, i)
        vendor = device.get("driver") or ("nvidia" if "gpu" in _list(device.get("capabilities")) else None)
        if vendor:
            teller.say("accelerator", str(vendor), At(*document.at(here), "reserved device", steps(here)))
        ids = _list(device.get("device_ids"))
        count = device.get("count", len(ids) or None)
        if count not in (None, "all", -1):
            counted = (*here, "count" if "count" in device else "device_ids")
            teller.say("n_devices", count, At(*document.at(counted), "reserved devices", steps(counted)))
    if "replicas" in deploy:
        where = (*base, "deploy", "replicas")
        teller.say("replicas", deploy["replicas"], At(*document.at(where), "replicas", steps(where)))


def _variables(value: object, path: Path_) -> Iterator[tuple[str, str, Path_]]:
    """Variables of a mapping or of a list of NAME=value; a name alone comes from outside."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, f"${{{key}}}" if inner is None else pods.text_of(inner) or "", (*path, key)
    for i, item in enumerate(_list(value)):
        key, equals, inner = str(item).partition("=")
        yield key.strip(), inner.strip() if equals else f"${{{key.strip()}}}", (*path, i)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
