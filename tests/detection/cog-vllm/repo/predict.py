import torch
from cog import BasePredictor
from vllm import AsyncLLMEngine
from vllm.engine.arg_utils import AsyncEngineArgs

from utils import resolve_model_path


class Predictor(BasePredictor):
    async def setup(self, weights: str):
        weights = await resolve_model_path(str(weights))
        engine_args = self.load_config(weights).engine_args or {}
        engine_args["model"] = weights
        if "dtype" not in engine_args:
            engine_args["dtype"] = "auto"
        if "tensor_parallel_size" not in engine_args:
            engine_args["tensor_parallel_size"] = max(torch.cuda.device_count(), 1)
        self.engine = AsyncLLMEngine.from_engine_args(AsyncEngineArgs(**engine_args))
