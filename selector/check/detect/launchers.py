"""Files of launchers: SkyPilot, dstack, cog, BentoML, Ray Serve, proxies of LiteLLM, LocalAI, Ollama."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from selector.check.detect import argv, foreign, normal, packages, routes, scripts, serving_objects
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.pods import Path_, inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import ALTERNATIVE, At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

_HINT = re.compile(
    r"accelerators:|model_list:|predict:|^type: *(?:service|task|dev-environment)|^ *gpu:"
    r"|^backend:|overrides:|^config_file:|instance_type:|^applications:|^service:",
    re.M,
)


def reads(file: File) -> bool:
    """True for YAML that may belong to a launcher, and for a Modelfile."""
    name = file.base
    if name.startswith("Modelfile"):
        return True
    return name.endswith((".yaml", ".yml")) and "compose" not in name and "values" not in name


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of one file."""
    text = tree.text(file)
    if text is None:
        return
    if file.base.startswith("Modelfile"):
        yield from _modelfile(text, file, tables)
        return
    if not _HINT.search(text):
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    for document in documents:
        data = document.data
        if not isinstance(data, dict) or "apiVersion" in data:
            continue
        if isinstance(data.get("model_list"), list):
            yield from _litellm(data["model_list"], document, file, tables)
        elif isinstance(data.get("resources"), dict) and (
            "run" in data or "setup" in data or "service" in data
        ):
            yield from _sky(data, document, file, tables)
        elif data.get("type") in ("service", "task", "dev-environment"):
            yield from _dstack(data, document, file, tables)
        elif isinstance(data.get("applications"), list):
            teller = Teller(file.name, file.name, tables)
            serving_objects.serve_config(text, (), document, teller)
            yield from teller.told()
        elif file.base.startswith("bentofile"):
            yield from _bento(data, document, file, tables)
        elif "predict" in data and isinstance(data.get("build"), dict):
            yield from _cog(data, document, file, tables)
        elif "backend" in data or "config_file" in data or isinstance(data.get("overrides"), dict):
            yield from _localai(data, document, file, tables)


def _at(document: Foreign, path: Path_, how: str = "") -> At:
    return At(*document.at(path), how or steps(path), steps(path))


