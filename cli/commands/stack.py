"""`lethe up` and `lethe down`."""

from cli.output import Json, Output, say, table
from cli.stack import control
from cli.stack.state import StackRecord
from lethe.settings import Settings

_LABELS = {
    "api": "API",
    "api_docs": "API docs",
    "temporal_ui": "Temporal UI",
    "temporal": "Temporal",
    "weaviate": "Weaviate",
    "api_metrics": "metrics (API)",
    "worker_metrics": "metrics (worker)",
}


def up(settings: Settings, output: Output, *, detach: bool) -> None:
    """Start the stack, print what runs where; return at once when detached, else when a signal has stopped it."""
    if detach:
        record, ran_already = control.up_detached(settings, say)
        _announce(record, output, ran_already=ran_already, detached=True)
    else:
        control.up(settings, say, lambda record, ran_already: _announce(record, output, ran_already=ran_already))


def down(settings: Settings, output: Output) -> None:
    """Stop the stack, if there is one."""
    was_running = control.down(settings, say)
    output.show({"was_running": was_running}, lambda: "stopped" if was_running else "nothing was running")


def _announce(record: StackRecord, output: Output, *, ran_already: bool, detached: bool = False) -> None:
    data: Json = {
        "phase": record.phase,
        "already_running": ran_already,
        "seconds": round(record.seconds or 0.0, 1),
        "start": "cold" if record.is_cold else "warm",
        "addresses": record.addresses,
        "supervisor": record.supervisor.pid,
    }
    output.show(data, lambda: _text(record, ran_already=ran_already, detached=detached))


def _text(record: StackRecord, *, ran_already: bool, detached: bool) -> str:
    if ran_already:
        head = f"already running (process {record.supervisor.pid})"
    else:
        head = f"ready in {record.seconds or 0.0:.1f} s ({'cold' if record.is_cold else 'warm'} start)"
    rows = [(f"  {label}", record.addresses[name]) for name, label in _LABELS.items() if name in record.addresses]
    foot = "stop it with `lethe down`" if detached or ran_already else "Ctrl-C stops everything"
    return f"{head}\n{table(rows)}\n{foot}"
