"""CloudFormation and SAM: machines with accelerators, containers, services of models; with references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from selector.check.detect import foreign
from selector.check.detect.argv import Word
from selector.check.detect.foreign import Foreign, steps
from selector.check.detect.offers import ACCELERATED
from selector.check.detect.pods import Path_, inner, text_of
from selector.check.detect.tables import Tables
from selector.check.detect.teller import At, Teller
from selector.check.detect.tree import File, Tree
from selector.types.detected import Certainty, Seen

KEYS = {
    "FoundationModel": "model",
    "ModelId": "model",
    "InitialInstanceCount": "replicas",
    "DesiredCount": "replicas",
}
IMAGES = ("Image", "ImageUri")
MOST_DEPTH = 12
_ASKED = re.compile(r"AWSTemplateFormatVersion|AWS::Serverless|[\"']?Type[\"']?\s*:\s*[\"']?AWS::")


def reads(file: File) -> bool:
    """True for YAML and JSON; its text says whether it is a template."""
    name = file.base.lower()
    return name.endswith((".yaml", ".yml", ".json", ".template")) and name not in (
        "package.json",
        "package-lock.json",
    )


def find(file: File, tree: Tree, tables: Tables) -> Iterable[Seen]:
    """Facts of each resource, a unit each."""
    text = tree.text(file)
    if text is None or not _ASKED.search(text):
        return
    documents, troubles = foreign.read(text, file.name)
    tree.troubles.extend(t for t in troubles if t not in tree.troubles)
    for document in documents:
        template = Template(document, inner(document.data, ("Parameters",)) or {})
        resources = inner(document.data, ("Resources",))
        for name, item in resources.items() if isinstance(resources, dict) else ():
            if isinstance(item, dict):
                yield from _declared(name, item, template, file, tables)


@dataclass(frozen=True, slots=True)
class Template:
    """A document with the defaults of its parameters."""

    document: Foreign
    parameters: Mapping[str, object]

    def text(self, value: object, path: Path_) -> str | None:
        """A value with references replaced; a reference without a default stays a variable."""
        tag = self.document.tags.get(path, "")
        if isinstance(value, dict) and len(value) == 1:
            key = next(iter(value))
            tag = {"Ref": "!Ref", "Fn::Sub": "!Sub"}.get(key, tag)
            value = value[key]
        found = text_of(value)
        if found is None:
            return None
        if tag == "!Ref":
            return self._parameter(found)
        if tag == "!Sub":
            return re.sub(r"\$\{([\w:.]+)\}", lambda m: self._parameter(m[1]), found)
        return "${" + re.sub(r"\W", "_", found) + "}" if tag.startswith("!") else found

    def _parameter(self, name: str) -> str:
        default = text_of(inner(self.parameters.get(name), ("Default",)))
        return default if default is not None else "${" + re.sub(r"\W", "_", name) + "}"

    def at(self, path: Path_, how: str) -> At:
        """Place of a value."""
        return At(*self.document.at(path), how, steps(path))


def _declared(
    name: str, item: dict[str, object], template: Template, file: File, tables: Tables
) -> Iterable[Seen]:
    teller = Teller(f"{file.name}#{name}", file.name, tables)
    kind = str(item.get("Type"))
    base: Path_ = ("Resources", name, "Properties")
    if kind.startswith("AWS::Bedrock"):
        teller.add("provider", "aws_bedrock", template.at(base, kind), Certainty.INFERRED)
    elif kind.startswith("AWS::SageMaker"):
        teller.add("cloud", "aws", template.at(base, kind), Certainty.INFERRED)
    for path, value in _values(item.get("Properties"), base, 0):
        _value(path, value, template, teller)
    return teller.told()


def _values(data: object, path: Path_, depth: int) -> Iterator[tuple[Path_, object]]:
    """All values further in, mappings and lists before what is in them."""
    yield path, data
    if depth > MOST_DEPTH:
        return
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _values(value, (*path, key), depth + 1)
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _values(value, (*path, i), depth + 1)


def _value(path: Path_, value: object, template: Template, teller: Teller) -> None:
    """One value of a resource, by its key."""
    key = path[-1]
    if key == "InstanceType" or path[-2] == "InstanceTypes":
        text = template.text(value, path) or ""
        if ACCELERATED.search(text) or ("$" in text and "ProductionVariants" in path):
            teller.say("offer", text, template.at(path, str(key)))
    elif key in KEYS and not isinstance(value, list):
        teller.say(KEYS[str(key)], template.text(value, path), template.at(path, str(key)))
    elif key in IMAGES:
        image = template.text(value, path)
        if image:
            teller.image(re.sub(r"\$\{(\w+)\}", r"$\1", image), template.at(path, str(key)))
    elif key in ("Environment", "Variables") and isinstance(value, dict | list):
        _variables(value, path, template, teller)
    elif key in ("Command", "ContainerArguments", "EntryPoint") and isinstance(value, list):
        words = [
            (template.text(v, (*path, i)), template.at((*path, i), str(key))) for i, v in enumerate(value)
        ]
        teller.command([Word(t or "${_}", a.line, a.column, a.path) for t, a in words])
    elif key == "ResourceRequirements" and isinstance(value, list):
        for i, row in enumerate(value):
            if inner(row, ("Type",)) == "GPU":
                here = template.at((*path, i), "ResourceRequirements")
                teller.add("accelerator", "nvidia", here, Certainty.INFERRED)
                teller.say("n_devices", template.text(inner(row, ("Value",)), (*path, i, "Value")), here)


def _word(value: object, path: Path_, template: Template) -> Word:
    at = template.at(path, "")
    return Word(template.text(value, path) or "${_}", at.line, at.column, at.path)


def _variables(value: object, path: Path_, template: Template, teller: Teller) -> None:
    """`Environment` of a model, a function or a container: a mapping, or rows of `Name` and `Value`."""
    pairs = [(k, v, (*path, k)) for k, v in value.items()] if isinstance(value, dict) else []
    for i, row in enumerate(value if isinstance(value, list) else ()):
        pairs.append((str(inner(row, ("Name",))), inner(row, ("Value",)), (*path, i, "Value")))
    for name, stated, where in pairs:
        found = template.text(stated, where)
        if found is not None:
            teller.variable(name, found, template.at(where, f"variable {name}"))
