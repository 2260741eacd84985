"""Files of benchmark tools become points: found by content, units converted, gaps named by their flags."""

import functools
import json
import math
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from selector.errors import InputError, SelectorError
from selector.iterate import calibration_file, importers
from selector.iterate.calibrate import read
from selector.packs.catalog import Catalogue, load

from .samples import AIPERF, FILES, LLAMA_MD, MODEL, VLLM

DAY = date(2026, 12, 31)  # after every run of the samples
# Metric -> value of the first row with it.
WANTED: dict[str, dict[str, float]] = {
    "vllm-bench": {"output_tok_s": 500.0, "ttft_ms": 125.0, "tpot_ms": 30.0},
    "sglang-bench": {"output_tok_s": 512.0, "ttft_ms": 140.0, "tpot_ms": 22.5},
    "genai-perf": {"output_tok_s": 500.0, "ttft_ms": 125.0, "tpot_ms": 30.0},
    "genai-perf csv": {"output_tok_s": 500.0, "ttft_ms": 125.0, "tpot_ms": 30.0},
    "guidellm": {"output_tok_s": 500.0, "ttft_ms": 125.0, "tpot_ms": 30.0},
    "llama-bench": {"prefill_tok_s": 6000.0, "decode_tok_s": 110.0},
    "llama-bench csv": {"decode_tok_s": 110.0},
    "llama-bench md": {"prefill_tok_s": 6000.0, "decode_tok_s": 110.0},
    "lm-eval": {"pass_rate": 0.71},
    "mlperf": {"output_tok_s": 2600.0},
    "mlperf detail": {"output_tok_s": 500.0, "ttft_ms": 125.0, "tpot_ms": 30.0},
    "aisimulate": {"output_tok_s": 500.0, "ttft_ms": 125.0, "tpot_ms": 30.0},
    "aiconfigurator": {"output_tok_s": 1750.0, "ttft_ms": 125.0, "tpot_ms": 9.0},
}
LENGTHS = {"input_tokens": 900.0, "output_tokens": 250.0, "concurrency_or_batch": 16.0}


@functools.cache
def packs() -> Catalogue:
    return load([])


def written(folder: Path, name: str, text: str | None = None) -> Path:
    path = folder / FILES[name][0]
    path.write_text(FILES[name][1] if text is None else text, encoding="utf-8")
    return path


def source(folder: Path, name: str, text: str | None = None, **stated: Any) -> Any:
    path = written(folder, name, text)
    return importers.source(path, None, FILES[name][2] | stated, LENGTHS, packs())


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    assert importers.detect(path, path.read_text(encoding="utf-8")) == name.split(maxsplit=1)[0]


@pytest.mark.parametrize("name", FILES)
def test_figures_have_the_units_of_the_contract(name: str, tmp_path: Path) -> None:
    found: dict[str, float] = {}
    for point in source(tmp_path, name).points:
        found.setdefault(point.metric, point.number("value"))
    assert found == pytest.approx(WANTED[name])


@pytest.mark.parametrize("name", FILES)
def test_every_figure_can_be_compared(name: str, tmp_path: Path) -> None:
    points = source(tmp_path, name).points
    _, found = calibration_file.book([source(tmp_path, name)], packs(), False, DAY)
    assert not found.unused
    assert len(found.readings) + len(found.trials) == len(points)
    assert all(math.isfinite(r.log) and r.prior_sd > 0.0 for r in found.readings)


@pytest.mark.parametrize("name", [n for n in FILES if FILES[n][2] and n != "aiconfigurator"])
def test_what_a_file_lacks_is_asked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="add --"):
        importers.source(written(tmp_path, name), None, {}, {}, packs())


def test_load_of_a_run(tmp_path: Path) -> None:
    [first, *_] = source(tmp_path, "vllm-bench").points
    fields = {k: first.fields[k] for k in ("input_tokens", "output_tokens", "concurrency_or_batch", "date")}
    assert fields == {
        "input_tokens": 900.0,
        "output_tokens": 250.0,
        "concurrency_or_batch": 16.0,
        "date": "2026-11-20",
    }
    # Without a limit on concurrency: requests a second times the mean time of a request.
    [first, *_] = source(tmp_path, "sglang-bench").points
    assert first.fields["concurrency_or_batch"] == pytest.approx(2.0 * (0.150 + 255 * 0.023))


def test_simulated_figures_count_with_a_wider_error(tmp_path: Path) -> None:
    found = read([("f", p) for p in source(tmp_path, "aiconfigurator").points], packs())
    assert {r.sd for r in found.readings} == {packs().parameters["calibration.simulated_sd"].value}


def test_an_invalid_run_moves_nothing(tmp_path: Path) -> None:
    text = FILES["mlperf"][1].replace("VALID", "INVALID")
    found = read([("f", p) for p in source(tmp_path, "mlperf", text).points], packs())
    assert not found.readings
    assert "implausible" in found.unused[0].reason


