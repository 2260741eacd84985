"""Commands, images and objects of containers: what is read off each form, and what is not."""

from pathlib import Path

import pytest

from selector.check.detect import argv, foreign, secrets
from selector.check.detect.run import Unit, detect
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty

TOLD = ("framework", "framework_version", "model", "embedding_model", "precision", "tp", "pp", "n_devices",
        "context", "replicas", "accelerator")  # fmt: skip


def units(folder: Path, catalogue: Catalogue, **files: str) -> dict[str, Unit]:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {u.name: u for u in detect(folder, catalogue).units}


def said(unit: Unit) -> dict[str, object]:
    """Values by key, several as a set; unresolved ones as written in brackets."""
    found: dict[str, set[object]] = {}
    for s in unit.facts:
        if s.key in TOLD:
            shown = f"[{s.value}]" if s.certainty is Certainty.UNRESOLVED else s.value
            found.setdefault(s.key, set()).add(shown)
    return {k: next(iter(v)) if len(v) == 1 else v for k, v in found.items()}


SHELL: tuple[tuple[str, dict[str, object]], ...] = (
    ("M=${1:-org/m}\nvllm serve \"$M\"", {"framework": "vllm", "model": "org/m"}),
    ("vllm serve $(cat model.txt)", {"framework": "vllm", "model": "[$(cat model.txt)]"}),
    ("M=org/m\nvllm serve ${M##*/}", {"framework": "vllm", "model": "[${M##*/}]"}),
    ("vllm serve `cat model.txt`", {"framework": "vllm", "model": "[`cat model.txt`]"}),
    ("vllm serve org/m -tp=4 -pp 2 --max_model_len 32k",
     {"framework": "vllm", "model": "org/m", "tp": 4, "pp": 2, "context": 32_000}),
    ("vllm serve org/m --max-model-len 2.5K", {"framework": "vllm", "model": "org/m", "context": 2_560}),
    ("vllm serve org/m --max-model-len some", {"framework": "vllm", "model": "org/m", "context": "[some]"}),
    ("sudo CUDA_VISIBLE_DEVICES=0 uv run vllm serve org/m", {"framework": "vllm", "model": "org/m"}),
    ("if true; then vllm serve org/m; fi", {"framework": "vllm", "model": "org/m"}),
    ("cat <<EOF > start.sh\nvllm serve org/m\nEOF", {"framework": "vllm", "model": "org/m"}),
    ("bash -c \"cd /x && vllm serve org/m --tensor-parallel-size 2\"",
     {"framework": "vllm", "model": "org/m", "tp": 2}),
    ("python -m sglang.launch_server --model-path org/m --tp 8 --quantization fp8",
     {"framework": "sglang", "model": "org/m", "tp": 8, "precision": "fp8"}),
    ("text-generation-launcher --model-id org/m --num-shard 2 --quantize bitsandbytes",
     {"framework": "tgi", "model": "org/m", "tp": 2, "precision": "int8"}),
    ("trtllm-serve org/m --tp_size 4 --max_seq_len 8192",
     {"framework": "tensorrt-llm", "model": "org/m", "tp": 4, "context": 8192}),
    ("python3 -m dynamo.vllm --model org/m", {"framework": "vllm", "model": "org/m"}),
    ("./bin/llama-server -hf org/m-GGUF:Q4_K_M -c 8192 -ngl 99",
     {"framework": "llama.cpp", "model": "org/m-GGUF:Q4_K_M", "precision": "q4_k_m", "context": 8192}),
    ("llama-server -m models/m-q5_k_m.gguf", {"framework": "llama.cpp", "model": "models/m-q5_k_m.gguf", "precision": "q5_k_m"}),
    ("docker exec ollama ollama pull llama3.1:8b-instruct-q8_0",
     {"framework": "ollama", "model": "llama3.1:8b-instruct-q8_0", "precision": "q8_0"}),
    ("lmdeploy serve api_server org/m --tp 2 --session-len 4096",
     {"framework": "lmdeploy", "model": "org/m", "tp": 2, "context": 4096}),
    ("text-embeddings-router --model-id org/e --dtype float16",
     {"framework": "text-embeddings-inference", "embedding_model": "org/e", "precision": "fp16"}),
    ("docker run --gpus '\"device=0,1\"' -e A=b vllm/vllm-openai:v0.11.0 --model org/m --dtype half",
     {"framework": "vllm", "framework_version": "0.11.0", "model": "org/m", "precision": "fp16",
      "accelerator": "nvidia", "n_devices": 2}),
    ("docker run --entrypoint vllm registry.local/x:1 serve org/m", {"framework": "vllm", "model": "org/m"}),
    ("docker run -d --device /dev/kfd lmsysorg/sglang:v0.5.3-rocm630",
     {"framework": "sglang", "framework_version": "0.5.3", "accelerator": "amd"}),
    ("torchrun --nproc_per_node=8 train.py --model_name_or_path org/m --bf16",
     {"framework": "pytorch", "model": "org/m", "n_devices": 8, "precision": "bf16"}),
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SHELL)
def test_commands_of_a_shell(
    text: str, expected: dict[str, object], tmp_path: Path, catalogue: Catalogue
) -> None:
    found = units(tmp_path, catalogue, run_dot_sh=text + "\n")
    assert [said(u) for u in found.values()] == [expected]


