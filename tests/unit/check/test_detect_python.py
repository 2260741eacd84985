"""Python sources: clients, models at the places where they are asked for, engines, trainers, machines."""

from pathlib import Path

import pytest

from selector.check.detect.run import Detection, detect
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty

MARK = {Certainty.UNRESOLVED: "?", Certainty.INFERRED: "~", Certainty.DECLARED: "", Certainty.CONFLICT: "!"}


def found(folder: Path, catalogue: Catalogue, text: str, **others: str) -> Detection:
    (folder / "app.py").write_text(text)
    for name, other in others.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(other)
    return detect(folder, catalogue)


def said(result: Detection, *keys: str) -> list[str]:
    """`key=value` of a file, `~` before what is inferred and `?` before what is unresolved."""
    facts = [s for s in result.facts if s.unit == "app.py" and (not keys or s.key in keys)]
    return list(dict.fromkeys(f"{MARK[s.certainty]}{s.key}={s.value}" for s in facts))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("M = 'a/b'\nLLM(M)", ["model=a/b"]),
        ("M = 'a/b'\nM = 'c/d'\nLLM(M)", ["?model=M"]),
        ("M = 'a/b'\nM += '-x'\nLLM(M)", ["?model=M"]),
        ("M = 'a/b'\nfor M in rows:\n    LLM(M)", ["?model=M"]),
        ("with f() as M:\n    LLM(M)", ["?model=M"]),
        ("M = 'a/b'\ndef f(M):\n    LLM(M)", ["?model=M"]),
        ("def f(M='a/b'):\n    LLM(M)", ["model=a/b"]),
        ("def f(*, M='a/b'):\n    M = g(M)\n    LLM(M)", ["?model=M"]),
        ("async def f():\n    M = 'a/b'\n    LLM(M)\ndef g():\n    M = 'c/d'\n    LLM(M)", ["model=c/d", "model=a/b"]),
        ("A, B = 'a/b', 'c/d'\nLLM(B)", ["model=c/d"]),
        ("A, B = f()\nLLM(B)", ["?model=B"]),
        ("if (M := 'a/b'):\n    LLM(M)", ["model=a/b"]),
        ("ORG = 'a'\nLLM(ORG + '/b')", ["model=a/b"]),
        ("ORG = 'a'\nLLM(f'{ORG}/b-{2 * 4}B')", ["model=a/b-8B"]),
        ("LLM(f'a/{x}')", ["?model=f'a/{x}'"]),
        ("MS = {'s': 'a/b', 'l': 'c/d'}\nLLM(MS['l'])", ["model=c/d"]),
        ("MS = ['a/b', 'c/d']\nLLM(MS[-1])", ["?model=MS[-1]"]),
        ("MS = ['a/b', 'c/d']\nLLM(MS[1])", ["model=c/d"]),
        ("MS = ['a/b']\nLLM(MS[9])", ["?model=MS[9]"]),
        ("LLM('a/b' if big else 'c/d')", ["model=a/b", "model=c/d"]),
        ("import os\nLLM(os.environ['M'])", ["?model=${M}"]),
        ("import os\nLLM(os.getenv('M', default='a/b'))", ["model=a/b"]),
        ("import os\nLLM(os.environ.get('M') or 'a/b')", ["model=a/b"]),
        ("import os\nLLM(os.path.join('/models', 'x'))", ["model=/models/x"]),
        ("from pathlib import Path\nLLM(Path('/models') / 'x')", ["model=/models/x"]),
        ("class C:\n    M = 'a/b'\n    def f(self):\n        LLM(self.M)", ["model=a/b"]),
        (
            "class C:\n    def __init__(self, m='a/b'):\n        self.m = m\n    def f(self):\n        LLM(self.m)",
            ["model=a/b"],
        ),
        (
            "class C:\n    def __init__(self, m):\n        self.m = m\n    def f(self):\n        LLM(self.m)",
            ["?model=self.m"],
        ),
        (
            "class C:\n    def a(self):\n        self.m = 'a/b'\n    def b(self):\n        self.m = 'c/d'\n        LLM(self.m)",
            ["?model=self.m"],
        ),
        ("class S(B):\n    m: str = Field('a/b')\ns = S()\nLLM(s.m)", ["model=a/b"]),
        ("class S(B):\n    m: str = 'a/b'\ns = S(m=x)\nLLM(s.m)", ["?model=s.m"]),
        ("class E(Enum):\n    A = 'a/b'\nLLM(E.A.value)", ["model=a/b"]),
        ("K = dict(model='a/b', tensor_parallel_size=2)\nLLM(**K)", ["model=a/b", "tp=2"]),
        ("LLM(**load())", ["?model=**"]),
        ("LLM(*args)", []),
        (
            "p = argparse.ArgumentParser()\np.add_argument('-m', '--the-model', default='a/b')\nargs = p.parse_args()\n"
            "LLM(args.the_model)",
            ["model=a/b"],
        ),
        ("p.add_argument('--m', required=True)\ndef main(args):\n    LLM(args.m)", ["?model=args.m"]),
        ("p.add_argument('--x', dest='m', default='a/b')\no = p.parse_args()\nLLM(o.m)", ["model=a/b"]),
        ("N = 2\nLLM('a/b', tensor_parallel_size=N * 2, max_model_len=int('8') * 1024)",
         ["model=a/b", "tp=4", "context=8192"]),
        ("LLM('a/b', tensor_parallel_size=torch.cuda.device_count())",
         ["model=a/b", "?tp=torch.cuda.device_count()"]),
        ("x = x\nLLM(x)", ["?model=x"]),
        ("a = b\nb = a\nLLM(a)", ["?model=a"]),
    ],
)  # fmt: skip
def test_names_stand_for_what_they_are_bound_to_once(
    code: str, expected: list[str], tmp_path: Path, catalogue: Catalogue
) -> None:
    result = found(tmp_path, catalogue, f"from vllm import LLM\n{code}\n")
    assert sorted(said(result, "model", "tp", "context")) == sorted(expected)
    assert result.troubles == ()


