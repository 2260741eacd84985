"""Settings of plans in the loaders of the tools that read them: `pytest -m frameworks`."""

from __future__ import annotations

import importlib
import importlib.util
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from selector.types.decision import Recommendation

Ranked = Callable[..., Recommendation]

pytestmark = [pytest.mark.frameworks, pytest.mark.filterwarnings("ignore")]
OWN = "deployment: {{hosting: [on_prem], inventory: [{{hardware: {device}, count: {n}}}]}}\n"
CHAT = "application: {{task: chat}}\npins: {{model: [{model}]}}\nadaptation: {{method: {method}}}\n"
TEXTS = "application: {task: text-classification}\npins: {model: [microsoft/deberta-v3-base]}\n"
IMAGES = "application: {task: image-classification, domain: retail}\npins: {model: [timm/resnet50.a1_in1k]}\n"
SERIES = "application: {task: time-series}\npins: {model: ['PatchTST (trained per dataset)']}\n"
DATA = "data: {training_examples: 20000}\n"


def own(device: str, n: int) -> str:
    return OWN.format(device=device, n=n)


REQUIREMENTS = {
    "lora": CHAT.format(model="Qwen/Qwen3-8B", method="lora") + own("h100-sxm-80gb", 8),
    "qlora": CHAT.format(model="Qwen/Qwen3-14B", method="qlora") + own("rtx-4090-24gb", 1),
    "full": CHAT.format(model="meta-llama/Llama-3.1-8B-Instruct", method="full") + own("l40-48gb", 4),
    "qlora-split": CHAT.format(model="meta-llama/Llama-3.3-70B-Instruct", method="qlora")
    + own("rtx-4090-24gb", 8),
    "raw": CHAT.format(model="Qwen/Qwen3-8B", method="continued_pretrain") + own("h100-sxm-80gb", 8),
    "encoder": TEXTS + own("l4-24gb", 2),
    "encoder-lora": TEXTS + own("l4-24gb", 2) + "adaptation: {method: lora}\n",
    "vision": IMAGES + own("l4-24gb", 2),
    "series": SERIES + own("l4-24gb", 1),
}


def arguments(path: Path) -> Any:
    transformers = pytest.importorskip("transformers")
    return transformers.TrainingArguments(**yaml.safe_load(path.read_text()), use_cpu=True)


def lora(path: Path) -> Any:
    return pytest.importorskip("peft").LoraConfig(**yaml.safe_load(path.read_text()))


def quantised(path: Path) -> Any:
    return pytest.importorskip("transformers").BitsAndBytesConfig(**yaml.safe_load(path.read_text()))


def accelerated(path: Path) -> Any:
    config = pytest.importorskip("accelerate.commands.config.config_args")
    return config.load_config_from_file(str(path))


def zero(path: Path) -> Any:
    found = pytest.importorskip("accelerate.utils.deepspeed").HfDeepSpeedConfig(str(path))
    assert found.config["zero_optimization"]["stage"] in (1, 2, 3)
    return found


def launched(path: Path) -> Any:
    words = shlex.split(path.read_text())
    if words[0] == "torchrun":
        run = pytest.importorskip("torch.distributed.run")
        return run.get_args_parser().parse_args(words[1:])
    launch = pytest.importorskip("accelerate.commands.launch")
    return launch.launch_command_parser().parse_args(words[2:])


def searched(path: Path) -> Any:
    optuna = pytest.importorskip("optuna")
    document = yaml.safe_load(path.read_text())

    def ask(trial: Any) -> float:
        for name, span in document["space"].items():
            if "choices" in span:
                trial.suggest_categorical(name, span["choices"])
            else:
                trial.suggest_float(name, span["low"], span["high"], log=span.get("log", False))
        return 0.0

    choices = {k: v.get("choices", []) for k, v in document["space"].items()}
    samplers = {"grid": lambda: optuna.samplers.GridSampler(choices), "tpe": optuna.samplers.TPESampler}
    study = optuna.create_study(sampler=samplers[document["method"]]())
    study.optimize(ask, n_trials=2)
    return study


def transformed(path: Path) -> Any:
    steps = yaml.safe_load(path.read_text())["transforms"]
    if importlib.util.find_spec("torchvision") is None:
        return steps
    v2 = importlib.import_module("torchvision.transforms.v2")
    made = []
    for step in steps:
        for name, values in step.items():
            made.append(getattr(v2, name)(**values, **({"num_classes": 2} if name == "MixUp" else {})))
    return v2.Compose(made)


LOADERS = {
    "trainer.yaml": arguments,
    "lora.yaml": lora,
    "quantization.yaml": quantised,
    "accelerate.yaml": accelerated,
    "deepspeed.json": zero,
    "launch.sh": launched,
    "search.yaml": searched,
    "augmentation.yaml": transformed,
}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_settings_load(name: str, ranked: Ranked, tmp_path: Path) -> None:
    plan = ranked(REQUIREMENTS[name] + DATA, top=1).plan
    assert plan is not None
    loaded = []
    for fragment in plan.fragments:
        path = tmp_path / fragment.name
        path.write_text(fragment.text)
        if fragment.name in LOADERS:
            assert LOADERS[fragment.name](path) is not None, fragment.name
            loaded.append(fragment.name)
    assert "launch.sh" in loaded
    print(name, ", ".join(loaded))


@pytest.mark.parametrize("name", ["full", "qlora-split"])
def test_trainer_and_launcher_agree(
    name: str, ranked: Ranked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the launcher sets its variables and the Trainer compares them with its arguments: it refuses
    activations that both are to compute again."""
    launch = pytest.importorskip("accelerate.commands.launch")
    utils = pytest.importorskip("accelerate.utils")
    plan = ranked(REQUIREMENTS[name] + DATA, top=1).plan
    assert plan is not None
    for fragment in plan.fragments:
        (tmp_path / fragment.name).write_text(fragment.text)
    words = ["--config_file", str(tmp_path / "accelerate.yaml"), "train.py"]
    asked, _, _ = launch._validate_launch_command(launch.launch_command_parser().parse_args(words))
    for key, value in importlib.import_module("accelerate.utils.launch").prepare_multi_gpu_env(asked).items():
        if key.startswith(("FSDP_", "ACCELERATE_")):
            monkeypatch.setenv(key, value)
    by_fsdp = utils.FullyShardedDataParallelPlugin().activation_checkpointing
    told = arguments(tmp_path / "trainer.yaml")
    by_trainer = getattr(told, "activation_checkpointing", None) or told.gradient_checkpointing
    assert by_fsdp
    assert not by_trainer
    if (tmp_path / "quantization.yaml").exists():
        four_bit = quantised(tmp_path / "quantization.yaml")
        assert four_bit.bnb_4bit_quant_storage == four_bit.bnb_4bit_compute_dtype
