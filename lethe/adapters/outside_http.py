"""Connecting to addresses that strangers chose: the address that was checked is the address that is connected to."""

import asyncio
import socket
import ssl
from collections.abc import Mapping

import httpx

from lethe.model.web_addresses import WebAddress, is_global


class AddressInside(Exception):
    """The name leads to a number that is not one of the public internet's."""


async def checked_number(address: WebAddress, *, may_be_inside: bool) -> str:
    """The number to connect to. Raises AddressInside if any the name leads to is not global, OSError without one."""
    numbers = await _numbers(address.host, address.port)
    if not numbers:
        raise OSError("the name leads nowhere")
    if not may_be_inside and not all(is_global(number) for number in numbers):
        raise AddressInside
    return numbers[0]


def outside_client(timeout: float, keepalive: int = 0) -> httpx.AsyncClient:
    """Follows no redirect and asks no proxy, which would resolve the name again.

    Connections that are kept are told apart by number only: a client that keeps any is for one host.
    """
    return httpx.AsyncClient(
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        verify=ssl.create_default_context(),
        limits=httpx.Limits(max_keepalive_connections=keepalive),
    )


def pinned_request(
    client: httpx.AsyncClient,
    method: str,
    address: WebAddress,
    number: str,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> httpx.Request:
    """A request to that number which says, and checks the certificate of, the name."""
    host = f"[{number}]" if ":" in number else number
    url = httpx.URL(f"{address.scheme}://{host}:{address.port}").copy_with(raw_path=address.path.encode("ascii"))
    return client.build_request(
        method,
        url,
        headers={**headers, "host": address.netloc},
        content=content,
        extensions={"sni_hostname": address.host},
    )


async def _numbers(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # no name at all to the resolver's codec
        raise OSError("the name cannot be resolved") from error
    return [str(entry[4][0]) for entry in found]
