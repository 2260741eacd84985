"""Infrastructure code: machines with accelerators and services of models in Terraform and CloudFormation.

HCL is read block by block with a reader of its own: a kept parser of it (python-hcl2) needs a grammar
engine and does not keep columns, and nothing but blocks, `name = value` and defaults of variables is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from selector.check.detect import foreign
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.pods import Path_, inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen, Trouble

MOST_DEPTH = 40
_BLOCK = re.compile(r'^\s*([A-Za-z_][\w-]*)((?:\s+"[^"\n]*")*)\s*=?\s*\{')
_VALUE = re.compile(r'^\s*"?([A-Za-z_][\w.-]*)"?\s*[=:]\s*(.+?)\s*,?\s*$')
_ACCELERATED = re.compile(
    r"^(?:ml\.)?(?:p[2-6][a-z]*|g[4-7][a-z]*|trn[12]|inf[12]|dl1|dl2q|vt1)[a-z0-9-]*\.|^Standard_N[CDV]|^(?:a2|a3|a4|g2|g4)-|^ct\d|VM\.GPU|BM\.GPU"
)
OFFERS = ("instance_type", "vm_size", "size", "machine_type", "instance_types", "shape")


@dataclass(slots=True)
class Block:
    """A block of HCL: its words, the values right inside it, and blocks further in."""

    kind: str
    labels: tuple[str, ...]
    line: int
    values: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def all(self) -> Iterator[Block]:
        """This block and all inside it."""
        yield self
        for one in self.blocks:
            yield from one.all()


def reads(path: PurePosixPath) -> bool:
    """True for Terraform, and for templates of CloudFormation by their usual names."""
    name = path.name.lower()
    return name.endswith((".tf", ".tfvars", ".bicep", ".parameters.json")) or (
        name.endswith((".yaml", ".yml", ".json"))
        and ("template" in name or "cloudformation" in path.as_posix().lower())
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of every resource that has an accelerator or serves a model."""
    text = tree.text(file)
    if text is None:
        return
    if file.path.name.endswith(".parameters.json"):
        yield from _parameters(text, file, tree, tables)
        return
    if file.path.name.endswith(".bicep"):
        yield from _bicep(text, file, tables)
        return
    if not file.path.name.endswith((".tf", ".tfvars")):
        if "AWSTemplateFormatVersion" in text or '"Resources"' in text or "\nResources:" in text:
            yield from _cloudformation(text, file, tree, tables)
        return
    root = parse(text, file, tree)
    known = {
        f"var.{b.labels[0]}": b.values["default"][0].strip('"')
        for b in root.blocks
        if b.kind == "variable" and b.labels and "default" in b.values
    }
    for block in root.blocks:
        if block.kind in ("resource", "module") and block.labels:
            yield from _resource(block, file, tables, known)


def parse(text: str, file: File, tree: Tree) -> Block:
    """Blocks of a text; a brace too many or too few is noted and what was read is kept."""
    root = Block("", (), 1)
    stack = [root]
    for number, row in enumerate(text.splitlines(), 1):
        line = re.sub(r"(?<!\S)(?:#|//).*$", "", row)
        opened = _BLOCK.match(line)
        value = _VALUE.match(line) if not opened else None
        if opened and len(stack) < MOST_DEPTH:
            labels = tuple(re.findall(r'"([^"]*)"', opened[2]))
            block = Block(opened[1], labels, number)
            stack[-1].blocks.append(block)
            stack.append(block)
            line = line[opened.end() :]
            one = _VALUE.match(line.rstrip().removesuffix("}"))
            if one:
                block.values[one[1]] = (one[2], number, 1)
        elif value:
            stack[-1].values.setdefault(value[1], (value[2], number, row.find(value[2]) + 1))
        plain = re.sub(r'"[^"]*"', "", line)
        for c in plain:
            if c == "{":
                stack.append(Block("", (), number))
            elif c == "}" and len(stack) > 1:
                stack.pop()
            elif c == "}":
                tree.troubles.append(
                    Trouble("DETECT-001", "cannot be read: a brace closes nothing", file.name, number)
                )
                return root
    if len(stack) > 1:
        what = f"cannot be read: the block of line {stack[-1].line} is not closed"
        tree.troubles.append(Trouble("DETECT-001", what, file.name, stack[-1].line))
    return root


