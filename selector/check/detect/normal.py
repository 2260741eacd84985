"""Normal forms of what files write: formats of numbers, accelerators, models, images."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selector.check.detect.tables import Tables

_GGUF = re.compile(r"(?:^|[-_.:])(i?q[1-8]_[0-9k](?:_[a-z0-9]+)*)(?:\.gguf)?$", re.IGNORECASE)
_MEMORY = re.compile(r"[-_:](?:\d+x)?\d+ ?gi?b$", re.IGNORECASE)
_VERSION = re.compile(r"v?(\d+(?:\.\d+){1,3}(?:[._-]?(?:post|rc|a|b|dev)\d*)*)(?:[-_+].*)?$")
_BUILT_FOR = re.compile(r"^(?:(?:cpu|cuda|turing|hopper|\d{2,3})-(?=v?\d+\.)|r(?=\d\d\.\d\d))")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")


@dataclass(frozen=True, slots=True)
class Image:
    """A reference to a container image."""

    name: str
    tag: str | None
    digest: str | None


def image(text: str) -> Image:
    """Name, tag and digest of `registry/name:tag@sha256:...`."""
    rest, _, digest = text.strip().partition("@")
    head, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return Image(head + slash + name, tag or None, digest or None)


def version(tag: str) -> str | None:
    """The version that a tag names; None for `latest`, dates of builds and the like. What it is built for
    may stand before it: `cpu-1.8`, `89-1.8` (a compute capability), `r26.03`."""
    found = _VERSION.match(_BUILT_FOR.sub("", tag))
    return found[1] if found else None


def accelerator_of_tag(tag: str, tables: Tables) -> str | None:
    """Vendor of the devices that a tag names among its parts: `server-cuda`, `v0.5.1-rocm630-mi30x`."""
    known = tables.words("tags")
    for part in re.split(r"[-_.]", tag.lower()):
        vendor = known.get(re.sub(r"\d+\w*$", "", part)) or known.get(part)
        if vendor:
            return vendor
    return None


def precision(word: str, tables: Tables, framework: str | None = None) -> str | None:
    """Format of weights by the word of a flag; None for `auto` and words that say nothing of it."""
    text = word.strip().lower()
    own = tables.words(f"precision_{framework}").get(text) if framework else None
    gguf = _GGUF.search(text)
    return own or tables.words("precision").get(text) or (gguf[1].lower() if gguf else None)


def precision_of_name(model: str, tables: Tables) -> str | None:
    """Format of weights by the end of a model's name or tag."""
    name = model.rsplit("/", 1)[-1].lower()
    gguf = _GGUF.search(name)
    if gguf:
        return gguf[1].lower()
    ends = (e for e in tables.words("names") if name.endswith(e) and name[: -len(e)][-1:] in tuple("-_.:"))
    longest = max(ends, key=len, default=None)
    return tables.words("names")[longest] if longest else None


def accelerator(text: str, tables: Tables) -> str:
    """An accelerator in small letters with dashes; with its memory only where that tells devices apart."""
    found = re.sub(r"[\s_/]+", "-", text.strip().lower())
    bare = _MEMORY.sub("", found)
    if bare == found or tables.device_ids(found) in ((), tables.device_ids(bare)):
        return bare
    return found


def counted(text: str) -> tuple[str, int | None]:
    """`H100:8`, `8xH100`, `h100`: the accelerator and how many."""
    after = re.fullmatch(r"([A-Za-z][\w\s./-]*?):(\d+)", text.strip())
    if after:
        return after[1], int(after[2])
    before = re.fullmatch(r"(\d+)\s?x\s?([A-Za-z][\w\s.-]*)", text.strip())
    if before:
        return before[2], int(before[1])
    return text.strip(), None


def model(text: str) -> str:
    """Id of a model without the scheme that fetches it."""
    found = text.strip().strip("'\"")
    for scheme in ("hf://", "huggingface://", "ollama://", "https://huggingface.co/"):
        found = found.removeprefix(scheme)
    return found.split("?")[0].rstrip("/") if "://" not in found else found


def is_path(text: str) -> bool:
    """True where weights lie in a file system or an object store."""
    return (
        text.startswith(("/", "./", "../", "~"))
        or "://" in text
        or text.endswith((".gguf", ".engine", ".onnx"))
    )


def is_hub_id(text: str) -> bool:
    """True for `organisation/name`."""
    return bool(_HUB.fullmatch(text))


def host(url: str) -> str | None:
    """Host of an address, without user, port, path and query."""
    found = re.match(
        r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,}|localhost)(?=[:/?]|$)"
        # Behind a scheme any word is a host: services are called by their names.
        r"|[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?([A-Za-z0-9][A-Za-z0-9._-]*)(?=[:/?]|$)",
        url.strip(),
    )
    return (found[1] or found[2]).lower() if found else None


def provider(name: str, tables: Tables) -> str | None:
    """Vendor behind a host."""
    known = tables.words("endpoints")
    best = max((h for h in known if name == h or name.endswith("." + h)), key=len, default=None)
    return known[best] if best else None


def whole(text: str) -> int | None:
    """A whole number, also as `32k` and `1M` (thousands) or `32K` (1,024 each), as vLLM takes it."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmM]?)", text.strip())
    if match is None:
        return None
    number = float(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000, "K": 2**10, "M": 2**20}[match[2]]
    return int(number) if number == int(number) else None
