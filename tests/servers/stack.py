"""The embedded stack through its command line, with a state folder and usual ports of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.errors import Exit
from cli.stack.control import is_running
from cli.stack.identity import Process
from cli.stack.state import StateFolder
from cli.stack.weaviate import ensure_binary
from lethe.settings import Settings
from tests.servers.ports import reserved_ports


class Stack:
    """`lethe ...` as a person would type it; ``extra`` is further environment for every process of the stack."""

    def __init__(self, state: Path, extra: Mapping[str, str] | None = None) -> None:
        self.folder = StateFolder(state)
        self.state = state
        api, metrics = reserved_ports(2)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LETHE_")}
        self.env = {
            **kept,
            "LETHE_STATE": str(state),
            "LETHE_CACHE": str(Settings().cache),
            "LETHE_API__PORT": str(api),
            "LETHE_WORKER__METRICS_PORT": str(metrics),
            **(extra or {}),
        }

    def run(self, *arguments: str, expect: Exit = Exit.OK) -> dict[str, Any]:
        """Run to the end; piped, so what it prints is one JSON object."""
        ended = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments], env=self.env, capture_output=True, text=True, check=False
        )
        assert ended.returncode == expect, f"{arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return json.loads(ended.stdout) if ended.stdout else {"error": ended.stderr}

    def address(self, name: str) -> str:
        """Where a part of the running stack is: api, temporal, temporal_ui, weaviate ..."""
        return self.run("up")["addresses"][name]

    def leaders(self) -> dict[str, Process]:
        """The first process of each component."""
        record = self.folder.record()
        assert record is not None
        return {name: child.process for name, child in record.children.items()}

    @property
    def admin_key(self) -> str:
        return (self.state / "admin.key").read_text().strip()


@contextmanager
def running_stack(state: Path, extra: Mapping[str, str] | None = None) -> Generator[Stack]:
    """Start it, yield it, stop it, and see that nothing of it runs on."""
    ensure_binary(Settings().cache, print)
    stack = Stack(state, extra)
    stack.run("up", "--detach")
    yield stack
    stack.run("down")
    assert not is_running(stack.folder)
