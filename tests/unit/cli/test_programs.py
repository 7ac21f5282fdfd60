"""What the stack starts, with which arguments and environment, and what it leaves to others."""

import itertools
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from cli.stack import temporal, weaviate_server
from cli.stack.probes import HttpProbe, TcpProbe
from cli.stack.programs import (
    Program,
    Stage,
    Step,
    addresses,
    child_environment,
    external_probes,
    own_probes,
    stages,
    wanted_ports,
)
from cli.stack.state import Ports, StateFolder
from lethe.settings import RedisSettings, Settings, SqlSettings, TemporalSettings, WeaviateSettings

PORTS = Ports(
    api=1080,
    worker_metrics=1464,
    temporal=1233,
    temporal_ui=1234,
    weaviate=1090,
    weaviate_grpc=1051,
    weaviate_cluster=1100,
)
BINARY = Path("/cache/weaviate")


def settings(state: Path, **sections: object) -> Settings:
    return Settings(_env_file=None, state=state, **sections)  # pyright: ignore[reportCallIssue, reportArgumentType]


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    made = StateFolder(tmp_path / "state")
    made.create()
    return made


def names(planned: list[Stage]) -> list[list[str]]:
    return [[each.name for each in stage] if isinstance(stage, tuple) else [stage.name] for stage in planned]


def test_stores_come_before_bootstrap_and_bootstrap_before_our_own(folder: StateFolder) -> None:
    planned = stages(settings(folder.root), folder, PORTS, BINARY)
    assert names(planned) == [["temporal", "witness", "weaviate"], ["bootstrap"], ["api", "worker"]]


def test_what_is_configured_by_address_is_not_started(folder: StateFolder) -> None:
    elsewhere = settings(
        folder.root,
        temporal=TemporalSettings(address="temporal.internal:7233"),
        weaviate=WeaviateSettings(url="https://weaviate.internal", api_key=SecretStr("theirs")),
        sql=SqlSettings(url=SecretStr("postgresql+asyncpg://u:p@db.internal/lethe")),
        redis=RedisSettings(url=SecretStr("redis://cache.internal:6380/0")),
    )
    assert names(stages(elsewhere, folder, PORTS, None)) == [["witness"], ["bootstrap"], ["api", "worker"]]
    assert set(wanted_ports(elsewhere)) == {"api", "worker_metrics", "witness"}
    assert set(own_probes(elsewhere, PORTS)) == {"api", "worker", "witness"}
    assert external_probes(elsewhere) == {
        "temporal": TcpProbe("temporal.internal", 7233),
        "weaviate": HttpProbe("https://weaviate.internal/v1/.well-known/ready"),
        "sql": TcpProbe("db.internal", 5432),
        "redis": TcpProbe("cache.internal", 6380),
    }
    where = addresses(elsewhere, PORTS)
    assert where["temporal"] == "temporal.internal:7233"
    assert where["weaviate"] == "https://weaviate.internal"
    assert "temporal_ui" not in where
    env = child_environment(elsewhere, folder, PORTS)
    assert "LETHE_WEAVIATE__API_KEY" not in env, "the configured key must not be replaced by a generated one"