def _resource(block: Block, file: File, tables: Tables, known: dict[str, str]) -> Iterable[Seen]:
    kind = block.labels[0]
    name = ".".join(block.labels) if block.kind == "resource" else f"module.{kind}"
    teller = Teller(f"{file.name}#{name}", file.name, tables)
    key, _, value = tables.words("terraform_resources").get(kind, "").partition(" ")
    if key:
        teller.add(key, value, At(block.line, 1, f"resource {kind}"), Certainty.INFERRED)
    for inside in block.all():
        for key, (raw, line, column) in inside.values.items():
            _value(key, _text(raw, known), inside.kind, At(line, column, key, f"{name}.{key}"), teller)
    if kind == "azurerm_cognitive_deployment":
        for inside in block.blocks:
            if inside.kind == "model" and "name" in inside.values:
                raw, line, column = inside.values["name"]
                teller.say("model", _text(raw, known), At(line, column, "model.name"))
    told = teller.told()
    place = block.values.get("location") or block.values.get("region")
    if told and place:
        teller.say("region", _text(place[0], known), At(place[1], place[2], "location"))
    return teller.told()


def _value(key: str, text: str, block: str, at: At, teller: Teller) -> None:
    """One value of a resource."""
    if key in OFFERS:
        for offer in re.findall(r"[A-Za-z0-9_.-]+", text):
            if _ACCELERATED.search(offer):
                teller.say("offer", offer, at)
    elif key == "accelerator_type" or (key == "type" and block == "guest_accelerator"):
        teller.say("accelerator", text, at)
    elif (key in ("accelerator_count", "count") and block == "guest_accelerator") or key == "SM_NUM_GPUS":
        teller.say("n_devices", text, at)
    elif key in ("HF_MODEL_ID", "MODEL_ID", "model_id", "foundation_model"):
        teller.say("model", text, at)
    elif key == "image" and block in ("primary_container", "container", "containers"):
        teller.image(text, at)


def _text(raw: str, known: dict[str, str]) -> str:
    """A value: quotes removed, variables replaced by their default; else as a variable without a value."""
    found = re.sub(r"\$\{(var\.\w+)\}", lambda m: known.get(m[1], m[0]), raw.strip().strip('"'))
    if re.fullmatch(r"var\.\w+", found):
        return known.get(found, f"${{{found}}}")
    return found


def _parameters(text: str, file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Parameters of Bicep and of azd that name models: `"value": "${VARIABLE=default}"`."""
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    teller = Teller(file.name, file.name, tables)
    for document in documents:
        rows = inner(document.data, ("parameters",))
        for name, row in rows.items() if isinstance(rows, dict) else ():
            if re.search(r"model(?:name|id)?$", name, re.I):
                where: Path_ = ("parameters", name, "value")
                key = "embedding_model" if "emb" in name.lower() else "model"
                teller.say(key, text_of(inner(row, ("value",))), At(*document.at(where), name, steps(where)))
    return teller.told()


def _bicep(text: str, file: File, tables: Tables) -> Iterable[Seen]:
    """Names of models that Bicep falls back on: the text at the end of `modelName: ... : 'gpt-4o'`."""
    teller = Teller(file.name, file.name, tables)
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(
            r"\s*(?:param\s+|var\s+)?(\w*model(?:name|id)?)\b[^'\n]*[:=].*?'([\w.:/-]{3,})'\s*$", line, re.I
        )
        if match:
            key = "embedding_model" if "embed" in f"{match[1]} {match[2]}".lower() else "model"
            teller.say(key, match[2], At(number, match.start(2) + 1, match[1]))
    return teller.told()


def _cloudformation(text: str, file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    for document in documents:
        resources = inner(document.data, ("Resources",))
        for name, item in resources.items() if isinstance(resources, dict) else ():
            if isinstance(item, dict):
                yield from _declared(name, item, document, file, tables)


def _declared(
    name: str, item: dict[str, object], document: Foreign, file: File, tables: Tables
) -> Iterable[Seen]:
    teller = Teller(f"{file.name}#{name}", file.name, tables)
    kind = str(item.get("Type"))
    base: Path_ = ("Resources", name, "Properties")
    if kind.startswith("AWS::Bedrock"):
        teller.add("provider", "aws_bedrock", At(*document.at(base), kind, steps(base)), Certainty.INFERRED)
    for key, path in (("offer", ("InstanceType",)), ("model", ("FoundationModel",)), ("model", ("ModelId",))):
        value = text_of(inner(item, ("Properties", *path)))
        where: Path_ = (*base, *path)
        if value and (key != "offer" or _ACCELERATED.search(value)):
            teller.say(key, value, At(*document.at(where), str(path[-1]), steps(where)))
    env = inner(item, ("Properties", "PrimaryContainer", "Environment"))
    for key, value in env.items() if isinstance(env, dict) else ():
        inside: Path_ = (*base, "PrimaryContainer", "Environment", key)
        teller.variable(key, text_of(value), At(*document.at(inside), f"variable {key}", steps(inside)))
    return teller.told()
