"""What a repository says of the stack that it runs: facts with their places, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Certainty(Enum):
    """How a value is known. A value is never guessed: what does not resolve is kept as written."""

    DECLARED = "declared"  # stated for this purpose: an argument, a field, a manifest entry
    INFERRED = "inferred"  # follows from something else: the name of an image, a default of the engine
    UNRESOLVED = "unresolved"  # named, but its value is elsewhere: a variable without a value
    CONFLICT = "conflict"  # the unit says two things


@dataclass(frozen=True, slots=True)
class Seen:
    """One fact of one deployment unit. `key` is an entry of `KEYS`; lines and columns count from 1."""

    unit: str  # file relative to the root, or file#name where a file holds several
    key: str
    value: (
        object  # string, number or boolean, as the detection reads it; the text as written where unresolved
    )
    certainty: Certainty
    file: str  # relative to the root, with /
    line: int
    column: int
    how: str  # what was read, in words: "argument --tensor-parallel-size"
    path: str = ""  # where in a structured file: services.llm.command[3]; keys a baseline


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file, or a part of one, that could not be read; becomes a finding, never a crash."""

    code: str  # DETECT-001 broken syntax, DETECT-002 over a budget, DETECT-003 unreadable or not text
    message: str
    file: str
    line: int = 1
    column: int = 1


KEYS = {
    "model": "id of a served or trained model, as written (organisation/name, a hosted id, an Ollama tag)",
    "model_revision": "commit, tag or branch of the model",
    "served_name": "name under which clients know the model",
    "served_label": "label of the workload that names a model",
    "embedding_model": "id of an embedding model",
    "reranker_model": "id of a reranking model",
    "speech_model": "id of a model of speech",
    "adapter": "id or path of a LoRA adapter",
    "framework": "id of the framework that serves or trains (an id of the catalogue): vllm, sglang, pytorch",
    "framework_version": "version of it, pinned or of the image",
    "library": "another AI library, its PyPI or npm name",
    "library_version": "its pinned version",
    "image": "container image without tag and digest",
    "image_tag": "tag of the image",
    "image_digest": "digest of the image",
    "hosting": "api, self_hosted_cloud, on_prem or self_hosted where the place is not said",
    "provider": "vendor of a hosted API (id of a vendor of the catalogue)",
    "endpoint": "host name that is called, without user, path or query",
    "region": "region of a cloud or of an endpoint, as written",
    "cloud": "cloud or provider of machines",
    "offer": "instance type of a cloud, as written",
    "accelerator": "accelerator (nvidia-l4, h100, mi300x, tpu-v6e), or its vendor alone (nvidia, amd)",
    "n_devices": "devices of one replica of the unit, whole number",
    "n_nodes": "nodes of one replica",
    "tp": "tensor parallel size",
    "pp": "pipeline parallel size",
    "dp": "data parallel size",
    "ep": "expert parallel size",
    "replicas": "replicas of the unit",
    "precision": "format of weights (bf16, fp16, fp8, int8, int4-awq, int4-gptq, nf4, mxfp4, q4_k_m ...)",
    "kv_precision": "format of the cache (auto is left out)",
    "context": "longest context in tokens",
    "max_sequences": "most requests at once",
    "memory_fraction": "share of device memory given to the engine",
    "trust_remote_code": "whether code of the model's repository is run",
    "weight_format": "safetensors, pickle, gguf, onnx, engine",
    "weights_source": "hub, local path, object store",
    "api_key_set": "whether the endpoint asks for a key (never the key)",
    "training_method": "full, lora, qlora, dpo, pretrain ...",
    "training_strategy": "ddp, fsdp, zero-1, zero-2, zero-3, tensor, pipeline",
    "dataset": "id of a training set",
    "vector_store": "store of vectors",
    "guardrail": "tool that filters inputs or outputs",
    "secret": "name and kind of a secret that stands in a file, never its value",
}
