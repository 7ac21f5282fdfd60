"""Workflows on Temporal's time-skipping server: a week passes in milliseconds."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from workers.converter import DATA_CONVERTER
from workflows.attributes import ALL

SERVER = Path(sys.executable).parent / "temporal-test-server"


@asynccontextmanager
async def start_environment() -> AsyncGenerator[WorkflowEnvironment]:
    """A server of its own, with our search attributes."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=DATA_CONVERTER,
        test_server_existing_path=str(SERVER),
        test_server_startup_timeout=timedelta(minutes=1),
    ) as started:
        # This server registers attributes but cannot list them, so `ensure_search_attributes` does not work on it.
        await started.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=started.client.namespace,
                search_attributes={key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in ALL},
            )
        )
        yield started


@pytest.fixture
async def environment() -> AsyncGenerator[WorkflowEnvironment]:
    async with start_environment() as started:
        yield started


@pytest.fixture
def client(environment: WorkflowEnvironment) -> Client:
    return environment.client
