"""What the stack writes under its state folder: secrets, what runs where, logs."""

import os
import secrets
import time
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cli.stack.identity import Process


class Secrets(BaseModel):
    """Generated on the first start and kept in `secrets.json`, readable by its owner only."""

    model_config = ConfigDict(frozen=True)

    weaviate_api_key: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    weaviate_cluster_password: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    witness_token: str = Field(default_factory=lambda: secrets.token_urlsafe(32))


class Ports(BaseModel):
    """Where the processes listen on loopback; 0 for those that run elsewhere.

    ``weaviate_cluster`` is the first of four in a row.
    """

    model_config = ConfigDict(frozen=True)

    api: int
    worker_metrics: int
    temporal: int = 0
    temporal_ui: int = 0
    weaviate: int = 0
    weaviate_grpc: int = 0
    weaviate_cluster: int
    witness: int = 0


class Phase(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"


class ChildRecord(BaseModel):
    """A child as last written down."""

    process: Process
    restarts: int = 0


class StackRecord(BaseModel):
    """`stack.json`: the stack that runs, or ran last. ``seconds``: from the command until all served.

    ``is_cold``: this start made the state or had to fetch a program first.
    """

    phase: Phase
    supervisor: Process
    addresses: dict[str, str]
    ports: Ports | None = None
    children: dict[str, ChildRecord] = {}
    reaper: Process | None = None
    started_at: float = Field(default_factory=time.time)
    is_cold: bool = False
    seconds: float | None = None


class StateFolder:
    """The paths of one stack's state. Everything in it belongs to one supervisor at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.lock = self.root / "stack.lock"
        self.admin_key = self.root / "admin.key"
        self._record = self.root / "stack.json"
        self.secrets_file = self.root / "secrets.json"

    @property
    def is_new(self) -> bool:
        return not self.secrets_file.exists()

    def create(self) -> None:
        """Make the folders, closed to other users."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("logs", "temporal", "weaviate"):
            (self.root / name).mkdir(exist_ok=True, mode=0o700)

    def secrets(self) -> Secrets:
        """The stack's secrets, generated if there are none yet."""
        if self.secrets_file.exists():
            return Secrets.model_validate_json(self.secrets_file.read_text())
        made = Secrets()
        _write_private(self.secrets_file, made.model_dump_json(indent=2))
        return made

    def record(self) -> StackRecord | None:
        """What is written down; None if no stack ever ran here."""
        if not self._record.exists():
            return None
        return StackRecord.model_validate_json(self._record.read_text())

    def write(self, record: StackRecord) -> None:
        _write_private(self._record, record.model_dump_json(indent=2))

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def key(self) -> str:
        """The admin key that bootstrap wrote; empty before the first start."""
        return self.admin_key.read_text().strip() if self.admin_key.exists() else ""


def _write_private(path: Path, text: str) -> None:
    """Replace the file in one step; its owner alone can read it at any moment."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    part.replace(path)
