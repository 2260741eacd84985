import os

from ray.serve.llm import LLMConfig, build_openai_app

llm_config = LLMConfig(
    model_loading_config=dict(
        model_id="my-llama-3.1-8B",
        # Or Qwen/Qwen2.5-7B
        model_source="meta-llama/Llama-3.1-8B-Instruct",
    ),
    accelerator_type="L4",
    deployment_config=dict(autoscaling_config=dict(min_replicas=1, max_replicas=2)),
    runtime_env=dict(env_vars={"HF_TOKEN": os.environ["HF_TOKEN"]}),
    engine_kwargs=dict(max_model_len=8192, tensor_parallel_size=1),
)

app = build_openai_app({"llm_configs": [llm_config]})
