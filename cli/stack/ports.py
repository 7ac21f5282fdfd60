"""Loopback ports: the usual one when it is free, else any other."""

import socket
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final

HOST: Final = "127.0.0.1"


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


def free_ports(count: int) -> list[int]:
    """As many different ports as asked for, free at this moment."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def free_run(count: int, wanted: int | None = None) -> int:
    """The first of `count` consecutive free ports, at `wanted` if they are free there."""
    first = free_ports(1)[0] if wanted is None else wanted
    while first + count > 65_536 or not all(is_free(first + offset) for offset in range(count)):
        first = free_ports(1)[0]
    return first


def choose(wanted: int, taken: Iterable[int] = ()) -> int:
    """The wanted port, or a free one when something listens there or it is in `taken`."""
    if wanted not in set(taken) and is_free(wanted):
        return wanted
    return free_ports(1)[0]
