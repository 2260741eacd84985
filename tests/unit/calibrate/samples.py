"""Small files in the published forms of benchmark tools, figures made up, and the flags that they lack."""

import json
from typing import Any

MODEL = "meta-llama/Llama-3.1-8B-Instruct"
HARDWARE = {"hardware": "l40s", "n_devices": 1}

# vllm/benchmarks/serve.py, `vllm bench serve --save-result` (v0.11): date, endpoint_type, model_id,
# request_rate, max_concurrency, completed, total_input_tokens, *_throughput, median_ttft_ms, median_tpot_ms.
VLLM = json.dumps(
    {
        "date": "20261120-101500",
        "endpoint_type": "vllm",
        "model_id": MODEL,
        "tokenizer_id": MODEL,
        "num_prompts": 200,
        "request_rate": "inf",
        "burstiness": 1.0,
        "max_concurrency": 16,
        "duration": 100.0,
        "completed": 200,
        "failed": 0,
        "total_input_tokens": 180_000,
        "total_output_tokens": 50_000,
        "request_throughput": 2.0,
        "request_goodput": None,
        "output_throughput": 500.0,
        "total_token_throughput": 2300.0,
        "mean_ttft_ms": 130.0,
        "median_ttft_ms": 125.0,
        "p99_ttft_ms": 300.0,
        "mean_tpot_ms": 30.5,
        "median_tpot_ms": 30.0,
        "p99_tpot_ms": 33.0,
    }
)
# python/sglang/bench_serving.py --output-file (v0.5): one object a line; server_info, accept_length.
SGLANG = "\n".join(
    json.dumps(
        {
            "backend": "sglang",
            "dataset_name": "random",
            "request_rate": rate,
            "max_concurrency": None,
            "random_input_len": 1024,
            "random_output_len": 256,
            "server_info": {"model_path": MODEL, "tp_size": 1, "version": "0.5.4"},
            "duration": 50.0,
            "completed": 100,
            "total_input_tokens": 102_400,
            "total_output_tokens": 25_600,
            "total_output_tokens_retokenized": 25_590,
            "request_throughput": 2.0,
            "input_throughput": 2048.0,
            "output_throughput": 512.0,
            "mean_e2e_latency_ms": 6000.0,
            "mean_ttft_ms": 150.0,
            "median_ttft_ms": 140.0,
            "mean_tpot_ms": 23.0,
            "median_tpot_ms": 22.5,
            "concurrency": 12.0,
            "accept_length": None,
        }
    )
    for rate in (2.0, 4.0)
)
# AIPerf profile_export_aiperf.json (JsonMetricResult: unit, avg, p50 ...), here with a time in seconds.
AIPERF = json.dumps(
    {
        "schema_version": "1.0",
        "request_throughput": {"unit": "requests/sec", "avg": 2.0},
        "output_token_throughput": {"unit": "tokens/sec", "avg": 500.0},
        "time_to_first_token": {"unit": "sec", "avg": 0.13, "p50": 0.125, "p99": 0.3},
        "inter_token_latency": {"unit": "ms", "avg": 30.5, "p50": 30.0},
        "input_sequence_length": {"unit": "tokens", "avg": 900.0},
        "output_sequence_length": {"unit": "tokens", "avg": 250.0},
        "input_config": {"endpoint": {"model_names": [MODEL]}, "loadgen": {"concurrency": 16}},
    }
)
# GenAI-Perf profile_export_genai_perf.csv (0.0.16): two tables, units in brackets, thousands with commas.
GENAI_CSV = """Metric,avg,min,max,p99,p95,p90,p75,p50,p25
Time To First Token (ms),130.00,90,300,290,200,180,150,125.00,100
Request Latency (ms),"7,600.00",1,2,3,4,5,6,7,8
Inter Token Latency (ms),30.50,29,33,33,32,31,31,30.00,29
Output Sequence Length (tokens),250.00,250,250,250,250,250,250,250,250
Input Sequence Length (tokens),900.00,900,900,900,900,900,900,900,900

Metric,Value
Output Token Throughput (tokens/sec),500.00
Request Throughput (per sec),2.00
"""
# GuideLLM benchmarks.json (0.3): benchmarks[].metrics.NAME.successful.{mean,median}; config.strategy.
GUIDELLM = json.dumps(
    {
        "benchmarks": [
            {
                "config": {"strategy": {"type_": "concurrent", "streams": 16}, "backend": {"model": MODEL}},
                "metrics": {
                    "requests_per_second": {"successful": {"mean": 2.0}},
                    "request_concurrency": {"successful": {"mean": 15.8}},
                    "prompt_token_count": {"successful": {"mean": 900.0}},
                    "output_token_count": {"successful": {"mean": 250.0}},
                    "request_latency": {"successful": {"mean": 7.6}},
                    "time_to_first_token_ms": {"successful": {"mean": 130.0, "median": 125.0}},
                    "time_per_output_token_ms": {"successful": {"mean": 30.9, "median": 30.5}},
                    "inter_token_latency_ms": {"successful": {"mean": 30.5, "median": 30.0}},
                    "output_tokens_per_second": {"successful": {"mean": 500.0}},
                },
            }
        ]
    }
)
_TEST = {
    "build_commit": "d7a207411",
    "build_number": 6730,
    "gpu_info": "NVIDIA L40S",
    "backends": "CUDA",
    "model_filename": "/models/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
    "model_type": "llama 8B Q4_K - Medium",
    "model_size": 4_912_000_000,
    "n_depth": 0,
    "test_time": "2026-11-20T10:15:00Z",
}
# llama-bench -o json (b6730): n_prompt, n_gen, n_depth, avg_ts, stddev_ts.
LLAMA_JSON = json.dumps(
    [
        {**_TEST, "n_prompt": 512, "n_gen": 0, "avg_ts": 6000.0, "stddev_ts": 60.0},
        {**_TEST, "n_prompt": 0, "n_gen": 128, "avg_ts": 110.0, "stddev_ts": 0.5},
    ]
)
LLAMA_CSV = (
    "build_commit,gpu_info,model_filename,n_prompt,n_gen,n_depth,avg_ts,stddev_ts\n"
    '"d7a207411","NVIDIA L40S","Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf","0","128","0","110.0","0.5"\n'
)
LLAMA_MD = """| model                  |     size | params | backend | ngl |   test |            t/s |
| ---------------------- | -------: | -----: | ------- | --: | -----: | -------------: |
| llama 8B Q4_K - Medium | 4.58 GiB | 8.03 B | CUDA    |  99 |  pp512 | 6000.00 ± 60.0 |
| llama 8B Q4_K - Medium | 4.58 GiB | 8.03 B | CUDA    |  99 |  tg128 |  110.00 ± 0.50 |

build: d7a207411 (6730)
"""
# lm-evaluation-harness results_*.json (0.4.9): results.TASK."METRIC,FILTER", n-samples.TASK.effective.
LM_EVAL = json.dumps(
    {
        "results": {"own_tickets": {"alias": "own", "acc,none": 0.71, "acc_stderr,none": 0.045}},
        "n-samples": {"own_tickets": {"original": 100, "effective": 100}},
        "config": {"model": "vllm", "model_args": f"pretrained={MODEL},dtype=bfloat16"},
        "lm_eval_version": "0.4.9.1",
    }
)
# LoadGen mlperf_log_summary.txt (inference v5.1).
MLPERF = """================================================
MLPerf Results Summary
================================================
SUT name : PySUT
Scenario : Offline
Mode     : PerformanceOnly
Samples per second: 10.5
Tokens per second: 2600.0
Result is : VALID
  Min duration satisfied : Yes
"""
MLPERF_DETAIL = "\n".join(
    f':::MLLOG {{"key": "{key}", "value": {json.dumps(value)}, "time_ms": 1.0, "namespace": "mlperf::logging"}}'
    for key, value in (
        ("effective_scenario", "Server"),
        ("result_validity", "VALID"),
        ("result_completed_tokens_per_second", 500.0),
        ("result_first_token_mean_latency_ns", 125_000_000),
        ("result_time_per_output_token_mean", 30_000_000),
    )
)
# AIConfigurator best_config_topn.csv (ColumnsAgg of its sdk, 0.4); the figures of one run.
AICONFIGURATOR = (
    "model,isl,osl,prefix,concurrency,request_rate,bs,global_bs,ttft,tpot,seq/s,seq/s/gpu,tokens/s,"
    "tokens/s/gpu,tokens/s/user,request_latency,num_total_gpus,tp,pp,dp,moe_tp,moe_ep,parallel,gemm,kvcache,"
    "fmha,moe,comm,memory,backend,version,system,power_w\n"
    "LLAMA3.1_8B,900,250,0,16,2,16,16,125.0,9.0,7.0,7.0,1750.0,1750.0,111.0,2400,1,1,1,1,1,1,tp1pp1,fp8,"
    "float16,float16,float16,half,40,trtllm,1.0.0,h100_sxm,500\n"
)
# prediction.json of `aisimulate predict` (wheel 0.13.0.dev): flat, times in ms, rates a second, sums of tokens.
AISIMULATE = json.dumps(
    {
        "completed_requests": 200.0,
        "duration_ms": 100_000.0,
        "mean_e2e_latency_ms": 7595.0,
        "mean_tpot_ms": 30.0,
        "mean_ttft_ms": 125.0,
        "num_total_gpus": 1.0,
        "output_throughput_tok_s": 500.0,
        "request_throughput_rps": 2.0,
        "total_input_tokens": 180_000.0,
        "total_output_tokens": 50_000.0,
    }
)
STATED = {**HARDWARE, "precision_weights": "bf16", "engine": "vllm"}
FILES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "vllm-bench": ("run.json", VLLM, {**HARDWARE, "precision_weights": "bf16"}),
    "sglang-bench": ("run.jsonl", SGLANG, {**HARDWARE, "precision_weights": "bf16"}),
    "genai-perf": ("profile_export_aiperf.json", AIPERF, STATED),
    "genai-perf csv": ("profile.csv", GENAI_CSV, {**STATED, "model": MODEL}),
    "guidellm": ("benchmarks.json", GUIDELLM, STATED),
    "llama-bench": ("bench.json", LLAMA_JSON, {}),
    "llama-bench csv": ("bench.csv", LLAMA_CSV, {}),
    "llama-bench md": ("bench.md", LLAMA_MD, {**HARDWARE, "model": MODEL}),
    "lm-eval": ("results.json", LM_EVAL, {"quality_metric": "accuracy"}),
    "mlperf": ("mlperf_log_summary.txt", MLPERF, {**STATED, "model": MODEL, "n_devices": 2}),
    "mlperf detail": ("mlperf_log_detail.txt", MLPERF_DETAIL, {**STATED, "model": MODEL}),
    "aisimulate": ("prediction.json", AISIMULATE, {**STATED, "model": MODEL}),
    "aiconfigurator": ("best_config_topn.csv", AICONFIGURATOR, {"model": MODEL}),
}
