"""Files of launchers, trainers and servers, and settings that name a vendor and a model."""

from pathlib import Path

import pytest

from selector.check.detect.run import Detection, detect
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty

MARK = {Certainty.UNRESOLVED: "?", Certainty.INFERRED: "~", Certainty.DECLARED: "", Certainty.CONFLICT: "!"}


def found(folder: Path, catalogue: Catalogue, name: str, text: str) -> Detection:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return detect(folder, catalogue)


def said(result: Detection, *keys: str) -> list[str]:
    return sorted(
        {f"{MARK[s.certainty]}{s.key}={s.value}" for s in result.facts if not keys or s.key in keys}
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{model: azure/gpt-4o, api_base: 'https://me.openai.azure.com'}",
         ["endpoint=me.openai.azure.com", "model=gpt-4o", "provider=azure_openai", "~hosting=api"]),
        ("{model: hosted_vllm/a/b, api_base: 'http://v:1/v1'}", ["endpoint=v", "model=a/b"]),
        ("{model: os.environ/M, api_base: os.environ/B}", ["?endpoint=${B}", "?model=${M}"]),
        ("{model: gpt-4o}", ["model=gpt-4o"]),
        ("{model: 'openai/*'}", ["?model=openai/*", "provider=openai", "~hosting=api"]),
        ("{model: bedrock/eu.nova, aws_region_name: eu-central-1}",
         ["model=eu.nova", "provider=aws_bedrock", "region=eu-central-1", "~hosting=api"]),
        ("{model: cohere/rerank-v3.5}\n    model_info: {mode: rerank}",
         ["provider=cohere", "reranker_model=rerank-v3.5", "~hosting=api"]),
        ("{api_base: x}", []),
    ],
)  # fmt: skip
def test_a_proxy_of_litellm(row: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    text = f"model_list:\n  - model_name: x\n    litellm_params: {row}\n"
    got = said(found(tmp_path, catalogue, "litellm.yaml", text))
    assert [g for g in got if g not in ("served_name=x", "~library=litellm")] == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.sky.yaml",
            "envs: {M: a/b}\nresources:\n  accelerators: {H100: 8, A100-80GB: 8}\n  infra: aws/eu-west-1\nnum_nodes: 2\n"
            "setup: pip install vllm==0.10.0\nrun: |\n  vllm serve $M -tp $SKYPILOT_NUM_GPUS_PER_NODE\nservice: {replicas: 3}\n",
            ["accelerator=a100-80gb", "accelerator=h100", "cloud=aws", "framework=vllm", "framework_version=0.10.0",
             "model=a/b", "n_devices=8", "n_nodes=2", "region=eu-west-1", "replicas=3", "tp=8"],
        ),
        (
            "b.yaml",
            "resources:\n  any_of:\n    - {infra: aws, accelerators: L4}\n    - {infra: gcp/*, accelerators: 'T4:2'}\nrun: vllm serve a/b\n",
            ["accelerator=l4", "accelerator=t4", "cloud=aws", "cloud=gcp", "framework=vllm", "model=a/b", "n_devices=2"],
        ),
        (
            "x.dstack.yml",
            "type: service\nimage: lmsysorg/sglang:v0.4.6\nenv: [M=a/b, HF_TOKEN]\ncommands:\n"
            "  - python3 -m sglang.launch_server --model-path $M --tp $DSTACK_GPUS_NUM\nresources: {gpu: '80GB..:H100:4'}\n"
            "regions: [eu-west-1]\nreplicas: 1..4\n",
            ["accelerator=h100", "framework=sglang", "image=lmsysorg/sglang", "image_tag=v0.4.6", "model=a/b", "n_devices=4",
             "region=eu-west-1", "replicas=1", "tp=4", "~framework=sglang", "~framework_version=0.4.6"],
        ),
        (
            "y.dstack.yml",
            "type: task\ncommands: [pip install trl==0.9.0]\nnodes: 2\nresources:\n  gpu: {name: [A100, H100], memory: 80GB, count: 2}\n",
            ["accelerator=a100", "accelerator=h100", "framework=trl", "framework_version=0.9.0", "n_devices=2", "n_nodes=2"],
        ),
        (
            "cog.yaml",
            "build:\n  gpu: true\n  python_packages: ['torch==2.3.0']\n  run:\n    - pip install 'vllm==0.4.2'\npredict: p.py:P\n",
            ["framework=pytorch", "framework=vllm", "framework_version=0.4.2", "framework_version=2.3.0",
             "~accelerator=nvidia"],
        ),
        (
            "bentofile.yaml",
            "service: s:V\npython:\n  packages: [vllm==0.5.0]\nenvs:\n  - {name: MODEL_ID, value: a/b}\n  - {name: X}\n",
            ["framework=vllm", "framework_version=0.5.0", "model=a/b"],
        ),
        (
            "serve.yaml",
            "applications:\n- name: l\n  args:\n    llm_configs:\n      - model_loading_config: {model_id: q, model_source: a/b}\n"
            "        accelerator_type: A10G\n        engine_kwargs: {tensor_parallel_size: 2}\n",
            ["accelerator=a10g", "model=a/b", "tp=2", "~framework=ray-serve"],
        ),
        (
            "Modelfile",
            "# x\nfrom llama3.1:8b-instruct-q4_K_M\nPARAMETER num_ctx 8192\nADAPTER ./a\nSYSTEM \"\"\"\nFROM other\n\"\"\"\n",
            ["adapter=./a", "context=8192", "model=llama3.1:8b-instruct-q4_K_M", "~framework=ollama", "~precision=q4_k_m"],
        ),
        (
            "gallery/q.yaml",
            "name: q\nconfig_file: |\n  backend: llama-cpp\n  parameters:\n    model: q.gguf\n",
            ["framework=llama.cpp", "model=q.gguf", "weight_format=gguf", "weights_source=local", "~framework=localai"],
        ),
    ],
)  # fmt: skip
def test_launchers(name: str, text: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert said(found(tmp_path, catalogue, name, text)) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "ft.yml",
            "base_model: a/b\nrevision_of_model: r\nload_in_4bit: true\nadapter: qlora\nsequence_len: 4096\nbf16: true\n"
            "datasets:\n  - path: x/y\ndeepspeed: configs/zero3_bf16.json\n",
            ["context=4096", "dataset=x/y", "model=a/b", "model_revision=r", "precision=nf4", "training_method=qlora",
             "~framework=axolotl", "~training_strategy=zero-3"],
        ),
        (
            "ft.yml",
            "base_model: a/b\nbf16: auto\nfsdp_config: {x: 1}\ntensor_parallel_size: 2\n",
            ["model=a/b", "tp=2", "training_strategy=fsdp", "~framework=axolotl", "~training_method=full"],
        ),
        (
            "sft.yaml",
            "model_name_or_path: a/b\nstage: sft\nfinetuning_type: lora\nquantization_bit: 4\nbf16: true\ndataset: x,y\n"
            "cutoff_len: 2048\ndeepspeed: ds_z3_config.json\ntrust_remote_code: true\n",
            ["context=2048", "dataset=x", "dataset=y", "model=a/b", "precision=nf4", "training_method=qlora",
             "trust_remote_code=True", "~framework=llama-factory", "~training_strategy=zero-3"],
        ),
        (
            "infer.yaml",
            "model_name_or_path: a/b\nadapter_name_or_path: c/d\nfinetuning_type: lora\ninfer_backend: vllm\n",
            ["adapter=c/d", "framework=vllm", "model=a/b", "training_method=lora", "~framework=llama-factory"],
        ),
        (
            "recipe.yaml",
            "model_name_or_path: a/b\nmodel_revision: main\ntorch_dtype: bfloat16\nuse_peft: true\ndataset_name: x/y\n"
            "fsdp: full_shard\n",
            ["dataset=x/y", "model=a/b", "model_revision=main", "precision=bf16", "training_method=lora",
             "training_strategy=fsdp"],
        ),
        (
            "tune.yaml",
            "model:\n  _component_: torchtune.models.llama3_1.qlora_llama3_1_8b\ncheckpointer:\n  checkpoint_dir: /m/x\ndtype: bf16\n",
            ["model=/m/x", "precision=bf16", "weights_source=local", "~framework=torchtune", "~training_method=qlora"],
        ),
        (
            "ds.json",
            '{"zero_optimization": {"stage": 2}, "bf16": {"enabled": "auto"}, "tensor_parallel": {"autotp_size": 4}}',
            ["tp=4", "training_strategy=zero-2", "~framework=deepspeed"],
        ),
        (
            "acc.yaml",
            "distributed_type: FSDP\nmixed_precision: bf16\nnum_machines: 2\nnum_processes: 16\n",
            ["n_devices=16", "n_nodes=2", "precision=bf16", "training_strategy=fsdp", "~framework=accelerate"],
        ),
        (
            "run.sh",
            "torchrun --nproc_per_node=8 --nnodes 4 t.py --model_name_or_path a/b --bf16 --deepspeed ds_zero2.json\n",
            ["framework=pytorch", "model=a/b", "n_devices=8", "n_nodes=4", "precision=bf16", "~training_strategy=zero-2"],
        ),
        (
            "job.sbatch",
            "#!/bin/bash\n#SBATCH --nodes=2\n#SBATCH --gres=gpu:a100:4\n#SBATCH --gres=fs:1\nsrun vllm serve a/b\n",
            ["accelerator=a100", "framework=vllm", "model=a/b", "n_devices=4", "n_nodes=2"],
        ),
        ("job.sbatch", "#SBATCH --gpus-per-node=8\nsrun ./other\n", []),
        ("run.sh", "axolotl train ft.yml\nllamafactory-cli train model_name_or_path=a/b\n",
         ["framework=axolotl", "framework=llama-factory"]),
    ],
)  # fmt: skip
def test_trainers(name: str, text: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert said(found(tmp_path, catalogue, name, text)) == expected


def test_a_model_repository_of_triton(tmp_path: Path, catalogue: Catalogue) -> None:
    found(tmp_path, catalogue, "repo/m/config.pbtxt", 'name: "m"\nbackend: "vllm"\n')
    result = found(
        tmp_path,
        catalogue,
        "repo/m/1/model.json",
        '{"model": "a/b", "gpu_memory_utilization": 0.5, "tensor_parallel_size": 2, "dtype": "half"}',
    )
    assert said(result) == [
        "framework=vllm", "memory_fraction=0.5", "model=a/b", "precision=fp16", "tp=2", "~framework=triton-inference-server",
        "~framework=vllm",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("config.yml", "models:\n  - {type: main, engine: openai, model: gpt-4o}\n",
         ["model=gpt-4o", "provider=openai", "~hosting=api"]),
        ("s.yaml", "llm: {provider: anthropic, model: claude-x}\nembedder: {provider: huggingface, config: {model: a/b}}\n",
         ["embedding_model=a/b", "model=claude-x", "provider=anthropic", "~hosting=api"]),
        ("s.yaml", "m: {type: azure_openai_embedding, deployment_name: e, api_base: 'https://me.openai.azure.com'}\n",
         ["embedding_model=e", "endpoint=me.openai.azure.com", "provider=azure_openai"]),
        ("s.yaml", "llm: {provider: ollama, model: 'qwen3:8b', base_url: 'http://ollama:11434'}\n",
         ["endpoint=ollama", "model=qwen3:8b"]),
        ("s.yaml", "llm: {provider: openai, model: '${LLM_MODEL}'}\n", ["?model=${LLM_MODEL}", "provider=openai", "~hosting=api"]),
        ("s.yaml", "car: {type: sedan, model: S}\n", []),
        ("s.yaml", "x: {type: openai, name: an endpoint, model: [a]}\n", []),
        ("s.yaml", "apiVersion: v1\nx: {provider: openai, model: gpt-4o}\n", []),
        ("selector.stack.yaml", "x: {provider: openai, model: gpt-4o}\n", []),
        (".github/workflows/s.yaml", "jobs: {a: {strategy: {matrix: {type: [openai], model: [x]}}}}\n", []),
    ],
)  # fmt: skip
def test_settings_with_a_vendor_and_a_model(
    name: str, text: str, expected: list[str], tmp_path: Path, catalogue: Catalogue
) -> None:
    assert said(found(tmp_path, catalogue, name, text)) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "model_list:\n  - [1, 2]\n  - litellm_params: [x]\n"),
        ("a.yaml", "resources: {accelerators: [[1], null]}\nrun: [1, {a: b}]\n"),
        ("a.yaml", "resources: {any_of: [1, x]}\nrun: x\n"),
        ("a.dstack.yml", "type: service\nresources: {gpu: [1]}\nenv: 3\ncommands: {a: 1}\nreplicas: []\n"),
        ("cog.yaml", "build: {run: {a: 1}, python_packages: x}\npredict: [1]\n"),
        ("bentofile.yaml", "service: x\npython: [1]\nenvs: {a: 1}\n"),
        ("serve.yaml", "applications: [1, {args: {llm_configs: [3]}}]\n"),
        ("a.yaml", "base_model: [1]\ndatasets: 3\nadapter: {a: 1}\n"),
        ("a.yaml", "model_name_or_path: {a: b}\ndataset: [1]\ndeepspeed: {a: 1}\n"),
        ("a.json", '{"zero_optimization": [1], "bf16": 3}'),
        ("a.yaml", "llm: {provider: [openai], model: {a: b}, config: [1]}\n"),
        ("config.pbtxt", 'backend: "\nplatform:\n'),
        ("m/1/model.json", '{"model": [1], "dtype": null}'),
    ],
)
def test_values_of_another_kind_are_passed_over(
    name: str, text: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    assert found(tmp_path, catalogue, name, text).troubles == ()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("configs/a.yaml", "model: a/b\nmax-model-len: 8192\nquantization: fp8\ntrust-remote-code: true\n",
         ["model=a/b", "precision=fp8", "trust_remote_code=True", "~framework=vllm"]),
        ("b.yaml", "model-path: a/b\ncontext-length: 8192\ntp-size: 2\nmem-fraction-static: 0.8\n",
         ["model=a/b", "tp=2", "~framework=sglang"]),
        ("c.yaml", "model: a/b\nmax_model_len: 8192\n", []),  # two keys are not enough
        ("grpo.yaml", "model_name_or_path: a/b\nuse_vllm: true\n", ["model=a/b", "~framework=vllm"]),
        ("run.sh", "bash -lc -- 'ulimit -n 9; vllm serve a/b'\n", ["framework=vllm", "model=a/b"]),
        ("work.sh", "python -m own.worker --model-path a/b\n", ["~model=a/b"]),
        ("Dockerfile_tei", "FROM ghcr.io/huggingface/text-embeddings-inference:cpu-1.8\n",
         ["~accelerator=cpu", "~framework=text-embeddings-inference"]),
        ("service.py", "class A:\n    def start(self):\n        return ['vllm', 'serve', 'a/b', *self.more()]\n",
         ["framework=vllm", "model=a/b"]),
    ],
)  # fmt: skip
def test_shapes_of_the_repositories_held_out_later(
    tmp_path: Path, catalogue: Catalogue, name: str, text: str, expected: list[str]
) -> None:
    keys = ("framework", "model", "precision", "tp", "trust_remote_code", "accelerator")
    assert said(found(tmp_path, catalogue, name, text), *keys) == expected


