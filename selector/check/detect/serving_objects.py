"""Objects of operators that serve models: KServe, LLMInferenceService, Ray, NIM, KubeAI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from selector.check.detect import argv, foreign, pods
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.pods import Configs, Path_, inner, text_of
from selector.check.detect.teller import At, Teller
from selector.types.detected import Certainty

RUNTIMES = {
    "huggingface": "vllm",
    "vllm": "vllm",
    "triton": "triton-inference-server",
    "tensorrt": "triton-inference-server",
}
ENGINES = {
    "VLLM": "vllm",
    "OLlama": "ollama",
    "OLLAMA": "ollama",
    "FasterWhisper": "faster-whisper",
    "Infinity": "infinity",
}


def tell(
    kind: str, item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs
) -> None:
    """Facts of an object of a kind that is known, else those of the pods in it."""
    teller_of = {
        "InferenceService": _inference_service,
        "ServingRuntime": _runtime,
        "ClusterServingRuntime": _runtime,
        "LLMInferenceService": _llm_service,
        "RayService": _ray,
        "RayCluster": _ray,
        "RayJob": _ray,
        "NIMService": _nim,
        "NIMCache": _nim_cache,
        "Workspace": _kaito,
        "Model": _kubeai,
    }.get(kind)
    if teller_of is not None:
        teller_of(item, base, document, teller, configs)
        return
    pods.nested(item, base, document, teller, configs)
    if teller.facts:
        path: Path_ = (*base, "spec", "replicas")
        _replicas(inner(item, ("spec", "replicas")), path, document, teller)


def _at(document: Foreign, path: Path_, how: str) -> At:
    return At(*document.at(path), how, steps(path))


def _inference_service(
    item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs
) -> None:
    path: Path_ = (*base, "spec", "predictor")
    predictor = inner(item, ("spec", "predictor"))
    if not isinstance(predictor, dict):
        return
    model = predictor.get("model")
    if isinstance(model, dict):
        where = (*path, "model")
        name = text_of(inner(model, ("modelFormat", "name"))) or text_of(model.get("runtime")) or ""
        framework = next((f for word, f in RUNTIMES.items() if word in name.lower()), None)
        if framework:
            at = _at(document, (*where, "modelFormat", "name"), f"model format {name}")
            teller.framework = framework
            teller.add("framework", framework, at, Certainty.INFERRED)
        teller.say(
            "model", text_of(model.get("storageUri")), _at(document, (*where, "storageUri"), "storageUri")
        )
        words = list(pods.words_of(model.get("args"), (*where, "args"), document))
        for name_, value in argv.options(words):
            if name_.text in ("--model_id", "--model-id") and value is not None:
                teller.say(
                    "model", value.text, At(value.line, value.column, f"argument {name_.text}", value.path)
                )
        pods.container({**model, "image": model.get("image")}, where, document, teller, configs)
    pods.pod(predictor, path, document, teller, configs)
    _replicas(predictor.get("minReplicas"), (*path, "minReplicas"), document, teller)


def _runtime(
    item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs
) -> None:
    spec = item.get("spec")
    if isinstance(spec, dict):
        pods.pod(spec, (*base, "spec"), document, teller, configs)


def _llm_service(
    item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs
) -> None:
    path: Path_ = (*base, "spec")
    spec = item.get("spec")
    if not isinstance(spec, dict):
        return
    uri: Path_ = (*path, "model", "uri")
    teller.framework = "vllm"
    teller.add("framework", "vllm", _at(document, base, "LLMInferenceService runs vLLM"), Certainty.INFERRED)
    teller.say("model", text_of(inner(spec, ("model", "uri"))), _at(document, uri, "model.uri"))
    teller.say(
        "served_name",
        text_of(inner(spec, ("model", "name"))),
        _at(document, (*path, "model", "name"), "model.name"),
    )
    for part in ((), ("worker",), ("prefill",)):
        here = inner(spec, part) if part else spec
        if not isinstance(here, dict):
            continue
        where: Path_ = (*path, *part)
        for key, name in (
            ("tensor", "tp"),
            ("pipeline", "pp"),
            ("data", "dp"),
            ("dataLocal", ""),
            ("expert", ""),
        ):
            value = inner(here, ("parallelism", key))
            if name and value is not None and part != ("prefill",):
                teller.say(name, value, _at(document, (*where, "parallelism", key), f"parallelism.{key}"))
        spread: Path_ = ("parallelism", "expert")
        if inner(here, spread) is True and part != ("prefill",):
            teller.expert(_at(document, (*where, *spread), "parallelism.expert"))
        template = here.get("template") if part != ("worker",) else here
        if isinstance(template, dict):
            pods.pod(
                template, (*where, "template") if part != ("worker",) else where, document, teller, configs
            )
    _replicas(spec.get("replicas"), (*path, "replicas"), document, teller)


def _ray(item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs) -> None:
    spec = item.get("spec")
    cluster = inner(spec, ("rayClusterConfig",)) or inner(spec, ("rayClusterSpec",)) or spec
    where: Path_ = (*base, "spec")
    for key in ("rayClusterConfig", "rayClusterSpec"):
        if inner(spec, (key,)) is not None:
            where = (*where, key)
    groups = inner(cluster, ("workerGroupSpecs",))
    rows = [(("headGroupSpec",), inner(cluster, ("headGroupSpec",)))]
    rows += [(("workerGroupSpecs", i), g) for i, g in enumerate(groups if isinstance(groups, list) else ())]  # type: ignore[misc]
    for path, group in rows:
        template = inner(group, ("template",))
        if isinstance(template, dict):
            pods.template(template, (*where, *path, "template"), document, teller, configs)
    config = inner(spec, ("serveConfigV2",))
    if isinstance(config, str):
        serve_config(config, (*base, "spec", "serveConfigV2"), document, teller)


def serve_config(config: str, path: Path_, document: Foreign, teller: Teller) -> None:
    """A configuration of Ray Serve, in `serveConfigV2` or a file of its own."""
    documents, _ = foreign.read(config, document.file)
    start = document.word(path, config)
    for one in documents:
        applications = inner(one.data, ("applications",))
        for i, app in enumerate(applications if isinstance(applications, list) else ()):
            here: Path_ = ("applications", i)

            def at(inside: Path_, how: str, one: Foreign = one) -> At:
                row, column = one.at(inside)
                return At(
                    start.line + row - 1, column + start.margin - 1, how, f"{steps(path)}.{steps(inside)}"
                )

            teller.framework = teller.framework or "ray-serve"
            teller.add("framework", "ray-serve", at(here, "Ray Serve application"), Certainty.INFERRED)
            counted = inner(app, ("deployments", 0, "num_replicas"))
            teller.say(
                "replicas", text_of(counted), at((*here, "deployments", 0, "num_replicas"), "num_replicas")
            )
            env = inner(app, ("runtime_env", "env_vars"))
            values = {k: text_of(v) or "" for k, v in env.items()} if isinstance(env, dict) else {}
            teller.known = {**teller.known, **values}
            for name, value in values.items():
                teller.variable(name, value, at((*here, "runtime_env", "env_vars", name), f"variable {name}"))
            _ray_llm(app, here, teller, at)


def _ray_llm(app: Any, here: Path_, teller: Teller, at: Any) -> None:
    """`llm_configs` of Ray Serve LLM."""
    configs = inner(app, ("args", "llm_configs"))
    for j, config in enumerate(configs if isinstance(configs, list) else ()):
        inside: Path_ = (*here, "args", "llm_configs", j)
        source = inner(config, ("model_loading_config", "model_source")) or inner(
            config, ("model_loading_config", "model_id")
        )
        teller.framework = "vllm"
        teller.say("model", text_of(source), at((*inside, "model_loading_config"), "model_source"))
        teller.say(
            "accelerator",
            text_of(inner(config, ("accelerator_type",))),
            at((*inside, "accelerator_type"), "accelerator_type"),
        )
        arguments = inner(config, ("engine_kwargs",))
        for key, value in arguments.items() if isinstance(arguments, dict) else ():
            words = [argv.Word(f"--{key.replace('_', '-')}", *_place(at, (*inside, "engine_kwargs", key)))]
            words.append(argv.Word(text_of(value) or "", words[0].line, words[0].column, words[0].path))
            teller.command(words)


def _place(at: Any, path: Path_) -> tuple[int, int, str]:
    found: At = at(path, "")
    return found.line, found.column, found.path


def _nim(item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs) -> None:
    spec = item.get("spec")
    if not isinstance(spec, dict):
        return
    path: Path_ = (*base, "spec")
    name, tag = text_of(inner(spec, ("image", "repository"))), text_of(inner(spec, ("image", "tag")))
    if name:
        teller.image(f"{name}:{tag}" if tag else name, _at(document, (*path, "image", "repository"), "image"))
    pods.container({"env": spec.get("env")}, path, document, teller, configs)
    pods.resources(spec.get("resources"), (*path, "resources"), document, teller)
    _replicas(spec.get("replicas"), (*path, "replicas"), document, teller)


def _nim_cache(item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, _: Configs) -> None:
    """The container that fetches a model of NIM, and for what format and devices."""
    path: Path_ = ("spec", "source", "ngc")
    ngc = inner(item, path)
    where = (*base, *path, "modelPuller")
    teller.image(inner(ngc, ("modelPuller",)), _at(document, where, "modelPuller"))
    for name, key in (("precision", "precision"), ("tensorParallelism", "tp")):
        where = (*base, *path, "model", name)
        teller.say(key, text_of(inner(ngc, ("model", name))), _at(document, where, f"model.{name}"))
    devices = inner(ngc, ("model", "gpus"))
    for i, row in enumerate(devices if isinstance(devices, list) else ()):
        where = (*base, *path, "model", "gpus", i, "product")
        teller.say("accelerator", text_of(inner(row, ("product",))), _at(document, where, "model.gpus"))


def _kaito(item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, configs: Configs) -> None:
    """A workspace of KAITO: a preset that is served or tuned on an instance type."""
    pods.nested({k: item.get(k) for k in ("inference", "tuning")}, base, document, teller, configs)
    for part in ("inference", "tuning"):
        where: Path_ = (part, "preset", "name")
        teller.say("model", text_of(inner(item, where)), _at(document, (*base, *where), f"{part}.preset"))
    method: Path_ = ("tuning", "method")
    teller.say(
        "training_method", text_of(inner(item, method)), _at(document, (*base, *method), "tuning.method")
    )
    for name, key in (("instanceType", "offer"), ("count", "n_nodes")):
        where = ("resource", name)
        if teller.facts:
            teller.say(key, text_of(inner(item, where)), _at(document, (*base, *where), f"resource.{name}"))


def _kubeai(item: Mapping[str, Any], base: Path_, document: Foreign, teller: Teller, _: Configs) -> None:
    spec = item.get("spec")
    if isinstance(spec, dict) and ("url" in spec or "resourceProfile" in spec):
        kubeai(spec, (*base, "spec"), document, teller)


def kubeai(spec: Mapping[str, Any], path: Path_, document: Foreign, teller: Teller) -> None:
    """A model of KubeAI, as an object or as a row of the chart's values."""
    engine = ENGINES.get(str(spec.get("engine")))
    if engine:
        teller.framework = engine
        teller.add("framework", engine, _at(document, (*path, "engine"), "engine"), Certainty.DECLARED)
    teller.say("model", text_of(spec.get("url")), _at(document, (*path, "url"), "url"))
    profile = text_of(spec.get("resourceProfile"))
    if profile:
        name, _, count = profile.partition(":")
        at = _at(document, (*path, "resourceProfile"), "resourceProfile")
        # nvidia-gpu-l4, google-tpu-v5e-2x2: the vendor, the kind, the device, the topology.
        device = re.sub(r"-gpu(?=-|$)|-\d+x\d+(?:x\d+)?$", "", name).removeprefix("google-")
        teller.say("accelerator", device, at)
        if not name.startswith("cpu"):
            teller.say("n_devices", count or None, at)
    words = list(pods.words_of(spec.get("args"), (*path, "args"), document))
    if words:
        teller.command(words)
    _replicas(spec.get("minReplicas"), (*path, "minReplicas"), document, teller)


def _replicas(value: Any, path: Path_, document: Foreign, teller: Teller) -> None:
    if value is not None and teller.facts:
        teller.say("replicas", value, _at(document, path, str(path[-1])))