@pytest.mark.parametrize(
    "text",
    ["cd /opt/tritonserver", "ls deepspeed", "echo vllm serve org/m", "git clone https://host/vllm serve org/m",
     "which tritonserver", "X=1 python -m pip list deepspeed", "# vllm serve org/m", "rm -rf deepspeed"],
)  # fmt: skip
def test_commands_that_only_name_a_program(text: str, tmp_path: Path, catalogue: Catalogue) -> None:
    assert units(tmp_path, catalogue, run_dot_sh=text + "\n") == {}


VARIABLES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("ghcr.io/ggml-org/llama.cpp:server-cuda", "LLAMA_ARG_HF_REPO: org/m-GGUF:Q8_0, LLAMA_ARG_CTX_SIZE: 4096",
     {"framework": "llama.cpp", "accelerator": "nvidia", "model": "org/m-GGUF:Q8_0", "precision": "q8_0", "context": 4096}),
    ("ghcr.io/huggingface/text-embeddings-inference:89-1.8", "MODEL_ID: org/e",
     {"framework": "text-embeddings-inference", "framework_version": "1.8", "embedding_model": "org/e"}),
    ("ghcr.io/huggingface/text-embeddings-inference:cpu-1.8", "MODEL_ID: org/e",
     {"framework": "text-embeddings-inference", "framework_version": "1.8", "embedding_model": "org/e", "accelerator": "cpu"}),
    ("ghcr.io/huggingface/text-generation-inference:3.3.5", "MODEL_ID: org/m, NUM_SHARD: 2, QUANTIZE: fp8",
     {"framework": "tgi", "framework_version": "3.3.5", "model": "org/m", "tp": 2, "precision": "fp8"}),
    ("1.dkr.ecr.us-west-2.amazonaws.com/djl-inference:0.33.0", "HF_MODEL_ID: org/m, OPTION_ROLLING_BATCH: vllm, OPTION_TENSOR_PARALLEL_DEGREE: max",
     {"framework": "vllm", "model": "org/m", "tp": "[max]"}),
    ("1.dkr.ecr.us-west-2.amazonaws.com/vllm:0.11.0", "SM_VLLM_MODEL: org/m, SM_VLLM_TENSOR_PARALLEL_SIZE: 4",
     {"framework": "vllm", "model": "org/m", "tp": 4}),
    ("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.3.3", "NIM_TENSOR_PARALLEL_SIZE: 2",
     {"framework": "nim", "framework_version": "1.3.3", "accelerator": "nvidia", "model": "meta/llama-3.1-8b-instruct", "tp": 2}),
    ("ollama/ollama:rocm", "OLLAMA_CONTEXT_LENGTH: 8192", {"framework": "ollama", "accelerator": "amd", "context": 8192}),
    ("me/app:1", "MODEL_NAME: churn, NUM_GPUS: 2", {}),
)  # fmt: skip