def test_a_key_with_slashes_of_a_chart_and_a_label_of_another_cloud(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    (tmp_path / "values.yaml").write_text("resources: {requests: {nvidia.com/gpu: '8'}}\nname: a/b\n")
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  nodeSelector:\n"
        "    machine.example.com/gpu-name: Tesla-V100\n    other.example.com/gpu-name: blue\n"
        "  containers:\n  - name: c\n    command: [vllm, serve, '{{ .Values.name }}']\n"
        '    resources: {limits: {nvidia.com/gpu: {{ index .Values.resources.requests "nvidia.com/gpu" }}}}\n'
    )
    result = found(tmp_path, catalogue, "templates/pod.yaml", pod)
    assert "n_devices=8" in said(result, "n_devices")
    assert "v100" in " ".join(said(result, "accelerator")).lower()
    assert "blue" not in " ".join(said(result, "accelerator"))


@pytest.mark.parametrize(
    ("head", "key", "pack", "read"),
    [
        ("# yaml-language-server: $schema=../schemas/apis.json\n", "apis", "", False),
        ("# yaml-language-server: $schema=../schemas/apis.json\n", "agents", "", True),
        ("", "apis", "pack: {id: own, version: 1.0.0, title: Own, points_budget: 0}\n", False),
        ("", "apis", "pack: {name: of another tool}\n", True),
        ("", "apis", "", True),
    ],
)
def test_facts_of_a_pack_run_nothing(
    head: str, key: str, pack: str, read: bool, tmp_path: Path, catalogue: Catalogue
) -> None:
    if pack:
        (tmp_path / "pack.yaml").write_text(pack)
    got = found(tmp_path, catalogue, "apis.yaml", f"{head}{key}:\n  - {{provider: openai, model: gpt-4o}}\n")
    assert bool(got.units) is read
