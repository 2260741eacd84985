"""TypeScript and JavaScript: words, values of constants, clients, providers of the AI SDK, the CDK."""

from pathlib import Path

import pytest

from selector.check.detect.run import Detection, detect
from selector.check.detect.script_words import Reader, words
from selector.packs.catalog import Catalogue
from selector.types.detected import Certainty

MARK = {Certainty.UNRESOLVED: "?", Certainty.INFERRED: "~", Certainty.DECLARED: "", Certainty.CONFLICT: "!"}


def found(folder: Path, catalogue: Catalogue, text: str, name: str = "src/a.ts") -> Detection:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return detect(folder, catalogue)


def said(result: Detection) -> list[str]:
    return sorted({f"{MARK[s.certainty]}{s.key}={s.value}" for s in result.facts})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 'x' // c\n/* 'd' */ b", ["a", "=", "x", "b"]),
        ("u = 'http://x' // y", ["u", "=", "http://x"]),
        ("a = /['\"]/g.test(b) ? 1 : 2", ["a", "=", ".", "test", "(", "b", ")", "?", "1", ":", "2"]),
        ("a / b / c", ["a", "/", "b", "/", "c"]),
        ("<p>Don't</p>\nx = 'y'", ["<", "p", ">", "Don", "'", "t", "<", "p", ">", "x", "=", "y"]),
        ("`a ${b({c: `d`})} e` f", ["a ${b({c: `d`})} e", "f"]),
        ("'it\\'s' \"q\"", ["it's", "q"]),
        ("`never", ["`", "never"]),
        ("/* never", []),
        ("a ?? b || c?.d", ["a", "??", "b", "||", "c", "?.", "d"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    got = [w.text for w in words(text)]
    if "Don't" in text:
        assert got[-3:] == expected[-3:]
    else:
        assert got == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const A = 'x'; F(A)", "x"),
        ("const A: string = 'x' as const\nF(A)", "x"),
        ("let A = 'x'; A = 'y'; F(A)", None),
        ("const A = 'x'; { const A = 'y'; } F(A)", None),
        ("const A = 'x' + b; F(A)", None),
        ("const A = b ? 'x' : 'y'; F(A)", None),
        ("const A = 'x'.trim(); F(A)", None),
        ("const B = 'y'; const A = `x-${B}`; F(A)", "x-y"),
        ("const A = `x-${b.c}`; F(A)", None),
        ("const M = { s: 'x', l: { s: 'z' }, m: 'y' }; F(M.m)", "y"),
        ("const M = { s: 'x' }; F(M.t)", None),
        ("F(process.env.A)", "${A}"),
        ("F(process.env['A']!)", "${A}"),
        ("F(process.env.A ?? 'x')", "x"),
        ("F(process.env.A || B)", None),
        ("const A = process.env.M || 'x'; F(A)", "x"),
        ("F(other.A ?? 'x')", None),
        ("const A = B; const B = A; F(A)", None),
        ("for (const A of list) F(A)", None),
    ],
)
def test_values(text: str, expected: str | None) -> None:
    reader = Reader(words(text))
    start = max(i for i, w in enumerate(reader.words) if w.text == "F") + 2
    value = reader.value(start)
    assert (value.text if reader.ends(value.end) else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "import OpenAI from 'openai';\n// model: 'no'\nconst M = 'gpt-5';\nconst c = new OpenAI();\n"
            "c.responses.create({ model: M, input: `model: 'no'` });\nc.embeddings.create({ model: 'text-embedding-3-small' });\n"
            "c.audio.transcriptions.create({ \"model\": \"whisper-1\" });",
            ["embedding_model=text-embedding-3-small", "model=gpt-5", "speech_model=whisper-1", "~hosting=api",
             "~provider=openai"],
        ),
        (
            "import OpenAI from 'openai';\nconst c = new OpenAI({ baseURL: process.env.B ?? 'https://api.groq.com/v1' });\n"
            "c.chat.completions.create({ model: cond ? 'a' : 'b' }); c.chat.completions.create({ model });\n"
            "c.chat.completions.create({ model: config.model, stream: true });",
            ["?model=config.model", "?model=model", "endpoint=api.groq.com", "model=a", "model=b", "provider=groq"],
        ),
        (
            "import { AzureOpenAI } from 'openai';\nnew AzureOpenAI({ deployment: 'mine', endpoint: process.env.E });",
            ["?endpoint=${E}", "model=mine"],
        ),
        (
            "const { Anthropic } = require('@anthropic-ai/sdk');\nnew Anthropic().messages.create({ model: process.env.M });",
            ["?model=${M}", "~hosting=api", "~provider=anthropic"],
        ),
        (
            "import { openai } from '@ai-sdk/openai';\nimport { createOpenAICompatible as make } from '@ai-sdk/openai-compatible';\n"
            "const own = make({ name: 'v', baseURL: 'http://v:1/v1' });\ngenerateText({ model: openai('gpt-4o') });\n"
            "generateText({ model: own('a/b') }); openai.embedding('e-1'); openai.transcription('w-1'); openai.image('i-1');",
            ["embedding_model=e-1", "endpoint=v", "model=a/b", "model=gpt-4o", "speech_model=w-1", "~hosting=api",
             "~provider=openai"],
        ),
        ("import { generateText } from 'ai';\ngenerateText({ model: 'anthropic/claude-x' });", ["model=anthropic/claude-x"]),
        (
            "import { ChatOpenAI } from '@langchain/openai';\nnew ChatOpenAI({ modelName: 'gpt-4o', temperature: 0 });",
            ["model=gpt-4o", "~hosting=api", "~provider=openai"],
        ),
        (
            "import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';\n"
            "new BedrockRuntimeClient({ region: 'eu-west-1' }).send(new ConverseCommand({ modelId: process.env.M ?? 'amazon.nova' }));",
            ["model=amazon.nova", "region=eu-west-1", "~hosting=api", "~provider=aws_bedrock"],
        ),
        (
            "import { GoogleGenAI } from '@google/genai';\nconst a = new GoogleGenAI({ vertexai: true, location: 'europe-west1' });\n"
            "a.models.generateContent({ model: 'gemini-2.5-flash' });",
            ["model=gemini-2.5-flash", "provider=google_vertex", "region=europe-west1", "~hosting=api"],
        ),
        (
            "import { pipeline } from '@huggingface/transformers';\npipeline('feature-extraction', 'X/mini', { dtype: 'q8' });",
            ["embedding_model=X/mini"],
        ),
        ("import React from 'react';\nconst car = { model: 'S' };", []),
        ("const x = { model: 'gpt-4o' };", []),
    ],
)  # fmt: skip
def test_clients(text: str, expected: list[str], tmp_path: Path, catalogue: Catalogue) -> None:
    assert said(found(tmp_path, catalogue, text)) == expected