def test_constants_of_other_files(tmp_path: Path, catalogue: Catalogue) -> None:
    code = (
        "from vllm import LLM\nfrom core.config import MODEL as M, settings\nfrom . import names\nimport core.more as more\n"
        "from unknown import X\nLLM(M)\nLLM(settings.model)\nLLM(names.LARGE)\nLLM(more.SMALL)\nLLM(X)\n"
    )
    result = found(
        tmp_path,
        catalogue,
        code,
        core__config="import os\nORG = 'a'\nMODEL = f'{ORG}/b'\nclass S:\n    model = os.getenv('M', 'c/d')\nsettings = S()\n",
        names="LARGE = 'e/f'\nLARGE2 = LARGE\n",
        core__more="SMALL = call()\n",
    )
    assert said(result, "model") == ["model=a/b", "model=c/d", "model=e/f", "?model=more.SMALL", "?model=X"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "from openai import OpenAI\nc = OpenAI()\nc.responses.create(model='gpt-5')\n"
            "c.embeddings.create(model='text-embedding-3-small')\nc.audio.transcriptions.create(model='whisper-1')\n"
            "c.beta.chat.completions.parse(**{'model': 'o3'})",
            ["provider=openai", "~hosting=api", "model=gpt-5", "embedding_model=text-embedding-3-small",
             "speech_model=whisper-1", "model=o3"],
        ),
        (
            "from openai import AsyncOpenAI\nAsyncOpenAI(base_url='http://vllm:8000/v1').chat.completions.create(model='own')",
            ["endpoint=vllm", "model=own"],
        ),
        (
            "from openai import OpenAI\nc = OpenAI(base_url='https://api.deepseek.com')\n"
            "c.chat.completions.create(model='deepseek-chat')",
            ["endpoint=api.deepseek.com", "provider=deepseek", "model=deepseek-chat"],
        ),
        (
            "import os\nfrom openai import AzureOpenAI\nc = AzureOpenAI(azure_endpoint=os.getenv('E'))\n"
            "c.chat.completions.create(model='mine')",
            ["provider=azure_openai", "~hosting=api", "?endpoint=${E}", "model=mine"],
        ),
        (
            "from google import genai\nc = genai.Client(vertexai=True, location='europe-west4')\n"
            "c.models.generate_content(model='gemini-2.5-flash')\nc.models.embed_content(model='gemini-embedding-001')",
            ["provider=google_vertex", "~hosting=api", "region=europe-west4", "model=gemini-2.5-flash",
             "embedding_model=gemini-embedding-001"],
        ),
        (
            "import boto3\ns = boto3.Session(region_name='eu-west-1')\nr = s.client(service_name='bedrock-runtime')\n"
            "r.converse(modelId='eu.amazon.nova-pro-v1:0')",
            ["region=eu-west-1", "provider=aws_bedrock", "~hosting=api", "model=eu.amazon.nova-pro-v1:0"],
        ),
        ("import boto3\nboto3.client('s3', region_name='eu-west-1')", []),
        (
            "import litellm\nlitellm.completion(model='azure/gpt-4o')\nlitellm.embedding(model='cohere/embed-v4.0')\n"
            "litellm.completion(model='hosted_vllm/a/b', api_base='http://h:1/v1')\nlitellm.completion(model='gpt-5')",
            ["provider=azure_openai", "~hosting=api", "model=gpt-4o", "provider=cohere", "embedding_model=embed-v4.0",
             "endpoint=h", "model=a/b", "model=gpt-5"],
        ),
        (
            "from litellm import Router\nRouter(model_list=[{'model_name': 'g', 'litellm_params': {'model': 'groq/x'}}])",
            ["provider=groq", "~hosting=api", "model=x"],
        ),
        (
            "from huggingface_hub import InferenceClient\nInferenceClient('a/b', provider='fireworks-ai')\n"
            "InferenceClient(model='http://tgi:8080')",
            ["provider=fireworks", "~hosting=api", "model=a/b", "provider=huggingface", "endpoint=tgi"],
        ),
        (
            "import cohere\nco = cohere.ClientV2()\nco.rerank(model='rerank-v3.5')\nco.embed(model='embed-v4.0')",
            ["provider=cohere", "~hosting=api", "reranker_model=rerank-v3.5", "embedding_model=embed-v4.0"],
        ),
        (
            "from langchain.chat_models import init_chat_model\ninit_chat_model('anthropic:claude-x')\n"
            "init_chat_model('gpt-5', model_provider='openai')",
            ["~framework=langchain", "provider=anthropic", "~hosting=api", "model=claude-x", "provider=openai",
             "model=gpt-5"],
        ),
        (
            "from langchain_openai import ChatOpenAI\nfrom langchain_community.vectorstores import FAISS\n"
            "ChatOpenAI(model_name='own', openai_api_base='http://v:1/v1')",
            ["~framework=langchain", "~vector_store=faiss", "endpoint=v", "model=own"],
        ),
        (
            "from langchain_huggingface import HuggingFaceEmbeddings\nHuggingFaceEmbeddings(model_name='a/b')",
            ["embedding_model=a/b"],
        ),
        (
            "from llama_index.embeddings.huggingface import HuggingFaceEmbedding\nfrom llama_index.llms.openai import OpenAI\n"
            "HuggingFaceEmbedding(model_name='a/b')\nOpenAI(model='gpt-4o')",
            ["~framework=llama-index", "embedding_model=a/b", "provider=openai", "~hosting=api", "model=gpt-4o"],
        ),
        (
            "from pydantic_ai import Agent\nfrom dspy import LM\nAgent('openai:gpt-4o')\nAgent(other)\nLM('groq/x')",
            ["provider=openai", "~hosting=api", "model=gpt-4o", "provider=groq", "model=x"],
        ),
        ("from openai import OpenAI\nOpenAI().chat.completions.create(model=make())",
         ["provider=openai", "~hosting=api", "?model=make()"]),
        ("class OpenAI: ...\nOpenAI(model='x').create(model='y')  # openai", []),
        ("'''from openai import OpenAI\nOpenAI().responses.create(model='x')'''", []),
    ],
)  # fmt: skip
def test_clients(code: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert sorted(said(found(tmp_path, catalogue, code))) == sorted(expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "from vllm import LLM\nLLM('a/b', quantization='awq', dtype='half', kv_cache_dtype='fp8', "
            "gpu_memory_utilization=0.9, tensor_parallel_size=4, enable_expert_parallel=True, trust_remote_code=True)",
            ["~framework=vllm", "framework=vllm", "model=a/b", "precision=int4-awq", "kv_precision=fp8",
             "memory_fraction=0.9", "tp=4", "~ep=4", "trust_remote_code=True"],
        ),
        (
            "import sglang as sgl\nsgl.Engine(model_path='a/b', tp_size=2, dp_size=2, mem_fraction_static=0.8)",
            ["~framework=sglang", "framework=sglang", "model=a/b", "tp=2", "dp=2", "memory_fraction=0.8"],
        ),
        (
            "import torch\nfrom transformers import AutoModel, AutoTokenizer, BitsAndBytesConfig as B\n"
            "AutoTokenizer.from_pretrained('c/d')\n"
            "AutoModel.from_pretrained('a/b', revision='r', torch_dtype=torch.bfloat16, use_safetensors=True,"
            " quantization_config=B(load_in_4bit=True, bnb_4bit_quant_type='nf4'))",
            ["~framework=pytorch", "~framework=transformers", "model=a/b", "model_revision=r",
             "weight_format=safetensors", "precision=nf4"],
        ),
        (
            "from transformers import GPTQConfig, AutoModel\nAutoModel.from_pretrained('a/b', dtype='auto')\nGPTQConfig(bits=4)",
            ["~framework=transformers", "model=a/b", "precision=int4-gptq"],
        ),
        (
            "from transformers import pipeline\npipeline('summarization', 'a/b')\n"
            "pipeline('automatic-speech-recognition', model='c/d', torch_dtype='float16')",
            ["~framework=transformers", "framework=transformers", "model=a/b", "speech_model=c/d", "precision=fp16"],
        ),
        (
            "from sentence_transformers import SentenceTransformer, CrossEncoder\n"
            "SentenceTransformer(model_name_or_path='a/b')\nCrossEncoder('c/d')",
            ["~framework=sentence-transformers", "framework=sentence-transformers", "embedding_model=a/b",
             "reranker_model=c/d"],
        ),
        (
            "from llama_cpp import Llama\nLlama.from_pretrained(repo_id='a/b', filename='*Q4_K_M.gguf')",
            ["~framework=llama.cpp", "model=a/b", "~precision=q4_k_m", "~weight_format=gguf"],
        ),
        (
            "import torch\nfrom huggingface_hub import snapshot_download, hf_hub_download\n"
            "torch.load('x.pt', weights_only=True)\nsnapshot_download('a/b', revision='r')\n"
            "snapshot_download('c/d', repo_type='dataset')\nhf_hub_download('e/f', filename='m.Q8_0.gguf')",
            ["~framework=pytorch", "~weight_format=pickle", "model=a/b", "model_revision=r", "dataset=c/d", "model=e/f",
             "~precision=q8_0", "~weight_format=gguf"],
        ),
        (
            "from trl import DPOTrainer, DPOConfig\nfrom peft import LoraConfig\nfrom datasets import load_dataset\n"
            "load_dataset('a/data')\nload_dataset('json', data_files='x')\n"
            "DPOTrainer(model='a/b', args=DPOConfig(bf16=True, deepspeed='ds_zero3.json'), peft_config=LoraConfig())",
            ["~framework=trl", "~framework=peft", "dataset=a/data", "model=a/b", "training_method=dpo",
             "training_method=lora", "precision=bf16", "~training_strategy=zero-3"],
        ),
        (
            "from unsloth import FastLanguageModel\nm, t = FastLanguageModel.from_pretrained(model_name='a/b', load_in_4bit=True)\n"
            "FastLanguageModel.get_peft_model(m, r=8)",
            ["~framework=unsloth", "model=a/b", "precision=nf4", "training_method=lora"],
        ),
    ],
)  # fmt: skip
def test_engines_and_trainers(code: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert sorted(said(found(tmp_path, catalogue, code))) == sorted(expected)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "import modal\nN = 2\napp = modal.App('x')\nimage = modal.Image.debian_slim().pip_install('vllm==0.9.1', 'x')\n"
            "@app.function(gpu=f'B200:{N}', region='eu')\ndef f(): ...",
            ["framework=vllm", "framework_version=0.9.1", "~cloud=modal", "accelerator=b200", "n_devices=2", "region=eu"],
        ),
        (
            "import modal\n@app.cls(gpu=['H100', 'A100-80GB:2'])\nclass A: ...",
            ["~cloud=modal", "accelerator=h100", "n_devices=1", "accelerator=a100-80gb", "n_devices=2"],
        ),
        ("import modal\n@app.cls(gpu=modal.gpu.L4(count=4))\nclass A: ...",
         ["~cloud=modal", "accelerator=l4", "n_devices=4"]),
        ("import modal\n@app.cls(gpu=pick())\nclass A: ...", ["~cloud=modal", "?accelerator=pick()"]),
        (
            "import bentoml\n@bentoml.service(resources={'gpu': 1, 'gpu_type': 'nvidia-l4'})\nclass A: ...",
            ["~framework=bentoml", "n_devices=1", "accelerator=nvidia-l4"],
        ),
        (
            "from sagemaker.huggingface import HuggingFaceModel\nhub = {'HF_MODEL_ID': 'a/b', 'SM_NUM_GPUS': '4'}\n"
            "m = HuggingFaceModel(env=hub)\nm.deploy(initial_instance_count=2, instance_type='ml.g5.12xlarge')",
            ["model=a/b", "offer=ml.g5.12xlarge", "~cloud=aws", "replicas=2", "~accelerator=a10g", "n_devices=4"],
        ),
        (
            "from google.cloud import aiplatform\nm.deploy(machine_type='g2-standard-12', accelerator_type='NVIDIA_L4',"
            " accelerator_count=1)",
            ["~cloud=gcp", "offer=g2-standard-12", "accelerator=nvidia-l4", "n_devices=1"],
        ),
        (
            "import subprocess\nM = 'a/b'\ncmd = ['vllm', 'serve', M]\ncmd += ['--tensor-parallel-size', str(2)]\n"
            "cmd.extend(['--revision', 'r'])\nsubprocess.Popen(' '.join(cmd), shell=True)",
            ["framework=vllm", "model=a/b", "tp=2", "model_revision=r"],
        ),
        (
            "import os\nos.system(f'python -m vllm.entrypoints.openai.api_server --model {pick()} -tp 2')",
            ["framework=vllm", "?model=${_}", "tp=2"],
        ),
        ("import subprocess\nsubprocess.run('pip install vllm==0.9.1', shell=True)",
         ["framework=vllm", "framework_version=0.9.1"]),
    ],
)  # fmt: skip
def test_machines_and_commands(code: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert sorted(said(found(tmp_path, catalogue, code))) == sorted(expected)


def test_places_are_those_of_the_values(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(tmp_path, catalogue, "from vllm import LLM\n\nx = LLM(\n    model='a/b',\n)\n")
    model = next(s for s in result.facts if s.key == "model")
    assert (model.file, model.line, model.column) == ("app.py", 4, 11)


@pytest.mark.parametrize("depth", [50, 5_000])
def test_deep_code_ends(depth: int, tmp_path: Path, catalogue: Catalogue) -> None:
    text = "from vllm import LLM\nLLM(" + "x+" * depth + "'a')\n"
    for code in (text, "from vllm import LLM\nLLM(" + "(" * depth + ")" * depth + ")\n"):
        result = found(tmp_path, catalogue, code)
        assert all(t.code in ("DETECT-001", "DETECT-002") for t in result.troubles)