@pytest.mark.parametrize(("image", "variables", "expected"), VARIABLES)
def test_images_and_variables_of_a_service(
    image: str, variables: str, expected: dict[str, object], tmp_path: Path, catalogue: Catalogue
) -> None:
    text = f"services:\n  a:\n    image: {image}\n    environment: {{{variables}}}\n"
    found = units(tmp_path, catalogue, compose_dot_yaml=text)
    assert [said(u) for u in found.values()] == ([expected] if expected else [])


def test_what_compose_leaves_to_the_shell(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (
        "services:\n  a:\n    image: vllm/vllm-openai:v0.11.0\n    gpus: all\n    environment: [MODEL=org/m]\n"
        '    entrypoint: ["sh", "-c", "vllm serve $$MODEL --tensor-parallel-size $${TP:-2}"]\n'
        "models:\n  small:\n    model: ai/small:360M-Q4_K_M\n    context_size: 4096\n"
    )
    found = units(tmp_path, catalogue, compose_dot_yaml=text)
    assert said(found["compose.yaml#a"])["model"] == "org/m"
    assert said(found["compose.yaml#a"])["tp"] == 2
    assert said(found["compose.yaml#models.small"]) == {
        "model": "ai/small:360M-Q4_K_M", "precision": "q4_k_m", "context": 4096
    }  # fmt: skip


def test_words_of_folded_and_indented_texts_keep_their_places(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (
        "services:\n  a:\n    image: vllm/vllm-openai:v0.11.0\n    command: >\n      --model org/m\n"
        "      --tensor-parallel-size 2\n  b:\n    image: vllm/vllm-openai:v0.11.0\n"
        "    command:\n      - bash\n      - -c\n      - |\n        set -e\n        vllm serve org/n \\\n"
        "          --tensor-parallel-size 4\n"
    )
    found = units(tmp_path, catalogue, compose_dot_yaml=text)
    places = {(s.key, s.value): (s.line, s.column) for u in found.values() for s in u.facts}
    lines = text.splitlines()
    for (key, value), (line, column) in places.items():
        if key in ("model", "tp"):
            assert lines[line - 1][column - 1 :].startswith(str(value))


OBJECT = "apiVersion: v1\nkind: {kind}\nmetadata: {{name: n}}\n"
CONTAINER = (
    "{image: 'vllm/vllm-openai:v0.9.1', args: [--model, org/m], resources: {limits: {nvidia.com/gpu: 2}}}"
)
RUNS: dict[str, object] = {
    "framework": "vllm", "framework_version": "0.9.1", "model": "org/m", "accelerator": "nvidia", "n_devices": 2
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Pod", f"spec: {{containers: [{CONTAINER}]}}"),
        ("CronJob", f"spec: {{jobTemplate: {{spec: {{template: {{spec: {{containers: [{CONTAINER}]}}}}}}}}}}"),
        ("Service", f"spec: {{template: {{spec: {{containers: [{CONTAINER}]}}}}}}"),
        ("PyTorchJob", f"spec: {{pytorchReplicaSpecs: {{Worker: {{template: {{spec: {{containers: [{CONTAINER}]}}}}}}}}}}"),
        ("LeaderWorkerSet", f"spec: {{leaderWorkerTemplate: {{workerTemplate: {{spec: {{containers: [{CONTAINER}]}}}}}}}}"),
        ("DynamoGraphDeployment", f"spec: {{services: {{W: {{extraPodSpec: {{mainContainer: {CONTAINER}}}}}}}}}"),
        ("List", f"items: [{{kind: Pod, metadata: {{name: n}}, spec: {{containers: [{CONTAINER}]}}}}]"),
    ],
)  # fmt: skip
def test_pods_of_objects(kind: str, spec: str, tmp_path: Path, catalogue: Catalogue) -> None:
    found = units(tmp_path, catalogue, d_dot_yaml=OBJECT.format(kind=kind) + spec + "\n")
    assert [said(u) for u in found.values()] == [RUNS]


def test_nodes_that_a_pod_asks_for(tmp_path: Path, catalogue: Catalogue) -> None:
    terms = (
        "{matchExpressions: [{key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-L4, NVIDIA-L40S]}]}"
    )
    text = OBJECT.format(kind="Pod") + (
        "spec:\n  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
        f"{{nodeSelectorTerms: [{terms}]}}}}}}\n"
        "  containers: [{image: 'vllm/vllm-openai:v0.9.1', resources: {limits: {nvidia.com/mig-3g.40gb: 1}}}]\n"
    )
    (unit,) = units(tmp_path, catalogue, d_dot_yaml=text).values()
    assert said(unit)["accelerator"] == {"nvidia", "nvidia-l4", "nvidia-l40s"}
    assert said(unit)["n_devices"] == 1
    assert all(s.certainty is not Certainty.CONFLICT for s in unit.facts)


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("NIMCache", "spec: {source: {ngc: {modelPuller: 'nvcr.io/nim/meta/llama-3.1-8b-instruct:1.3.3', model: {precision: fp8, tensorParallelism: '1', gpus: [{product: l40s}]}}}}",
         {"framework": "nim", "framework_version": "1.3.3", "model": "meta/llama-3.1-8b-instruct", "precision": "fp8", "tp": 1, "accelerator": {"nvidia", "l40s"}}),
        ("Workspace", "resource: {instanceType: Standard_NC24ads_A100_v4}\ninference: {preset: {name: phi-4-mini-instruct}}",
         {"model": "phi-4-mini-instruct", "accelerator": "a100-pcie", "n_devices": 1}),
        ("InferenceService", "spec: {predictor: {minReplicas: 2, model: {modelFormat: {name: huggingface}, storageUri: 'hf://org/m', args: [--dtype=bfloat16]}}}",
         {"framework": "vllm", "model": "org/m", "precision": "bf16", "replicas": 2}),
        ("HelmRelease", "spec: {values: {image: {repository: vllm/vllm-openai, tag: v0.9.1}, extraArgs: [--model=org/m]}}",
         {"framework": "vllm", "framework_version": "0.9.1", "accelerator": "nvidia", "model": "org/m"}),
        ("Application", "spec:\n  source:\n    helm:\n      values: |\n        image: {repository: vllm/vllm-openai, tag: v0.9.1}\n        extraArgs: [--model=org/m]",
         {"framework": "vllm", "framework_version": "0.9.1", "accelerator": "nvidia", "model": "org/m"}),
    ],
)  # fmt: skip
def test_objects_of_operators(
    kind: str, spec: str, expected: dict[str, object], tmp_path: Path, catalogue: Catalogue
) -> None:
    found = units(tmp_path, catalogue, d_dot_yaml=OBJECT.format(kind=kind) + spec + "\n")
    assert [said(u) for u in found.values()] == [expected]


