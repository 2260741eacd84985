"""Stacks of the CDK in TypeScript: instance types, containers and models of SageMaker and Bedrock."""

from __future__ import annotations

import re
from collections.abc import Callable

from selector.check.detect.offers import ACCELERATED
from selector.check.detect.script_words import STRING, Reader
from selector.check.detect.teller import At, Teller
from selector.types.detected import Certainty

_ASKED = re.compile(r"aws-cdk|generative-ai-cdk|\bSageMakerModel\b|SageMakerEndpoint\b|@pulumi/")
_INSTANCE = re.compile(r"ML_([A-Z]+[0-9]+[A-Z]*)_([0-9]*X?LARGE|METAL)$")
_OFFER = re.compile(r"(?:ml\.)?[a-z]+[0-9][a-z0-9-]*\.(?:[0-9]*x?large|metal[\w-]*)$")
_VARIABLES = frozenset(
    {"HF_MODEL_ID", "MODEL_ID", "SM_NUM_GPUS", "MAX_TOTAL_TOKENS", "HF_MODEL_QUANTIZE", "QUANTIZE"}
)
Place = Callable[[int, str], At]


def asked(text: str) -> bool:
    """Whether a file declares infrastructure."""
    return _ASKED.search(text) is not None


def tell(reader: Reader, at: Place, teller: Teller) -> None:
    """Facts of the constants and texts of a stack."""
    for i, word in enumerate(reader.words):
        here = at(word.start, "instance type")
        sized = _INSTANCE.match(word.text)
        if sized:
            teller.say("offer", f"ml.{sized[1].lower()}.{sized[2].lower()}", here)
        elif word.kind == STRING and _OFFER.match(word.text) and ACCELERATED.search(word.text):
            teller.say("offer", word.text, here)
        elif word.text == "InstanceType" and reader.text(i + 1) == "." and reader.text(i + 2) == "of":
            _of(reader, i, at, teller)
        elif word.text in ("ContainerImage", "ContainerImages", "DeepLearningContainerImage"):
            _container(reader.text(i + 2), at(word.start, f"container {reader.text(i + 2)}"), teller)
        elif reader.text(i + 1) == ":":
            _entry(reader, i, at, teller)
        elif word.text == "JumpStartModel" and reader.text(i + 1) == ".":
            name = re.sub(r"_\d+_\d+_\d+$", "", reader.text(i + 2)).lower().replace("_", "-")
            teller.add("model", name, at(word.start, "JumpStartModel"), Certainty.INFERRED)
        elif word.text.endswith("FoundationModelIdentifier") and reader.text(i + 1) == ".":
            teller.add("provider", "aws_bedrock", at(word.start, word.text), Certainty.INFERRED)
            teller.add("model", reader.text(i + 2), at(word.start, word.text), Certainty.UNRESOLVED)


def _of(reader: Reader, i: int, at: Place, teller: Teller) -> None:
    """`InstanceType.of(InstanceClass.G5, InstanceSize.XLARGE12)`."""
    inside = [w.text for w in reader.words[i + 3 : i + 16]]
    kinds = [inside[k + 2] for k, t in enumerate(inside[:-2]) if t == "InstanceClass"]
    sizes = [inside[k + 2] for k, t in enumerate(inside[:-2]) if t == "InstanceSize"]
    size = re.match(r"(X?LARGE)(\d*)$", sizes[0]) if sizes else None
    if kinds and size:
        offer = f"{kinds[0].lower()}.{size[2]}{size[1].lower()}"
        if ACCELERATED.search(offer):
            teller.say("offer", offer, at(reader.words[i].start, "InstanceType.of"))


def _container(name: str, here: At, teller: Teller) -> None:
    """Containers of SageMaker by the name of their constant."""
    version = re.search(r"_TGI(\d+)_(\d+)_(\d+)_", name)
    if "TGI" in name:
        teller.framework = "tgi"
        teller.say("framework", "tgi", here)
        if version:
            teller.add("framework_version", ".".join(version.groups()), here, Certainty.INFERRED)


def _entry(reader: Reader, i: int, at: Place, teller: Teller) -> None:
    """Variables of containers, how many machines, the region."""
    name, start = reader.text(i), i + 2
    if name in _VARIABLES:
        if reader.text(start) == "JSON" and reader.text(start + 3) == "(":
            start += 4
        found = reader.value(start)
        if found.text:
            key = {"SM_NUM_GPUS": "n_devices", "MAX_TOTAL_TOKENS": "context"}.get(name)
            key = key or ("model" if name.endswith("MODEL_ID") else "quantization")
            teller.say(key, found.text, at(reader.words[start].start, f"variable {name}"))
    elif name in ("instanceCount", "initialInstanceCount"):
        found = reader.value(start)
        if found.text and found.text.isdigit():
            teller.say("replicas", found.text, at(reader.words[start].start, name))
    elif name == "modelRepo":
        found = reader.value(start)
        if found.text and "/" in found.text and "$" not in found.text:
            teller.say("model", found.text, at(reader.words[start].start, name))
