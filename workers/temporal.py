"""Connecting to Temporal."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import UpdateNamespaceInfo
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from tenacity import AsyncRetrying, RetryCallState, wait_exponential_jitter
from tenacity.retry import retry_base

from lethe.errors import EnvironmentMismatch, WorkflowsRefused, WorkflowsUnavailable
from lethe.settings import Environment, Settings, TemporalSettings
from workers.converter import DATA_CONVERTER
from workflows.attributes import ALL

logger = logging.getLogger("lethe.temporal")

STAMP: Final = "lethe_environment"
"""The key of the environment's name in the namespace's data."""

NAMESPACE_SECONDS: Final = 120.0
"""How long a server that was just started may not know the namespace: something registers it meanwhile."""

_REFUSALS: Final = frozenset(
    {
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.INVALID_ARGUMENT,
        RPCStatusCode.UNIMPLEMENTED,
    }
)

_REFUSED_CONNECTION: Final = re.compile(r"Status \{ code: (PermissionDenied|Unauthenticated|InvalidArgument)\b")


async def connect(
    settings: Settings,
    prepare: Callable[[Client], Awaitable[None]],
    *,
    namespace_seconds: float = NAMESPACE_SECONDS,
) -> Client:
    """A client of the configured namespace, which carries this environment's stamp and what ``prepare`` makes there.

    Waits however long Temporal takes to answer, and logs that it does. Raises EnvironmentMismatch, WorkflowsRefused.
    """
    try:
        async for attempt in AsyncRetrying(
            retry=_Patience(namespace_seconds),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            before_sleep=_tell,
            reraise=True,
        ):
            with attempt:
                client = await _connected(settings.temporal)
                await ensure_stamp(client, settings.environment)
                await prepare(client)
                return client
    except RPCError as error:
        asked = f"namespace {settings.temporal.namespace!r} at {settings.temporal.address}"
        raise WorkflowsRefused(f"Temporal refuses {asked}: {error.status.name.lower()}.") from error
    raise AssertionError("it is tried without end")


async def _connected(temporal: TemporalSettings) -> Client:
    try:
        return await Client.connect(
            temporal.address,
            namespace=temporal.namespace,
            data_converter=DATA_CONVERTER,
            api_key=temporal.api_key.get_secret_value() or None,
            tls=temporal.tls,
        )
    except RuntimeError as error:
        # The SDK asks the server once as it connects, and tells what came of it in the text alone.
        refusal = _REFUSED_CONNECTION.search(str(error))
        if refusal is None:
            raise WorkflowsUnavailable(str(error)) from error
        raise WorkflowsRefused(f"Temporal at {temporal.address} refuses the connection: {refusal[1]}.") from error


class _Patience(retry_base):
    """Whether to ask again: not when Temporal has said no, nor for long when it does not know the namespace."""

    def __init__(self, namespace_seconds: float) -> None:
        self._namespace_seconds = namespace_seconds
        self._unknown_since: float | None = None

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if not isinstance(error, RPCError):
            return isinstance(error, WorkflowsUnavailable)
        if error.status is not RPCStatusCode.NOT_FOUND:
            return error.status not in _REFUSALS
        now = time.monotonic()
        self._unknown_since = self._unknown_since or now
        return now - self._unknown_since < self._namespace_seconds


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = error.status.name.lower() if isinstance(error, RPCError) else WorkflowsUnavailable.code
    logger.warning(
        "Temporal does not answer; asked again: %s", error, extra={"code": code, "count": state.attempt_number}
    )


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