def test_templates_of_a_chart_are_read_with_its_values(tmp_path: Path, catalogue: Catalogue) -> None:
    template = (
        'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include "x.name" . }}\nspec:\n'
        "  {{- if .Values.llm.more }}\n  replicas: {{ .Values.llm.more }}\n  {{- end }}\n  template:\n    spec:\n"
        '      containers:\n      - image: "{{ .Values.llm.image.repository }}:{{ .Values.llm.image.tag | default "x" }}"\n'
        "        args: [--model, {{ .Values.llm.id }}, --tensor-parallel-size, {{ .Values.llm.tp | quote }}]\n"
    )
    values = "llm:\n  image: {repository: vllm/vllm-openai, tag: v0.9.1}\n  id: org/m\n  tp: 2\n"
    found = units(
        tmp_path, catalogue, chart__templates__d_dot_yaml=template, chart__values_dot_yaml=values
    )  # fmt: skip
    assert list(found) == ["chart/values.yaml#llm"]
    assert said(found["chart/values.yaml#llm"]) == {
        "framework": "vllm", "framework_version": "0.9.1", "accelerator": "nvidia", "model": "org/m", "tp": 2,
        "replicas": "[{{ .Values.llm.more }}]",
    }  # fmt: skip


def test_a_patch_is_read_with_its_base(tmp_path: Path, catalogue: Catalogue) -> None:
    base = OBJECT.format(kind="Deployment") + f"spec: {{template: {{spec: {{containers: [{CONTAINER}]}}}}}}\n"
    patch = OBJECT.format(kind="Deployment") + (
        "spec: {replicas: 3, template: {spec: {containers: [{args: [--model, org/n, -tp, '2']}]}}}\n"
    )
    found = units(
        tmp_path,
        catalogue,
        base__d_dot_yaml=base,
        base__kustomization_dot_yaml="resources: [d.yaml]\n",
        over__kustomization_dot_yaml="resources: [../base]\npatches: [{path: p.yaml}]\nimages: [{name: vllm/vllm-openai, newTag: v0.10.0}]\n",
        over__p_dot_yaml=patch,
    )
    assert said(found["over/p.yaml#Deployment/n"]) == {
        "framework": "vllm", "model": "org/n", "tp": 2, "replicas": 3, "accelerator": "nvidia", "n_devices": 2
    }  # fmt: skip
    assert said(found["over/kustomization.yaml"])["framework_version"] == "0.10.0"


