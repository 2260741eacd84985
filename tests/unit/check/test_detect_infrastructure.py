"""Terraform, Bicep, CloudFormation: blocks and their places, references, machines, services of models."""

from pathlib import Path

import pytest

from selector.check.detect import blocks
from selector.check.detect.run import Detection, detect
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty

MARK = {Certainty.UNRESOLVED: "?", Certainty.INFERRED: "~", Certainty.DECLARED: "", Certainty.CONFLICT: "!"}


def found(folder: Path, catalogue: Catalogue, files: dict[str, str]) -> Detection:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return detect(folder, catalogue)


def said(result: Detection, unit: str) -> list[str]:
    return sorted({f"{MARK[s.certainty]}{s.key}={s.value}" for s in result.facts if s.unit == unit})


def test_blocks_keep_their_places() -> None:
    text = """# resource "no" "no" {
resource "a" "b" { /* x = 1 */
  n = "v" // c
  m = { k = "w", l = [ { j = 1 }, "t" ] }
  h = <<-EOT
    }}} ${x}
  EOT
  s = "a ${f("}")} b"
  inner "l" {
    z = f(
      "1",
      2)
  }
}
"""
    root = blocks.parse(text)
    assert [(b.kind, b.labels, b.line) for b in root.blocks] == [("resource", ("a", "b"), 2)]
    block = root.blocks[0]
    assert {k: (v.raw, v.line, v.column) for k, v in block.values.items() if k in ("n", "s")} == {
        "n": ('"v"', 3, 7), "s": ('"a ${f("}")} b"', 8, 7)
    }  # fmt: skip
    assert block.values["h"].bodies == [("    }}} ${x}", 6)]
    inside = {k: v.raw for b in block.all() if b is not block for k, v in b.values.items()}
    assert inside == {"k": '"w"', "l": '[ { j = 1 }, "t" ]', "j": "1", "z": 'f(\n      "1",\n      2)'}
    assert [b.kind for b in block.blocks] == ["m", "inner"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a {\n", 1), ("a {\n b {\n}\n", 1), ("}\n", 1), ("a {}\n}\n", 2), ("a { " * 100, 1)],
)
def test_braces_that_do_not_match(text: str, line: int) -> None:
    with pytest.raises(blocks.BrokenError) as raised:
        blocks.parse(text)
    assert raised.value.line == line


@pytest.mark.parametrize(
    "text", ["", "a", "=", "a =", '"', 'a = "', "a = [", "a = <<EOF\nx", "''' a", "a b c", "{}", "\\"]
)
def test_what_is_no_block_ends(text: str) -> None:
    assert blocks.parse(text).kind == ""


TF = """
resource "aws_instance" "gpu" {
  instance_type = var.type
  user_data = <<-EOF
    #!/bin/bash
    docker run --gpus all vllm/vllm-openai:v0.9.0 --model ${var.model} --tensor-parallel-size 4
  EOF
}
resource "aws_instance" "web" {
  instance_type = "t3.micro"
}
resource "aws_sagemaker_model" "m" {
  primary_container {
    image = local.image
    environment = {
      HF_MODEL_ID = local.model
      SM_NUM_GPUS = jsonencode(4)
    }
  }
}
resource "aws_sagemaker_model" "open" {
  primary_container {
    environment = { HF_MODEL_ID = var.given, SM_NUM_GPUS = length(x) }
  }
}
resource "aws_sagemaker_endpoint_configuration" "c" {
  production_variants {
    instance_type = "ml.g5.12xlarge"
    initial_instance_count = 2
  }
}
"""


def test_terraform_with_the_files_of_its_folder(tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(
        tmp_path,
        catalogue,
        {
            "main.tf": TF,
            "variables.tf": 'variable "type" {\n  default = "g5.xlarge"\n}\nvariable "model" {\n  default = "a/b"\n}\n'
            'variable "given" {}\nlocals {\n  model = "${var.model}-x"\n  image = "h/huggingface-pytorch-tgi-inference:2.3"\n}\n'
            'provider "aws" {\n  region = "eu-west-1"\n}\nprovider "aws" {\n  alias = "us"\n  region = "us-east-1"\n}\n',
            "terraform.tfvars": 'type = "g5.12xlarge"\n',
            "us.tfvars": 'type = "p4d.24xlarge"\nbase_model = "c/d"\nowner = "e/f"\n',
            "other/main.tf": 'resource "aws_instance" "x" {\n  instance_type = var.type\n}\n',
        },
    )
    assert said(result, "main.tf#aws_instance.gpu") == [
        "image=vllm/vllm-openai", "image_tag=v0.9.0", "model=a/b", "offer=g5.12xlarge", "tp=4", "~accelerator=a10g",
        "~accelerator=nvidia", "~framework=vllm", "~framework_version=0.9.0", "~n_devices=4", "~region=eu-west-1",
    ]  # fmt: skip
    assert said(result, "main.tf#aws_sagemaker_model.m") == [
        "image=h/huggingface-pytorch-tgi-inference", "image_tag=2.3", "model=a/b-x", "n_devices=4", "~cloud=aws",
        "~framework=tgi", "~region=eu-west-1",
    ]  # fmt: skip
    assert said(result, "main.tf#aws_sagemaker_model.open") == [
        "?model=var.given", "?n_devices=length(x)", "~cloud=aws", "~region=eu-west-1",
    ]  # fmt: skip
    assert said(result, "main.tf#aws_sagemaker_endpoint_configuration.c") == [
        "offer=ml.g5.12xlarge", "replicas=2", "~accelerator=a10g", "~cloud=aws", "~n_devices=4", "~region=eu-west-1",
    ]  # fmt: skip
    assert said(result, "us.tfvars") == [
        "model=c/d", "offer=p4d.24xlarge", "~accelerator=a100-sxm-40gb", "~n_devices=8",
    ]  # fmt: skip
    assert {u.name for u in result.units} == {
        "main.tf#aws_instance.gpu", "main.tf#aws_sagemaker_model.m", "main.tf#aws_sagemaker_model.open",
        "main.tf#aws_sagemaker_endpoint_configuration.c", "us.tfvars",
    }  # fmt: skip
    region = next(s for s in result.facts if s.key == "region")
    assert (region.file, region.line) == ("variables.tf", 13)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'resource "google_container_node_pool" "n" {\n  location = "us-central1"\n  node_config {\n'
            '    machine_type = "a3-highgpu-8g"\n    guest_accelerator {\n      type = "nvidia-h100-80gb"\n      count = 8\n    }\n  }\n}\n',
            ["accelerator=nvidia-h100-80gb", "n_devices=8", "offer=a3-highgpu-8g", "region=us-central1"],
        ),
        (
            'resource "google_cloud_run_v2_service" "n" {\n  template {\n    containers {\n      image = "ollama/ollama:0.5.1"\n'
            '      args = ["run", "x"]\n      env {\n        name = "OLLAMA_MODEL"\n        value = "qwen3:8b"\n      }\n'
            '      resources {\n        limits = { "nvidia.com/gpu" = "1" }\n      }\n    }\n'
            '    node_selector {\n      accelerator = "nvidia-l4"\n    }\n  }\n}\n',
            ["accelerator=nvidia-l4", "image=ollama/ollama", "image_tag=0.5.1", "model=x", "n_devices=1",
             "~accelerator=nvidia", "~framework=ollama", "~framework_version=0.5.1"],
        ),
        (
            'resource "azurerm_cognitive_deployment" "n" {\n  name = "no"\n  model {\n    format = "OpenAI"\n    name = "gpt-4o"\n  }\n}\n',
            ["model=gpt-4o", "~provider=azure_openai"],
        ),
        ('resource "azurerm_cognitive_account" "n" {\n  kind = "SpeechServices"\n  location = "westeurope"\n}\n', []),
        (
            'resource "azurerm_cognitive_account" "n" {\n  kind = "OpenAI"\n  location = "westeurope"\n}\n',
            ["region=westeurope", "~provider=azure_openai"],
        ),
        (
            'resource "google_vertex_ai_endpoint_with_model_garden_deployment" "n" {\n'
            '  publisher_model_name = "publishers/google/models/gemma3@gemma-3-1b-it"\n}\n',
            ["model=gemma-3-1b-it"],
        ),
        ('resource "aws_instance" "n" {\n  instance_type = var.gpu ? "p5.48xlarge" : "t3.micro"\n}\n',
         ["offer=p5.48xlarge", "~accelerator=h100-sxm-80gb", "~n_devices=8"]),
        ('# resource "aws_instance" "n" {\n#  instance_type = "p5.48xlarge"\n# }\n', []),
    ],
)  # fmt: skip
def test_resources_of_terraform(text: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    result = found(tmp_path, catalogue, {"main.tf": text})
    assert [x for u in result.units for x in said(result, u.name)] == expected
    assert result.troubles == ()


def test_bicep(tmp_path: Path, catalogue: Catalogue) -> None:
    text = """param location string = 'swedencentral'
param chatModelName string = 'gpt-4o-mini'
param other string
// resource no 'Microsoft.X/no@1' = { kind: 'OpenAI' }
resource account 'Microsoft.CognitiveServices/accounts@2023-05-01' = {
  location: location
  kind: 'OpenAI'
}
resource speech 'Microsoft.CognitiveServices/accounts@2023-05-01' = {
  location: location
  kind: 'SpeechServices'
}
resource dep 'Microsoft.CognitiveServices/accounts/deployments@2023-05-01' = if (x) {
  parent: account
  properties: {
    model: {
      format: 'OpenAI'
      name: chatModelName
    }
  }
}
module many 'br/public:avm/res/cognitive-services/account:0.7' = {
  params: {
    deployments: [
      { name: 'e', model: { format: 'OpenAI', name: 'text-embedding-3-small' } }
      { name: 'o', model: { format: 'OpenAI', name: other } }
    ]
  }
}
resource pool 'Microsoft.ContainerService/managedClusters/agentPools@2024-01-01' = {
  properties: { vmSize: 'Standard_ND96isr_H100_v5', count: 2 }
}
"""
    result = found(tmp_path, catalogue, {"main.bicep": text})
    assert result.troubles == ()
    assert said(result, "main.bicep") == ["model=gpt-4o-mini"]
    assert said(result, "main.bicep#account") == [
        "region=swedencentral", "~hosting=api", "~provider=azure_openai",
    ]  # fmt: skip
    assert said(result, "main.bicep#speech") == []
    assert said(result, "main.bicep#dep") == ["model=gpt-4o-mini", "~provider=azure_openai"]
    assert said(result, "main.bicep#many") == [
        "?model=other", "embedding_model=text-embedding-3-small", "~provider=azure_openai",
    ]  # fmt: skip
    assert said(result, "main.bicep#pool") == [
        "offer=Standard_ND96isr_H100_v5", "~accelerator=h100-sxm-80gb", "~n_devices=8",
    ]  # fmt: skip


def test_parameters_of_bicep(tmp_path: Path, catalogue: Catalogue) -> None:
    text = (
        '{"parameters": {"chatModelName": {"value": "${CHAT=gpt-4.1-mini}"}, "embeddingModelName": {"value": "${EMB}"},'
        ' "vmSize": {"value": "Standard_NC24ads_A100_v4"}, "location": {"value": "${AZURE_LOCATION}"}}}'
    )
    result = found(
        tmp_path, catalogue, {"main.parameters.json": text, "p.bicepparam": "param aModelName = 'gpt-5'\n"}
    )
    assert said(result, "main.parameters.json") == [
        "?embedding_model=${EMB}", "model=gpt-4.1-mini", "offer=Standard_NC24ads_A100_v4", "~accelerator=a100-pcie",
        "~n_devices=1",
    ]  # fmt: skip
    assert said(result, "p.bicepparam") == ["model=gpt-5"]


def test_cloudformation_follows_references(tmp_path: Path, catalogue: Catalogue) -> None:
    text = """Parameters:
  Type: {Type: String, Default: ml.g5.2xlarge}
  Model: {Type: String, Default: a/b}
  Open: {Type: String}
Resources:
  M:
    Type: AWS::SageMaker::Model
    Properties:
      PrimaryContainer:
        Image: !Sub "1.dkr.ecr.${AWS::Region}.amazonaws.com/huggingface-pytorch-tgi-inference:2.3"
        Environment: {HF_MODEL_ID: !Ref Model, SM_NUM_GPUS: '4'}
  O:
    Type: AWS::SageMaker::Model
    Properties:
      PrimaryContainer:
        Environment: {HF_MODEL_ID: {Ref: Open}}
  G:
    Type: AWS::SageMaker::Model
    Properties:
      PrimaryContainer:
        Environment: {HF_MODEL_ID: !GetAtt Stack.Outputs.Model}
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {InstanceType: !Ref Type, InitialInstanceCount: 2}
  L:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateData: {InstanceType: p5.48xlarge}}
  W:
    Type: AWS::EC2::Instance
    Properties: {InstanceType: t3.micro}
  A:
    Type: AWS::Bedrock::Agent
    Properties: {FoundationModel: !Sub "${Model}-x"}
  T:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Image: vllm/vllm-openai:v0.9.0
          Command: [--model, c/d, --tensor-parallel-size, "2"]
          Environment: [{Name: X, Value: y}]
          ResourceRequirements: [{Type: GPU, Value: "2"}]
"""
    result = found(tmp_path, catalogue, {"infra/stack.yaml": text})
    assert result.troubles == ()
    units = {u.name.split("#")[1]: said(result, u.name) for u in result.units}
    assert units["M"] == [
        "?image=1.dkr.ecr.$AWS__Region.amazonaws.com/huggingface-pytorch-tgi-inference", "image_tag=2.3", "model=a/b", "n_devices=4",
        "~cloud=aws", "~framework=tgi",
    ]  # fmt: skip
    assert units["O"] == ["?model=${Open}", "~cloud=aws"]
    assert units["G"] == ["?model=${Stack_Outputs_Model}", "~cloud=aws"]
    assert units["C"] == [
        "offer=ml.g5.2xlarge",
        "replicas=2",
        "~accelerator=a10g",
        "~cloud=aws",
        "~n_devices=1",
    ]
    assert units["L"] == ["offer=p5.48xlarge", "~accelerator=h100-sxm-80gb", "~n_devices=8"]
    assert units["A"] == ["model=a/b-x", "~provider=aws_bedrock"]
    assert units["T"] == [
        "image=vllm/vllm-openai", "image_tag=v0.9.0", "model=c/d", "n_devices=2", "tp=2", "~accelerator=nvidia",
        "~framework=vllm", "~framework_version=0.9.0",
    ]  # fmt: skip
    assert "W" not in units


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "AWSTemplateFormatVersion: x\nResources: [1]\n"),
        ("t.yaml", "AWSTemplateFormatVersion: x\nParameters: [1]\nResources: {A: {Type: [1], Properties: 3}}\n"),
        ("t.yaml", "AWSTemplateFormatVersion: x\nResources: {A: {Properties: {InstanceType: [1], Environment: 3, Image: {a: 1}}}}\n"),
        ("t.parameters.json", '{"parameters": [1]}'),
        ("t.parameters.json", '{"parameters": {"modelName": 3}}'),
        ("t.tf", 'resource "aws_sagemaker_model" "x" {\n  primary_container {\n    image = ["a"]\n  }\n}\n'),
        ("t.tf", 'variable "a" {\n  default = var.a\n}\nresource "aws_instance" "x" {\n  instance_type = var.a\n}\n'),
        ("t.tf", 'locals {\n  a = "${local.b}${local.b}"\n  b = "${local.a}${local.a}"\n}\nresource "aws_instance" "x" {\n'
         "  instance_type = local.a\n}\n"),
        ("t.bicep", "resource a 'x' = [for i in range(0, 2): {\n  kind: kinds[i]\n}]\n"),
    ],
)  # fmt: skip
def test_values_of_another_kind_are_passed_over(
    name: str, text: str, tmp_path: Path, catalogue: Catalogue
) -> None:
    assert found(tmp_path, catalogue, {name: text}).troubles == ()
