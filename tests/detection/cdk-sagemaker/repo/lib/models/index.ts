import * as cdk from "aws-cdk-lib";
import { ContainerImages, DeploymentType, SageMakerModel } from "../sagemaker-model";

export class Models extends Construct {
  constructor(scope: Construct, id: string, props: ModelsProps) {
    super(scope, id);
    const falconLite = new SageMakerModel(this, "FalconLite", {
      region: cdk.Aws.REGION,
      model: {
        type: DeploymentType.Container,
        modelId: "amazon/FalconLite",
        container: ContainerImages.HF_PYTORCH_LLM_TGI_INFERENCE_0_9_3,
        instanceType: "ml.g5.12xlarge",
        // modelId: "tiiuae/falcon-7b"
        env: { SM_NUM_GPUS: JSON.stringify(4), HF_MODEL_QUANTIZE: "gptq", TRUST_REMOTE_CODE: JSON.stringify(true) },
      },
    });
    const mistral = new SageMakerModel(this, "Mistral7BInstruct", {
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
