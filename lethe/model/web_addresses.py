"""Addresses that strangers chose: one reading of them, and which of them lie on the public internet."""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#@\[\]:%]+)(?::(?P<port>\d{1,5}))?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.IGNORECASE | re.ASCII,
)
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
"""Parsers differ on these: one drops them, another ends the host there."""
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*")
_MAX_CHARACTERS: Final = 2048
_INSIDE_NAMES: Final = ("localhost", "local", "internal", "localdomain", "lan", "home.arpa")
_SAFE: Final = "!#$%&'()*+,-./:;=?@[]_~"
_GLOBAL_V6: Final = ipaddress.ip_network("2000::/3")
_NOT_OUTSIDE: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's host, though of a public range
        "192.0.0.0/24",  # IETF protocol assignments; a cloud's metadata server is in it
        "192.88.99.0/24",  # relays of 6to4
        "2002::/16",  # 6to4: an IPv4 address in IPv6's clothes
        "2001::/23",  # Teredo and other protocol assignments
        "3fff::/20",  # documentation
    )
)


class UnfitAddress(ValueError):
    """It is no address of a page on the public internet; the message says why, without the address."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address read once: whoever connects uses these parts and reads the text no more.

    ``host`` is lower-case ASCII, without the brackets of IPv6 and the dot at the end; ``path`` has the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """Host and port as a `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def web_address(url: str, *, private_hosts: Collection[str] = (), any_host: bool = False) -> WebAddress:
    """Raises UnfitAddress, without resolving a name: where a name leads has to be judged by `is_global`.

    ``private_hosts``: hosts that are taken though they are not outside; ``any_host``: all are.
    """
    if len(url) > _MAX_CHARACTERS:
        raise UnfitAddress("it is too long")
    if _UNFIT.search(url):
        raise UnfitAddress("it has a character that no address has")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise UnfitAddress("it is not http(s)://host/path, without user or password")
    scheme = parts["scheme"].lower()
    port = int(parts["port"]) if parts["port"] else _default_port(scheme)
    if not 0 < port < 65_536:
        raise UnfitAddress("there is no such port")
    host = _host(parts["host"])
    if not (any_host or host in private_hosts or _may_be_outside(host)):
        raise UnfitAddress("its host is not on the public internet")
    return WebAddress(scheme, host, port, quote((parts["path"] or "/") + (parts["query"] or ""), safe=_SAFE))


def is_global(address: str) -> bool:
    """Whether a number is one of the public internet's: of IPv6 only global unicast, and no IPv4 in its clothes."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False  # with a zone: an address of this link
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_V6:
        return False
    if any(ip in network for network in _NOT_OUTSIDE):
        return False
    return ip.is_global and not ip.is_multicast


def _host(text: str) -> str:
    """Raises UnfitAddress."""
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise UnfitAddress("its IPv6 address is none") from None
    try:
        host = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise UnfitAddress("its host is no name") from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnfitAddress("its host is no name")
    if _NUMBER.fullmatch(labels[-1]):
        # Octal, hexadecimal, short and single numbers are addresses to some and names to others.
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise UnfitAddress("its IPv4 address is not four decimal numbers") from None
    return host


def _may_be_outside(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." in host and not any(host == name or host.endswith(f".{name}") for name in _INSIDE_NAMES)
    return is_global(host)


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
