import os

import modal

GPU_TYPE = os.environ.get("GPU_TYPE", "a10g")
GPU_COUNT = os.environ.get("GPU_COUNT", 1)
GPU_CONFIG = f"{GPU_TYPE}:{GPU_COUNT}"

MODEL_PATH = "lmms-lab/llama3-llava-next-8b"
TOKENIZER_PATH = "lmms-lab/llama3-llava-next-8b-tokenizer"

image = modal.Image.from_registry("nvidia/cuda:12.2.0-devel-ubuntu22.04", add_python="3.11").pip_install(
    "sglang[all]==0.1.17", "transformers==4.40.2"
)
app = modal.App("app")


@app.cls(gpu=GPU_CONFIG, image=image)
class Model:
    @modal.enter()
    def start_runtime(self):
        import sglang as sgl

        self.runtime = sgl.Runtime(model_path=MODEL_PATH, tokenizer_path=TOKENIZER_PATH, tp_size=GPU_COUNT)
