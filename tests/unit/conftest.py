"""Unit tests reach no network. Unix sockets stay: asyncio's own event loop needs a pair."""

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_network():  # pyright: ignore[reportUnusedFunction]
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
