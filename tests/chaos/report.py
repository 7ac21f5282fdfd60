"""A run in two files: JSON for machines, a page of Markdown for people."""

import json
from pathlib import Path
from typing import Any

from tests.chaos.suite import Outcome


def write_report(folder: Path, name: str, figures: dict[str, Any], outcome: Outcome, *, ok: bool) -> None:
    """`<name>-<stack>.json` and `.md`; the run before it is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{figures['stack']}"
    kills = [{"at": kill.at, "component": kill.component, "work": kill.work} for kill in outcome.kills]
    findings = [vars_of(finding) for finding in (*outcome.book.violations, *outcome.result.findings)]
    whole = {"name": name, "figures": figures, "ok": ok, "kills": kills, "violations": findings}
    (folder / f"{stem}.json").write_text(json.dumps(whole, indent=2) + "\n")
    (folder / f"{stem}.md").write_text(_page(name, figures, ok=ok))


def vars_of(record: Any) -> dict[str, Any]:
    """A frozen record as JSON has it."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _page(name: str, figures: dict[str, Any], *, ok: bool) -> str:
    documents, counts = figures["documents"], figures["counts"]
    violations = sum(documents.values()) - documents["ok"] + sum(figures["online_violations"].values())
    wrong = ", ".join(f"{kind} {number}" for kind, number in documents.items() if kind != "ok")
    rows = "\n".join(f"| {component} | {number} |" for component, number in figures["kills_by_component"].items())
    faults = ", ".join(f"{fault} {number}" for fault, number in figures["other_faults"].items())
    return f"""# {name}: {figures["stack"]} stack, seed {figures["seed"]}

{"Passed" if ok else "Failed"}: {figures["kills"]} kills in {figures["seconds"]:.0f} s with the drain,
{violations} violations.

| killed | times |
|---|---|
{rows}

Work in flight at {figures["kills_with_work_in_flight"]:.0%} of the kills (median {figures["work_in_flight_median"]}).
Other faults: {faults or "none"}.
Changes acknowledged: {_acknowledged(counts)}.
Requests sent again after a cut or a refusal: {counts.get("sent_again", 0)}.
Answers checked: {counts.get("answers", 0)}, of which degraded: {counts.get("degraded", 0)}.
Documents in the end: {documents["ok"]} as acknowledged, {wrong}.
"""


def _acknowledged(counts: dict[str, int]) -> str:
    kinds = {name: number for name, number in counts.items() if name.startswith("upload_")}
    kinds |= {name: counts.get(name, 0) for name in ("re_aclled", "deleted")}
    return ", ".join(f"{name.removeprefix('upload_')} {number}" for name, number in sorted(kinds.items()))
