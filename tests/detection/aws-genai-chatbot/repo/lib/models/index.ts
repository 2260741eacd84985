import { ContainerImages, DeploymentType, SageMakerModel } from "../sagemaker-model";
import { Construct } from "constructs";

export class Models extends Construct {
  constructor(scope: Construct, id: string, props: any) {
    super(scope, id);
    if (props.config.llms?.sagemaker.includes("FalconLite")) {
      new SageMakerModel(this, "FalconLite", {
        model: {
          type: DeploymentType.Container,
          modelId: "amazon/FalconLite",
          container: ContainerImages.HF_PYTORCH_LLM_TGI_INFERENCE_0_9_3,
          instanceType: "ml.g5.12xlarge",
          env: {
            SM_NUM_GPUS: JSON.stringify(4),
            HF_MODEL_QUANTIZE: "gptq",
            TRUST_REMOTE_CODE: JSON.stringify(true),
            GPTQ_BITS: JSON.stringify(4),
          },
        },
      });
    }
    if (props.config.llms?.sagemaker.includes("Mistral7b")) {
      new SageMakerModel(this, "Mistral7BInstruct", {
        model: {
          type: DeploymentType.Container,
          modelId: "mistralai/Mistral-7B-Instruct-v0.1",
          container: ContainerImages.HF_PYTORCH_LLM_TGI_INFERENCE_1_1_0,
          instanceType: "ml.g5.2xlarge",
          env: { SM_NUM_GPUS: JSON.stringify(1) },
        },
      });
    }
  }
}
