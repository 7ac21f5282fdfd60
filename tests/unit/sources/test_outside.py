"""What is not on the public internet is refused by whatever connects for strangers, and no socket is made for it."""

import socket
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pytest_socket import enable_socket

from lethe.adapters.sources import ConfiguredReaders
from lethe.adapters.webhooks import HttpSender
from lethe.errors import SourceAddressRefused, SourceUnavailable, WebhookAddressRefused, WebhookUnreachable
from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceFilters, SourceKind
from lethe.model.web_addresses import UnfitAddress, is_global, web_address
from lethe.settings import SourceSettings, WebhookSettings
from tests.unit.sources.inside_addresses import LEADING_INSIDE, RESOLVED, UNFIT

PUBLIC = {"public.example.org": ("93.184.216.34",)}


class Network:
    """Counts the sockets that are made, whom they are to reach, and which names are asked."""

    def __init__(self, names: dict[str, Sequence[str]]) -> None:
        self.names = names
        self.sockets = 0
        self.reached: list[str] = []
        self.asked: list[str] = []

    def resolve(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in self.names[host]]


@pytest.fixture
async def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """Needs the test's own loop to be there already: it has sockets too."""
    enable_socket()  # counted instead
    seen = Network({**LEADING_INSIDE, **PUBLIC})
    made = socket.socket.__init__

    def make(self: socket.socket, *args: Any, **kwargs: Any) -> None:
        seen.sockets += 1
        made(self, *args, **kwargs)

    def connect(_: socket.socket, address: Any) -> None:
        seen.reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "__init__", make)
    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", seen.resolve)
    return seen  # type: ignore[return-value]


def web(url: str) -> SourceAddress:
    return SourceAddress(new_id(), SourceKind.WEB, url)


async def listed(source: SourceAddress) -> None:
    reader = await ConfiguredReaders(SourceSettings()).open(source, SourceFilters())
    try:
        async for _ in reader.items():
            pass
    finally:
        await reader.close()


def test_there_are_many_ways() -> None:
    assert len({*UNFIT, *RESOLVED}) >= 150


async def test_no_way_of_writing_it_opens_a_socket(network: Network, record_property: Any) -> None:
    readers = ConfiguredReaders(SourceSettings())
    for url in UNFIT:
        with pytest.raises(SourceAddressRefused):
            readers.check(web(url))
        with pytest.raises(SourceAddressRefused):
            await listed(web(url))
        with pytest.raises(SourceAddressRefused):
            readers.check(SourceAddress(new_id(), SourceKind.GIT, url.replace("http:", "https:", 1)))
    assert (network.sockets, network.asked) == (0, [])
    record_property("forms refused, sockets", f"{len(UNFIT)}, {network.sockets}")


async def test_no_name_that_leads_there_opens_a_socket(network: Network) -> None:
    for url in RESOLVED:
        ConfiguredReaders(SourceSettings()).check(web(url))
        with pytest.raises((SourceAddressRefused, SourceUnavailable)) as refused:
            await listed(web(url))
        assert isinstance(refused.value, SourceAddressRefused) or "nowhere" in url
    assert network.sockets == 0
    assert len(network.asked) == len(RESOLVED)


async def test_webhooks_are_guarded_by_the_same(network: Network) -> None:
    sender = HttpSender(WebhookSettings())
    for url in (*UNFIT, *RESOLVED):
        with pytest.raises((WebhookAddressRefused, WebhookUnreachable)) as refused:
            await sender.send(url, {}, b"{}")
        assert isinstance(refused.value, WebhookAddressRefused) or "nowhere" in url
    await sender.close()
    assert network.sockets == 0


async def test_what_was_checked_is_what_is_connected_to(network: Network) -> None:
    """The name is asked once: what it leads to a moment later does not matter."""
    with pytest.raises(SourceUnavailable):
        await listed(web("http://public.example.org/"))
    assert network.sockets == 1
    assert network.asked.count("public.example.org") == 1
    assert network.reached == ["93.184.216.34"]


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://Example.ORG", "example.org", 443, "/"),
        ("http://example.org./a%20b?c=d&e#f", "example.org", 80, "/a%20b?c=d&e"),
        ("https://bücher.example/é?ü", "xn--bcher-kva.example", 443, "/%C3%A9?%C3%BC"),
        ("http://example。org:8080/", "example.org", 8080, "/"),
        ("http://93.184.216.34/", "93.184.216.34", 80, "/"),
        ("http://[2606:2800:21F:CB07::1]:81/", "2606:2800:21f:cb07::1", 81, "/"),
        ("http://my_host.example.org?q", "my_host.example.org", 80, "/?q"),
    ],
)
def test_a_public_address_is_read_once(url: str, host: str, port: int, path: str) -> None:
    address = web_address(url)
    assert (address.host, address.port, address.path) == (host, port, path)
    assert web_address(str(address)) == address


def test_a_host_that_the_operator_names_is_taken_and_no_other() -> None:
    assert web_address("http://wiki/a", private_hosts=("wiki",)).host == "wiki"
    with pytest.raises(UnfitAddress):
        web_address("http://wiki2/a", private_hosts=("wiki",))


def test_numbers_of_the_public_internet() -> None:
    assert all(is_global(number) for number in ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"))
