"""Terraform: machines with accelerators, containers, and services of models, with variables of the folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from selector.check.detect import argv, blocks, normal, scripts
from selector.check.detect.argv import Word
from selector.check.detect.blocks import Block, Value
from selector.check.detect.offers import ACCELERATED
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen, Trouble

OFFERS = frozenset({"instance_type", "vm_size", "size", "machine_type", "instance_types", "shape"})
MODELS = frozenset({"HF_MODEL_ID", "MODEL_ID", "model_id", "foundation_model", "hugging_face_model_id"})
OWN = frozenset({"OpenAI", "AIServices"})  # kinds of accounts of Azure that hold models
MOST_STEPS, MOST_DEPTH, MOST_TEXT = 10, 6, 20_000
_NAME = re.compile(r"(?:var|local)\.[\w-]+")
_INSIDE = re.compile(r"\$\{\s*((?:var|local)\.[\w-]+)\s*\}")
_CAST = re.compile(r"(?:jsonencode|tostring|tonumber|base64encode)\((.*)\)$", re.DOTALL)


def reads(file: File) -> bool:
    """True for Terraform and OpenTofu, and values of their variables."""
    return file.base.lower().endswith((".tf", ".tofu", ".tfvars"))


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of every resource that has an accelerator, runs a container or serves a model."""
    root = parsed(file, tree)
    if file.suffix == ".tfvars":
        beside = _by_folder(tree)[str(file.path.parent)]
        if not _automatic(file) or all(f.suffix == ".tfvars" for f in beside):
            yield from _values(root, file, tables)
        return
    folder = _folder(file, tree)
    for block in root.blocks:
        if block.kind in ("resource", "module") and block.labels:
            yield from _resource(block, file, tables, folder)


def parsed(file: File, tree: Tree) -> Block:
    """Blocks of a file, read once; a brace too many or too few is noted and what was read is kept."""
    key = ("blocks", file.name)
    if key not in tree.memo:
        try:
            tree.memo[key] = blocks.parse(tree.text(file) or "")
        except blocks.BrokenError as problem:
            what = f"cannot be read: {problem.what}"
            tree.troubles.append(Trouble("DETECT-001", what, file.name, problem.line))
            tree.memo[key] = problem.root
    return cast(Block, tree.memo[key])


@dataclass(slots=True)
class Folder:
    """What the files of one folder say for all of them."""

    known: dict[str, str] = field(default_factory=dict)  # var.x and local.x
    regions: dict[str, tuple[str, str, int, int]] = field(default_factory=dict)  # text, file, place

    def text(self, raw: str, depth: int = 0) -> str | None:
        """A value in which variables are replaced; None where it depends on more."""
        found = raw.strip()
        for _ in range(MOST_STEPS):
            inner = _CAST.match(found)
            if inner:
                found = inner[1].strip()
            elif re.fullmatch(r'"[^"\n]*"', found):
                return self.filled(found[1:-1], depth)
            elif _NAME.fullmatch(found) and found in self.known:
                found = self.known[found]
            else:
                break
        return found if re.fullmatch(r"-?[\d.]+|true|false", found) else None

    def filled(self, text: str, depth: int = 0) -> str:
        """A text in which variables are replaced, those in their values too; it keeps its lines."""
        if depth > MOST_DEPTH or len(text) > MOST_TEXT:
            return text
        return _INSIDE.sub(lambda m: self._known(m, depth + 1), text)

    def _known(self, match: re.Match[str], depth: int) -> str:
        found = self.text(self.known.get(match[1], ""), depth)
        return match[0] if found is None else found


def _folder(file: File, tree: Tree) -> Folder:
    """Defaults of variables, what `terraform.tfvars` and `*.auto.tfvars` set, locals, regions."""
    key = ("terraform", str(file.path.parent))
    if key in tree.memo:
        return cast(Folder, tree.memo[key])
    found = tree.memo[key] = Folder()
    beside = _by_folder(tree)[str(file.path.parent)]
    for one in beside:
        for block in parsed(one, tree).blocks if one.path.suffix != ".tfvars" else ():
            if block.kind == "variable" and block.labels and "default" in block.values:
                found.known[f"var.{block.labels[0]}"] = block.values["default"].raw
            elif block.kind == "locals":
                found.known |= {f"local.{n}": v.raw for n, v in block.values.items()}
            elif block.kind == "provider" and block.labels and "alias" not in block.values:
                place = block.values.get("region") or block.values.get("location")
                if place is not None:
                    found.regions[block.labels[0]] = (place.raw, one.name, place.line, place.column)
    for one in beside:
        if _automatic(one):
            found.known |= {f"var.{n}": v.raw for n, v in parsed(one, tree).values.items()}
    return found


def _automatic(file: File) -> bool:
    """Whether Terraform takes values from a file that nobody names."""
    return file.base == "terraform.tfvars" or file.base.endswith(".auto.tfvars")


def _by_folder(tree: Tree) -> dict[str, list[File]]:
    """Files of Terraform by their folder."""
    key = ("terraform", "")
    if key not in tree.memo:
        found = tree.memo[key] = dict[str, list[File]]()
        for file in tree.files:
            if reads(file):
                found.setdefault(str(file.path.parent), []).append(file)
    return cast(dict[str, list[File]], tree.memo[key])


