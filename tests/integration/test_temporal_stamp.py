"""A process refuses a Temporal namespace of another environment, and says so of one that it may not use."""

from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from lethe.errors import EnvironmentMismatch, WorkflowsRefused
from lethe.settings import Environment, Settings
from tests.conftest import settings_at
from workers.temporal import connect, ensure_search_attributes, ensure_stamp


async def test_a_namespace_belongs_to_the_environment_that_came_first(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    await ensure_stamp(client, Environment.DEVELOPMENT)
    await ensure_stamp(client, Environment.DEVELOPMENT)
    with pytest.raises(EnvironmentMismatch, match="'development', not 'production'"):
        await ensure_stamp(client, Environment.PRODUCTION)


async def test_a_namespace_that_nobody_registers_is_not_waited_for(temporal_address: str, tmp_path: Path) -> None:
    with pytest.raises(WorkflowsRefused, match=r"'nowhere'.*not_found"):
        await connect(_settings(tmp_path, temporal_address, "nowhere"), ensure_search_attributes, namespace_seconds=1)


@pytest.mark.parametrize("status", [RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED])
async def test_what_temporal_refuses_is_said_once(temporal_address: str, tmp_path: Path, status: RPCStatusCode) -> None:
    """A server with authorization is not at hand: its answer is given by the last step of connecting."""
    tries = 0

    async def refused(_: Client) -> None:
        nonlocal tries
        tries += 1
        raise RPCError("Request unauthorized.", status, b"")

    with pytest.raises(WorkflowsRefused, match=status.name.lower()):
        await connect(_settings(tmp_path, temporal_address, "default"), refused)
    assert tries == 1


async def test_a_mistake_of_ours_is_not_taken_for_silence(temporal_address: str, tmp_path: Path) -> None:
    async def broken(_: Client) -> None:
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        await connect(_settings(tmp_path, temporal_address, "default"), broken)


def _settings(state: Path, address: str, namespace: str) -> Settings:
    base = settings_at(state)
    temporal = base.temporal.model_copy(update={"address": address, "namespace": namespace})
    return base.model_copy(update={"temporal": temporal})
