"""Loopback ports: the usual one when it is free, else any other."""

import random
import socket
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Final

HOST: Final = "127.0.0.1"
_LOW: Final = range(26_000, 32_000)
"""Below those that the kernel gives to outgoing connections: none of these takes a port between its choice and its
server, or while the server is started again."""


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now, on loopback and, as some do, on every interface."""
    for address in (HOST, ""):
        with socket.socket() as probe:
            # As servers do: a port whose last connections still linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def free_ports(count: int, taken: Iterable[int] = ()) -> list[int]:
    """As many different ports as asked for, free at this moment and none of those in `taken`."""
    ports = sorted(set(_LOW).difference(taken))
    # Not the seeded generator: two processes that begin alike would choose alike.
    random.SystemRandom().shuffle(ports)
    return list(islice(filter(is_free, ports), count))


def free_run(count: int, wanted: int | None = None, taken: Collection[int] = ()) -> int:
    """The first of `count` consecutive free ports, at `wanted` if they are free there; none of them in `taken`."""
    first = free_ports(1)[0] if wanted is None else wanted
    while first + count > 65_536 or not all(
        port not in taken and is_free(port) for port in range(first, first + count)
    ):
        first = free_ports(1)[0]
    return first


def choose(wanted: int, taken: Collection[int] = ()) -> int:
    """The wanted port, or a free one when something listens there or it is in `taken`."""
    if wanted not in taken and is_free(wanted):
        return wanted
    return free_ports(1, taken)[0]
