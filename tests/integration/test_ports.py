"""Ports that `lethe up` chooses: below those of outgoing connections, and none twice."""

import socket
import sys
from pathlib import Path

import pytest

from cli.stack.ports import HOST, choose, free_ports, free_run
from tests.servers.ports import reserved_ports


def test_none_is_chosen_twice() -> None:
    taken = free_ports(20)
    assert len(set(taken)) == 20
    assert choose(taken[0], taken) not in taken
    first = free_run(4, taken[0], taken)
    assert set(range(first, first + 4)).isdisjoint(taken)


def test_the_usual_port_is_taken_where_nobody_listens_there() -> None:
    (port,) = reserved_ports(1)
    with socket.socket() as listening:
        listening.bind((HOST, port))
        listening.listen()
        assert choose(port) != port
    assert choose(port) == port


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_outgoing_connection_is_given_one_of_them() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(free_ports(50)) < lowest
