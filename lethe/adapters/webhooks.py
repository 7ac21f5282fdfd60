"""Sending to addresses that strangers chose: the address that was checked is the address that is connected to."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress

import httpx

from lethe.errors import WebhookAddressRefused, WebhookTimedOut, WebhookUnreachable
from lethe.ports.webhooks import Reply
from lethe.settings import WebhookSettings


class HttpSender:
    """The `WebhookSender` port. The name is resolved here, once; the connection goes to the number that came out."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            timeout=settings.timeout_seconds,
            follow_redirects=False,
            trust_env=False,  # no proxy: it would resolve the name again
            verify=ssl.create_default_context(),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        target = httpx.URL(url)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                address = await self._checked_address(target)
                request = self._http.build_request(
                    "POST",
                    target.copy_with(host=address),
                    headers={**headers, "host": target.netloc.decode(), "user-agent": "lethe-webhooks"},
                    content=body,
                    extensions={"sni_hostname": target.host},
                )
                response = await self._http.send(request, stream=True)
                await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise WebhookTimedOut from error
        except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:  # a name may be no name at all
            raise WebhookUnreachable from error
        return Reply(response.status_code, _seconds(response.headers.get("retry-after", "")))

    async def close(self) -> None:
        await self._http.aclose()

    async def _checked_address(self, target: httpx.URL) -> str:
        port = target.port or (443 if target.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not self._settings.allow_private and not all(_is_global(address) for address in addresses):
            raise WebhookAddressRefused
        return addresses[0]


def _is_global(address: str) -> bool:
    """Also of an IPv4 address in IPv6's clothes: mapped, 6to4, Teredo or NAT64 ones are judged as not global."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in ipaddress.ip_network("64:ff9b::/96")
    ):
        return False
    return ip.is_global and not ip.is_multicast


def _seconds(text: str) -> float | None:
    with suppress(ValueError):
        return max(0.0, float(text))
    return None