def test_infrastructure(tmp_path: Path, catalogue: Catalogue) -> None:
    text = """import * as cdk from 'aws-cdk-lib';
import { HuggingFaceSageMakerEndpoint, SageMakerInstanceType, DeepLearningContainerImage } from '@cdklabs/generative-ai-cdk-constructs';
new HuggingFaceSageMakerEndpoint(this, 'E', {
  modelId: 'a/b',
  container: DeepLearningContainerImage.HUGGINGFACE_PYTORCH_TGI_INFERENCE_2_1_1_TGI1_4_0_GPU,
  instanceType: SageMakerInstanceType.ML_G5_12XLARGE,
  instanceCount: 2,
  environment: { SM_NUM_GPUS: JSON.stringify(4), HF_MODEL_QUANTIZE: 'awq' },
});
new ec2.InstanceType('t3.large'); ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.LARGE);
"""
    assert said(found(tmp_path, catalogue, text)) == [
        "framework=tgi", "model=a/b", "n_devices=4", "offer=ml.g5.12xlarge", "precision=int4-awq", "replicas=2",
        "~accelerator=a10g", "~framework_version=1.4.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["a.test.ts", "tests/a.ts", "a.d.ts", "a.min.js", "dist/a.js", "next.config.js"]
)
def test_what_is_not_deployed(name: str, tmp_path: Path, catalogue: Catalogue) -> None:
    text = "import OpenAI from 'openai';\nnew OpenAI().responses.create({ model: 'x' });"
    assert found(tmp_path, catalogue, text, name).units == ()


def test_places(tmp_path: Path, catalogue: Catalogue) -> None:
    text = "import OpenAI from 'openai';\nnew OpenAI().responses.create({\n  model: 'x',\n});"
    model = next(s for s in found(tmp_path, catalogue, text).facts if s.key == "model")
    assert (model.line, model.column) == (3, 10)
