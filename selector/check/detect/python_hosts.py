"""Calls in Python that ask for machines: Modal, Ray, BentoML, SageMaker, Vertex AI."""

from __future__ import annotations

import ast

from selector.check.detect import normal
from selector.check.detect.constants import UNKNOWN, dotted, value
from selector.check.detect.python_call import Call
from selector.check.detect.teller import ALTERNATIVE, At
from selector.types.detected import Certainty


def tell(call: Call) -> bool:
    """Facts of a call that asks for machines; False where it is none."""
    if call.name.startswith("modal.") or (call.last in ("function", "cls") and "gpu" in call.given):
        _modal(call)
    elif call.last == "LLMConfig" and call.name.startswith("ray."):
        _ray(call)
    elif call.name == "ray.serve.deployment":
        call.say("replicas", call.argument("num_replicas"), "argument num_replicas")
        options = call.entries("ray_actor_options")
        call.say("n_devices", options.get("num_gpus"), "ray_actor_options num_gpus")
    elif call.name == "bentoml.service":
        _bento(call)
    elif call.name.startswith("sagemaker."):
        _sagemaker(call)
    elif "machine_type" in call.given and "accelerator_type" in call.given:
        _vertex(call)
    else:
        return False
    return True


def _modal(call: Call) -> None:
    nodes = call.items(call.argument("gpu"))
    for node in nodes:
        how = f"{ALTERNATIVE} {len(nodes)} accelerators" if len(nodes) > 1 else "argument gpu"
        _gpu(node, call, call.at(how, node))
    if nodes:
        call.add("cloud", "modal", Certainty.INFERRED)
        regions = call.items(call.argument("region"))
        if len(regions) == 1:
            call.say("region", regions[0], "argument region")


def _gpu(node: ast.expr, call: Call, at: At) -> None:
    """`"H100:2"`, or `modal.gpu.H100(count=2)` as it was written before."""
    found = value(node, call.names)
    if isinstance(found, str) and not found.startswith("${"):
        kind, count = normal.counted(found)
        call.teller.say("accelerator", kind, at)
        call.teller.say("n_devices", count or 1, at)
    elif isinstance(node, ast.Call) and ".gpu." in f".{dotted(node.func)}":
        call.teller.say("accelerator", dotted(node.func).rsplit(".", 1)[-1], at)
        count_node = next((k.value for k in node.keywords if k.arg == "count"), None)
        call.teller.say("n_devices", 1 if count_node is None else value(count_node, call.names), at)
    elif found is UNKNOWN or isinstance(found, str):
        call.say("accelerator", node, "argument gpu")


def _ray(call: Call) -> None:
    """`LLMConfig` of Ray Serve: it runs vLLM with `engine_kwargs`."""
    call.teller.framework = "vllm"
    call.add("framework", "ray-serve")
    call.add("framework", "vllm", Certainty.INFERRED, "LLMConfig runs vLLM")
    loading = call.entries("model_loading_config")
    call.say("model", loading.get("model_source") or loading.get("model_id"), "model_loading_config")
    call.say("accelerator", call.argument("accelerator_type"), "argument accelerator_type")
    words = call.teller.tables.words("python_keywords")
    for word, node in call.entries("engine_kwargs").items():
        key = words.get(word)
        if key and key != "model":
            call.say(key, node, f"engine_kwargs {word}")


def _bento(call: Call) -> None:
    found = call.entries("resources")
    call.say("n_devices", found.get("gpu"), "resources gpu")
    call.say("accelerator", found.get("gpu_type"), "resources gpu_type")


def _sagemaker(call: Call) -> None:
    for word, node in {**call.entries("env"), **call.entries("environment")}.items():
        if word in ("HF_MODEL_ID", "MODEL_ID"):
            call.say("model", node, f"variable {word}")
        else:
            call.teller.variable(word, value(node, call.names), call.at(word, node))
    if call.last == "JumpStartModel":
        call.say("model", call.argument("model_id"), "argument model_id")
    if call.last == "get_huggingface_llm_image_uri" and call.text(position=0) == "huggingface":
        call.teller.framework = "tgi"
        call.add("framework", "tgi", Certainty.INFERRED)
        call.say("framework_version", call.argument("version"), "argument version")
    machine = call.text("instance_type")
    if machine and machine.startswith("ml."):
        call.say("offer", call.argument("instance_type"), "argument instance_type")
        call.add("cloud", "aws", Certainty.INFERRED)
        call.say("replicas", call.argument("initial_instance_count"), "argument initial_instance_count")
        call.say("n_nodes", call.argument("instance_count"), "argument instance_count")


def _vertex(call: Call) -> None:
    call.say("offer", call.argument("machine_type"), "argument machine_type")
    call.say("accelerator", call.argument("accelerator_type"), "argument accelerator_type")
    call.say("n_devices", call.argument("accelerator_count"), "argument accelerator_count")
    call.say("replicas", call.argument("min_replica_count"), "argument min_replica_count")
    call.add("cloud", "gcp", Certainty.INFERRED)
