"""Connecting to Temporal."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import UpdateNamespaceInfo
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from lethe.errors import EnvironmentMismatch, WorkflowsUnavailable
from lethe.settings import Environment, Settings
from workers.converter import DATA_CONVERTER
from workflows.attributes import ALL

logger = logging.getLogger("lethe.temporal")

STAMP: Final = "lethe_environment"
"""The key of the environment's name in the namespace's data."""


async def connect(settings: Settings, prepare: Callable[[Client], Awaitable[None]]) -> Client:
    """A client of the configured namespace, which carries this environment's stamp and what ``prepare`` makes there.

    Waits however long Temporal takes to answer, and logs that it does. Raises EnvironmentMismatch.
    """
    temporal = settings.temporal
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type((RPCError, RuntimeError)),
        wait=wait_exponential_jitter(multiplier=0.2, max=5),
        before_sleep=_tell,
    ):
        with attempt:
            client = await Client.connect(
                temporal.address,
                namespace=temporal.namespace,
                data_converter=DATA_CONVERTER,
                api_key=temporal.api_key.get_secret_value() or None,
                tls=temporal.tls,
            )
            await ensure_stamp(client, settings.environment)
            await prepare(client)
            return client
    raise AssertionError("it is tried without end")


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = error.status.name.lower() if isinstance(error, RPCError) else WorkflowsUnavailable.code
    logger.warning("Temporal does not answer; asked again", extra={"code": code, "count": state.attempt_number})


async def ensure_search_attributes(client: Client) -> None:
    """Register the attributes that are missing; several processes may do so at once."""
    namespace = client.namespace
    known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    missing = {
        key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD for key in ALL if key.name not in known.custom_attributes
    }
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
        )
    except RPCError:
        again = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
        if not missing.keys() <= again.custom_attributes.keys():
            raise


async def ensure_stamp(client: Client, environment: Environment) -> None:
    """Give the namespace this environment's stamp, or refuse one that carries another's. Raises EnvironmentMismatch."""
    service = client.workflow_service
    described = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    stamp = described.namespace_info.data.get(STAMP)
    if stamp and stamp != environment:
        raise EnvironmentMismatch(
            f"The Temporal namespace {client.namespace!r} is stamped {stamp!r}, not {environment.value!r}."
        )
    if not stamp:
        await service.update_namespace(
            UpdateNamespaceRequest(
                namespace=client.namespace, update_info=UpdateNamespaceInfo(data={STAMP: environment.value})
            )
        )
