"""A process refuses a Temporal namespace of another environment, and says so of one that it may not use."""

from pathlib import Path

import pytest
from grpc import (
    GenericRpcHandler,
    HandlerCallDetails,
    RpcMethodHandler,
    StatusCode,
    aio,
    unary_unary_rpc_method_handler,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cli.stack.ports import HOST
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


class Refusing(GenericRpcHandler):
    """A server that answers every call with one status."""

    def __init__(self, status: StatusCode) -> None:
        self.status, self.calls = status, 0

    def service(self, handler_call_details: HandlerCallDetails) -> "RpcMethodHandler[bytes, bytes]":
        async def abort(_: bytes, context: "aio.ServicerContext[bytes, bytes]") -> bytes:
            self.calls += 1
            await context.abort(self.status, "no")

        return unary_unary_rpc_method_handler(abort)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("status", [StatusCode.PERMISSION_DENIED, StatusCode.UNAUTHENTICATED])
async def test_a_wrong_key_is_said_once(tmp_path: Path, status: StatusCode) -> None:
    refusing, server = Refusing(status), aio.server()
    server.add_generic_rpc_handlers((refusing,))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    try:
        with pytest.raises(WorkflowsRefused):
            await connect(_settings(tmp_path, f"{HOST}:{port}", "default"), ensure_search_attributes)
        assert refusing.calls == 1
    finally:
        await server.stop(None)


async def test_what_is_refused_after_connecting_is_said_once(temporal_address: str, tmp_path: Path) -> None:
    tries = 0

    async def refused(_: Client) -> None:
        nonlocal tries
        tries += 1
        raise RPCError("Request unauthorized.", RPCStatusCode.PERMISSION_DENIED, b"")

    with pytest.raises(WorkflowsRefused, match="permission_denied"):
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