def _resource(block: Block, file: File, tables: Tables, folder: Folder) -> Iterable[Seen]:
    kind = block.labels[0]
    name = ".".join(block.labels) if block.kind == "resource" else f"module.{kind}"
    teller = Teller(f"{file.name}#{name}", file.name, tables)
    key, _, value = tables.words("terraform_resources").get(kind, "").partition(" ")
    own = kind != "azurerm_cognitive_account" or _plain(block, "kind") in OWN
    if key and own:
        teller.add(key, value, At(block.line, 1, f"resource {kind}"), Certainty.INFERRED)
    for inside in block.all():
        for word, found in inside.values.items():
            _value(word, found, inside, At(found.line, found.column, word, f"{name}.{word}"), teller, folder)
        if inside.kind in ("container", "containers"):
            _container(inside, teller, folder)
    if kind == "azurerm_cognitive_deployment":
        for inside in block.blocks:
            if inside.kind == "model" and "name" in inside.values:
                _say("model", inside.values["name"], "model.name", teller, folder)
    told = teller.told()
    place = block.values.get("location") or block.values.get("region")
    if told and place is not None:
        _say("region", place, "location", teller, folder)
    yield from teller.told()
    if told and not any(s.key == "region" for s in told):
        yield from _of_provider(kind, teller, folder)


def _of_provider(kind: str, teller: Teller, folder: Folder) -> Iterable[Seen]:
    """The region of the provider of a resource, where it has none of its own."""
    found = folder.regions.get(kind.split("_", maxsplit=1)[0])
    if found is None:
        return []
    text, file, line, column = found
    other = Teller(teller.unit, file, teller.tables)
    region = folder.text(text)
    if region is not None:
        other.say("region", region, At(line, column, "region of the provider"), Certainty.INFERRED)
    return other.told()


def _plain(block: Block, key: str) -> str:
    return block.values[key].raw.strip('"') if key in block.values else ""


def _say(key: str, found: Value, how: str, teller: Teller, folder: Folder) -> None:
    at, text = At(found.line, found.column, how), folder.text(found.raw)
    if text is None:
        teller.add(key, found.raw[:80], at, Certainty.UNRESOLVED)
    else:
        teller.say(key, text, at)


def _value(word: str, found: Value, block: Block, at: At, teller: Teller, folder: Folder) -> None:
    """One value of a resource."""
    if word in OFFERS:
        for offer in re.findall(r"[A-Za-z0-9_.-]+", folder.text(found.raw) or found.raw):
            if ACCELERATED.search(offer):
                teller.say("offer", offer, at)
    elif word in ("accelerator_type", "gpu_type") or (word, block.kind) in (
        ("type", "guest_accelerator"), ("accelerator", "node_selector")
    ):  # fmt: skip
        _say("accelerator", found, word, teller, folder)
    elif (
        word in ("accelerator_count", "count") and block.kind == "guest_accelerator"
    ) or word == "SM_NUM_GPUS":
        _say("n_devices", found, word, teller, folder)
    elif word in MODELS:
        _say("model", found, word, teller, folder)
    elif word == "publisher_model_name":
        text = (folder.text(found.raw) or "").rsplit("models/", 1)[-1]
        teller.say("model", text.rsplit("@", 1)[-1], at)
    elif word == "initial_instance_count":
        _say("replicas", found, word, teller, folder)
    elif word == "image" and block.kind == "primary_container":
        _image(found, at, teller, folder)
    elif teller.tables.words("resources").get(word):
        teller.resource(word, folder.text(found.raw), at)
    for body, line in found.bodies:
        for command in argv.commands(folder.filled(body), line, 1):
            for one in argv.unwrapped(command):
                scripts.command(one, teller)


def _image(found: Value, at: At, teller: Teller, folder: Folder) -> None:
    text = folder.text(found.raw)
    if text is not None:
        teller.image(text.replace("${", "$").replace("}", "") if "${" in text else text, at)


def _container(block: Block, teller: Teller, folder: Folder) -> None:
    """A container of Kubernetes or Cloud Run: image, variables, command."""
    if "image" in block.values:
        found = block.values["image"]
        _image(found, At(found.line, found.column, "image"), teller, folder)
    for inside in block.blocks:
        if inside.kind == "env" and {"name", "value"} <= set(inside.values):
            stated = inside.values["value"]
            text = folder.text(stated.raw)
            teller.variable(_plain(inside, "name"), text, At(stated.line, stated.column, "value"))
    words = [
        Word(folder.filled(text), line, column)
        for key in ("command", "args")
        if key in block.values
        for text, line, column in block.values[key].texts
    ]
    if words:
        teller.command(words)


def _values(root: Block, file: File, tables: Tables) -> Iterable[Seen]:
    """Values of variables: machines with accelerators, and models by the ids of a hub."""
    teller = Teller(file.name, file.name, tables)
    for name, found in root.values.items():
        for text, line, column in found.texts:
            at = At(line, column, name)
            if ACCELERATED.search(text):
                teller.say("offer", text, at)
            elif "model" in name.lower() and normal.is_hub_id(text) and found.raw == f'"{text}"':
                teller.say("model", text, at)
    return teller.told()
