"""`lethe status`: what runs, where, and whether it serves."""

import asyncio

from cli.errors import Exit
from cli.output import Json, Output, table
from cli.stack.control import is_running
from cli.stack.probes import Probe, serves
from cli.stack.programs import external_probes, own_probes
from cli.stack.state import Phase, StackRecord, StateFolder
from lethe.settings import Settings


def status(settings: Settings, output: Output) -> Exit:
    """Print it; FAILED unless everything serves."""
    folder = StateFolder(settings.state)
    record = folder.record()
    running = is_running(folder)
    components = asyncio.run(_components(settings, record if running else None))
    phase = record.phase if record and running else Phase.STOPPED
    healthy = running and all(component["serves"] for component in components)
    data: Json = {
        "phase": phase,
        "healthy": healthy,
        "state": str(folder.root),
        "supervisor": record.supervisor.pid if record and running else None,
        "components": components,
    }
    output.show(data, lambda: _text(phase, components))
    return Exit.OK if healthy else Exit.FAILED


async def _components(settings: Settings, record: StackRecord | None) -> list[Json]:
    probes: list[tuple[str, bool, Probe]] = [(name, True, probe) for name, probe in external_probes(settings).items()]
    if record is not None and record.ports is not None:
        probes += [(name, False, probe) for name, probe in own_probes(settings, record.ports).items()]
    answers = await asyncio.gather(*(serves(probe) for _, _, probe in probes))
    return [
        _component(name, record, is_external=is_external, answers=answer)
        for (name, is_external, _), answer in zip(probes, answers, strict=True)
    ]


def _component(name: str, record: StackRecord | None, *, is_external: bool, answers: bool) -> Json:
    child = record.children.get(name) if record else None
    address = record.addresses.get("worker_metrics" if name == "worker" else name, "") if record else ""
    return {
        "name": name,
        "runs": "elsewhere" if is_external else "here",
        "serves": answers,
        "pid": child.process.pid if child else None,
        "restarts": child.restarts if child else 0,
        "address": address,
    }


def _text(phase: Phase, components: list[Json]) -> str:
    rows = [("NAME", "SERVES", "PROCESS", "RESTARTS", "ADDRESS")]
    rows += [
        (
            component["name"],
            "yes" if component["serves"] else "NO",
            str(component["pid"] or component["runs"]),
            str(component["restarts"]),
            component["address"],
        )
        for component in components
    ]
    return f"stack: {phase}" + (f"\n{table(rows)}" if components else "\nstart it with `lethe up`")