CONTRADICTED = [
    ("vllm-bench", {"model": "Qwen/Qwen3-8B"}, f"the file says model {MODEL}, and --model Qwen/Qwen3-8B"),
    ("vllm-bench", {"engine": "sglang"}, "the file says engine vllm, and --engine sglang"),
    ("llama-bench", {"hardware": "a100"}, "the file says hardware NVIDIA L40S, and --hardware a100"),
    ("llama-bench", {"n_devices": 2}, "the file says n-devices 1, and --n-devices 2"),
    ("llama-bench md", {"precision_weights": "bf16"}, "the file says precision q4_k_m, and --precision bf16"),
    ("aiconfigurator", {"tp": 2}, r"the file says tp 1\.0, and --tp 2"),
]


@pytest.mark.parametrize(("name", "stated", "said"), CONTRADICTED)
def test_a_flag_does_not_contradict_a_file(
    name: str, stated: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        source(tmp_path, name, **stated)


def test_flags_fill_gaps_only(tmp_path: Path) -> None:
    """The same in other words stays as the file has it; what the packs cannot resolve, or less, is filled."""
    [first, *_] = source(tmp_path, "llama-bench", hardware="l40s", engine="llamacpp").points
    assert (first.fields["hardware"], first.fields["engine"]) == ("NVIDIA L40S", "llama.cpp")
    text = FILES["llama-bench"][1].replace("NVIDIA L40S", "NVIDIA H100")
    [first, *_] = source(tmp_path, "llama-bench", text, hardware="h100-pcie").points
    assert first.fields["hardware"] == "h100-pcie"
    text = VLLM.replace(MODEL, "/mnt/served")
    [first, *_] = source(tmp_path, "vllm-bench", text, model=MODEL).points
    assert first.fields["model"] == MODEL


def with_test(**fields: Any) -> str:
    return json.dumps([one | fields for one in json.loads(FILES["llama-bench"][1])])


OFFLOADED = [
    ("llama-bench", with_test(n_gpu_layers=0), "0 of 33 layers"),
    ("llama-bench", with_test(n_gpu_layers=20), "20 of 33 layers"),
    ("llama-bench", with_test(n_gpu_layers=99, n_cpu_moe=4), "partial_offload"),
    ("llama-bench md", LLAMA_MD.replace("|  99 |", "|  12 |"), "12 of 33 layers"),
    ("llama-bench", with_test(n_gpu_layers=33), ""),
    ("llama-bench", with_test(n_gpu_layers=-1), ""),
]


@pytest.mark.parametrize(("name", "text", "why"), OFFLOADED)
def test_what_the_processor_helped_with_moves_nothing(name: str, text: str, why: str, tmp_path: Path) -> None:
    found = read([("f", p) for p in source(tmp_path, name, text).points], packs())
    assert [why in u.reason for u in found.unused] == [True] * (2 if why else 0)
    assert len(found.readings) == (0 if why else 2)


def test_an_undivided_model_runs_on_one_device(tmp_path: Path) -> None:
    chips = {"gpu_info": "NVIDIA L4, NVIDIA L40S", "main_gpu": 1}
    for split, wanted in (("none", (1, "NVIDIA L40S")), ("layer", (2, "NVIDIA L4"))):
        [first, *_] = source(tmp_path, "llama-bench", with_test(**chips, split_mode=split)).points
        assert (first.fields["n_devices"], first.fields["hardware"]) == wanted


BROKEN = [
    ("vllm-bench", VLLM[:60], r"run\.json:1:\d+: not JSON"),
    ("vllm-bench", VLLM.replace("500.0", '"fast"'), "output_throughput is not a number"),
    ("vllm-bench", VLLM.replace("500.0", "-5"), "output_throughput is impossible"),
    ("genai-perf", AIPERF.replace('"sec"', '"fortnights"'), "no unit of time"),
    ("llama-bench md", LLAMA_MD.replace(" ± 60.0", ""), "bench.md:3:1: t/s is no rate"),
]


@pytest.mark.parametrize(("name", "text", "said"), BROKEN)
def test_broken_files_are_refused_with_a_place(name: str, text: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(InputError, match=said):
        importers.source(path, name.split(maxsplit=1)[0], FILES[name][2], LENGTHS, packs())


def test_an_unknown_form_names_the_tools(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="--from"):
        importers.source(path, None, {}, {}, packs())


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_end_in_an_error_or_in_points(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    catalogue = packs()
    for _ in range(40):
        text = list(FILES[name][1])
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(text))
            kind = rng.random()
            if kind < 0.4:
                text[place] = rng.choice('{}[]",:0-9eNn|x\n')
            elif kind < 0.7:
                del text[place : place + rng.randint(1, 30)]
            else:
                text.insert(place, rng.choice(("null", "1e999", "-1", "[]", "{}", '"x"', "true")))
        try:
            found = source(tmp_path, name, "".join(text)).points
        except SelectorError:
            continue
        read([("f", p) for p in found], catalogue)
