"""Connecting to Temporal."""

from datetime import timedelta
from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import UpdateNamespaceInfo
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from lethe.errors import EnvironmentMismatch
from lethe.settings import Environment, Settings
from workers.converter import DATA_CONVERTER
from workflows.attributes import ALL

STAMP: Final = "lethe_environment"
"""The key of the environment's name in the namespace's data."""


async def connect(settings: Settings) -> Client:
    """A client of the configured namespace, which carries this environment's stamp afterwards.

    Temporal does not retry its own connection, so this does, for half a minute.
    Raises RuntimeError, EnvironmentMismatch.
    """
    temporal = settings.temporal
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(RuntimeError),
        stop=stop_after_delay(timedelta(seconds=30)),
        wait=wait_exponential_jitter(multiplier=0.2, max=3),
        reraise=True,
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
            return client
    raise RuntimeError(temporal.address)


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