def test_dockerfiles_build_on_stages_and_pull_models(tmp_path: Path, catalogue: Catalogue) -> None:
    found = units(
        tmp_path,
        catalogue,
        Dockerfile="ARG V=v0.9.1\nFROM vllm/vllm-openai:${V} AS base\nFROM base\nENV M=org/m\n"
        'CMD ["sh", "-c", "vllm serve $M"]\n',
        o__Dockerfile='FROM ollama/ollama:0.11.4\nRUN sh -c "ollama serve & sleep 5; ollama pull qwen3:8b"\n',
    )
    assert said(found["Dockerfile"]) == {
        "framework": "vllm", "framework_version": "0.9.1", "accelerator": "nvidia", "model": "org/m"
    }  # fmt: skip
    assert said(found["o/Dockerfile"])["model"] == "qwen3:8b"


def test_properties_of_a_server(tmp_path: Path, catalogue: Catalogue) -> None:
    text = "engine=Python\noption.model_id=org/m\noption.rolling_batch = trtllm\noption.dtype=fp16\n"
    (unit,) = units(tmp_path, catalogue, **{"serving_dot_properties": text}).values()
    assert said(unit) == {"framework": "tensorrt-llm", "model": "org/m", "precision": "fp16"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("K=sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8xYz", "OpenAI key"),
        ("HF_TOKEN: hf_QbZdXfGhIjKlMnOpQrStUvWxYz012345", "Hugging Face token"),
        ("GITHUB_TOKEN=ghp_0a9B8c7D6e5F4g3H2i1J0k9L8m7N6o5P4q3R", "GitHub token"),
        ("id = AKIAQYLPMN5HHHFPW2XT", "AWS access key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("SERVICE_KEY=9f8e7d6c5b4a39281706f5e4d3c2b1a0", "value of high entropy"),
        ("class='sk-folding-cube-container-big'", None),
        ("NEXT_PUBLIC_KEY=AAAAB3NzaC1yc2EAAAADAQABAAABgQC7abc", None),
        ("HF_TOKEN=${HF_TOKEN}", None),
        ("OPENAI_API_KEY=<your-key-goes-here-1234567890>", None),
        ("API_KEY=os.environ['SOME_OTHER_KEY_12']", None),
        ("-----BEGIN PUBLIC KEY-----", None),
    ],
)
def test_secrets(text: str, kind: str | None) -> None:
    assert [s.kind for s in secrets.found(text)] == ([kind] if kind else [])


def test_templates_that_cannot_be_read_are_no_broken_files() -> None:
    _, (trouble,) = foreign.read("a: [{{ .x }}\nb: 1\n", "t.yaml")
    assert "template" in trouble.message


def test_a_text_within_a_text_keeps_its_places() -> None:
    (outer,), _ = foreign.read("a:\n  b: |\n    c:\n      d: 1\n", "f.yaml")
    (inner,), _ = foreign.read(outer.data["a"]["b"], "f.yaml")
    inner.move(outer.word(("a", "b"), outer.data["a"]["b"]))
    assert inner.at(("c", "d")) == (4, 10)


def test_values_behind_an_equals_sign_are_placed() -> None:
    (words,) = argv.commands("run --a='x y' --b=2", 3, 5)
    found = [(o.text, v.text, v.line, v.column) for o, v in argv.options(words) if v]
    assert found == [("--a", "x y", 3, 13), ("--b", "2", 3, 23)]
