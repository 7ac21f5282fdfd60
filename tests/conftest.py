"""Fixtures every folder of tests may use. Servers are private to the test run and live for the whole of it."""

import gc
import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio
from pydantic import SecretStr

from cli.stack.weaviate import ensure_binary
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.keyring import SqlKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.ports.keyring import KeyRing
from lethe.settings import Settings, SqlSettings, WeaviateSettings
from migrations import upgrade
from tests.servers.postgres import Postgres, running_postgres
from tests.servers.weaviate import WeaviateServer, weaviate_server_at
from tests.timeouts import pytest_runtest_teardown, pytest_timeout_set_timer

SLOW = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("tests", SLOW, derandomize=True)
hypothesis.settings.register_profile("anew", SLOW, derandomize=False, print_blob=True)
hypothesis.settings.load_profile("tests")
"""The same examples each time, however slow the machine is; others with `make test-anew`."""

__all__ = ["pytest_runtest_teardown", "pytest_timeout_set_timer"]
"""Hooks: pytest looks for them here."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured and recorded by pytest's own `record_property`."""
    told = [
        f"{report.nodeid.rpartition('/')[2]}: {name}: {value}"
        for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
        for name, value in report.user_properties
        if report.when == "call"
    ]
    if told:
        terminalreporter.section("figures")
        terminalreporter.write("\n".join(told) + "\n")


@pytest.fixture(scope="module", autouse=True)
def _short_collections() -> None:
    """What thousands of earlier tests left is not searched again: a workflow that pauses 2 s for it counts as stuck."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres, None, None]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def weaviate_server() -> Generator[WeaviateServer, None, None]:
    """A Weaviate that is ready. Tests share it and keep apart by tenant."""
    with weaviate_server_at(ensure_binary(Settings().cache, print)) as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def weaviate(weaviate_server: WeaviateServer) -> WeaviateSettings:
    """How to reach it."""
    return weaviate_server.settings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; each test gets a copy, which is a hundred times quicker than migrating again."""
    state = tmp_path_factory.mktemp("template") / "state"
    await upgrade(settings_at(state))
    return state


@pytest.fixture
def sqlite_settings(_sqlite_template: Path, tmp_path: Path) -> Settings:
    """Settings whose ledger and key ring are fresh, migrated SQLite files."""
    shutil.copytree(_sqlite_template, tmp_path / "state")
    return settings_at(tmp_path / "state")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _postgres_databases(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    urls = (postgres.create_database("ledger"), postgres.create_database("keyring"))
    await upgrade(settings_at(tmp_path_factory.mktemp("migrated"), *urls))
    return urls


@pytest.fixture
def postgres_settings(
    postgres: Postgres, _postgres_databases: tuple[str, str], tmp_path: Path
) -> Generator[Settings, None, None]:
    """Settings whose ledger and key ring are migrated, empty PostgreSQL databases."""
    yield settings_at(tmp_path / "state", *_postgres_databases)
    for name in ("ledger", "keyring"):
        postgres.empty_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def sql_settings(request: pytest.FixtureRequest) -> Settings:
    """The same test on both engines."""
    return request.getfixturevalue(f"{request.param}_settings")


@pytest_asyncio.fixture
async def ledger(sql_settings: Settings) -> AsyncGenerator[SqlLedger, None]:
    """An empty ledger, on both engines."""
    ledger = SqlLedger.from_settings(sql_settings)
    yield ledger
    await ledger.close()


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def _keyring_settings(request: pytest.FixtureRequest) -> Settings | None:
    return None if request.param == "fake" else request.getfixturevalue(f"{request.param}_settings")


@pytest_asyncio.fixture
async def keyring(_keyring_settings: Settings | None) -> AsyncGenerator[KeyRing, None]:
    """An empty key ring: the fake, and the real one on both engines."""
    if _keyring_settings is None:
        yield FakeKeyRing()
        return
    ring = SqlKeyRing.from_settings(_keyring_settings)
    yield ring
    await ring.close()


def settings_at(state: Path, ledger_url: str = "", keyring_url: str = "") -> Settings:
    """Settings that read nothing from the machine."""
    sql = SqlSettings(url=SecretStr(ledger_url), keyring_url=SecretStr(keyring_url))
    return Settings(_env_file=None, state=state, sql=sql)  # pyright: ignore[reportCallIssue]
