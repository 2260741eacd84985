"""Does the declared engine, at its version, run the declared precision on the declared hardware."""

from __future__ import annotations

from selector.needs import names
from selector.packs.catalog import Catalogue
from selector.packs.reader import Document
from selector.packs.support import Answer, SupportTable, newest
from selector.types.catalog import ROLES
from selector.types.rule import Finding, Severity

RULE = "SUPPORT"
NEEDED = ("engine", "precision", "hardware")


def judge(document: Document, cat: Catalogue) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """A finding where the support table says no, and what it does not know. Nothing of a stack
    that leaves one of the three open, or whose model the catalogue has only as a hosted one."""
    stack = document.data["stack"]
    query = names.match_models(stack["model"], cat, document.where(("stack", "model")))
    if any(key not in stack for key in NEEDED) or not query.models:
        return (), ()
    engine = next(iter(names.match_engines(stack["engine"], cat)))
    version = stack.get("engine_version")
    meant = newest(cat.frameworks) | ({engine: f"=={version}"} if version else {})
    table = SupportTable(cat.support, meant)
    model = cat.models[query.models[0]]
    old = table.too_old(engine, model)
    if old is not None:
        return (_finding(document, old, "engine_version"),), ()
    answers = [
        table.look_up(engine, cat.devices[device], precision, model, ROLES.get(model.model_class, "llm"))
        for device in names.match_devices(stack["hardware"], cat).devices
        for precision in names.match_precisions(stack["precision"], cat)
    ]
    if any(a.status == "yes" for a in answers):
        return (), ()
    release = [str(version)] if version else []
    said = " ".join([engine, *release, stack["precision"], "on", stack["hardware"]])
    refused = next((a for a in answers if a.status == "no"), None)
    if refused is None:
        return (), (f"whether {said} works: no row of the support table says so",)
    return (_finding(document, f"{said} does not work{_note(refused)}", "engine"),), ()


def _note(answer: Answer) -> str:
    return f": {answer.row.note}" if answer.row and answer.row.note else ""


def _finding(document: Document, message: str, key: str) -> Finding:
    where = document.where(("stack", key))
    return Finding(
        RULE,
        "The engine does not run this",
        Severity.HIGH,
        "high",
        "fail",
        message,
        "The support table of the frameworks pack, by engine, version, architecture and precision.",
        "`selector recommend` with these as pins names what works",
        where.file,
        where.line,
        where.column,
    )