def _variables(data: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in data if isinstance(data, list) else ():
        name, equals, value = str(row).partition("=")
        if equals:
            found[name] = value
    for name, value in data.items() if isinstance(data, dict) else ():
        if text_of(value) is not None:
            found[name] = text_of(value) or ""
    return found


def _run(text: object, path: Path_, document: Foreign, teller: Teller) -> None:
    """A block of shell that installs and starts."""
    rows = [((*path, i), t) for i, t in enumerate(text)] if isinstance(text, list) else [(path, text)]
    for where, one in rows:
        if isinstance(one, str):
            for command in argv.inside(document.word(where, one)):
                for inside in argv.unwrapped(command):
                    scripts.command(inside, teller)


def _accelerators(value: object, path: Path_, document: Foreign, teller: Teller, before: str = "") -> None:
    """`H100:8`, `{H100: 1, H200: 1}`, `[L4:1, T4:1]`: several are alternatives."""
    rows: list[tuple[Path_, str]] = []
    if isinstance(value, dict):
        rows = [((*path, k), f"{k}:{v}" if v is not None else str(k)) for k, v in value.items()]
    elif isinstance(value, list):
        rows = [((*path, i), str(v)) for i, v in enumerate(value)]
    elif value is not None:
        rows = [(path, str(value))]
    how = f"{ALTERNATIVE} {len(rows)} accelerators" if len(rows) > 1 else f"{before}accelerators"
    for where, text in rows:
        kind, count = normal.counted(text)
        at = At(*document.at(where), how, steps(where))
        teller.say("accelerator", kind, at)
        if count:
            teller.add("n_devices", count, at, Certainty.DECLARED)


def _sky(data: Mapping[str, Any], document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    envs = {k: v for key in ("envs", "secrets") for k, v in _variables(data.get(key)).items()}
    teller = Teller(file.name, file.name, tables, envs)
    found = data["resources"]
    chosen = next((k for k in ("any_of", "ordered") if isinstance(found.get(k), list)), None)
    _machines(found, ("resources",), "", document, teller)
    for i, row in enumerate(found[chosen] if chosen else ()):
        if isinstance(row, dict):
            _machines(row, ("resources", str(chosen), i), f"{ALTERNATIVE} the resources, ", document, teller)
    image = text_of(found.get("image_id"))
    if image and image.startswith("docker:"):
        teller.image(image.removeprefix("docker:"), _at(document, ("resources", "image_id")))
    count = next((s.value for s in teller.facts if s.key == "n_devices"), None)
    if count is not None:
        teller.known = {**teller.known, "SKYPILOT_NUM_GPUS_PER_NODE": str(count)}
    teller.say("n_nodes", text_of(data.get("num_nodes")), _at(document, ("num_nodes",)))
    for key in ("setup", "run"):
        _run(data.get(key), (key,), document, teller)
    replicas = inner(data, ("service", "replicas")) or inner(
        data, ("service", "replica_policy", "min_replicas")
    )
    teller.say("replicas", text_of(replicas), _at(document, ("service",)))
    return teller.told()


def _machines(row: Mapping[str, Any], path: Path_, how: str, document: Foreign, teller: Teller) -> None:
    """Machines that SkyPilot is asked for; `infra` is cloud, region and zone in one."""
    _accelerators(row.get("accelerators"), (*path, "accelerators"), document, teller, how)
    for key, name in (("cloud", "cloud"), ("region", "region"), ("instance_type", "offer")):
        teller.say(name, text_of(row.get(key)), _at(document, (*path, key), f"{how}{key}"))
    for name, part in zip(("cloud", "region"), (text_of(row.get("infra")) or "").split("/"), strict=False):
        if part != "*":
            teller.say(name, part, _at(document, (*path, "infra"), f"{how}infra"))


def _dstack(data: Mapping[str, Any], document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    teller = Teller(file.name, file.name, tables, _variables(data.get("env")))
    teller.image(data.get("image"), _at(document, ("image",)))
    number = _gpu(inner(data, ("resources", "gpu")), document, teller)
    if number:
        teller.known = {**teller.known, "DSTACK_GPUS_NUM": number}
    _run(data.get("commands"), ("commands",), document, teller)
    lowest = (text_of(data.get("replicas")) or "").split("..", maxsplit=1)[0]
    teller.say("replicas", lowest, _at(document, ("replicas",)))
    teller.say("n_nodes", text_of(data.get("nodes")), _at(document, ("nodes",)))
    model = data.get("model")
    name = text_of(inner(model, ("name",))) or text_of(model)
    if name and not any(s.key == "model" for s in teller.facts):
        teller.say("model", name, _at(document, ("model",)))
    regions = data.get("regions")
    teller.say(
        "region",
        text_of(regions[0]) if isinstance(regions, list) and regions else None,
        _at(document, ("regions",)),
    )
    return teller.told()


def _gpu(gpu: object, document: Foreign, teller: Teller) -> str | None:
    """`gpu: H100:80GB:8`, `24GB..`, `{vendor: amd, name: [A, B], count: 2}`; the count, where it is one."""
    path: Path_ = ("resources", "gpu")
    if isinstance(gpu, dict):
        given = gpu.get("name")
        names = [str(n) for n in given] if isinstance(given, list) else [text_of(given) or ""]
        number = text_of(gpu.get("count"))
        teller.say("accelerator", text_of(gpu.get("vendor")), _at(document, (*path, "vendor")))
    else:
        parts = [p for p in (text_of(gpu) or "").split(":") if p]
        sizes = re.compile(r"[\d.]+(?:GB)?(?:\.\.[\d.]*(?:GB)?)?|\.\.[\d.]+(?:GB)?", re.IGNORECASE)
        kinds = [p for p in parts if not sizes.fullmatch(p)]
        names = kinds[0].split(",") if kinds else []
        number = next((p for p in parts if re.fullmatch(r"\d+(?:\.\.\d*)?", p)), None)
    how = f"{ALTERNATIVE} {len(names)} accelerators" if len(names) > 1 else "resources.gpu"
    for name in names:
        teller.say("accelerator", name, _at(document, path, how))
    lowest = (number or "").split("..", maxsplit=1)[0]
    teller.say("n_devices", lowest, _at(document, path))
    return lowest or None


def _bento(data: Mapping[str, Any], document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    """Packages and variables of a Bento."""
    envs = data.get("envs")
    values = {
        name: (text_of(row.get("value")) or "", i)
        for i, row in enumerate(envs if isinstance(envs, list) else ())
        if isinstance(row, dict) and (name := text_of(row.get("name")))
    }
    teller = Teller(file.name, file.name, tables, {n: v for n, (v, _) in values.items() if v})
    rows = inner(data, ("python", "packages"))
    for i, row in enumerate(rows if isinstance(rows, list) else ()):
        where: Path_ = ("python", "packages", i)
        packages.listed([argv.Word(str(row), *document.at(where), steps(where))], "packages", teller)
    for name, (value, i) in values.items():
        teller.variable(name, value, _at(document, ("envs", i)))
    teller.image(inner(data, ("docker", "base_image")), _at(document, ("docker", "base_image")))
    return teller.told()


def _cog(data: Mapping[str, Any], document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    teller = Teller(file.name, file.name, tables)
    build = data["build"]
    if build.get("gpu") is True:
        teller.add("accelerator", "nvidia", _at(document, ("build", "gpu")), Certainty.INFERRED)
    for key in ("python_packages",):
        rows = build.get(key)
        for i, row in enumerate(rows if isinstance(rows, list) else ()):
            word = argv.Word(str(row), *document.at(("build", key, i)), steps(("build", key, i)))
            packages.listed([word], "python_packages", teller)
    rows = build.get("run")
    for i, row in enumerate(rows if isinstance(rows, list) else ()):
        _run(row.get("command") if isinstance(row, dict) else row, ("build", "run", i), document, teller)
    return teller.told()


def _litellm(rows: list[Any], document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    """Each model of the proxy is a unit: `azure/gpt-4o` names the vendor and the model."""
    for i, row in enumerate(rows):
        params = inner(row, ("litellm_params",))
        model = text_of(inner(params, ("model",)))
        if model is None:
            continue
        teller = Teller(f"{file.name}#model_list[{i}]", file.name, tables)
        path: Path_ = ("model_list", i, "litellm_params")
        at = _at(document, (*path, "model"))
        key = routes.MODES.get(text_of(inner(row, ("model_info", "mode"))) or "", "model")
        routes.told(model, key, at, teller, "/")
        teller.add("library", "litellm", at, Certainty.INFERRED)
        base = text_of(inner(params, ("api_base",)))
        teller.say("endpoint", routes.variable(base or ""), _at(document, (*path, "api_base")))
        for region in ("aws_region_name", "vertex_location"):
            given = routes.variable(text_of(inner(params, (region,))) or "")
            teller.say("region", given, _at(document, (*path, region)))
        teller.say(
            "served_name",
            text_of(inner(row, ("model_name",))),
            _at(document, ("model_list", i, "model_name")),
        )
        yield from teller.told()


def _localai(data: Mapping[str, Any], document: Foreign, file: File, tables: Tables) -> Iterable[Seen]:
    """A model of LocalAI; in a gallery its configuration is a text inside the file."""
    teller = Teller(file.name, file.name, tables)
    source, place = document, 0
    config = data.get("config_file")
    if isinstance(config, str):
        documents, _ = foreign.read(config, file.name)
        place = document.word(("config_file",), config).line - 1
        source, data = (documents[0], documents[0].data) if documents else (document, {})
    if not isinstance(data, dict) or ("backend" not in data and "parameters" not in data):
        return []

    def at(*path: str | int) -> At:
        line, column = source.at(path)
        return At(line + place, column, steps(path), steps(path))

    teller.add("framework", "localai", at("backend"), Certainty.INFERRED)
    backend = text_of(data.get("backend"))
    if backend in ("llama-cpp", "llama"):
        teller.add("framework", "llama.cpp", at("backend"), Certainty.DECLARED)
    elif backend in ("vllm", "transformers"):
        teller.add("framework", backend, at("backend"), Certainty.DECLARED)
    teller.say("model", text_of(inner(data, ("parameters", "model"))), at("parameters", "model"))
    teller.say("context", text_of(data.get("context_size")), at("context_size"))
    if data.get("f16") is True:
        teller.add("kv_precision", "fp16", at("f16"), Certainty.DECLARED)
    return teller.told()


def _modelfile(text: str, file: File, tables: Tables) -> Iterable[Seen]:
    teller = Teller(file.name, file.name, tables)
    # Texts in three quotes are prompts and templates.
    plain = re.sub(r'"""(.*?)"""', lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)
    for number, line in enumerate(plain.splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        if word.upper() == "FROM":
            teller.add("framework", "ollama", At(number, 1, "Modelfile"), Certainty.INFERRED)
            teller.say("model", rest.strip(), At(number, 6, "FROM"))
        elif word.upper() == "PARAMETER" and rest.split()[:1] == ["num_ctx"]:
            teller.say("context", rest.split()[-1], At(number, 1, "PARAMETER num_ctx"))
        elif word.upper() == "ADAPTER":
            teller.say("adapter", rest.strip(), At(number, 9, "ADAPTER"))
    return teller.told()
