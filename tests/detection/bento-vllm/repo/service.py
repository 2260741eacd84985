import os

import bentoml
import pydantic


class BentoArgs(pydantic.BaseModel):
    tp: int = 1
    port: int = 8000
    name: str = 'llama3.1-8b-instruct'
    gpu_type: str = 'nvidia-h100-80gb'
    model_id: str = 'meta-llama/Meta-Llama-3.1-8B-Instruct'
    cli_args: list[str] = pydantic.Field(default_factory=list)

    @property
    def additional_cli_args(self) -> list[str]:
        import torch

        if str(os.environ.get('TP_AUTO_ALLOCATE', True)).lower() in {'1', 'true'}:
            tp_rank = torch.cuda.device_count()
        else:
            tp_rank = self.tp
        return ['-tp', f'{tp_rank}', *self.cli_args]

    @property
    def image(self) -> bentoml.images.Image:
        image = bentoml.images.Image(python_version='3.12').requirements_file('requirements.txt')
        if self.gpu_type.startswith('amd'):
            image.base_image = 'rocm/vllm:rocm6.4.1_vllm_0.10.1_20250909'
        return image


bento_args = bentoml.use_arguments(BentoArgs)


@bentoml.service(
    name=bento_args.name,
    image=bento_args.image,
    traffic={'timeout': 300},
    resources={'gpu': bento_args.tp, 'gpu_type': bento_args.gpu_type},
)
class LLM:
    hf = bentoml.models.HuggingFaceModel(bento_args.model_id.lower(), exclude=['*.pth'])

    def __command__(self) -> list[str]:
        return [
            'vllm',
            'serve',
            self.hf,
            '--port',
            str(bento_args.port),
            *bento_args.additional_cli_args,
            '--served-model-name',
            bento_args.model_id,
        ]
