"""docker-compose.yml is checked without an engine: its shape, its settings, its secrets and its ports."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.stack.temporal import SEARCH_ATTRIBUTES, server_argv
from lethe.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = ("api", "worker", "bootstrap")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rule>:[?-])(?P<rest>[^}]*)\}")


def settings_of(service: str) -> dict[str, str]:
    """The environment as compose would fill it in, with a value for every required variable."""
    return {
        name: VARIABLE.sub(lambda found: found["rest"] if found["rule"] == ":-" else "secret", value)
        for name, value in SERVICES[service]["environment"].items()
    }


def in_the_tree(name: str) -> bool:
    section, _, field = name.removeprefix("LETHE_").lower().partition("__")
    if not field:
        return section in Settings.model_fields
    return field in type(getattr(Settings(), section)).model_fields


def test_it_fits_the_compose_schema() -> None:
    tool = Path(sys.executable).with_name("check-jsonschema")
    command = [str(tool), "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", OWN)
def test_every_variable_is_a_setting(service: str) -> None:
    names = [name for name in settings_of(service) if name.startswith("LETHE_")]
    assert len(names) >= 10
    assert [name for name in names if not in_the_tree(name)] == []


def test_a_misspelt_variable_would_be_noticed() -> None:
    assert not in_the_tree("LETHE_SQL__ADDRESS")
    assert not in_the_tree("LETHE_STATES")


@pytest.mark.parametrize("service", OWN)
def test_the_settings_load(service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in settings_of(service).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.sql_url == "postgresql+asyncpg://ledger:secret@postgres:5432/ledger"
    assert settings.keyring_url == "postgresql+asyncpg://keyring:secret@postgres:5432/keyring"
    assert settings.temporal.address == "temporal:7233"


def test_images_are_pinned() -> None:
    tags = {service["image"].rpartition(":")[2] for service in SERVICES.values()}
    assert all(re.match(r"v?\d+\.\d+(\.\d+)?", tag) for tag in tags), tags


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_has_a_default_and_the_example_names_them_all() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    used = {found["name"]: found["rule"] for found in VARIABLE.finditer(text)}
    optional = {name for name, rule in used.items() if rule == ":-"}
    assert optional == {"ENVIRONMENT"}
    example = dict(line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line)
    assert set(example) == set(used)
    assert {name for name, value in example.items() if value} == {"ENVIRONMENT"}


def test_long_running_services_have_a_health_check_or_need_one() -> None:
    waited_for = {
        name
        for service in SERVICES.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert all("healthcheck" in SERVICES[name] for name in {*waited_for, "api", "worker"})


def test_temporal_is_configured_as_the_embedded_one() -> None:
    """The polling override is the biggest single gain in latency; both shapes have it."""
    config = yaml.safe_load((ROOT / "ops/temporal/dynamicconfig.yaml").read_text())
    compose = {key: entries[0]["value"] for key, entries in config.items()}
    argv = server_argv(Path("t.db"), 1, 2)
    given = [value.partition("=") for flag, value in itertools.pairwise(argv) if flag == "--dynamic-config-value"]
    embedded = {key: yaml.safe_load(value) for key, _, value in given}
    assert compose == embedded
    assert set(SEARCH_ATTRIBUTES) == {"tenant", "kind", "ref", "state"}


def test_redis_keeps_nothing() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--save") + 1] == ""
    assert command[command.index("--appendonly") + 1] == "no"


@pytest.mark.parametrize("service", OWN)
def test_clear_text_is_in_memory_only(service: str) -> None:
    state = SERVICES[service]["environment"]["LETHE_STATE"]
    mounts = [entry.partition(":")[0] for entry in SERVICES[service]["tmpfs"]]
    assert f"{state}/scratch" in mounts
