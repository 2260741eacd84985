variable "instance_type" {
  type    = string
  default = "ml.g5.12xlarge"
}

resource "aws_sagemaker_model" "llm" {
  name = "llm"
  primary_container {
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.1-tgi1.4"
    environment = {
      HF_MODEL_ID  = "mistralai/Mixtral-8x7B-Instruct-v0.1"
      SM_NUM_GPUS  = "4"
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "llm" {
  production_variants {
    instance_type          = var.instance_type
    initial_instance_count = 1
  }
}

resource "aws_bedrockagent_agent" "assistant" {
  foundation_model = "anthropic.claude-3-5-sonnet-20241022-v2:0"
}
