"""Saved decisions: what was recommended, all that is needed to compute it again, and a digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selector.errors import InputError, PackError, Problem
from selector.packs import stored
from selector.packs.reader import read_text
from selector.packs.sealed import digest

if TYPE_CHECKING:
    from selector.needs.load import Stated
    from selector.packs.catalog import Catalogue
    from selector.types.explain import Figure

NEAR = 1e-5  # numbers are saved with six digits


def sealed(recommendation: Mapping[str, Any], stated: Stated, cat: Catalogue) -> dict[str, Any]:
    """The content of a decision file: the JSON of `recommend`, requirements, files that they name, the
    packs, and measurements by the names of their files, so that the same can be computed again anywhere."""
    content: dict[str, Any] = {
        **recommendation,
        "requirements": stated.document.data,
        "files": [{"path": path, "text": text} for path, text in files(stated).items()],
    }
    content["packs"] = stored.keep(cat.raw)
    if cat.measured.texts:
        content["measured_files"] = [{"path": p, "text": t} for p, t in cat.measured.texts.items()]
    return {**content, "digest": digest(content)}


def files(stated: Stated) -> dict[str, str]:
    """Files that requirements name, by the path that they give."""
    named = dict.fromkeys(str(pin["config"]) for pin in configs(stated.document.data))
    return {path: (stated.folder / path).read_text(encoding="utf-8") for path in named}


def is_one(path: Path) -> bool:
    """True for a file that means to be a decision, whatever its state; requirements may be JSON too."""
    text = read_text(path)
    if '"schema_version"' in text[:200]:
        return True
    return path.suffix == ".json" and '"application"' not in text


def configs(requirements: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Pins of models that name a configuration."""
    for part in (requirements, *(requirements.get("components") or ())):
        pins = (part.get("pins") or {}).get("model") or ()
        for pin in pins if isinstance(pins, list | tuple) else (pins,):
            if isinstance(pin, dict) and pin.get("config"):
                yield pin


def restore(decision: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The requirements of a decision, the files that they name written under `folder`."""
    places = {}
    for number, file in enumerate(decision["files"]):
        # The folder of a configuration may name the model.
        written = folder / str(number) / (Path(file["path"]).resolve().parent.name or "model") / "config.json"
        written.parent.mkdir(parents=True)
        written.write_text(file["text"], encoding="utf-8")
        places[file["path"]] = str(written)
    found: dict[str, Any] = json.loads(json.dumps(decision["requirements"]))
    for pin in configs(found):
        pin["config"] = places.get(pin["config"], pin["config"])
    return found


def catalogue(decision: Mapping[str, Any], folder: Path, file: str) -> tuple[Catalogue | None, str]:
    """The packs that a decision was made with, written under `folder`; where there are none to be had,
    None and why. Raises `InputError` where they are damaged or others than their digests say."""
    if "packs" not in decision:
        return None, "an older version saved it, which kept digests of the packs and not the packs"
    try:
        return stored.restore(decision["packs"], decision["inputs"]["packs"], folder, file), ""
    except PackError as error:
        first = str(error.problems[0]).splitlines()[0]
        return None, f"this version of selector cannot read its packs: {first}"


def measurements(files: Sequence[Mapping[str, str]], folder: Path) -> list[Path]:
    """Files of measurements that a decision keeps as {path, text}, written under `folder`."""
    written = []
    for file in files:
        written.append(folder / "measured" / Path(file["path"]).name)
        written[-1].parent.mkdir(exist_ok=True)
        written[-1].write_text(file["text"], encoding="utf-8")
    return written


def differences(decision: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Which packs, or which program, are other than when a decision was made."""
    old = decision["inputs"]
    found = []
    if old["selector"] != now["selector"]:
        found.append(f"selector was {old['selector']}, is {now['selector']}")
    for name in sorted({*old["packs"], *now["packs"]}):
        was, here = old["packs"].get(name), now["packs"].get(name)
        if was is None or here is None:
            said = "was not there" if was is None else "is not installed (--packs names the user's)"
            found.append(f"pack {name} {said}")
        elif was["sha256"] != here["sha256"]:
            sides = [f"{x['version']} ({x['sha256'][:12]})" for x in (was, here)]
            found.append(f"pack {name} was {sides[0]}, is {sides[1]}")
    if old.get("measurements") != now.get("measurements"):
        found.append("measurements are other ones")
    return found


def same_number(
    decision: Mapping[str, Any], component: str | None, figure: Figure, notes: Sequence[str]
) -> None:
    """Raises `InputError` where a number of a decision is another one with what is installed now."""
    parts = [decision, *decision["components"]]
    part = next((p for p in parts if component is not None and p["name"] == component), decision)
    stack = next((s for s in part["stacks"] if s["id"] == figure.stack.id), None)
    if stack is None:
        return
    planned = part["plan"] if part["plan"] and part["plan"]["stack"] == stack["label"] else {}
    was = _printed({**stack, "plan": planned}, figure.path)
    if was is None or figure.value is None:
        return
    if abs(was - figure.value) > NEAR * max(abs(was), abs(figure.value)):
        what = f"{figure.path} was {was:g} in the decision and is {figure.value:.6g} now"
        why = f" ({'; '.join(notes)})" if notes else ""
        fix = "install what the decision was made with, or explain the requirements file"
        raise InputError(Problem(what + why, None, fix))


def _below(value: Any, path: str) -> Any:
    """What stands at a path; the middle of an estimate where no quantile is named."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value.get("p50") if isinstance(value, dict) else value


def _printed(stack: Mapping[str, Any], path: str) -> float | None:
    """A number of a stack as it stands in the file."""
    first, _, rest = path.partition(".")
    value: Any = stack.get(first)
    if first == "estimates":
        name, _, quantile = rest.partition(".")
        value = (value[name] or {}).get(quantile or "p50")
    elif first == "plan":
        value = _below(value, rest)
    elif first == "memory_gib_per_device" and value is not None:
        value = value[rest]
    elif first == "contributions":
        value = next((c["points"] for c in value if c["id"] == rest), None)
    elif first == "risks":
        value = next((r["residual_score"] for r in value if r["id"] == rest), None)
    return float(value) if isinstance(value, int | float) else None