def test_our_processes_are_told_the_effective_addresses(folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    env = child_environment(settings(folder.root), folder, PORTS)
    for name, value in env.items():
        if name.startswith("LETHE_"):
            monkeypatch.setenv(name, value)
    seen = Settings(_env_file=None)  # pyright: ignore[reportCallIssue]
    assert seen.state == folder.root
    assert seen.api.port == 1080
    assert seen.worker.metrics_port == 1464
    assert seen.temporal.address == "127.0.0.1:1233"
    assert seen.temporal.ui_url == "http://127.0.0.1:1234"
    assert seen.weaviate.url == "http://127.0.0.1:1090"
    assert seen.weaviate.grpc_port == 1051
    assert seen.weaviate.api_key.get_secret_value() == folder.secrets().weaviate_api_key


def test_temporal_is_on_loopback_with_the_measured_flags(folder: StateFolder) -> None:
    argv = temporal.server_argv(folder.root / "temporal.db", 1233, 1234)
    pairs = list(itertools.pairwise(argv))
    assert ("--ip", "127.0.0.1") in pairs
    assert ("--port", "1233") in pairs
    assert ("--ui-port", "1234") in pairs
    assert ("--db-filename", str(folder.root / "temporal.db")) in pairs
    assert ("--sqlite-pragma", "journal_mode=wal") in pairs
    assert ("--dynamic-config-value", "matching.enableFairness=true") in pairs
    for processor in ("transfer", "timer", "visibility"):
        assert ("--dynamic-config-value", f"history.{processor}ProcessorMaxPollRPS=5000") in pairs
    for name in ("tenant", "kind", "ref", "state"):
        assert ("--search-attribute", f"{name}=Keyword") in pairs
    assert "--headless" in temporal.server_argv(folder.root / "temporal.db", 1233, None)


def test_histories_are_kept_as_long_as_the_settings_say(folder: StateFolder) -> None:
    first = stages(settings(folder.root), folder, PORTS, BINARY)[0]
    assert isinstance(first, tuple)
    argv = first[0].once_ready
    assert argv[argv.index("--retention") + 1] == "72h"
    assert argv[argv.index("--address") + 1] == "127.0.0.1:1233"


def test_weaviate_has_keys_no_telemetry_and_only_its_own_environment(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", "true")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    env = weaviate_server.environment(folder.root / "weaviate", PORTS, folder.secrets())
    assert env["AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED"] == "false"
    assert env["AUTHENTICATION_APIKEY_ALLOWED_KEYS"] == folder.secrets().weaviate_api_key
    assert env["CLUSTER_BASIC_AUTH_PASSWORD"] == folder.secrets().weaviate_cluster_password
    assert env["DISABLE_TELEMETRY"] == "true"
    assert env["PERSISTENCE_DATA_PATH"] == str(folder.root / "weaviate")
    assert env["CLUSTER_BIND_ADDR"] == "127.0.0.1"
    cluster = ("CLUSTER_GOSSIP_BIND_PORT", "CLUSTER_DATA_BIND_PORT", "RAFT_PORT", "RAFT_INTERNAL_RPC_PORT")
    assert [env[name] for name in cluster] == ["1100", "1101", "1102", "1103"]
    assert "OPENAI_API_KEY" not in env
    assert weaviate_server.argv(BINARY, 1090)[1:] == ["--host", "127.0.0.1", "--port", "1090", "--scheme", "http"]


def test_secrets_are_generated_once_and_private(folder: StateFolder) -> None:
    first = folder.secrets()
    assert len(first.weaviate_api_key) >= 32
    assert first.weaviate_api_key != first.weaviate_cluster_password
    assert folder.secrets() == first
    assert stat.S_IMODE(folder.secrets_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    assert StateFolder(folder.root.parent / "other").secrets_file.exists() is False


def test_a_worker_gets_longer_to_stop_than_it_takes_to_drain(folder: StateFolder) -> None:
    own = stages(settings(folder.root), folder, PORTS, BINARY)[-1]
    assert not isinstance(own, Step)
    worker = next(program for program in own if program.name == "worker")
    assert worker.stop_seconds > TemporalSettings().graceful_shutdown_seconds


def test_no_program_carries_a_secret_on_its_command_line(folder: StateFolder) -> None:
    programs: list[Program | Step] = []
    for stage in stages(settings(folder.root), folder, PORTS, BINARY):
        programs += stage if isinstance(stage, tuple) else [stage]
    secret = folder.secrets()
    told = " ".join(part for program in programs for part in program.argv)
    assert secret.weaviate_api_key not in told
    assert secret.weaviate_cluster_password not in told
    assert all(program.env is not os.environ or program.name == "temporal" for program in programs)
