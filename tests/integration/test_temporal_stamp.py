"""A process refuses a Temporal namespace of another environment."""

import pytest
from temporalio.client import Client

from lethe.errors import EnvironmentMismatch
from lethe.settings import Environment
from workers.temporal import ensure_stamp


async def test_a_namespace_belongs_to_the_environment_that_came_first(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    await ensure_stamp(client, Environment.DEVELOPMENT)
    await ensure_stamp(client, Environment.DEVELOPMENT)
    with pytest.raises(EnvironmentMismatch, match="'development', not 'production'"):
        await ensure_stamp(client, Environment.PRODUCTION)
